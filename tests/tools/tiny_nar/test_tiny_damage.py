"""The digits suite notices when a part of the network is broken, and the gate turns red."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli import main as run_eval
from harness.errors import ExitStatus, UsageError
from tools.tiny_nar.damage import DAMAGES, damaged, heard, noticed
from tools.tiny_nar.damage import main as run_damaged

UNNOTICED = {"positions"}
"""tiny-nar makes no use of positions in its projector's windows; the slow twin of the projector guards those."""

BASELINES = Path(__file__).parents[3] / "results" / "baselines"


@pytest.fixture(scope="module")
def right() -> list[tuple[str, str, str]]:
    return heard(None)


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in UNNOTICED])
def test_every_damage_is_noticed(name: str, right: list[tuple[str, str, str]]) -> None:
    whole, found = noticed(right, right), noticed(right, heard(name))
    assert whole.changed == 0
    assert found.changed > 0
    assert (found.draft, found.edited) != (whole.draft, whole.edited)
    assert found.words == whole.words


def test_a_damage_ends_with_its_block(right: list[tuple[str, str, str]]) -> None:
    with damaged("repeats"):
        pass
    assert heard(None) == right


def test_an_unknown_damage_is_named() -> None:
    with pytest.raises(UsageError, match=r"clip_mask"), damaged("clip_musk"):
        pass


def test_a_run_without_the_clip_mask_fails_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baselines = tmp_path / "baselines"
    shutil.copytree(BASELINES, baselines)
    judge = ["--baseline", str(baselines), "--policy", str(baselines / "policy.toml")]
    suite = ["--suite", "digits", "--quiet", "--out"]
    assert run_eval([*suite, str(tmp_path / "good")]) == ExitStatus.GOOD
    assert run_eval(["gate", str(tmp_path / "good" / "digits" / "tiny-nar"), *judge]) == ExitStatus.GOOD
    assert run_damaged(["clip_mask", *suite, str(tmp_path / "bad")]) == ExitStatus.GOOD
    capsys.readouterr()
    assert run_eval(["gate", str(tmp_path / "bad" / "digits" / "tiny-nar"), *judge]) == ExitStatus.REGRESSION
    assert "FAIL (exit status 1)" in capsys.readouterr().out
