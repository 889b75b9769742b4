"""References that changed between baseline and run: left out, named, the rest is judged; nobody hides behind them."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.gating.policy import parse_policy
from harness.records.policy import Policy

if TYPE_CHECKING:
    from pathlib import Path

WORDS = "apple river stone garden window mountain silver paper candle bridge".split()  # noqa: SIM905


def predictions(
    folder: Path, name: str, wrong: dict[int, int], references: dict[int, str] | None = None, count: int = 100
) -> Path:
    """Utterances of ten words in ten sessions, the first words of some wrong, some references others."""
    path = folder / f"MODEL_{name}_DATASET_foo.jsonl"
    rows = []
    for at in range(count):
        heard = [f"x{word}" if place < wrong.get(at, 0) else word for place, word in enumerate(WORDS)]
        said = (references or {}).get(at, " ".join(WORDS))
        rows.append({"id": f"u{at}", "session": f"s{at % 10}", "text": said, "pred_text": " ".join(heard)})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def judged(
    capsys: pytest.CaptureFixture[str], run: Path, baseline: Path, *more: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    capsys.readouterr()
    status = main(["gate", str(run), "--baseline", str(baseline), "--json", *more])
    return status, {one["subject"]: one for one in json.loads(capsys.readouterr().out)["findings"]}


def test_the_rest_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = predictions(tmp_path, "base", dict.fromkeys(range(0, 100, 2), 1))
    corrected = {7: "apple river stone garden window mountain silver paper candle bridges"}
    same = predictions(tmp_path, "same", dict.fromkeys(range(0, 100, 2), 1), corrected)
    status, found = judged(capsys, same, base)
    assert (status, found["foo"]["verdict"], found["foo"]["left_out"]) == (0, "PASS", ["u7"])
    assert (found["foo"]["utterances"], found["foo"]["changed"]) == (99, 0)
    assert found["foo"]["message"] == (
        "no utterance's counts changed, of 99; left out of 100: the reference of 'u7' changed"
    )
    assert (found["foo"]["before"], found["foo"]["after"]) == (50 / 990, 50 / 990)
    worse = predictions(tmp_path, "worse", {at: 2 + at % 3 for at in range(100)}, corrected)
    status, found = judged(capsys, worse, base)
    assert (status, found["foo"]["verdict"], found["foo"]["left_out"]) == (1, "FAIL", ["u7"])


def test_a_pass_that_left_something_out_is_a_warning_on_github(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = predictions(tmp_path, "base", {})
    same = predictions(tmp_path, "same", {}, {7: " ".join(WORDS[1:]) + " apple"})
    assert main(["gate", str(same), "--baseline", str(base), "--github"]) == 0
    commands = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert commands[0].startswith("::warning title=ASR gate PASS%2C not all seen%3A foo::no utterance's counts changed")
    assert "'u7' changed" in commands[0]


@pytest.mark.parametrize(("changed", "status"), [(5, 0), (6, 3)])
def test_how_many_may_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: int, status: int
) -> None:
    base = predictions(tmp_path, "base", dict.fromkeys(range(100), 1))
    other = {at: f"{' '.join(WORDS[:-1])} bridges" for at in range(changed)}
    run = predictions(tmp_path, "run", dict.fromkeys(range(100), 1), other)
    found = judged(capsys, run, base)
    assert found[0] == status
    if status:
        assert found[1]["foo"]["reason"] == "other data"
        assert found[1]["foo"]["message"].startswith(
            "6 of 100 references differ from the baseline's, such as that of 'u0'; at most 5 % may (changed_references)"
        )


def test_the_policy_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = predictions(tmp_path, "base", dict.fromkeys(range(100), 1))
    other = {at: f"{' '.join(WORDS[:-1])} bridges" for at in range(10)}
    run = predictions(tmp_path, "run", dict.fromkeys(range(100), 1), other)
    for share, status in (("0.1", 0), ("0.09", 3), ("0", 3)):
        (tmp_path / "policy.toml").write_text(f"changed_references = {share}\n")
        assert judged(capsys, run, base, "--policy", str(tmp_path / "policy.toml"))[0] == status
    assert Policy().changed_references == 0.05
    assert parse_policy(tomllib.loads("changed_references = 0.2"), "x").changed_references == 0.2


@pytest.mark.parametrize("policy", ["", "inconclusive = 'pass'\n", "[wer]\ntier = 'informative'\n"])
@pytest.mark.parametrize("hidden", [(0,), (0, 10, 20), (3, 14, 25, 36, 47)])
def test_nobody_hides_errors_behind_references(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hidden: tuple[int, ...], policy: str
) -> None:
    """A run that writes its own errors into the references of its bad utterances: never a PASS."""
    base = predictions(tmp_path, "base", dict.fromkeys(range(100), 1))
    bad = dict.fromkeys(range(100), 1) | dict.fromkeys(hidden, 10)
    heard = {at: " ".join(f"x{word}" for word in WORDS) for at in hidden}
    run = predictions(tmp_path, "run", bad, heard)
    (tmp_path / "policy.toml").write_text(policy)
    status, found = judged(capsys, run, base, "--policy", str(tmp_path / "policy.toml"))
    assert status == 3
    told = found["foo: references"]
    assert (told["reason"], told["verdict"]) == ("other references", "INCONCLUSIVE")
    more = 9 * len(hidden)
    assert f"against the references as they were the run has {more} more errors there" in told["message"]
    assert found["foo"]["left_out"] == [f"u{at}" for at in hidden]


def test_the_bound_is_the_margin_of_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One error more of 990 words is 0.1 points and more; of 1,990 it is less."""
    for count, status in ((100, 3), (200, 0)):
        base = predictions(tmp_path, "base", {}, count=count)
        run = predictions(tmp_path, "run", {5: 1}, {5: " ".join(["xapple", *WORDS[1:]])}, count=count)
        assert judged(capsys, run, base)[0] == status


def test_a_reference_that_becomes_empty_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = predictions(tmp_path, "base", {})
    run = predictions(tmp_path, "run", {5: 9}, {5: ""})
    status, found = judged(capsys, run, base)
    assert (status, "foo: references" in found) == (3, True)


def test_many_are_counted_and_the_first_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = dict.fromkeys(range(200), 1)
    base = predictions(tmp_path, "base", wrong, count=200)
    run = predictions(tmp_path, "run", wrong, {at: " ".join([*WORDS, "now"]) for at in range(8)}, count=200)
    status, found = judged(capsys, run, base)
    assert status == 0
    assert found["foo"]["message"].endswith(
        "left out of 200: the references of 'u0', 'u1', 'u2', 'u3', 'u4' and 3 more changed"
    )
    assert found["foo"]["left_out"] == [f"u{at}" for at in range(8)]
