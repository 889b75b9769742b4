"""Our figures beside published ones, made up here: what is compared, what stands in the way, what is offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from benchmarks.registry import get_suite
from harness.records.run import Selection
from harness.records.scores import ProfileRecord
from harness.reporting import against
from harness.reporting.against import against_published, obstacles, published_points
from harness.reporting.published import Figure
from tests.harness.reporting.made import entry, run, score

RULES, OTHER = "leaderboard@2026-04", "card@2026-04"
Known = Callable[..., None]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    """States what is published, the newest first."""

    def state(*figures: Figure) -> None:
        def find(
            model: str | None = None, benchmark: str | None = None, metric: str | None = None, **facts: str
        ) -> list[Figure]:
            asked = {"model": model, "benchmark": benchmark, "metric": metric} | facts
            wanted = {name: value for name, value in asked.items() if value is not None}
            return [one for one in figures if all(getattr(one, name) == value for name, value in wanted.items())]

        monkeypatch.setattr(against, "find", find)

    return state


def wer(benchmark: str, value: float, profile: str | None = RULES, **facts: str) -> Figure:
    stated = {"model": "m", "metric": "wer", "source": "s"} | facts
    return Figure(value=value, benchmark=benchmark, profile=profile, **stated)  # type: ignore[arg-type]


def test_differences_are_ours_less_what_is_published(known: Known) -> None:
    known(wer("a", 3.0, date="2026-05"), wer("b", 5.0), wer("b", 4.0, OTHER))
    ours = score("m", [entry("a", 0.02), entry("b", 0.07)], None, profile=ProfileRecord(name=RULES))
    table = against_published([ours], [None])
    found = [[cell.value for cell in row] for row in table.rows]
    assert found == [
        ["m", "a", "wer", 2.0, 3.0, -1.0, "s, 2026-05"],
        ["m", "b", "wer", 7.000000000000001, 5.0, 2.000000000000001, "s"],
    ]
    assert table.notes == ("2 of 2 rows can be compared.",)


def test_another_profile_is_offered_only_where_more_error_rates_compare(known: Known) -> None:
    """The row of speed is no error rate; and of other data no profile helps."""
    speed = Figure(model="m", metric="rtfx", value=100.0, source="s", benchmark="average", hardware="H100")
    known(wer("a", 3.0), wer("b", 3.0, OTHER), wer("c", 3.0, OTHER), speed)
    entries = [entry(name, 0.02) for name in "abc"]
    ours = score("m", entries, 0.02, profile=ProfileRecord(name=RULES))
    notes = against_published([ours], [None]).notes
    assert notes == ("1 of 4 rows can be compared. Under --profile card@2026-04 2 of the 3 error rates can be, not 1.",)
    known(wer("a", 3.0), wer("b", 3.0, OTHER))
    assert against_published([ours], [None]).notes == ("1 of 2 rows can be compared.",), "as many are no more"
    failed = score(
        "m", [entry("b", 0.02, failed=1), entry("c", 0.02, failed=1)], None, profile=ProfileRecord(name=RULES)
    )
    known(wer("b", 3.0, OTHER), wer("c", 3.0, OTHER))
    assert against_published([failed], [None]).notes == ("0 of 2 rows can be compared.",)


@pytest.mark.parametrize(
    ("failed", "fact", "reasons"),
    [
        (0, {}, []),
        (2, {}, ["other data: ours lacks failed utterances"]),
        (0, {"selection": Selection(limit=5)}, ["other data: ours is a sample"]),
        (0, {"drift": ("rows is 3",)}, ["other data: ours is not what is locked"]),
    ],
)
def test_what_ours_is_not_the_whole_of(failed: int, fact: dict[str, object], reasons: list[str], known: Known) -> None:
    known(wer("a", 3.0))
    ours = score("m", [entry("a", 0.02, failed=failed)], None, profile=ProfileRecord(name=RULES))
    [row] = against_published([ours], [run(benchmarks={"a": fact})]).rows
    assert list(row[4].notes) == reasons
    assert (row[5].value is None) == bool(reasons)


def test_what_is_not_stated_is_no_agreement() -> None:
    ours = score("m", [entry("a", 0.02)], 0.02, suite="demo@1", profile=ProfileRecord(name=RULES))
    here = run(environment={"hardware": {"accelerator": "NVIDIA H100"}})

    def said(figure: Figure) -> Sequence[str]:
        return obstacles(figure, ours, here)

    average = "other suite: published over one that is not stated, ours over demo@1"
    assert said(wer("average", 3.0)) == [average]
    assert said(wer("average", 3.0, suite="demo@1")) == []
    assert said(wer("average", 3.0, suite="demo@2")) == [average.replace("one that is not stated", "demo@2")]
    assert said(wer("a", 3.0, None)) == [f"other rules: published under rules that are not stated, ours {RULES}"]
    facts = {"model": "m", "metric": "rtfx", "value": 9.0, "source": "s", "benchmark": "a"}
    hardware = "other hardware: published on {}, ours NVIDIA H100"
    assert said(Figure(**facts)) == [hardware.format("one that is not stated")]  # type: ignore[arg-type]
    assert said(Figure(**facts, hardware="h100")) == []  # type: ignore[arg-type]
    assert said(Figure(**facts, hardware="A100")) == [hardware.format("A100")]  # type: ignore[arg-type]


def test_published_points_are_of_the_whole_suite_and_the_newest_of_each_other_model(known: Known) -> None:
    suite = "open_asr@2026-04"
    every = get_suite(suite).benchmarks
    facts = {"suite": suite}
    known(
        wer("average", 6.0, model="a/b", **facts),
        wer("average", 9.0, model="a/b", **facts),
        wer("average", 5.0, model="c/d", **facts),
        Figure(model="a/b", metric="rtfx", value=50.0, source="s", suite=suite),
        Figure(model="a/b", metric="rtfx", value=70.0, source="s", suite=suite),
    )
    found = published_points(suite, RULES, ["c/d"], every)
    assert [(one.model, one.wer, one.rtfx, one.ours) for one in found] == [("a/b", 0.06, 50.0, False)]
    assert published_points(suite, RULES, [], every[1:]) == []
    assert published_points("demo@1", RULES, [], every) == []


@pytest.mark.parametrize(
    ("suite", "utterances", "reasons"),
    [
        ("open_asr@2026-04", 2620, []),
        ("open_asr@2026-04", 60, ["other data: ours is 60 of 2,620 utterances"]),
        (None, 2621, ["other data: ours is 2,621 of 2,620 utterances"]),
    ],
)
def test_predictions_of_a_part_are_not_compared(
    suite: str | None, utterances: int, reasons: list[str], known: Known
) -> None:
    """Nor is the average over them, of which it is said of which benchmark a part is missing."""
    known(wer("librispeech_test_clean", 3.0), wer("average", 3.0, suite=suite))  # type: ignore[arg-type]
    entries = [entry("librispeech_test_clean", 0.02, utterances=utterances), entry("own", 0.02, utterances=5)]
    ours = score("m", entries, 0.02, suite=suite, profile=ProfileRecord(name=RULES))
    one, average = against_published([ours], [None]).rows
    assert list(one[4].notes) == reasons
    assert (one[5].value is None) == bool(reasons)
    assert [note for note in average[4].notes if "data" in note] == [
        f"{reason} of librispeech_test_clean" for reason in reasons
    ]
    assert (average[5].value is None) == bool(average[4].notes)


@pytest.mark.parametrize("metric", ["wer", "rtfx"])
def test_the_average_is_of_the_suite_that_has_our_benchmarks(metric: str, known: Known) -> None:
    """Of predictions that state no suite, though another table's average is newer, or is of a suite not stated."""
    facts = {"model": "m", "metric": metric, "source": "s", "benchmark": "average", "profile": RULES}
    suites = {"longform@2026-03": 9.28, None: 8.0, "open_asr@2026-04": 7.4, "granite_card@2026-04": 5.0}
    known(*(Figure(value=value, suite=suite, **facts) for suite, value in suites.items()))  # type: ignore[arg-type]
    for suite, value in {None: 7.4, "open_asr@2026-05-20": 7.4, "granite_card@2026-04": 5.0}.items():
        ours = score("m", [entry("ami_ihm", 0.02)], 0.02, suite=suite, profile=ProfileRecord(name=RULES))
        rows = against_published([ours], [None]).rows
        assert [row[4].value for row in rows if row[2].value == metric] == [value]
