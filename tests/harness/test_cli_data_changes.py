"""The command line where data, transcripts or weights changed after a run: a fresh folder's figures, or one line."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import harness
from benchmarks.registry import get_dataset
from benchmarks.sources.embedded import audio_folder
from harness.cli import main
from harness.models.tiny_nar import FOLDER
from harness.records.journal import read_journal
from harness.records.run import read_run_record
from tests.harness.runner.tones import touch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quiet_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in test_cli.py; and plots, which take most of the time of a small run, are not drawn."""
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("harness.reporting.report._plots", lambda *_: ([], []))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example data of docs/gate.md: 80 clips of 8 speakers, and good.jsonl with an error in every tenth."""
    spec = importlib.util.spec_from_file_location("gate_example", ROOT / "docs" / "examples" / "gate_example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path / "ex")
    shutil.copy(tmp_path / "ex" / "good.jsonl", tmp_path / "ex" / "model.jsonl")
    return tmp_path / "ex"


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def write(file: Path, found: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in found))


def go(example: Path, capsys: pytest.CaptureFixture[str], *more: str, out: str = "runs") -> tuple[int, Any, str]:
    """The command: its status, the score of its benchmark where it prints one, and what is on stderr."""
    what = ["--data", str(example / "manifest.jsonl"), "--model", f"transcripts:{example / 'model.jsonl'}"]
    status = main([*what, "--out", str(example.parent / out), "--json", *more])
    said = capsys.readouterr()
    found = json.loads(said.out)[0]["benchmarks"][0] if said.out else None
    return status, found, said.err


def percent(score: Any) -> tuple[float, int, str]:
    return round(100 * score["wer"], 2), score["utterances"], score["language"]


def fresh(example: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, tuple[float, int, str]]:
    status, score, _ = go(example, capsys, out="fresh")
    shutil.rmtree(example.parent / "fresh")
    return status, percent(score)


def changed(example: Path, number: int) -> list[dict[str, Any]]:
    """The manifest after each of the changes of somebody's day."""
    found = rows(example / "manifest.jsonl")
    if number == 2:
        return [row | {"text": "totally different words here now"} if at < 40 else row for at, row in enumerate(found)]
    if number == 3:
        return found + [row | {"id": row["id"].replace("clip", "new")} for row in found]
    if number == 4:
        return found[:20]
    return [row | {"language": "de"} for row in found]


def test_what_is_done_to_the_data_after_a_complete_run(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, score, _ = go(example, capsys)
    assert (status, percent(score)) == (0, (1.0, 80, "en"))
    for number, (wer, utterances, language), said in (
        (2, (67.33, 80, "en"), "40 rows with another reference, session, language or tag, scored again"),
        (3, (67.33, 160, "en"), "80 rows new, to be run"),
        (4, (200.0, 20, "en"), "140 rows removed, no longer scored"),
        (5, (200.0, 20, "de"), "20 rows with other audio (or language), run again"),
    ):
        write(example / "manifest.jsonl", changed(example, number))
        status, score, told = go(example, capsys)
        assert percent(score) == (wer, utterances, language)
        assert f"on data_ex: {said}\n" in told
        assert (status, percent(score)) == fresh(example, capsys)
        status, score, told = go(example, capsys)
        assert percent(score) == (wer, utterances, language)
        assert said not in told
    for file in (example / "audio").glob("*.wav"):
        shutil.copy(example / "audio" / "clip00.wav", example / "x.wav")
        (example / "x.wav").replace(file)
    status, score, told = go(example, capsys)
    assert "19 rows with other audio (or language), run again" in told  # one had that content
    assert (status, percent(score)) == fresh(example, capsys)


def test_a_worse_file_of_transcripts_is_refused_and_the_gate_sees_the_old_ones(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(example, capsys)
    shutil.copy(example / "damaged.jsonl", example / "model.jsonl")
    status, score, told = go(example, capsys, "--quiet")
    assert (status, score, told.count("\n")) == (2, None, 1)
    assert "the model changed and is now at 'sha256:" in told
    status, score, _ = go(example, capsys, "--fresh")
    assert (status, percent(score)[0]) == (0, 6.0)


def test_transcripts_that_were_added_to_a_file_are_looked_up(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the run has is what the file still says; what was not in it is found now."""
    whole = rows(example / "good.jsonl")
    write(example / "model.jsonl", whole[:70])
    status, score, _ = go(example, capsys)
    assert (status, score["failed"]) == (5, 10)
    write(example / "model.jsonl", whole)
    status, score, _ = go(example, capsys)
    assert (status, percent(score), score["failed"]) == (0, (1.0, 80, "en"), 0)
    record = read_run_record(next((example.parent / "runs").rglob("run.json")).parent)
    write(example / "model.jsonl", whole[::-1])  # which is another file, and says the same
    status, score, _ = go(example, capsys)
    again = read_run_record(next((example.parent / "runs").rglob("run.json")).parent)
    assert (status, percent(score)) == (0, (1.0, 80, "en"))
    assert again.model.revision != record.model.revision


def test_a_plan_says_what_a_run_would_do(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    go(example, capsys)
    write(example / "manifest.jsonl", changed(example, 2)[:60])
    what = ["--data", str(example / "manifest.jsonl"), "--model", f"transcripts:{example / 'model.jsonl'}"]
    before = {file: file.read_bytes() for file in (example.parent / "runs").rglob("*") if file.is_file()}
    assert main([*what, "--out", str(example.parent / "runs"), "--dry-run"]) == 0
    told = "40 rows with another reference, session, language or tag, scored again; 20 rows removed, no longer scored"
    assert f"    since it was run: {told}\n" in capsys.readouterr().out
    assert {file: file.read_bytes() for file in (example.parent / "runs").rglob("*") if file.is_file()} == before


def test_a_run_folder_is_scored_judged_and_compared_without_its_data(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, score, _ = go(example, capsys)
    (folder,) = [file.parent for file in (example.parent / "runs").rglob("run.json")]
    shutil.rmtree(example)
    assert main(["score", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["benchmarks"][0]["wer"] == score["wer"]
    assert main(["gate", str(folder), "--baseline", str(folder)]) == 0


def test_the_library_looks_at_the_data_too(example: Path) -> None:
    heard: list[str] = []

    class Says(harness.Model):
        card = harness.ModelCard(id="says", revision="1", batch_invariant=True, languages=("en",))

        def features(self, clips: Any) -> Any:
            heard.extend(clip.id for clip in clips)
            return clips

        def infer(self, features: Any) -> Any:
            return features

        def text(self, output: Any) -> Any:
            return [harness.Hypothesis(text="blue") for _ in output]

    write(example / "manifest.jsonl", rows(example / "manifest.jsonl")[:3])
    first = harness.evaluate(example / "manifest.jsonl", Says(), out=example.parent / "out")
    heard.clear()
    found = rows(example / "manifest.jsonl")
    found[1]["text"] = "blue"
    write(example / "manifest.jsonl", found)
    second = harness.evaluate(example / "manifest.jsonl", Says(), out=example.parent / "out")
    assert heard == []
    assert (first.errors.words, second.errors.words, second.errors.hits) == (30, 21, 1)


def digits(folder: Path, count: int) -> list[dict[str, Any]]:
    """Spoken digits of the project, copied."""
    folder.mkdir()
    place = audio_folder("digits_audio")
    found = [json.loads(line) for line in (place / "manifest.jsonl").read_text().splitlines()][:count]
    for row in found:
        shutil.copyfile(place / row["audio"], folder / row["audio"])
    return [{name: row[name] for name in ("id", "audio", "text")} for row in found]


def test_a_real_model_hears_what_is_new_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get_dataset("digits").rows == 150
    shutil.copytree(FOLDER, tmp_path / "ckpt")
    found = digits(tmp_path / "data", 9)
    file = tmp_path / "data" / "some.jsonl"

    def command(out: str) -> tuple[int, Any, str]:
        words = ["--data", str(file), "--model", str(tmp_path / "ckpt"), "--out", str(tmp_path / out), "--json"]
        status = main(words)
        said = capsys.readouterr()
        return status, json.loads(said.out)[0]["benchmarks"][0] if said.out else None, said.err

    write(file, found[:6])
    assert command("out")[0] == 0
    (journal,) = (tmp_path / "out").rglob("data_some.jsonl")
    before = {line.id: line for line in read_journal(journal).lines}
    shutil.copyfile(tmp_path / "data" / found[8]["audio"], tmp_path / "data" / found[0]["audio"])
    touch(tmp_path / "data" / found[1]["audio"])
    found[2]["text"] = "no digits at all"
    write(file, found[1:7] + found[:1])
    status, score, told = command("out")
    assert "1 row new, to be run; 1 row with another reference" in told
    assert "1 row with other audio (or language), run again" in told
    expected = command("fresh")
    assert (status, score["errors"], score["words"]) == (0, expected[1]["errors"], expected[1]["words"])
    after = {line.id: line for line in read_journal(journal).lines}
    same = {name for name, line in before.items() if after[name].time == line.time}
    assert same == {row["id"] for row in found[1:6]}
    weights = tmp_path / "ckpt" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status, score, told = command("out")
    assert (status, score) == (2, None)
    assert "the model changed and is now at 'sha256:" in told


def test_the_cases_of_one_name(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two folders with a test.csv each, into one place."""
    cases = shared / "cases" / "data" / "same"
    if not cases.is_dir():
        pytest.skip(f"no cases at {cases}")
    found = []
    for place in ("de", "fr", "de", "fr"):
        words = ["--data", str(cases / place / "test.csv"), "--model", f"transcripts:{cases / 'hyp.jsonl'}"]
        assert main([*words, "--out", str(tmp_path), "--json"]) == 0
        (score,) = json.loads(capsys.readouterr().out)
        found.append((score["suite"], round(100 * score["benchmarks"][0]["wer"], 2)))
    assert found == [("data_test", 0.0), ("data_test_fr", 100.0)] * 2
