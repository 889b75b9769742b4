"""A run under conditions: folders, names, what is stored, what is heard, and every verb that reads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import harness
from harness.audio import load_clip
from harness.cli import main
from harness.config import Settings
from harness.perturb.apply import perturbed
from harness.perturb.suite import under_conditions
from harness.records.journal import Line, read_journal
from harness.records.run import read_run_record
from harness.request import what_to_run
from harness.runner.loop import planning_seconds

SPECS = ("noise:snr=20,0", "babble:5", "reverb", "speed:0.9", "silence:pad=1")
LABELS = ("noise@20dB", "noise@0dB", "babble@5dB", "reverb@0.5s", "speed@0.9", "silence@1s")


@pytest.fixture(autouse=True)
def quiet_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def fingerprints(waveform: NDArray[np.float32], language: str) -> str:
    """What a model hears, exactly."""
    return f"{len(waveform)} {hashlib.sha256(waveform.tobytes()).hexdigest()}"


def heard(settings: Settings, limit: int | None = None) -> dict[tuple[str, str], str | None]:
    run = harness.evaluate("sample", fingerprints, settings=settings, limit=limit)
    return {(one.benchmark, row.id): row.hypothesis for one in run.system.benchmarks for row in one.rows}


def test_what_is_heard_is_of_seed_and_utterance_alone() -> None:
    """Not of workers, batches, or which other utterances there are."""
    one = heard(Settings(perturb=SPECS, workers=1, batch_size=1), limit=9)
    other = heard(Settings(perturb=tuple(reversed(SPECS)), workers=4, batch_seconds=60), limit=9)
    few = heard(Settings(perturb=SPECS), limit=3)
    assert {name for name, _ in one} == {
        base + condition
        for base in ("sample_read", "sample_commands")
        for condition in ("", *(f"+{label}" for label in LABELS))
    }
    assert other == one
    assert len(few) == 2 * 3 * (1 + len(LABELS))
    shared = few.keys() & one.keys()
    assert len(shared) >= 2 * (1 + len(LABELS))
    assert all(few[key] == one[key] for key in shared)
    seeded = heard(Settings(perturb=SPECS, seed=1), limit=9)
    drawn = ("noise", "babble", "reverb")
    assert {key[0].partition("+")[2] for key in seeded.keys() & one.keys() if seeded[key] != one[key]} == {
        label for label in LABELS if label.startswith(drawn)
    }


def test_the_model_is_given_what_the_condition_makes_of_the_clip() -> None:
    suite, datasets = under_conditions(*what_to_run("sample"), SPECS, 7)
    from benchmarks.dataset import Request, open_dataset

    assert suite.name == "sample+noise@20dB_0dB+babble@5dB+reverb@0.5s+speed@0.9+silence@1s"
    assert suite.lock["sample_read+noise@0dB"] == suite.lock["sample_read"]
    by_name = {one.name: one for one in datasets}
    for name in ("noise@0dB", "silence@1s", "speed@0.9"):
        clean = next(open_dataset(by_name["sample_read"], Request()))
        noisy = next(open_dataset(by_name[f"sample_read+{name}"], Request()))
        samples = load_clip(clean).waveform
        assert noisy.audio.condition is not None
        assert noisy.audio.condition.endswith(";seed=7")
        assert noisy.tags == {**clean.tags, "condition": name}
        expected = perturbed(samples, noisy.audio.condition, clean.id)
        np.testing.assert_array_equal(load_clip(noisy).waveform, expected)
        assert planning_seconds(noisy) == pytest.approx(len(expected) / 16_000, abs=1e-4)
    many = [f"noise:snr={snr}" for snr in range(30)]
    assert under_conditions(*what_to_run("sample"), many, 0)[0].name.startswith("sample+30_conditions_")
    assert under_conditions(*what_to_run("sample"), (), 0)[0] is what_to_run("sample")[0]


def run(out: Path, *flags: str) -> int:
    return main(["--suite", "digits", "--model", "tiny-nar", "--out", str(out), "--quiet", *flags])


def journal(folder: Path, name: str) -> dict[str, Line]:
    return {line.id: line for line in read_journal(folder / f"{name}.jsonl").lines}


NOISY = ("--limit", "30", "--perturb", "noise:snr=20,0", "--perturb", "silence:pad=1s")
FOLDER = Path("digits+noise@20dB_0dB+silence@1s") / "tiny-nar"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of tiny-nar in noise."""
    out = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.cli._silence_libraries", lambda: None)
        assert run(out, *NOISY) == 0
    return out


def test_errors_grow_with_noise_and_the_run_says_what_it_was(finished: Path) -> None:
    folder = finished / FOLDER
    record = read_run_record(folder)
    assert record.suite == "digits+noise@20dB_0dB+silence@1s"
    assert list(record.benchmarks) == ["digits", "digits+noise@20dB", "digits+noise@0dB", "digits+silence@1s"]
    assert record.fingerprint is not None
    assert record.fingerprint["conditions"] == ("noise:snr=20,kind=pink", "noise:snr=0,kind=pink", "silence:pad=1")
    assert record.fingerprint["seed of conditions"] == 0
    assert record.complete
    table = json.loads((finished / FOLDER.parent / "report" / "robustness.json").read_text())
    rates = {row["condition"]: row["wer"] for row in table["rows"]}
    assert rates["clean"] <= rates["noise@20dB"] < rates["noise@0dB"]
    assert rates["noise@0dB"] > 0.2
    worst = table["rows"][2]
    assert worst["difference"] == pytest.approx(rates["noise@0dB"] - rates["clean"])
    assert 0 < worst["difference_interval"]["low"] < worst["difference"] < worst["difference_interval"]["high"]
    assert "The SNR of noise at which the WER of tiny-nar is twice the clean one, on digits: " in json.dumps(table)
    for name in ("wer_by_snr.png", "wer_by_snr.svg", "robustness.md", "index.html"):
        assert (finished / FOLDER.parent / "report" / name).stat().st_size > 500
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["average"]["wer"] == scores["benchmarks"][0]["wer"]  # that of the clean benchmark alone


def test_lines_state_the_condition_and_the_audio_that_was_heard(finished: Path) -> None:
    clean = journal(finished / FOLDER, "digits")
    padded = journal(finished / FOLDER, "digits+silence@1s")
    assert clean.keys() == padded.keys()
    for name, line in padded.items():
        before = clean[name]
        assert line.audio_seconds == pytest.approx((before.audio_seconds or 0) + 2)
        assert line.duration == before.duration
        assert line.tags == {**before.tags, "condition": "silence@1s"}
        assert line.audio_file is not None
        assert line.audio_file.given == "condition=silence:pad=1;seed=0"
    speed = read_run_record(finished / FOLDER).benchmarks["digits+silence@1s"].speed
    assert speed is not None
    assert speed.audio_seconds == pytest.approx(sum(line.audio_seconds or 0 for line in padded.values()))


def test_a_run_is_answered_gone_on_with_and_never_mixed(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = finished / FOLDER
    whole = {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}
    torn = folder / "digits+noise@0dB.jsonl"
    torn.write_bytes(b"".join(torn.read_bytes().splitlines(keepends=True)[:7]))
    assert run(finished, *NOISY) == 0
    again = journal(folder, "digits+noise@0dB")
    (tmp_path / "whole.jsonl").write_bytes(whole["digits+noise@0dB.jsonl"])
    before = journal(tmp_path, "whole")
    assert {name: line.hypothesis for name, line in again.items()} == {
        name: line.hypothesis for name, line in before.items()
    }
    capsys.readouterr()
    assert run(finished, *NOISY, "--seed", "3") == 2
    assert "holds a run with " in capsys.readouterr().err
    assert run(finished, "--limit", "30") == 0
    assert (finished / "digits" / "tiny-nar" / "digits.jsonl").is_file()
    assert sorted(path.name for path in (finished / "digits" / "tiny-nar").glob("*.jsonl")) == ["digits.jsonl"]


def test_every_verb_reads_it(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(finished / FOLDER)
    assert main(["report", folder, "--out", str(tmp_path / "report"), "--metric", "looped"]) == 0
    text = capsys.readouterr().out
    assert "Conditions beside clean" in text
    assert "noise@20dB" in text
    copy = tmp_path / "other" / "tiny-nar"
    copy.mkdir(parents=True)
    for path in Path(folder).iterdir():
        if path.suffix in {".json", ".jsonl"}:
            (copy / path.name).write_bytes(path.read_bytes())
    assert main(["compare", folder, str(copy), "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert [block["benchmark"] for block in compared["benchmarks"]] == list(read_run_record(copy).benchmarks)
    assert compared["average"] is None  # of one clean benchmark there is none
    assert main(["gate", str(copy), "--baseline", folder, "--json"]) == 0
    findings = {one["subject"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["digits+noise@0dB"] == "PASS"
    assert main(["score", folder]) == 0
    assert "digits+noise@0dB" in capsys.readouterr().out


def test_own_data_is_run_under_conditions_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for number in range(3):
        samples = np.random.default_rng(number).uniform(-0.2, 0.2, 8_000)
        soundfile.write(tmp_path / f"{number}.wav", samples, 16_000)
        lines.append(json.dumps({"audio": f"{number}.wav", "text": "one"}))
    (tmp_path / "calls.jsonl").write_text("\n".join(lines))
    (tmp_path / "rain").mkdir()
    soundfile.write(tmp_path / "rain" / "rain.wav", np.random.default_rng(9).uniform(-1, 1, 4_000), 16_000)
    said = harness.evaluate(
        tmp_path / "calls.jsonl",
        fingerprints,
        settings=Settings(perturb=(f"noise:snr=5,from={tmp_path / 'rain'}",), out=tmp_path / "out"),
        out=tmp_path / "out",
    )
    names = [one.benchmark for one in said.system.benchmarks]
    assert names[0] == "data_calls"
    assert names[1].startswith("data_calls+noise-rain_")
    texts = [[row.hypothesis for row in one.rows] for one in said.system.benchmarks]
    assert not set(texts[0]) & set(texts[1])
    soundfile.write(tmp_path / "rain" / "more.wav", np.random.default_rng(8).uniform(-1, 1, 4_000), 16_000)
    other = Settings(perturb=(f"noise:snr=5,from={tmp_path / 'rain'}",))
    assert under_conditions(*what_to_run(tmp_path / "calls.jsonl"), other.perturb, 0)[0].name not in {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_a_bad_spec_is_one_line_before_anything_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "out", "--perturb", "noise:snr=nan") == 2
    line = capsys.readouterr().err.strip()
    assert line == ("error: --perturb noise:snr=nan: 'nan': give decibels from -50 to 100; such as noise:snr=20,10,0")
    assert not (tmp_path / "out").exists()


def test_a_plan_is_of_the_audio_under_its_condition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--perturb", "silence:pad=9s", "--dry-run") == 0
    text = capsys.readouterr().out
    assert "digits+silence@9s" in text
    assert (tmp_path / "digits+silence@9s").exists() is False
