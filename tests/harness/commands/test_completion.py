"""What a shell completes: commands, flags, names. The script is bash's own to read."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from harness.cli import VERBS, main


def completed(script: str, line: str) -> list[str]:
    """What bash offers for the last word of a line."""
    words = line.split(" ")
    lines = [
        script,
        f"COMP_WORDS=({' '.join(repr(word) for word in words)})",
        f"COMP_CWORD={len(words) - 1}",
        "_shtab_run_eval",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    done = subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert completed(script, "run-eval sco") == ["score"]
    assert completed(script, "run-eval runs --y") == ["--yes"]
    assert completed(script, "run-eval score --sl") == ["--slice"]
    assert "open_asr" in completed(script, "run-eval --suite open_a")
    assert completed(script, "run-eval score --profile verb") == ["verbatim"]
    assert completed(script, "run-eval data ver") == ["verify"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_all_commands(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [verb for verb in VERBS if verb != "run" and verb not in script] == []


def test_without_the_library_it_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == (
        "error: completion needs shtab, which is not installed: pip install 'asr-harness[completion]'\n"
    )
