"""What the page plays: files as they are where a browser plays them, else what the program itself decodes."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import soundfile

from harness.reporting.page.audio import addresses
from tests.harness.audio.forms import encoded, speech

KEY = ("bench", "u")


def played(place: str, limit: int = 1 << 20) -> tuple[str, np.ndarray]:
    """The media type and the samples of the address of an utterance."""
    kind, content = addresses([KEY], {KEY: place}, limit)[KEY].removeprefix("data:").split(";base64,")
    return kind, soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="int16")[0]


def test_segments_of_any_form_are_cut_out(tmp_path: Path) -> None:
    for form, ending in (("wav", ".wav"), ("m4a alac", ".m4a"), ("sphere", ".sph")):
        path = tmp_path / f"clip{ending}"
        path.write_bytes(encoded(form))
        kind, samples = played(f"{path}#t=0.5,1.25")
        assert kind == "audio/flac"
        assert np.array_equal(samples, speech()[8_000:20_000])
    kind, samples = played(str(path))
    assert (kind, len(samples)) == ("audio/flac", len(speech())), "no browser plays SPHERE"


def test_whole_files_that_browsers_play_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "clip.m4a"
    path.write_bytes(encoded("m4a"))
    address = addresses([KEY], {KEY: str(path)}, 1 << 20)[KEY]
    assert address == "data:audio/mp4;base64," + base64.b64encode(encoded("m4a")).decode()


def test_what_cannot_be_decoded_has_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "clip.sph"
    path.write_bytes(encoded("sphere")[:20_000])
    assert addresses([KEY], {KEY: str(path)}, 1 << 20) == {}
