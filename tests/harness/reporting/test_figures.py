"""Which plots a report has, and what is said below each; nothing is drawn here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.reporting import figures, plots
from harness.reporting.drawing import Point, Size
from harness.reporting.figures import Found, draw_plots
from harness.reporting.points import Points
from tests.harness.reporting.made import entry, score

RULES = "Suite demo@1, profile card@2026-04."


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, str]]:
    """What each plot was to show, and its caption, by the name of its file."""
    found: dict[str, tuple[Any, str]] = {}

    def draw(values: Any, stem: Path, *, caption: str, **_: Any) -> list[Path]:
        found[stem.name] = values, caption
        return [stem.with_suffix(".png")]

    for name in ("rtfx_wer", "wer_bars", "wer_by_benchmark", "wer_by_length", "phases"):
        monkeypatch.setattr(plots, name, draw)
    monkeypatch.setattr(figures, "curves", lambda *_: [])
    monkeypatch.setattr(figures, "phases_of", lambda _: None)
    lengths = {"a": [("0–2", 0.1, 3)]}
    monkeypatch.setattr(figures, "by_length", lambda *_: lengths)
    monkeypatch.setattr(figures, "published_points", lambda *_: [Point("other/model", 0.2, 9.0, ours=False)])
    return found


def made(
    *,
    over: str = "",
    comparable: bool = True,
    suites: tuple[str, str] = ("demo@1", "demo@1"),
    speeds: tuple[float | None, float | None] = (1.0, 2.0),
    benchmark: str = "read",
) -> Found:
    averages = [Point("a", 0.1, speeds[0]), Point("b", 0.2, speeds[1], comparable=comparable)]
    rows = {"read": {one.model: one for one in averages}, "far": {"a": Point("a", 0.3), "b": Point("b", None)}}
    scores = [score(name, [entry(benchmark, 0.1)], 0.1, suite=suite) for name, suite in zip("ab", suites, strict=True)]
    points = {"wer": Points(averages, rows, ("read",), over, f"{over} A note.".strip())}
    return Found(
        systems=[], names=["a", "b"], runs=[None, None], scores=scores, scored=[[], []], groups=[], points=points,  # type: ignore[arg-type]
        ranks=[1, 2], chosen={}, plain=[],
    )  # fmt: skip


def draw(found: Found, *, published: bool = False, reasons: tuple[str, ...] = ()) -> list[str]:
    files, said = draw_plots(found, "card@2026-04", Path("out"), Size(), published=published, say=lambda _: None)
    assert tuple(said) == reasons
    return [path.name for path in files]


def test_captions_say_what_averages_are_over_and_what_is_hollow(drawn: dict[str, tuple[Any, str]]) -> None:
    names = draw(made(over="Over the one benchmark that all have: read.", comparable=False))
    assert names == ["rtfx_wer.png", "wer.png", "wer_by_benchmark.png", "wer_by_length.png"]
    over = "Over the one benchmark that all have: read."
    assert {name: caption for name, (_, caption) in drawn.items()} == {
        "rtfx_wer": f"{RULES} {over} A note.",
        "wer": f"{RULES} {over} A note.",
        "wer_by_benchmark": f"{RULES} Hollow, or without a color: incomplete, or of other data than the others.",
        "wer_by_length": f"{RULES} {over} Not shown, incomplete or over other benchmarks: b.",
    }
    rows = drawn["wer_by_benchmark"][0]
    assert {name: [*row] for name, row in rows.items()} == {"read": ["a", "b"], "far": ["a"]}
    draw(made())
    assert drawn["wer_by_benchmark"][1] == RULES, "all of it can be compared"


def test_published_models_stand_beside_those_of_one_suite_alone(drawn: dict[str, tuple[Any, str]]) -> None:
    draw(made(), published=True)
    points, caption = drawn["rtfx_wer"]
    assert [(one.model, one.ours) for one in points] == [("a", True), ("b", True), ("other/model", False)]
    assert caption.endswith(" Hollow and blue: published figures, whose RTFx are of their sources' hardware.")
    draw(made(suites=("demo@1", "demo@2")), published=True)
    assert [one.model for one in drawn["rtfx_wer"][0]] == ["a", "b"]
    draw(made())
    assert [one.model for one in drawn["rtfx_wer"][0]] == ["a", "b"]


def test_of_no_speed_there_is_no_plot_but_the_reason(drawn: dict[str, tuple[Any, str]]) -> None:
    names = draw(made(speeds=(None, None)), reasons=("no plot of RTFx against WER: no speed is known",))
    assert names == ["wer.png", "wer_by_benchmark.png", "wer_by_length.png"]
    assert "rtfx_wer" not in drawn
    for speeds, published in (((None, 2.0), False), ((None, None), True)):
        assert draw(made(speeds=speeds), published=published)[0] == "rtfx_wer.png"


def test_predictions_of_a_part_are_named_beside_published_figures(drawn: dict[str, tuple[Any, str]]) -> None:
    draw(made(benchmark="librispeech_test_clean"), published=True)
    for name in ("rtfx_wer", "wer"):
        assert drawn[name][1].endswith(" hardware. Not of the data that those are of: a, b.")
    draw(made(benchmark="librispeech_test_clean"))
    assert "those are of" not in drawn["wer"][1]
