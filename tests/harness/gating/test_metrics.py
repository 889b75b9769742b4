"""A policy holds runs to further metrics: a regression that WER does not see is found, and none is made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.gating.judge import unit_of_change
from harness.gating.policy import parse_policy
from harness.gating.render import more_errors
from harness.records.decision import Blame, Finding, Reason, Verdict
from harness.scoring import metrics
from harness.scoring.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.scoring.metrics.base import Parts
    from harness.scoring.scored import ScoredUtterance

SER = '[metrics.ser]\nmargin = 1.0\n[speed]\ntier = "informative"\n'


@pytest.fixture
def judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """Runs the gate under a policy: the exit status and the findings by their subject."""

    def run(new: Path, old: Path, policy: str, *more: str) -> tuple[int, list[dict[str, Any]]]:
        (tmp_path / "policy.toml").write_text(policy)
        capsys.readouterr()
        command = ["gate", str(new), "--baseline", str(old), "--policy", str(tmp_path / "policy.toml")]
        status = main([*command, "--json", *more])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        return status, found

    return run


def gathered(utterance: int) -> int:
    """Four wrong words in one utterance of each session."""
    return 4 if utterance < 10 else 0


def scattered(_utterance: int) -> int:
    """As many, one in each utterance."""
    return 1


def test_a_regression_that_only_the_metric_sees(make_run: Callable[..., Path], judged: Any, tmp_path: Path) -> None:
    old, new = make_run("old", gathered), make_run("new", scattered)
    assert main(["gate", str(new), "--baseline", str(old)]) == 0
    status, [wer, ser, speed] = judged(new, old, SER)
    assert status == 1
    assert (wer["subject"], wer["verdict"], wer["metric"]) == ("read", "PASS", "wer")
    assert (ser["subject"], ser["verdict"], ser["metric"], ser["margin"]) == ("read: SER", "FAIL", "ser", 0.01)
    assert (ser["before"], ser["after"], ser["change"]["value"]) == (0.25, 1.0, 0.75)
    assert (ser["changed"], ser["utterances"], ser["reason"]) == (30, 40, "compared")
    assert ser["message"] == "30 of 40 utterances changed; the whole interval is above the margin of 1 points"
    assert (ser["blame"][0]["id"], ser["blame"][0]["more_errors"]) == ("u10", 1)
    assert ser["blame"][0]["contribution"] == 1 / 40
    assert speed["subject"] == "speed"
    assert main(["baseline", "save", str(old), "--dir", str(tmp_path / "saved")]) == 0
    assert judged(new, tmp_path / "saved", SER)[0] == 1


def test_no_regression_passes(make_run: Callable[..., Path], judged: Any) -> None:
    old, new = make_run("old", gathered), make_run("new", scattered)
    status, [_, ser, _] = judged(old, old, SER)
    assert (status, ser["verdict"], ser["reason"]) == (0, "PASS", "unchanged")
    status, [_, ser, _] = judged(old, new, SER)
    assert (status, ser["verdict"], ser["change"]["value"], ser["blame"]) == (0, "PASS", -0.75, [])


@pytest.mark.parametrize(("tier", "status"), [("must", 1), ("should", 3), ("informative", 0)])
def test_tiers_of_metrics(tier: str, status: int, make_run: Callable[..., Path], judged: Any) -> None:
    old, new = make_run("old", gathered), make_run("new", scattered)
    policy = f'[metrics.ser]\nmargin = 1.0\ntier = "{tier}"\n'
    assert judged(new, old, policy)[0] == status
    assert judged(old, new, policy)[0] == 0


def test_people_read_it_in_its_own_unit(
    make_run: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = make_run("old", gathered), make_run("new", scattered)
    (tmp_path / "policy.toml").write_text(SER)
    markdown = tmp_path / "gate.md"
    command = ["gate", str(new), "--baseline", str(old), "--policy", str(tmp_path / "policy.toml"), "--markdown"]
    assert main([*command, str(markdown)]) == 1
    out = " ".join(capsys.readouterr().out.split())  # however wide the terminal is
    assert "SER: sentence error rate: utterances with an error, of all utterances; in percent." in out
    assert "u10: 1 more utterance with errors (+2.500 points)" in out
    [row] = [line for line in markdown.read_text().splitlines() if line.startswith("| read: SER")]
    verdict, before, after, change, margin = (cell.strip() for cell in row.split("|")[2:7])
    assert (verdict, before, after, margin) == ("FAIL", "25.00", "100.00", "1")
    assert change.startswith("+75.00 \\[+")


def foreign(path: Path, inserted: int) -> Path:
    """Predictions of others: 30 silent clips of 6 seconds, and ten that are not silent."""
    path.mkdir()
    rows = [
        {
            "audio_filepath": f"{at}.wav",
            "duration": 6.0,
            "text": "" if at % 4 else "one two three",
            "pred_text": " ".join(["you"] * (inserted if at % 4 else 0)) if at % 4 else "one two three",
        }
        for at in range(40)
    ]
    file = path / "MODEL_m_DATASET_voxpopuli_en.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_a_metric_with_a_unit_of_its_own(tmp_path: Path, judged: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = foreign(tmp_path / "old", 1), foreign(tmp_path / "new", 2)
    policy = "[wer]\ntier = 'informative'\n[metrics.inserted_on_silence]\nmargin = {}"
    status, [_, words, _] = judged(new, old, policy.format(5))
    assert (status, words["verdict"], words["margin"]) == (1, "FAIL", 5)
    assert (words["before"], words["after"], words["utterances"]) == (pytest.approx(10), pytest.approx(20), 30)
    assert words["message"].endswith("the whole interval is above the margin of 5 words a minute")
    status, [_, words, _] = judged(new, old, policy.format(15))
    assert (status, words["verdict"]) == (0, "PASS")


def test_a_metric_that_a_side_does_not_have(make_run: Callable[..., Path], judged: Any, tmp_path: Path) -> None:
    old, new = make_run("old"), make_run("new")
    policy = '[metrics.draft_wer]\nmargin = 1.0\ntier = "{}"\n'
    status, [_, draft, _] = judged(new, old, policy.format("must"))
    assert (status, draft["subject"], draft["verdict"]) == (3, "draft WER", "INCONCLUSIVE")
    assert draft["message"] == "no benchmark has it, so it cannot be judged"
    journal = new / "read.jsonl"
    journal.write_text(journal.read_text().replace('"clean": true', '"clean": true, "draft": "apple"'))
    status, [_, draft, _] = judged(new, old, policy.format("must"))
    assert (status, draft["subject"], draft["verdict"]) == (3, "read: draft WER", "INCONCLUSIVE")
    assert draft["message"] == "the baseline has no draft WER"
    assert judged(new, old, policy.format("should"))[0] == 0
    status, [_, draft, _] = judged(new, new, policy.format("must"))
    assert (status, draft["reason"], draft["utterances"]) == (0, "unchanged", 40)
    assert main(["baseline", "save", str(new), "--dir", str(tmp_path / "saved")]) == 0
    status, [_, draft, _] = judged(new, tmp_path / "saved", policy.format("must"))
    assert (status, draft["message"]) == (3, "the baseline has no draft WER")
    status, [_, numbers, _] = judged(new, old, "[metrics.missed_numbers]\nmargin = 1")  # there are none to miss
    assert (status, numbers["message"]) == (3, "no benchmark has it, so it cannot be judged")


def _right(utterances: Sequence[ScoredUtterance], _profile: object, _language: str) -> Sequence[Parts]:
    return [(one.counts.hits, one.counts.words) for one in utterances]


def test_where_higher_is_better_the_sign_turns(
    make_run: Callable[..., Path], judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Metric(name="right", title="right words", meaning="words that are right", count=_right, better="higher")
    known = metrics.metrics() | {"right": right}
    monkeypatch.setattr(metrics, "metrics", lambda: known)
    old, new = make_run("old"), make_run("new", lambda i: 3 + i % 3)
    policy = "[wer]\ntier = 'informative'\n[metrics.right]\nmargin = 1.0\n"
    status, [_, found, _] = judged(new, old, policy)
    assert (status, found["verdict"], found["before"]) == (1, "FAIL", 0.95)
    assert found["change"]["value"] == pytest.approx(found["after"] - found["before"])
    assert found["change"]["low"] <= found["change"]["value"] <= found["change"]["high"] < -0.01
    assert found["blame"][0]["id"] == "u14"
    assert (found["blame"][0]["more_errors"], found["blame"][0]["contribution"]) == (5, -5 / 400), "part of the change"
    status, [_, found, _] = judged(old, new, policy)
    assert (status, found["verdict"], found["blame"]) == (0, "PASS", [])


def test_only_ratios_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Metric(name="odd", title="odd", meaning="squared", count=_right, value=lambda sums: sums[0] ** 2)
    monkeypatch.setattr(metrics, "metrics", lambda: {"odd": odd})
    with pytest.raises(UsageError, match=r"x: \[metrics.odd\] cannot be judged: odd has no interval"):
        parse_policy({"metrics": {"odd": {"margin": 1}}}, "x")


def test_published_figures_have_no_other_metrics(tmp_path: Path, judged: Any) -> None:
    file = foreign(tmp_path / "new", 0)
    _, found = judged(file, "published", SER)
    assert [one["message"] for one in found if one["subject"] == "SER"] == ["not compared: nothing is published of it"]


@pytest.mark.parametrize(
    ("metric", "more", "said"),
    [
        ("wer", 1, "1 more error"),
        ("der", 2.5, "2.5 more seconds"),
        ("start_error", 13260, "13,260 more ms"),
        ("keyword_recall", 1, "1 more missed keyword"),
        ("keyword_f1", 0.5, "0.5 more keywords missed or too many, each counted half"),
        ("numbers_as_written", 2, "2 more numbers not as written"),
        ("speakers_miscounted", 3, "3 more speakers too many or too few"),
        ("start_within_50ms", 4, "4 more starts not within 50 ms"),
        ("inserted_on_silence", 1234567, "1,234,567 more words"),
    ],
)
def test_what_an_utterance_has_more_of(metric: str, more: float, said: str) -> None:
    blame = Blame(id="a", more_errors=more, contribution=0.0, reference="", before="", after="")
    found = Finding(subject="a", metric=metric, verdict=Verdict.FAIL, reason=Reason.COMPARED, message="")
    assert more_errors(blame, found) == said


def test_only_error_rates_count_errors() -> None:
    """What a metric counts is said in its own words, unless it is an error rate over words, characters or both."""
    judged = {name: one for name, one in metrics.metrics().items() if one.gate == "judge" and not one.resampled}
    rates = ["wer", "cer", "draft_wer", "formatted_wer", "mer", "mixed", "biased_wer", "unbiased_wer"]
    rates += ["cp_wer", "tcp_wer", "orc_wer", "di_cp_wer"]
    assert {name for name, one in judged.items() if one.counted == ("error", "errors")} == {*rates}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("keywords_made_up", "keywords made up a thousand words"),
        ("inserted_on_silence", "words a minute"),
        ("start_error", "ms"),
        ("keyword_f1", "points"),
    ],
)
def test_a_margin_is_of_something(name: str, unit: str) -> None:
    assert unit_of_change(metrics.get_metric(name)) == unit
