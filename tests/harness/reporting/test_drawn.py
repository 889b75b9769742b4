"""What plots draw, as their axes have it: where bars, markers, lines and names are, and how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.colors import to_hex

from harness.reporting import drawing
from harness.reporting.drawing import COLORS, GRAY, MARKERS, PHASES, Point, Size, called, limit_of, log_axis, shortened
from harness.reporting.plots import phases, rtfx_wer, wer_bars, wer_by_benchmark, wer_by_length

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

BLUE, ORANGE, HOLLOW = COLORS[0], COLORS[1], "white"
COLUMN = Size(width=84 / 25.4)


def numbers(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def lines(axis: Any) -> list[tuple[list[float], list[float]]]:
    return [(numbers(line.get_xdata()), numbers(line.get_ydata())) for line in axis.get_lines()]


def markers(axis: Any) -> dict[tuple[float, float], tuple[str, str, str]]:
    """Shape, color and filling of the marker at each place."""
    return {
        (numbers(line.get_xdata())[0], numbers(line.get_ydata())[0]): (
            line.get_marker(),
            line.get_color(),
            line.get_markerfacecolor(),
        )
        for line in axis.get_lines()
        if line.get_marker() not in {"None", "", None}
    }


def bars(axis: Any) -> list[tuple[Any, ...]]:
    """Middle, left end, length, color of the edge and filling of each bar."""
    return [
        (
            *numbers([bar.get_y() + bar.get_height() / 2, bar.get_x(), bar.get_width()]),
            to_hex(bar.get_edgecolor()).upper(),
            to_hex(bar.get_facecolor()).upper(),
        )
        for bar in axis.patches
    ]


def texts(axis: Any) -> list[tuple[Any, ...]]:
    return [(text.get_text(), *numbers(text.get_position())) for text in axis.texts]


def legends(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def ticks(axis: Any) -> list[tuple[float, str]]:
    """Of a matplotlib axis: where its labels are, and what they say."""
    return [(float(at), label.get_text()) for at, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)]


def test_bars_stand_in_order_with_their_intervals_and_numbers(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = [
        Point("c", 0.33, 3.2, 0.28, 0.38),
        Point("a", 0.04, 25.0, 0.03, 0.06),
        Point("far", 3.0),
        Point("p", 0.1, ours=False),
        Point("part", 0.05, comparable=False),
    ]
    wer_bars(points, tmp_path / "x")
    (axis,) = drawn["x"].axes
    edge = 41.25  # 1.25 times the highest that is not far off
    white = "#FFFFFF"
    assert bars(axis) == [
        (0, 0, 4, BLUE, BLUE),
        (1, 0, 10, BLUE, white),
        (2, 0, 33, BLUE, BLUE),
        (3, 0, edge, BLUE, BLUE),
        (4, 0, 5, GRAY, white),
    ]
    assert lines(axis) == [
        ([3, 6], [0, 0]),
        ([3, 3], [-0.18, 0.18]),
        ([6, 6], [-0.18, 0.18]),
        ([28, 38], [2, 2]),
        ([28, 28], [1.82, 2.18]),
        ([38, 38], [1.82, 2.18]),
    ]
    assert texts(axis) == [
        (" 4.00", 6, 0),
        (" 10.00", 10, 1),
        (" 33.00", 38, 2),
        (" 300.00 →", edge, 3),
        (" 5.00", 5, 4),
    ]
    assert ticks(axis.yaxis) == [(0, "a"), (1, "p"), (2, "c"), (3, "far"), (4, "part")]
    assert axis.get_ylim()[0] > axis.get_ylim()[1], "the best is on top"
    assert axis.get_xlim()[0] == 0
    drawn["x"].canvas.draw()
    last = axis.texts[3].get_window_extent()
    assert last.x1 <= axis.get_window_extent().x1, "there is room for the number behind the longest bar"
    assert legends(drawn["x"]) == ["published figure", "measured here", "over other benchmarks or data"]


def test_benchmarks_are_lines_and_models_markers_beside_each_other(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    values = {
        "read": {"a": Point("a", 0.1, None, 0.05, 0.15), "b": Point("b", 0.2)},
        "far": {"b": Point("b", 0.4, comparable=False), "c": Point("c", 0.3)},
    }
    wer_by_benchmark(values, tmp_path / "x")
    (axis,) = drawn["x"].axes
    assert markers(axis) == {
        (10, -0.11): (MARKERS[0], COLORS[0], COLORS[0]),
        (20, 0): (MARKERS[1], COLORS[1], COLORS[1]),
        (40, 1): (MARKERS[1], COLORS[1], HOLLOW),
        (30, 1.11): (MARKERS[2], COLORS[2], COLORS[2]),
    }
    assert ([5, 15], [-0.11, -0.11]) in lines(axis)
    assert lines(axis)[-1] == ([0, 1], [0.5, 0.5]), "between two benchmarks"
    assert ticks(axis.yaxis) == [(0, "read"), (1, "far")]
    assert axis.get_xlim() == pytest.approx((0, 42))
    assert legends(drawn["x"]) == ["a", "b", "c"]
    handles = drawn["x"].legends[0].legend_handles
    assert [(one.get_color(), one.get_marker()) for one in handles] == [drawing.style(n) for n in range(3)]  # type: ignore[union-attr]


def test_a_line_over_lengths_leaves_out_classes_without_a_rate(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    classes = ("0–2", "2–5", "30 and more")
    rows: dict[str, list[tuple[str, float | None, int]]] = {
        "a": list(zip(classes, (0.1, None, 0.3), (5, 6, 7), strict=True)),
        "b": list(zip(classes, (0.2, 0.1, 9.0), (5, 6, 7), strict=True)),
    }
    wer_by_length(rows, tmp_path / "x", rate="CER")
    (axis,) = drawn["x"].axes
    assert lines(axis) == [([0, 2], [10, 30]), ([0, 1, 2], [20, 10, 37.5])]
    assert [(line.get_color(), line.get_marker()) for line in axis.get_lines()] == [
        drawing.style(0),
        drawing.style(1),
    ]
    assert axis.get_ylim() == pytest.approx((0, 105 * 0.375))
    assert axis.get_ylabel() == "CER, percent"
    assert ticks(axis.xaxis) == [(0, "0–2\nn=5"), (1, "2–5\nn=6"), (2, "30 and more\nn=7")]
    wer_by_length(rows, tmp_path / "y", size=COLUMN)
    assert [label for _, label in ticks(drawn["y"].axes[0].xaxis)] == ["0–2\n5", "2–5\n6", "30+\n7"]


def test_phases_are_stacked_for_an_hour_of_audio(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    values = {"a": ({"decode": 1.0, "model": 5.0}, 1800.0), "b": ({"text": 0.5}, 3600.0), "none": ({"text": 1.0}, 0.0)}
    phases(values, tmp_path / "x")
    (axis,) = drawn["x"].axes
    found = [(y, left, length) for y, left, length, _, _ in bars(axis) if length]
    assert found == [(0, 0, 2), (0, 2, 10), (1, 0, 0.5)]
    colors = [to_hex(bar.get_facecolor()).upper() for bar in axis.patches[:6]]
    assert colors == [*COLORS[:5], "#BBBBBB"]
    assert texts(axis) == [(" 12.0", 12, 0), (" 0.5", 0.5, 1), (" 0.0", 0, 2)]
    assert axis.get_xlim()[1] > 12
    assert legends(drawn["x"]) == list(PHASES)


KINDS = [
    Point("best", 0.05, 10.0, 0.04, 0.06),
    Point("fast", 0.10, 40.0),
    Point("beaten", 0.12, 20.0),
    Point("shop", 0.06, 90.0, ours=False),
    Point("server", 0.08, 95.0, frontier=False, served=8),
    Point("machine", 0.07, 99.0, frontier=False, elsewhere=True),
    Point("part", 0.09, 98.0, comparable=False, frontier=False),
]


def test_each_kind_of_model_has_its_look(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    rtfx_wer(KINDS, tmp_path / "x")
    (axis,) = drawn["x"].axes
    assert markers(axis) == {
        (5, 10): ("D", ORANGE, ORANGE),
        (10, 40): ("D", ORANGE, ORANGE),
        (12, 20): ("o", BLUE, BLUE),
        (6, 90): ("D", BLUE, HOLLOW),
        (8, 95): ("s", BLUE, BLUE),
        (7, 99): ("o", GRAY, HOLLOW),
        (9, 98): ("o", GRAY, HOLLOW),
    }
    assert lines(axis)[0] == ([4, 6], [10, 10])
    assert legends(drawn["x"]) == [
        "Pareto frontier",
        "published figure",
        "measured here",
        "served: throughput of a server at so many requests at a time",
        "over other benchmarks or data",
        "RTFx of other hardware",
    ]
    assert called(KINDS[4]) in [text for text, _, _ in texts(axis)]
    wer_bars(KINDS, tmp_path / "bars")
    assert "RTFx of other hardware" not in legends(drawn["bars"]), "no speed is drawn there"
    rtfx_wer(KINDS[:3], tmp_path / "plain")
    assert legends(drawn["plain"]) == ["Pareto frontier"]


def test_frontiers_are_steps(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    rtfx_wer([*KINDS[:4], Point("store", 0.11, 200.0, ours=False)], tmp_path / "x")
    (axis,) = drawn["x"].axes
    steps = {line.get_label(): line for line in axis.get_lines() if line.get_linestyle() == "--"}
    ours, theirs = steps["Pareto frontier"], steps["frontier of published figures"]
    assert (numbers(ours.get_xdata()), numbers(ours.get_ydata())) == ([5, 10, 10], [10, 10, 40])
    assert (numbers(theirs.get_xdata()), numbers(theirs.get_ydata())) == ([6, 11, 11], [90, 90, 200])
    assert (ours.get_color(), theirs.get_color()) == (ORANGE, BLUE)


def test_axes_of_a_scatter_hold_intervals_and_are_logarithmic_where_rates_are_far_apart(
    tmp_path: Path, drawn: dict[str, Figure]
) -> None:
    near = [Point("a", 0.05, 10.0, 0.04, 0.06), Point("b", 0.1, 1000.0, 0.08, 0.14)]
    rtfx_wer(near, tmp_path / "near")
    axis = drawn["near"].axes[0]
    assert axis.get_xlim() == pytest.approx((4 - 0.8, 14 + 0.8))
    assert axis.get_ylim() == pytest.approx((10 / 1.5, 1500))
    assert axis.get_xlabel() == "WER, percent (left is better)"
    assert axis.get_yscale() == "log"
    drawn["near"].canvas.draw()
    assert [label for _, label in ticks(axis.yaxis)] == ["10", "20", "50", "100", "200", "500", "1,000"]
    rtfx_wer([near[0], Point("b", 0.17, 1000.0)], tmp_path / "far", rate="CER")
    axis = drawn["far"].axes[0]
    assert axis.get_xlim() == pytest.approx((4 / 1.2, 17 * 1.2))
    assert axis.get_xlabel() == "CER, percent, log scale (left is better)"
    rtfx_wer([Point("far", 3.0, 5.0), Point("a", 0.05, 10.0), Point("b", 0.06, 9.0)], tmp_path / "edge")
    axis = drawn["edge"].axes[0]
    assert markers(axis)[7.5, 5] == (">", BLUE, BLUE)
    assert "far (300 %)" in [text for text, _, _ in texts(axis)]


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(10, 30, [7, 10, 20, 30]), (1, 300, [1, 2, 5, 10, 20, 50, 100, 200])]
)
def test_a_log_axis_has_numbers_enough(low: float, high: float, shown: list[float], drawn: dict[str, Figure]) -> None:
    _, (axis,) = drawing.panels(4.0, 3.0)
    log_axis(axis.xaxis, [low, high])
    assert numbers(axis.xaxis.get_major_locator()()) == shown
    _, (axis,) = drawing.panels(4.0, 3.0)
    log_axis(axis.xaxis, [1, 10_000])
    assert numbers(axis.xaxis.get_major_locator()()) == [1, 10, 100, 1000, 10_000]


def test_models_without_a_speed_stand_in_a_strip_of_their_own(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = [Point("a", 0.1, 10.0), Point("b", 0.2, 20.0), Point("y", 0.19, None, 0.17, 0.2), Point("x", 0.11)]
    rtfx_wer(points, tmp_path / "x")
    main, strip = drawn["x"].axes
    assert markers(strip) == {(11, 0): ("o", BLUE, BLUE), (19, 1): ("o", BLUE, BLUE)}
    assert strip.get_ylim()[0] > strip.get_ylim()[1], "the best is on top"
    named = [(one.get_text(), numbers(one.xy), one.get_ha()) for one in strip.texts]  # type: ignore[attr-defined]
    assert named == [("x", [11, 0], "left"), ("y", [17, 1], "right")], "toward the middle, beyond the interval"
    assert (main.get_xlabel(), strip.get_xlabel()) == ("", "WER, percent (left is better)")


def test_numbers_of_a_scatter_go_by_rate(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = [*(Point(f"m{n}", 0.1 + n / 100, 10.0 + n) for n in range(5)), Point("m5", None, 9.0)]
    rtfx_wer(points[::-1], tmp_path / "x", size=COLUMN)
    assert sorted(text for text, _, _ in texts(drawn["x"].axes[0])) == ["1", "2", "3", "4", "5"]
    said = " ".join(text.get_text() for text in drawn["x"].texts).replace("\N{NO-BREAK SPACE}", " ")
    assert "1 m0; 2 m1; 3 m2; 4 m3; 5 m4. Not shown, WER not known: m5." in said.replace("\n", " ")


def test_columns_of_a_grid_that_have_no_room_go_on_below(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    columns = [f"set{n}" for n in range(30)]
    values = {
        name: {f"m{m}": Point(f"m{m}", (100 * m + n + 1) / 10_000) for m in range(8)} for n, name in enumerate(columns)
    }
    wer_by_benchmark(values, tmp_path / "x")
    axes = drawn["x"].axes
    assert [len(axis.get_xticks()) for axis in axes] == [15, 15]
    assert [label for axis in axes for _, label in ticks(axis.xaxis)] == columns
    assert axes[0].get_position().y0 > axes[1].get_position().y1
    for at, axis in enumerate(axes):
        assert [label for _, label in ticks(axis.yaxis)] == [f"m{m}" for m in range(8)]
        assert axis.get_ylim() == (8, 0)
        wanted = {(f"{(100 * m + 15 * at + n + 1) / 100:.2f}", n + 0.5, m + 0.52) for m in range(8) for n in range(15)}
        assert set(texts(axis)) == wanted
    said = " ".join(text.get_text() for text in drawn["x"].texts)
    assert "Gray" not in said


def test_alone_nothing_is_the_lowest_and_gray_is_explained(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = {f"m{n}": Point(f"m{n}", 0.1 + n / 100, comparable=not n) for n in range(8)}
    wer_by_benchmark({"b": points}, tmp_path / "x")
    assert [text.get_text() for text in drawn["x"].axes[0].texts if text.get_fontweight() == "bold"] == []
    said = " ".join(text.get_text().replace("\n", " ") for text in drawn["x"].texts)
    assert "Gray: of other data than the rest, and not compared." in said


def test_the_best_of_a_column_is_white_and_the_rest_blue(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    wer_by_benchmark({"b": {f"m{n}": Point(f"m{n}", 0.1 * (n + 1)) for n in range(8)}}, tmp_path / "x")
    faces = [to_hex(patch.get_facecolor()) for patch in drawn["x"].axes[0].patches]
    assert (faces[0], faces[1], faces[3]) == ("#ffffff", "#8cacd2", "#1959a6")


def test_an_interval_that_is_far_wider_than_all_rates_is_cut() -> None:
    assert limit_of([Point("a", 0.1, None, 0.0, 0.5)]) == pytest.approx(0.15)
    assert limit_of([Point("a", 0.1, None, 0.05, 0.12), Point("b", 0.11)]) == 0.12
    far = [Point("a", 0.1), Point("b", 0.12), Point("far", 3.0, None, 2.0, 4.0)]
    assert limit_of(far) == pytest.approx(0.15), "what lies beyond the axis widens nothing"


def test_names_are_cut() -> None:
    assert shortened("x" * 44) == "x" * 44
    assert shortened("x" * 45) == "x" * 43 + "…"
    assert COLUMN.named(["org/abcdefgh-ijklm-large-v2"]) == ["abcdefgh…arge-v2"]
    assert called(Point("m", 0.1, 1.0, served=8)) == "m, served, 8 at once"
    assert [drawing.style(n) for n in (0, 8, 9)] == [("#0072B2", "o"), ("#0072B2", "<"), ("#D55E00", "o")]
