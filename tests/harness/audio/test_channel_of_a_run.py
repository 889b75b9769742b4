"""`--channel`, and a row's own channel: from the manifest of a run to what the model hears, and what is said of it."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Audio, Dataset, Request, Source, Utterance, open_dataset
from harness.audio import hear
from harness.cli import main
from harness.config import Settings
from harness.records.journal import Line, read_journal
from harness.records.run import AudioWarnings, read_run_record
from harness.runner.folder import fingerprint
from harness.runner.usage import Totals
from harness.types import AudioWarning
from tests.harness.audio.forms import speech

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


def test_what_is_odd_is_journalled_counted_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    voice = speech() / 32_768
    soundfile.write(tmp_path / "opposite.wav", np.stack([voice, -voice], axis=1), 16_000)
    soundfile.write(tmp_path / "good.wav", voice, 16_000)
    rows = [{"audio": f"{name}.wav", "text": "one two", "id": name} for name in ("opposite", "good")]
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["--data", str(tmp_path / "calls.jsonl"), "--model", "tiny-nar", "--out", str(tmp_path / "runs")]
    assert main(command) == 0
    text = "the 2 channels cancel out in their mix, channel 0 is heard"
    (folder,) = (path.parent for path in (tmp_path / "runs").rglob("run.json"))
    (name,) = read_run_record(folder).benchmarks
    assert read_run_record(folder).benchmarks[name].audio_warnings == {
        "mix_cancels": AudioWarnings(utterances=1, first=f"opposite: {text}")
    }
    said = {line.id: line.audio_warnings for line in read_journal(folder / f"{name}.jsonl").lines}
    assert said == {"opposite": (AudioWarning("mix_cancels", text),), "good": None}
    assert f"audio: mix cancels in 1 of {name}, the first is opposite: {text}" in capsys.readouterr().err
    assert main([*command, "--channel", "1"]) == 2
    assert "channel None, this one has 1" in capsys.readouterr().err
