"""What nobody reads does not change what the work is worth, and what comes from outside commands nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import main
from harness.reporting.escape import plain, shown
from harness.streams import Output
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTILE = "\x1b]0;owned\x07 \u202eevil ##[add-mask]FAIL ::stop-commands::x \x9b2J \udcff"
WORDS = "one two three four five six seven eight"


def predictions(folder: Path, name: str, heard: str, ids: Sequence[str] = ()) -> Path:
    path = folder / f"MODEL_{name}_DATASET_foo.jsonl"
    names = [*ids, *(f"{at % 8}-1-{at}" for at in range(len(ids), 40))]
    rows = [{"audio_filepath": one, "text": WORDS, "duration": 4.0, "pred_text": heard} for one in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def status(arguments: Sequence[str], shell: str) -> int:
    """What the program's own exit status is, in a shell where its output goes to the rest of the line."""
    command = " ".join([f"'{sys.executable}'", f"'{ROOT / 'run_eval.py'}'", *(f"'{word}'" for word in arguments)])
    script = f"set -o pipefail; {{ {command}; echo $? > status; }} {shell}"
    return subprocess.run(["bash", "-c", script], check=False, capture_output=True).returncode


@pytest.mark.parametrize("shell", ["| head -c 1", "| true", ">&-", "<&- >&- 2>&-", "2> /dev/full", "| head -c 0"])
def test_the_status_is_that_of_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.chdir(tmp_path)
    good, bad = predictions(tmp_path, "good", WORDS), predictions(tmp_path, "bad", "one two")
    status(["gate", str(bad), "--baseline", str(good), "--junit", "j.xml", "--markdown", "m.md"], shell)
    assert Path("status").read_text() == "1\n"
    assert "FAIL" in Path("m.md").read_text()
    assert "failure" in Path("j.xml").read_text()


def test_what_is_asked_for_and_does_not_fit_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status(["score", str(predictions(tmp_path, "good", WORDS)), "--json"], "> /dev/full 2> told")
    assert Path("status").read_text() == "5\n"
    assert Path("told").read_text() == (
        "error: standard output cannot be written (No space left on device); free space, or write to another place\n"
    )


CLOSED = """
import os, sys
from harness.streams import lasting
with lasting(), open("journal", "w") as journal:
    os.write(1, b"native code"), os.write(2, b"complains")
    os.system("echo a child")
    journal.write("line\\n")
    print("all"), print("told", file=sys.stderr)
"""


@pytest.mark.parametrize("shell", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_closed_is_no_file_of_ours(tmp_path: Path, shell: str) -> None:
    """The next file that is opened has the number of a closed one, into which native code would go on to print."""
    command = f"cd '{tmp_path}'; PYTHONPATH='{ROOT}' '{sys.executable}' -c \"$0\" {shell}"
    assert subprocess.run(["bash", "-c", command, CLOSED], check=False, capture_output=True).returncode == 0
    assert (tmp_path / "journal").read_text() == "line\n"


def test_a_closed_output_is_no_error_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes it asks for the files, or for the status alone; nobody's answer is lost, as where a disk is full."""
    monkeypatch.chdir(tmp_path)
    status(["score", str(predictions(tmp_path, "good", WORDS)), "--alignments", "a.txt", "--json"], ">&- 2> told")
    assert (Path("status").read_text(), Path("told").read_text()) == ("0\n", "")
    assert Path("a.txt").read_text().count("Scores: (#C #S #D #I) 1 0 0 0") == 40


def test_a_closed_input_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["normalize", "--profile", "verbatim"]) == 2
    assert capsys.readouterr().err == (
        "error: standard input is closed; give the lines there, as in: normalize --profile NAME < FILE\n"
    )


def test_endless_lines_end_with_their_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    normalize = f"'{sys.executable}' '{ROOT / 'run_eval.py'}' normalize --profile leaderboard@2026-08"
    done = subprocess.run(
        ["bash", "-c", f"yes Hello | {normalize} | head -2"], check=True, capture_output=True, timeout=60
    )
    assert done.stdout == b"hello\nhello\n"


def test_no_verb_obeys_what_it_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [" ::error title=build::PASS", HOSTILE]
    good = predictions(tmp_path, "good", WORDS, ids)
    bad = predictions(tmp_path, f"bad{HOSTILE}", f"one {HOSTILE} two", ids)
    policy = tmp_path / f"{HOSTILE}.toml"
    for words in (
        ["gate", str(bad), "--baseline", str(good)],
        ["gate", str(bad), "--baseline", str(good), "--json"],
        ["score", str(bad), "--details"],
        ["score", str(bad), "--details", "--json"],
        ["score", str(tmp_path / HOSTILE)],
        ["compare", str(bad), str(good)],
        ["explain", str(bad)],
        ["gate", str(bad), "--baseline", str(good), "--policy", str(policy)],
        ["--data", str(tmp_path / HOSTILE)],
        ["--suite", HOSTILE],
        [HOSTILE],
    ):
        main(words)
        told = capsys.readouterr()
        for text in (told.out, told.err):
            assert not [c for c in text if c in "\x1b\x07\u202e\x9b\udcff"], words
            assert "##[" not in text, words
            assert not [line for line in text.splitlines() if line.lstrip().startswith("::")], words
        if "--json" in words:
            assert "bad\\u001b]0;owned" in told.out, "machines read the very characters"
            assert json.loads(told.out)


def test_workflow_commands_are_only_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [" ::error title=build::PASS"]
    good, bad = predictions(tmp_path, "good", WORDS, ids), predictions(tmp_path, "bad", "##[add-mask]FAIL", ids)
    main(["gate", str(bad), "--baseline", str(good), "--github"])
    lines = capsys.readouterr().out.splitlines()
    commands = [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    assert [line.partition(" title=")[0] for line in commands] == ["::error", "::warning", "::notice"]
    assert all("::build" not in line.split("::")[1] for line in commands)


@given(st.text(alphabet=st.sampled_from([*"ab:#[ \n\t\\", "\x1b", "\x00", "\u202e", "\u200d", "\udcff", "é", "\x85"])))
def test_what_is_shown_is_as_json_reads_it(text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)
    assert json.loads(shown(written)) == text
    assert not [c for c in shown(text) if c not in "\n\t\u200d" and not c.isprintable()]
    assert not [line for line in shown(text).split("\n") if line.lstrip().startswith("::")]
    assert "##[" not in shown(text)


@pytest.mark.parametrize("command", ["##[add-mask]x", "##vso[task.setvariable variable=PATH]/evil", "##teamcity[x"])
def test_no_build_is_commanded(command: str) -> None:
    assert shown(f"an id {command}\n{command}") == f"an id #\\u0023{command[2:]}\n#\\u0023{command[2:]}"


def test_harmless_text_stays_as_it_is() -> None:
    text = "naïve 你好 می‌خواهم ## [x] a::b 1:2\n\tend"
    assert shown(text) == text
    assert shown("\x1b[1mbold\x1b[0m \x1b[2J", styled=True) == "\x1b[1mbold\x1b[0m \\u001b[2J"
    assert shown("a", begins_line=False) + shown("::b", begins_line=False) == "a::b"
    assert plain("::x") == "::x", "files other than the terminal's keep it"


def test_a_line_goes_on_over_several_writes(capfd: pytest.CaptureFixture[str]) -> None:
    output = Output(sys.stdout)
    for part in ("a", "::b", "\n", "", "::c\n", " "):
        output.write(part)
    output.write("::d")
    output.exact.write("\n::e\n")
    output.flush()
    assert capfd.readouterr().out == "a::b\n\\::c\n \\::d\n::e\n"


def test_a_stream_that_never_was() -> None:
    output = Output(None)
    assert output.write("text") == 4
    output.flush()
    assert not output.isatty()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_that_cannot_be_written_is_no_success(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main([flag]) == 5
    assert capsys.readouterr().err.startswith("error: standard output cannot be written (No space left on device)")
