"""The command line as a person meets it: every mistake is one line on stderr and the right exit status."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.registry import get_suite
from harness.cli import QUIET, VERBS, main
from harness.errors import ExitStatus, HarnessError
from harness.models.tiny_nar import FOLDER
from harness.records.journal import read_journal

ROOT = Path(__file__).resolve().parents[2]


STATE = """
import logging, os, sys, warnings
from harness.cli import main
warnings.simplefilter("error")
os.environ["TOKENIZERS_PARALLELISM"] = "mine"
def state():
    return dict(os.environ), list(warnings.filters), logging.root.manager.disable, list(sys.path)
before = state()
for words in (["list", "profiles"], ["list", "models"], ["nonsense"], ["--suite", "sample", "--model", "ast:nothing"]):
    main(words)
    assert state() == before, words
    main([*words, "--debug"])
    assert state() == before, words
"""
"""A process that goes on after `main`, as a notebook does."""


def test_main_leaves_the_process_as_it_was() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    done = subprocess.run(
        [sys.executable, "-c", STATE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_main_is_quiet_while_it_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.undo()  # what keeps the other tests from being silenced

    def noisy(*_: object) -> None:
        warnings.warn("noise", stacklevel=1)
        logging.getLogger("somebody").warning("noise")
        assert os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] == "1"

    monkeypatch.setattr("harness.commands.list.run", noisy)
    main(["list", "models"])
    assert capsys.readouterr().err == ""


@pytest.fixture(autouse=True)
def quiet_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps `main` from silencing the libraries of the tests that come after; no test may reach a hub."""
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status and the one line on stderr."""
    status = main(words)
    error = capsys.readouterr().err.strip()
    assert "\n" not in error, error
    assert "Traceback" not in error
    return status, error


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A manifest of six clips and a file of transcripts for them."""
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    rows = []
    for number in range(6):
        soundfile.write(tmp_path / f"c{number}.flac", noise[: 4_000 * (1 + number % 4)], 16_000)
        rows.append({"id": f"c{number}", "audio": f"c{number}.flac", "text": f"this is clip {number} of six"})
    manifest = tmp_path / "calls.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "said.jsonl").write_text(
        "".join(json.dumps({"id": row["id"], "pred_text": row["text"].replace("clip", "lip")}) + "\n" for row in rows)
    )
    return manifest


def run_data(data: Path, *more: str) -> list[str]:
    said = f"transcripts:{data.with_name('said.jsonl')}"
    return ["--data", str(data), "--model", said, "--out", str(data.with_name("out")), *more]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--suite", "sampel"], "no suite called 'sampel'; did you mean 'sample'?"),
        (
            ["--suite", "sample", "--model", "poketsphinx"],
            "no model called 'poketsphinx'; did you mean 'pocketsphinx'?",
        ),
        (["scroe"], "no command called 'scroe'; did you mean 'score'?"),
        ([], "say what to run: --suite NAME"),
        (["--suite", "sample", "--data", "x"], "say what to run: --suite NAME"),
        (["--suite"], "error: --suite: give a value, as --suite NAME; see run_eval.py --help"),
        (["--suite", "sample", "--limit", "0"], "--limit 0: give a positive number"),
        (
            ["--suite", "sample", "--limit", "many"],
            "error: --limit 'many': give a whole number; see run_eval.py --help",
        ),
        (["--suite", "sample", "--batch-size", "0"], "--batch-size 0: give a positive number of clips"),
        (["--suite", "sample", "--workers", "0"], "--workers 0: at least one is needed"),
        (["--suite", "sample", "--from", "/no/such/folder"], "--from /no/such/folder: no such folder"),
        (["--suite", "sample", "--no-such-flag"], "unrecognized arguments: --no-such-flag; see"),
        (["--sute", "sample"], "unrecognized arguments: --sute sample; did you mean --suite?; see"),
        (["gate", "a", "--polcy=x"], "unrecognized arguments: --polcy=x; did you mean --policy?; see"),
        (["list", "sweets"], "argument what: invalid choice: 'sweets'"),
        (["score", "/no/such/run"], "/no/such/run"),
        (["--data", "/no/such/manifest.jsonl"], "/no/such/manifest.jsonl"),
    ],
)
def test_a_usage_mistake_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], message: str
) -> None:
    out = ["--out", str(tmp_path / "out")] if words[:1] == ["--suite"] else []
    status, error = told(capsys, *words, *out)
    assert status == ExitStatus.USAGE, error
    assert error.startswith("error: ")
    assert message in error


def test_an_unreachable_hub_ends_the_run_at_the_first_data_set(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["--suite", "open_asr", "--model", "pocketsphinx", "--out", str(tmp_path), "--quiet"]
    status, error = told(capsys, *words)
    assert status == ExitStatus.DATA
    assert "ami_cleaned" in error
    assert not [name for name in get_suite("open_asr").benchmarks[1:] if name in error]
    assert [path.stem for path in tmp_path.rglob("*.jsonl")] == ["ami_cleaned"]


def test_the_same_command_again_prints_the_same_table(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert main(run_data(data, "--quiet")) == ExitStatus.GOOD
    first = capsys.readouterr().out
    assert "16.67" in first  # one of six words in each reference
    assert main(run_data(data, "--quiet")) == ExitStatus.GOOD
    assert capsys.readouterr().out == first
    folder = next(data.with_name("out").glob("data_calls/*/run.json")).parent
    scores = json.loads((folder / "scores.json").read_text())
    (entry,) = scores["benchmarks"]
    assert entry["errors"] == {"hits": 30, "substitutions": 6, "deletions": 0, "insertions": 0}
    assert (scores["complete"], entry["words"], entry["utterances"]) == (True, 36, 6)


def test_a_dry_run_prints_the_plan_and_writes_nothing(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert main(run_data(data, "--dry-run", "--batch-size", "4")) == ExitStatus.GOOD
    assert "data_calls: 6 utterances, 0.00 h, 2 batches, longest 1.0 s" in capsys.readouterr().out
    assert not data.with_name("out").exists()


def test_the_batching_audit_is_stored_and_printed(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert main(run_data(data)) == ExitStatus.GOOD
    assert "batching: of" not in capsys.readouterr().err
    assert main(run_data(data, "--audit-batching", "4")) == ExitStatus.GOOD
    told = capsys.readouterr().err
    assert "batching: of 4 utterances of data_calls changed: 0 alone, 0 in reversed order, 0 in one batch" in told
    run = json.loads(next(data.with_name("out").glob("data_calls/*/run.json")).read_text())
    assert run["benchmarks"]["data_calls"]["audit"]["alone"]["wer"] is not None


def test_json_is_alone_on_stdout(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert main(run_data(data, "--json")) == ExitStatus.GOOD
    captured = capsys.readouterr()
    (score,) = json.loads(captured.out)
    assert score["benchmarks"][0]["wer"] == 6 / 36
    assert score["average"]["wer"] == round(100 * 6 / 36, 2) / 100  # of rates that were rounded, as the profile has it
    assert "6 utterances" in captured.err


def test_a_broken_clip_is_recorded_counted_and_status_5(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    data.with_name("c2.flac").write_bytes(b"no audio")
    assert main(run_data(data)) == ExitStatus.FAILED
    captured = capsys.readouterr()
    assert "failed: 1 of 6 utterances" in captured.err
    folder = next(data.with_name("out").glob("data_calls/*/run.json")).parent
    scores = json.loads((folder / "scores.json").read_text())
    assert (scores["complete"], scores["average"]["wer"], scores["benchmarks"][0]["failed"]) == (False, None, 1)
    lines = {line.id: line for line in read_journal(folder / "data_calls.jsonl").lines}
    assert "c2.flac: not readable as audio" in (lines["c2"].error or "")


def test_on_error_score_empty_counts_the_words_as_deleted(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    data.with_name("c2.flac").write_bytes(b"no audio")
    main(run_data(data, "--json", "--on-error", "score-empty"))
    (score,) = json.loads(capsys.readouterr().out)
    (entry,) = score["benchmarks"]
    assert entry["errors"] == {"hits": 25, "substitutions": 5, "deletions": 6, "insertions": 0}
    assert entry["failed"] == 1


def test_on_error_stop_ends_with_the_clip_that_failed(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    data.with_name("c2.flac").write_bytes(b"no audio")
    status, error = told(capsys, *run_data(data, "--quiet", "--on-error", "stop"))
    assert status == ExitStatus.FAILED
    assert "utterance 'c2' failed" in error


def test_a_transcript_that_is_missing_is_named(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    said = data.with_name("said.jsonl")
    said.write_text("".join(said.read_text().splitlines(keepends=True)[:-1]))
    assert main(run_data(data, "--quiet")) == ExitStatus.FAILED
    folder = next(data.with_name("out").glob("data_calls/*/run.json")).parent
    lines = {line.id: line for line in read_journal(folder / "data_calls.jsonl").lines}
    assert "c5" in (lines["c5"].error or "")
    assert sum(line.error is not None for line in lines.values()) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{"audio": "c0.flac", "text": "a"}\n{"audio": "gone.flac", "text": "b"}\n', "gone.flac"),
        ('{"id": "x", "audio": "c0.flac", "text": "a"}\n{"id": "x", "audio": "c1.flac", "text": "b"}\n', "'x'"),
        ('{"audio": "c0.flac"}\n', "text"),
        ("rubbish\n", "line 1"),
        ("", "calls.jsonl"),
    ],
)
def test_a_broken_manifest_is_one_line(capsys: pytest.CaptureFixture[str], data: Path, rows: str, message: str) -> None:
    data.write_text(rows)
    status, error = told(capsys, *run_data(data, "--quiet"))
    assert status in {ExitStatus.DATA, ExitStatus.USAGE}
    assert message in error


def test_an_empty_reference_and_a_number_that_no_normalizer_takes(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    rows[0]["text"] = ""
    rows[1]["text"] = "9" * 4_400
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(run_data(data, "--json", "--quiet")) == ExitStatus.GOOD
    (score,) = json.loads(capsys.readouterr().out)
    (entry,) = score["benchmarks"]
    assert entry["utterances"] == 6
    assert entry["dropped_references"] == 1
    assert entry["scored_as_written"] == 1


def test_another_configuration_in_the_folder_is_refused(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert main(run_data(data, "--quiet")) == ExitStatus.GOOD
    capsys.readouterr()
    status, error = told(capsys, *run_data(data, "--quiet", "--dtype", "bfloat16"))
    assert status == ExitStatus.USAGE
    assert "holds a run with dtype 'float32', this one has 'bfloat16'" in error


def test_transcripts_that_changed_are_another_run(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    said = data.with_name("said.jsonl")
    before = said.read_text()
    assert main(run_data(data, "--quiet")) == ExitStatus.GOOD
    table = capsys.readouterr().out
    said.write_text(before.replace("lip", "ship"))
    for more in ((), ("--retry-failed",)):
        status, error = told(capsys, *run_data(data, "--quiet", *more))
        assert status == ExitStatus.USAGE
        assert re.search(r"the model changed and is now at 'sha256:\w{16}'; give another --out or --fresh", error)
    said.write_text(before)
    assert main(run_data(data, "--quiet")) == ExitStatus.GOOD
    assert capsys.readouterr().out == table
    said.write_text(before.replace("lip", "clip"))
    assert main(run_data(data, "--quiet", "--fresh")) == ExitStatus.GOOD
    assert "0.00" in capsys.readouterr().out


def test_a_checkpoint_that_changed_in_place_is_another_run(
    capsys: pytest.CaptureFixture[str], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complete run is not answered for other files; the name of the folder may be written in any way."""
    shutil.copytree(FOLDER, data.with_name("ckpt"))
    monkeypatch.chdir(data.parent)

    def words(name: str) -> list[str]:
        return ["--data", str(data), "--model", name, "--out", "out", "--quiet", "--limit", "2"]

    assert main(words("./ckpt")) == ExitStatus.GOOD
    table = capsys.readouterr().out
    assert [path.parent.name for path in data.parent.glob("out/data_calls/*/run.json")] == ["ckpt"]
    journal = (data.parent / "out" / "data_calls" / "ckpt" / "data_calls.jsonl").read_bytes()
    for name in ("ckpt", "ckpt/", "../" + data.parent.name + "/ckpt"):
        assert main(words(name)) == ExitStatus.GOOD
    assert table in capsys.readouterr().out
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        path = data.parent / "ckpt" / file
        before = path.read_bytes()
        path.write_bytes(before[:-2] + bytes([before[-2] ^ 1]) + before[-1:])
        status, error = told(capsys, *words("./ckpt"))
        assert status == ExitStatus.USAGE
        assert "the model changed and is now at 'sha256:" in error
        path.write_bytes(before)
    assert (data.parent / "out" / "data_calls" / "ckpt" / "data_calls.jsonl").read_bytes() == journal


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    data.with_name("out").mkdir(mode=0o500)
    status, error = told(capsys, *run_data(data, "--quiet"))
    assert status == ExitStatus.FAILED
    assert "cannot be written" in error


def test_a_file_where_the_folder_should_be(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    data.with_name("out").write_text("a file")
    status, error = told(capsys, *run_data(data, "--quiet"))
    assert status == ExitStatus.FAILED
    assert "cannot be written" in error


def command(*words: str, **more: str) -> "subprocess.Popen[str]":
    """The program itself, as a process."""
    return subprocess.Popen(
        [sys.executable, "run_eval.py", *words],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_folder_to_go_on_with(tmp_path: Path, number: signal.Signals) -> None:
    """Stopped while running, the program says how to go on; the same command then ends as if nothing had happened."""
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 20).astype(np.float32)
    rows = []
    for place in range(300):
        rows.append({"id": f"c{place}", "audio": "long.flac", "text": "a b c"})
    soundfile.write(tmp_path / "long.flac", noise, 16_000)
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "said.jsonl").write_text(
        "".join(json.dumps({"id": row["id"], "pred_text": "a b c"}) + "\n" for row in rows)
    )
    words = run_data(tmp_path / "calls.jsonl", "--batch-size", "1")
    process = command(*words)
    journal = tmp_path / "out" / "data_calls"
    while not any(path.stat().st_size for path in journal.glob("*/data_calls.jsonl")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == ExitStatus.INTERRUPTED, error
    assert (
        error.strip().splitlines()[-1]
        == "stopped: the batch in hand was finished; the same command goes on where it was"
    )
    (path,) = journal.glob("*/data_calls.jsonl")
    done = len(read_journal(path).lines)
    assert 0 < done < 300
    again = command(*words, "--quiet")
    out, error = again.communicate(timeout=120)
    assert (again.returncode, error) == (ExitStatus.GOOD, "")
    assert len(read_journal(path).lines) == 300
    assert "0.00" in out


def test_output_into_a_closed_pipe_is_no_error() -> None:
    process = command("list", "benchmarks")
    assert process.stdout is not None
    process.stdout.close()
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")


def test_score_starts_fast_and_without_heavy_libraries(data: Path) -> None:
    manifest = data.with_name("MODEL_m_DATASET_calls.jsonl")
    manifest.write_text(json.dumps({"text": "a b", "pred_text": "a c"}) + "\n")
    script = (
        "import sys; from harness.cli import main; "
        f"status = main(['score', {str(manifest)!r}]); "
        "heavy = {'torch', 'pandas', 'matplotlib', 'transformers', 'datasets', 'pyarrow'} & set(sys.modules); "
        "assert not heavy, heavy; sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "50.00" in done.stdout


def test_the_help_does_not_wait_for_what_only_scores() -> None:
    script = (
        "import sys; from harness.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "late = {'benchmarks.registry', 'harness.scoring.predictions', 'harness.scoring.profiles', 'numpy'}\n"
        "print(sorted(late & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage:")
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_a_help_that_a_newcomer_can_read(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([] if verb == "run" else [verb]), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "usage: run_eval.py" in text
    assert "--debug" in text


def test_every_error_has_its_exit_status() -> None:
    def tree(kind: type[HarnessError]) -> list[type[HarnessError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for kind in tree(HarnessError):
        assert isinstance(kind.exit_status, ExitStatus)
        assert f"| {int(kind.exit_status)} |" in readme
        assert kind.__doc__


def test_a_bug_is_one_line_as_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("harness.commands.list.table", broken)
    status, error = told(capsys, "list", "suites")
    assert status == ExitStatus.FAILED
    assert error.startswith("error: internal error, ZeroDivisionError: oh; run again with --debug")


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--json", "--out", str(tmp_path)]) == ExitStatus.GOOD
    findings = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert {"python", "packages", "device", "attention", "audio", "models", "hub", "disk"} <= set(findings)
    assert findings["audio"]["state"] == "good"
    assert "HF_HUB_OFFLINE" in findings["hub"]["detail"]


def test_a_token_never_reaches_the_doctor_or_run_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    secret = "hf_" + "q" * 34
    monkeypatch.setenv("HF_TOKEN", secret)
    main(["doctor"])
    main(run_data(data))
    captured = capsys.readouterr()
    assert secret not in captured.out + captured.err
    written = [path for path in data.with_name("out").rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not any(secret.encode() in path.read_bytes() for path in written)


def test_what_is_listed_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "suites", "--json"])
    suites = {row["suite"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(suites) == {
        "open_asr@2026-04",
        "open_asr@2026-05-20",
        "open_asr@2026-06-24",
        "open_asr@2026-07-07",
        "open_asr@2026-07-24",
        "open_asr@2026-08",
        "open_asr@2026-08-28",
        "granite_card@2026-04",
        "multilingual@2026-07",
        "multilingual@2026-07-24",
        "multilingual@2026-08-28",
        "multilingual@2026-09-04",
        "longform@2026-03",
        "longform@2026-10",
        "sample",
        "sample_languages",
        "digits",
        "non_speech",
        "family@2026-11",
    }
    main(["list", "benchmarks", "--json"])
    benchmarks = {row["benchmark"] for row in json.loads(capsys.readouterr().out)}
    assert all(set(row["benchmarks"]) <= benchmarks for row in suites.values())
    main(["list", "profiles", "--json"])
    profiles = {row["profile"] for row in json.loads(capsys.readouterr().out)}
    assert {row["profile"] for row in suites.values()} <= profiles


def test_lists_are_tables_that_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "benchmarks"])
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert re.search(
        r"librispeech_test_clean +en +2,620 +5\.40 +52,576 +CC-BY-4\.0 +hub, archive$", lines["librispeech_test_clean"]
    )
    assert re.search(r"ami_ihm +en +12,643 +– +– +CC-BY-4\.0", lines["ami_ihm"])
    assert lines["ami_ihm"].index("12,643") + 1 == lines["librispeech_test_clean"].index("2,620")
    main(["list", "suites"])
    assert (
        "ami_ihm, earnings22, gigaspeech, librispeech_test_clean, librispeech_test_other, spgispeech, tedlium"
        in capsys.readouterr().out
    )
