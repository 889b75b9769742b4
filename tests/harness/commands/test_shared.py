"""What several verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.commands.shared import teller

if TYPE_CHECKING:
    import pytest


def test_a_person_is_told_on_stderr_unless_quiet_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    teller(quiet=True)("a")
    teller(quiet=False)("b")
    assert capsys.readouterr() == ("", "b\n")
