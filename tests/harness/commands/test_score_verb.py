"""`score` and `normalize` as a person or a script meets them, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NAME = "MODEL_some-model_DATASET_librispeech_test.clean.jsonl"
ROWS = [
    {"audio_filepath": f"{speaker}-1-{number:04}", "duration": 10, "time": 0.5, "text": "MR STEPHEN", "pred_text": text}
    for number, (speaker, text) in enumerate([("84", "Mr. Stephen"), ("84", "mister"), ("121", "Mister Steven!")])
]


def run(root: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "run_eval.py", *arguments], cwd=root, input=stdin, capture_output=True, check=False, timeout=60
    )


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the user's cache alone."""
    monkeypatch.setenv("ASR_HARNESS_CACHE", "")


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_json_alone_on_standard_output(root: Path, predictions: Path) -> None:
    done = run(root, "score", str(predictions), "--profile", "leaderboard@2026-08", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    (score,) = json.loads(done.stdout)
    assert (score["model"], score["suite"], score["profile"]["name"]) == ("some-model", None, "leaderboard@2026-08")
    (entry,) = score["benchmarks"]
    assert entry["benchmark"] == "librispeech_test_clean"
    assert entry["errors"] == {"hits": 5, "substitutions": 0, "deletions": 1, "insertions": 0}
    assert (entry["wer"], entry["speed"]["rtfx"], entry["audio_seconds"]) == (1 / 6, 20.0, 30.0)


def test_a_table_for_people(root: Path, predictions: Path) -> None:
    done = run(root, "score", str(predictions))
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "some-model" in text
    assert "16.67" in text
    assert "leaderboard@2026-08" in text, "the profile is printed with every number"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere"], 2, "no file or folder nowhere"),
        (["--profile", "card"], 2, "no profile called 'card'; did you mean 'card@2026-04'?"),
        (["--language", "xx"], 2, "no language that is known"),
    ],
)
def test_mistakes_are_one_line(root: Path, predictions: Path, arguments: list[str], status: int, message: str) -> None:
    done = run(root, "score", str(predictions), *arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_broken_file_is_one_line_and_a_status_of_its_own(root: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{")
    done = run(root, "score", str(tmp_path))
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.decode().startswith("error: ")
    assert done.stderr.count(b"\n") == 1


def test_nothing_heavy_is_imported(root: Path, predictions: Path) -> None:
    code = (
        "import sys, harness.cli as cli\n"
        f"status = cli.main(['score', {str(predictions)!r}, '--json'])\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'transformers', 'datasets', 'pyarrow', 'scipy', 'jiwer'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True, timeout=60)
    assert done.stderr.decode().strip() == "[]"


def test_normalize_a_line_in_a_line_out(root: Path) -> None:
    text = b"Mr. Smith's car\r\n\nthirty six\n" + "Élan".encode()
    done = run(root, "normalize", "--profile", "leaderboard@2026-08", stdin=text)
    assert done.stdout.decode() == "mister smith s car\n\n36\nelan\n"
    german = run(root, "normalize", "--profile", "leaderboard@2026-08", "--language", "de", stdin="Über 21!\n".encode())
    assert german.stdout.decode() == "über einundzwanzig\n"


def test_normalize_writes_each_line_before_it_reads_the_next(root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "run_eval.py", "normalize", "--profile", "card@2026-04"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        for line, expected in ((b"Mr\n", b"mister\n"), (b"two\n", b"2\n")):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == expected


@pytest.mark.parametrize(("line", "message"), [(b"\xff\n", "line 2 is not UTF-8"), (b"9" * 4400, "line 2 cannot be")])
def test_normalize_names_the_line_that_it_cannot_digest(root: Path, line: bytes, message: str) -> None:
    done = run(root, "normalize", "--profile", "card@2026-04", stdin=b"good\n" + line)
    assert (done.returncode, done.stdout) == (4, b"good\n")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_the_measurement_counts_alike(root: Path, predictions: Path) -> None:
    done = subprocess.run(
        [sys.executable, "perf/scoring.py", str(predictions.parent)],
        cwd=root,
        capture_output=True,
        check=True,
        timeout=60,
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    assert (measured["identical"], measured["pairs"]) == (True, 3)
    assert measured["scoring_ratio"] > 0
