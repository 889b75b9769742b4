"""Plots: the frontier, labels that do not collide, equal bytes for equal numbers, odd data."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from harness.reporting import drawing, scatter
from harness.reporting.drawing import COLORS, GRAY, limit_of
from harness.reporting.labels import mistaken, place
from harness.reporting.plots import Point, pareto, phases, rtfx_wer, wer_bars, wer_by_benchmark, wer_by_length

if TYPE_CHECKING:
    from pathlib import Path

THREE = [Point("a", 0.33, 3.2, 0.28, 0.38), Point("b", 0.042, 25.0, 0.03, 0.06), Point("c", 0.19, 80.0)]


def test_pareto_keeps_what_nothing_beats() -> None:
    beaten, equal = Point("d", 0.2, 80.0), Point("e", 0.042, 25.0)
    unknown = [Point("f", 0.001, None), Point("g", None, 1e9), Point("h", math.nan, 1e9)]
    assert [p.model for p in pareto([*THREE, beaten, equal, *unknown])] == ["b", "e", "c"]
    assert pareto([]) == []


def boxes_of(
    spots: list[tuple[float, float]], sizes: list[tuple[float, float]]
) -> list[tuple[float, float, float, float]]:
    corners = place(spots, sizes, (0, 0, 2000, 1400), 11)
    return [(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sizes, strict=True)]


@pytest.mark.parametrize("spread", [1000.0, 300.0, 0.0])
def test_forty_labels_hide_neither_each_other_nor_a_marker(spread: float) -> None:
    count = 40 if spread else 12
    randomness = random.Random(7)
    spots = [
        (900 + randomness.uniform(-spread, spread) * 0.8, 700 + randomness.uniform(-spread, spread) * 0.6)
        for _ in range(count)
    ]
    sizes = [(randomness.uniform(60, 300), 24.0) for _ in range(count)]
    boxes = boxes_of(spots, sizes)
    for i, (left, bottom, right, top) in enumerate(boxes):
        assert left >= 0
        assert right <= 2000
        assert bottom >= 0
        assert top <= 1400
        for other in boxes[:i]:
            assert min(right, other[2]) <= max(left, other[0]) or min(top, other[3]) <= max(bottom, other[1])
        for x, y in spots:
            assert not (left < x < right and bottom < y < top)


@pytest.mark.parametrize(
    ("spots", "corners"),
    [
        ([], []),
        ([(500.0, 500.0)], [(520.0, 490.0)]),  # right of the marker, at its height
        ([(950.0, 500.0)], [(830.0, 490.0)]),  # left, where the frame ends on the right
        ([(500.0, 500.0), (500.0, 500.0)], [(520.0, 490.0), (380.0, 490.0)]),  # the second of two on one spot: left
    ],
)
def test_labels_are_where_they_read_best(spots: list[tuple[float, float]], corners: list[tuple[float, float]]) -> None:
    assert place(spots, [(100.0, 20.0)] * len(spots), (0, 0, 1000, 1000), 10) == corners


def test_label_leaves_a_drawn_line_free() -> None:
    [(_, bottom)] = place([(500, 500)], [(100, 20)], (0, 0, 1000, 1000), 10, [(0, 500, 1000, 500)])
    assert bottom >= 500 or bottom + 20 <= 500


def test_label_is_nearer_to_its_own_marker_than_to_another() -> None:
    """Right of the left marker would be the best place, were it not the place of the right one's name too."""
    spots, size = [(500.0, 500.0), (635.0, 500.0)], (100.0, 20.0)
    corners = place(spots, [size] * 2, (0, 0, 1000, 1000), 10)
    boxes = np.array([(x, y, x + size[0], y + size[1]) for x, y in corners])
    assert [mistaken(boxes[[n]], np.array(spots), n).tolist() for n in (0, 1)] == [[False], [False]]
    between = np.array([[530.0, 490.0, 630.0, 510.0]])  # 30 from the left one, 10 from the right one
    assert [mistaken(between, np.array(spots), n).tolist() for n in (0, 1)] == [[True], [False]]


@pytest.mark.parametrize(("highest", "said"), [(0.3, ""), (0.7, "Above 15.6 %: drawn at the edge.")])
def test_what_is_drawn_at_the_edge_is_said(
    highest: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions: list[str] = []
    monkeypatch.setattr(
        drawing,
        "describe",
        lambda _figure, _axis, _title, *said: captions.append(" ".join(part for part in said if part)),
    )
    points = [Point(str(wer), wer, 100.0) for wer in (0.05, 0.125, highest)]
    wer_bars(points, tmp_path / "bars", title="t")
    rtfx_wer(points, tmp_path / "scatter")
    wer_by_benchmark({"b": {point.model: point for point in points}}, tmp_path / "benchmarks")
    wer_by_length({point.model: [("0–2", point.wer, 7)] for point in points}, tmp_path / "lengths")
    assert captions == [said] * 4


def test_measured_is_explained_only_where_something_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[list[str]] = []
    monkeypatch.setattr(
        drawing, "legend", lambda _figure, keys, *_: labels.append([str(key.get_label()) for key in keys])
    )
    published = Point("p", 0.1, 100.0, ours=False)
    rtfx_wer([published], tmp_path / "x")
    rtfx_wer([published, Point("o", 0.2, 90.0)], tmp_path / "x")
    assert labels == [["published figure"], ["published figure", "measured here"]]


def test_axis_leaves_an_outlier_at_its_edge() -> None:
    assert limit_of([Point(str(x), x) for x in (0.05, 0.1, 0.2)]) == 0.2
    assert limit_of([Point(str(x), x) for x in (0.05, 0.1, 0.2, 3.0)]) == 0.25
    assert limit_of([Point(str(x), x) for x in (0.05, 0.125, 0.379)]) == 0.379  # three times the next has room
    assert limit_of([Point(str(x), x) for x in (0.05, 0.125, 0.626)]) == 0.15625
    assert limit_of([Point("a", 0.1, None, 0.05, 0.12)]) == 0.12
    assert limit_of([]) == 1.0
    assert scatter._name(Point("far", 3.0), 0.25) == "far (300 %)"


CASES = {
    "three": THREE,
    "far": [*THREE, Point("org/broken", 3.0, 50.0)],
    "unknown": [*THREE, Point("api", 0.05, None), Point("zero", 0.06, 0.0), Point("nothing", None, 5.0)],
    "equal": [Point(f"org/model-{i}", 0.05, 100.0) for i in range(5)],
    "perfect": [Point("perfect", 0.0, 10.0), Point("other", 0.1, 5.0)],
    "one": [Point("only", 0.05, 100.0)],
    "none": [],
    "hollow": [*THREE, Point("other data", 0.01, 900.0, comparable=False, frontier=False)],
    "published": [*THREE, Point("x", 0.01, 900.0, ours=False), Point("y", 0.02, 990.0, ours=False)],
    "hostile": [Point("$\\frac{$_^</svg><script>\x1b日本語" + "x" * 300, 0.1, 1.0, ours=False)],
}


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_data_is_drawn(name: str, tmp_path: Path) -> None:
    png, svg = rtfx_wer(CASES[name], tmp_path / "made" / "scatter", title="$ %", caption="c_$")
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    root = ET.parse(svg).getroot()
    assert not [e for e in root.iter() if "script" in str(e.tag)]
    markers = [e for e in root.iter() if str(e.get("id", "")).startswith("line2d")]
    assert len(markers) >= len([p for p in CASES[name] if p.wer is not None])


def test_png_has_200_dots_an_inch(tmp_path: Path) -> None:
    from PIL import Image

    png, _ = rtfx_wer(THREE, tmp_path / "x")
    with Image.open(png) as image:
        assert image.size == (2000, 1400)
        assert round(image.info["dpi"][0]) == 200


def test_equal_numbers_are_equal_files(tmp_path: Path) -> None:
    first, second = rtfx_wer(THREE, tmp_path / "a"), rtfx_wer(THREE, tmp_path / "b")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]
    assert b"<dc:date>" not in first[1].read_bytes()


def test_other_plots_are_drawn(tmp_path: Path) -> None:
    values = {"read": {p.model: p for p in THREE}, "far": {"a": Point("a", 2.0)}}
    seconds = ({"decode": 1.0, "model": 5.0, "untracked": 0.1}, 3600.0)
    lengths = {"a": [("0–5", 0.1, 10), ("5–10", None, 0)], "$b$": [("0–5", 0.2, 10), ("5–10", None, 0)]}
    files = [
        *wer_bars([*THREE, Point("published", 0.1, ours=False)], tmp_path / "bars"),
        *wer_by_benchmark(values, tmp_path / "benchmarks"),
        *wer_by_length(lengths, tmp_path / "lengths"),
        *phases({"a": seconds, "b": ({}, 0.0)}, tmp_path / "phases"),
    ]
    assert sorted(f.name for f in files) == sorted(
        f"{stem}.{kind}" for stem in ("bars", "benchmarks", "lengths", "phases") for kind in ("png", "svg")
    )
    assert all(f.stat().st_size > 5000 for f in files)


def test_matplotlib_is_left_as_it_was(tmp_path: Path) -> None:
    code = f"""
import sys, pathlib, harness.reporting.plots as plots
assert "matplotlib" not in sys.modules
import matplotlib
state = lambda: [(key, matplotlib.rcParams[key]) for key in matplotlib.rcParams if key != 'backend']
before = state()
plots.wer_bars([plots.Point("a", 0.1)], pathlib.Path({str(tmp_path)!r}) / "x")
assert state() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def frontiers(points: list[Point], monkeypatch: pytest.MonkeyPatch, where: Path) -> list[list[str]]:
    """Names on each frontier that is drawn."""
    drawn: list[list[str]] = []
    real = scatter._frontier

    def seen(axis: Any, frontier: list[Point], *rest: Any) -> Any:
        drawn.append([point.model for point in frontier])
        return real(axis, frontier, *rest)

    monkeypatch.setattr(scatter, "_frontier", seen)
    rtfx_wer(points, where / "x")
    return drawn


def test_what_is_not_comparable_is_off_the_frontier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frontiers(CASES["hollow"], monkeypatch, tmp_path) == [["b", "c"], []]


def test_published_figures_have_a_frontier_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frontiers(CASES["published"], monkeypatch, tmp_path) == [["b", "c"], ["x", "y"]]


def test_hollow_points_are_white_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, tuple[Any, Any]] = {}
    real = drawing.marker

    def seen(axis: Any, point: Point, *rest: Any) -> None:
        real(axis, point, *rest)
        line = axis.get_lines()[-1]
        shown[point.model] = (line.get_markerfacecolor(), line.get_color())

    monkeypatch.setattr("harness.reporting.drawing.marker", seen)
    rtfx_wer(CASES["hollow"], tmp_path / "x")
    assert shown["other data"] == ("white", GRAY)
    assert {face for model, (face, _) in shown.items() if model != "other data"} == {COLORS[0], COLORS[1]}


def test_bars_of_what_is_not_comparable_stand_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[list[str]] = []
    monkeypatch.setattr("harness.reporting.drawing.names", lambda _axis, names: named.append(names))
    wer_bars(CASES["hollow"], tmp_path / "x")
    assert named == [["b", "c", "a", "other data"]]


def test_dollars_in_names_are_no_mathematics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real = Axes.annotate

    def annotate(axis: Axes, text: str, *rest: Any, **how: Any) -> Any:
        seen[text] = how.get("parse_math")
        return real(axis, text, *rest, **how)

    monkeypatch.setattr(Axes, "annotate", annotate)
    points = [Point(f"$x_{index}$ and $", 0.1 + index / 100, 10.0) for index in range(3)]
    rtfx_wer([*points, Point("$speed$ is not known", 0.2, None)], tmp_path / "plot", caption="")
    named = {text: how for text, how in seen.items() if "$" in text}
    assert named
    assert not any(how is not False for how in named.values())


@pytest.mark.parametrize("plot", ["bars", "scatter"])
def test_a_plot_says_what_it_is_of_and_what_its_kinds_are(
    plot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str]] = []
    kinds: list[int] = []
    monkeypatch.setattr(drawing, "describe", lambda _figure, _axis, title, caption, *_: said.append((title, caption)))
    monkeypatch.setattr(drawing, "legend_of_kinds", lambda _figure, _axis, shown: kinds.append(len(shown)))
    draw = {"bars": wer_bars, "scatter": rtfx_wer}[plot]
    draw(THREE, tmp_path / "plot", title="the title", caption="the caption")
    assert said == [("the title", "the caption")]
    assert kinds == [3]


def test_bars_say_which_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(drawing, "describe", lambda _figure, _axis, *texts: said.append(texts))
    wer_bars([*THREE, Point("silent", None, 900.0)], tmp_path / "x", caption="Rules.")
    wer_bars(THREE, tmp_path / "x", caption="Rules.")
    assert said == [
        ("Word error rate", "Rules.", "", "Not shown, WER not known: silent."),
        ("Word error rate", "Rules.", "", ""),
    ]


def test_axes_speak_of_intervals_where_there_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def axis_label(_: object, text: str, **__: object) -> str:
        said.append(text)
        return text

    monkeypatch.setattr(drawing, "axis_label", axis_label)
    for point in (Point("a", 0.1, 1.0), Point("a", 0.1, 1.0, low=0.05, high=0.2)):
        wer_bars([point], tmp_path / "x")
        wer_by_benchmark({"read": {"a": point}}, tmp_path / "y")
    assert said == ["WER, percent"] * 2 + ["WER, percent; lines are 95 % intervals"] * 2
