"""What several verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.commands.shared import teller

if TYPE_CHECKING:
    from pathlib import Path


def test_a_person_is_told_on_stderr_unless_quiet_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    teller(quiet=True)("a")
    teller(quiet=False)("b")
    assert capsys.readouterr() == ("", "b\n")


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("score a.jsonl --per-utterance a.jsonl", "a.jsonl"),
        ("score folder --per-utterance folder/x.jsonl", "folder/x.jsonl"),
        ("score folder --per-utterance folder/../folder/x.jsonl", "folder/x.jsonl"),
        ("score set.one.trn --reference set.ref.trn --alignments set.ref.trn", "set.ref.trn"),
        ("score a.jsonl --metric keyword_f1 --keywords words.txt --alignments words.txt", "words.txt"),
        ("gate a.jsonl --baseline a.jsonl --junit a.jsonl", "a.jsonl"),
        ("gate a.jsonl --baseline a.jsonl --policy p.toml --markdown p.toml", "p.toml"),
        ("compare set.one.trn set.two.trn --reference set.ref.trn --trn .", "set.ref.trn"),
    ],
)
def test_what_is_read_is_never_written_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    target: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    row = '{"id": "a", "text": "one two", "pred_text": "one"}\n'
    texts = {"a.jsonl": row, "folder/x.jsonl": row.replace('"one"', '"two"'), "words.txt": "one\n", "p.toml": ""}
    texts |= {f"set.{name}.trn": "ONE two (a-1)\nthree (b-1)\n" for name in ("ref", "one", "two")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert main(command.split()) == 2
    said = capsys.readouterr().err.replace("folder/../", "")
    assert f"{target} is what is read, and would be written over" in said
    assert {name: (tmp_path / name).read_text() for name in texts} == texts
