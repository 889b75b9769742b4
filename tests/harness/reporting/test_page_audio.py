"""What the page plays: files as they are where a browser plays them, else what the program itself decodes."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.dataset import Audio
from harness.reporting.page.audio import address_of, addresses, origins, place_audio
from harness.reporting.page.choice import Chosen
from harness.scoring.predictions import Predictions, System
from tests.harness.audio.forms import encoded, speech
from tests.harness.scoring.made import predictions

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


def test_what_is_read_to_be_cut_is_bounded(tmp_path: Path) -> None:
    """Eight times what may be put into the page: FLAC may be so much smaller."""
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(39_978, np.int16), 16_000)
    assert path.stat().st_size == 80_000
    address, size = address_of(Audio(origin="quiet", path=path, start=0.0, end=2.0), 10_000)
    assert address is not None
    assert address.startswith("data:audio/flac;base64,")
    assert 0 < size <= 10_000
    linked = f"file://{path.resolve()}#t=0,2"
    assert address_of(Audio(origin="quiet", path=path, start=0.0, end=2.0), 9_999) == (linked, 0)


def test_what_became_of_the_audio_is_said(tmp_path: Path) -> None:
    """What is put in, linked, copied, and why the rest is silent, with how many of how many."""
    for name in ("one.wav", "two.wav"):
        (tmp_path / name).write_bytes(encoded("wav"))
    (tmp_path / "three.sph").write_bytes(encoded("sphere"))
    (tmp_path / "broken.sph").write_bytes(encoded("sphere")[:20_000])
    places = {
        ("b", "put in"): str(tmp_path / "one.wav"),
        ("b", "linked"): str(tmp_path / "two.wav"),
        ("b", "sphere"): str(tmp_path / "three.sph"),
        ("b", "gone"): str(tmp_path / "gone.wav"),
        ("b", "broken"): str(tmp_path / "broken.sph"),
        ("b", "part"): f"{tmp_path / 'one.wav'}#t=0.5,1.25",
    }
    wanted = [*places, ("b", "unsaid")]
    size = len(encoded("wav"))
    embedded = place_audio(wanted, places, "embed", size, tmp_path / "embed")
    assert [key for _, key in embedded.addresses] == ["put in", "linked", "part"]
    assert embedded.addresses["b", "put in"].startswith("data:audio/wav;base64,")
    assert embedded.addresses["b", "part"] == (tmp_path / "one.wav").as_uri() + "#t=0.5,1.25"
    assert embedded.silent == {
        ("b", "sphere"): "no browser plays .sph, and it was not put in",
        ("b", "gone"): "it is not on this disk",
        ("b", "broken"): "no browser plays .sph, and it was not put in",
        ("b", "unsaid"): "nothing says where it is",
    }
    assert embedded.said == (
        f"Audio: 1 of 7 put into the page ({size / 1e6:.1f} of {size / 1e6:g} MB); 2 linked to files of this machine; "
        "2 silent: no browser plays .sph, and it was not put in; 1 silent: it is not on this disk; "
        "1 silent: nothing says where it is."
    )
    linked = place_audio(wanted, places, "link", size, tmp_path / "link")
    assert {address.partition(":")[0] for address in linked.addresses.values()} == {"file"}
    copied = place_audio(wanted, places, "copy", 0, tmp_path / "copy")
    assert copied.said == (
        "Audio: 4 of 7 copied to audio/ beside the page; 1 silent: it is not on this disk; "
        "1 silent: it cannot be decoded; 1 silent: nothing says where it is."
    )
    assert sorted(file.suffix for file in copied.files) == [".flac", ".flac", ".wav", ".wav"]
    part = tmp_path / "copy" / copied.addresses["b", "part"]
    assert np.array_equal(soundfile.read(part, dtype="int16")[0], speech()[8_000:20_000])
    assert (tmp_path / "copy" / copied.addresses["b", "put in"]).read_bytes() == encoded("wav")


def test_audio_under_a_condition_is_left_out_on_purpose_and_the_page_says_so(tmp_path: Path) -> None:
    wanted = [("digits", "a"), ("digits+noise@10dB", "a"), ("digits+noise@10dB", "b")]
    placed = place_audio(wanted, {}, "embed", 1000, tmp_path)
    why = "under a condition a model heard something else than the file"
    assert placed.silent == {wanted[0]: "nothing says where it is", wanted[1]: why, wanted[2]: why}
    assert placed.said == f"Audio: 1 silent: nothing says where it is; 2 silent: {why}."


def test_audio_is_that_of_our_own_runs_without_a_condition() -> None:
    """Under a condition a model heard something else than what the journal names; others name no files of ours."""

    def part(name: str, place: str | None, *, ours: bool = True) -> Predictions:
        return predictions(("a", "a"), ("b", "b"), name=name, ours=ours, audio=[place, None])

    systems = [
        System(model="m", benchmarks=[part("read", "first.wav"), part("read+noise@10dB", "noisy.wav")]),
        System(model="n", benchmarks=[part("read", "second.wav"), part("far", "far.wav", ours=False)]),
    ]
    assert origins(systems) == {("read", "u0"): "first.wav"}
    some = {"read": Chosen(frozenset({"u1"}), "")}
    assert origins(systems, some) == {}
