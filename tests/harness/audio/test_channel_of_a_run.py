"""`--channel`, and a row's own channel: from the manifest of a run to what the model hears, and what is said of it."""

import io
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.dataset import Audio, Dataset, Request, Source, Utterance, open_dataset
from harness.audio import hear
from harness.config import Settings
from harness.records.journal import Line
from harness.records.run import AudioWarnings
from harness.runner.folder import fingerprint
from harness.runner.usage import Totals
from harness.types import AudioWarning

LOUD, SOFT = np.full(1_600, 0.5, np.float32), np.full(1_600, 0.25, np.float32)


def stereo() -> bytes:
    buffer = io.BytesIO()
    samples = np.stack([LOUD, SOFT], axis=1) * np.array([[1.0], [-1.0]] * 800)
    soundfile.write(buffer, samples, 16_000, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def test_a_row_wins_over_the_run_and_the_run_over_the_mix(tmp_path: Path) -> None:
    data = stereo()
    rows = [
        Utterance(id=str(channel), audio=Audio(origin="call", data=data, channel=channel), reference="", language="en")
        for channel in (None, 0, 1, "mix")
    ]
    dataset = Dataset(
        name="calls",
        title="",
        language="en",
        license=None,
        sources=(Source(kind="embedded", where="here", open=lambda request: iter(rows)),),
    )

    def levels(settings: Settings) -> list[float]:
        found = open_dataset(dataset, Request(channel=settings.heard))
        return [float(hear(row.audio).waveform.max()) for row in found]

    assert levels(Settings()) == [0.375, 0.5, 0.25, 0.375]
    assert levels(Settings(channel="1")) == [0.25, 0.5, 0.25, 0.375]
    assert levels(Settings(channel="0")) == [0.5, 0.5, 0.25, 0.375]


def test_a_run_is_gone_on_with_by_the_same_channel_only() -> None:
    def chosen(channel: str) -> object:
        return fingerprint(Settings(channel=channel), suite="s", model="m", batch_invariant=True)["channel"]

    assert [chosen("mix"), chosen("best"), chosen("1")] == [None, "best", 1]


def test_warnings_are_counted_by_kind_and_the_first_is_kept() -> None:
    totals = Totals()
    silent, clipped = AudioWarning("silence", "digital silence"), AudioWarning("clipped", "5.0 % are")
    totals.add(
        [
            Line(id="a", reference="", hypothesis="", audio_warnings=(silent,)),
            Line(id="b", reference="", hypothesis=""),
            Line(id="c", reference="", hypothesis="", audio_warnings=(silent, clipped)),
        ]
    )
    assert totals.audio == {
        "silence": AudioWarnings(utterances=2, first="a: digital silence"),
        "clipped": AudioWarnings(utterances=1, first="c: 5.0 % are"),
    }
