"""The plot of WER against noise, by what its axes hold: lines, intervals, ticks and limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.records.journal import Line
from harness.reporting.drawing import COLORS, MARKERS, Point, Size
from harness.reporting.wer_snr import MOST, Curve, curves, wer_by_snr
from harness.scoring.predictions import Predictions
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import Scored, count_predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve(name: str, *rates: float, clean: Point | None = None) -> Curve:
    """Rates at 0, 10, ... dB, whose intervals reach 0.1 down and 0.2 up."""
    points = tuple(Point(name, rate, None, round(rate - 0.1, 6), round(rate + 0.2, 6)) for rate in rates)
    return Curve(tuple(10.0 * at for at in range(len(rates))), points, clean)


def lines(axis: Any) -> list[tuple[list[float], list[float], str, str, str]]:
    """Where each line goes, rounded, its color, its style and its marker."""
    return [
        (
            [round(float(x), 6) for x in line.get_xdata()],
            [round(float(y), 6) for y in line.get_ydata()],
            line.get_color(),
            line.get_linestyle(),
            line.get_marker(),
        )
        for line in axis.get_lines()
    ]


def test_a_line_its_clean_end_and_its_intervals(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    held = curve("m", 0.4, 0.2, clean=Point("m", 0.1, None, 0.05, 0.15))
    wer_by_snr({"read, noise": {"m": held}}, tmp_path / "x")
    (axis,) = drawn["x"].axes
    color, shape = COLORS[0], MARKERS[0]
    assert lines(axis) == [
        ([0, 10], [40, 20], color, "-", shape),
        ([10, 20], [20, 10], color, ":", "None"),
        ([20], [10], color, "None", shape),
        ([0, 0], [30, 50], color, "-", "None"),  # 60 is beyond the axis
        ([10, 10], [10, 40], color, "-", "None"),
        ([20, 20], [5, 15], color, "-", "None"),
    ]
    assert [
        (float(tick), label.get_text()) for tick, label in zip(axis.get_xticks(), axis.get_xticklabels(), strict=True)
    ] == [
        (0, "0"),
        (10, "10"),
        (20, "clean"),
    ]
    assert axis.get_ylim() == (0, 50)
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("signal-to-noise ratio, dB", "WER, percent")
    assert axis.get_title(loc="left") == "read, noise"


def test_a_model_looks_the_same_in_every_panel_and_stands_beside_the_others(
    tmp_path: Path, drawn: dict[str, Figure]
) -> None:
    panels = {"one": {name: curve(name, 0.4, 0.2) for name in "mn"}, "two": {"n": curve("n", 0.3)}}
    wer_by_snr(panels, tmp_path / "x")
    first, second = drawn["x"].axes
    assert [line[:3] for line in lines(first)[::3]] == [
        ([-0.1, 9.9], [40, 20], COLORS[0]),
        ([0.1, 10.1], [40, 20], COLORS[1]),
    ]
    assert lines(second)[0] == ([0.05], [30], COLORS[1], "-", MARKERS[1])
    assert [float(tick) for tick in second.get_xticks()] == [0, 5]
    (legend,) = drawn["x"].legends
    assert [text.get_text() for text in legend.get_texts()] == ["m", "n"]


@pytest.mark.parametrize(("count", "rows", "shown"), [(1, 1, 1), (3, 2, 3), (MOST, 6, MOST), (MOST + 2, 6, MOST)])
def test_panels_stand_two_a_row_and_what_has_no_room_is_named(
    count: int, rows: int, shown: int, tmp_path: Path, drawn: dict[str, Figure]
) -> None:
    names = [f"set{at}, noise" for at in range(count)]
    wer_by_snr({name: {"m": curve("m", 0.2)} for name in names}, tmp_path / "x", caption="Rules.")
    axes = drawn["x"].axes
    assert [axis.get_title(loc="left") for axis in axes if axis.get_visible()] == names[:shown]
    assert len(axes) == (1 if count == 1 else 2 * rows)
    (said,) = [text.get_text().replace("\n", " ") for text in drawn["x"].texts if "Rules." in text.get_text()]
    left = " Not shown, for room: set12, noise, set13, noise." if count > MOST else ""
    assert said.endswith(f"paired, and surer: see the table.{left}")
    wer_by_snr({name: {"m": curve("m", 0.2)} for name in names}, tmp_path / "y", size=Size(width=3.3))
    assert len(drawn["y"].axes) == shown, "one a row in a column of a paper"


def scored(benchmark: str, wrong: int) -> Scored:
    """Six sessions, each of one sentence of ten words, of which so many and some more are wrong."""
    words = [str(number) for number in range(10)]
    rows = [
        Line(
            id=f"u{at}",
            language="en",
            reference=" ".join(words),
            hypothesis=" ".join(["x"] * (wrong + at % 2) + words[wrong + at % 2 :]),
            session=f"s{at}",
            duration=3.0,
        )
        for at in range(6)
    ]
    return count_predictions(
        Predictions(benchmark=benchmark, language="en", rows=rows, source=Path("x"), ours=True),
        get_profile("verbatim"),
    )


def test_curves_go_from_the_loudest_noise_to_the_faintest(tmp_path: Path) -> None:
    held = [scored(name, wrong) for name, wrong in (("a", 1), ("a+noise@20dB", 2), ("a+noise@5dB", 6))]
    line = curves(["m"], [held])["a, noise"]["m"]
    assert (line.snr, [point.wer for point in line.points]) == ((5.0, 20.0), [39 / 60, 15 / 60])
    assert line.clean is not None
    assert line.clean.wer == 9 / 60
    for point in (*line.points, line.clean):
        assert point.low is not None
        assert point.high is not None
        assert point.low < (point.wer or 0.0) < point.high
