"""All plots with 3, 10, 40 and 90 models: no text hides another or leaves the figure, as the renderer has them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from harness.reporting import drawing
from harness.reporting.drawing import Point, Size
from harness.reporting.grids import MANY, darkness, number
from harness.reporting.plots import phases, rtfx_wer, wer_bars, wer_by_benchmark, wer_by_length
from tests.harness.reporting.geometry import faults, smallest, texts, unclear

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMN = Size(width=84 / 25.4)
RULES = "Suite open_asr@2026-08-28, profile leaderboard@2026-08."


def models(count: int) -> list[Point]:
    """Models that crowd together as real ones do; some have no speed, some are not comparable."""
    draw, found = random.Random(3), []
    for n in range(count):
        share = draw.betavariate(1.6, 3)
        wer, rtfx = 0.03 + 0.3 * share**1.5, 20 * 60 ** min(1.0, max(0.0, share + draw.gauss(0, 0.2)))
        name = f"organization-{n % 7}/speech-{('tiny', 'small', 'large-v2')[n % 3]}-{n}b"
        fair = n % 17 != 16
        speed = None if n % 13 == 12 else rtfx
        found.append(Point(name, wer, speed, 0.92 * wer, 1.08 * wer, comparable=fair, frontier=fair))
    return found


def draw_all(points: list[Point], where: Path, size: Size) -> None:
    """Every plot of a report."""
    hollow = ", ".join(point.model for point in points if not point.comparable)
    caption = f"{RULES} Hollow, over other benchmarks and off the frontier: {hollow}." if hollow else RULES
    rtfx_wer(points, where / "rtfx_wer", caption=caption, size=size)
    wer_bars(points, where / "wer", title="Average word error rate", caption=caption, size=size)
    names = [f"librispeech_test_clean_{n}" for n in range(8)]
    values = {name: {point.model: point for point in points} for name in names}
    wer_by_benchmark(values, where / "by_benchmark", caption=RULES, size=size)
    classes = ("0–2", "2–5", "5–10", "10–15", "15–20", "20–30", "30 and more")
    lengths = {point.model: [(one, point.wer, 1234) for one in classes] for point in points}
    wer_by_length(lengths, where / "by_length", caption=RULES, size=size)
    clock = {"decode": 1.0, "features": 2.0, "transfer": 0.5, "model": 9.0, "text": 0.3, "untracked": 0.1}
    phases({point.model: (clock, 300.0 + n) for n, point in enumerate(points)}, where / "phases", size=size)


@pytest.mark.parametrize("size", [Size(), COLUMN], ids=["screen", "column"])
@pytest.mark.parametrize("count", [3, 10, 40, 90])
def test_no_text_hides_another_or_leaves_the_figure(
    count: int, size: Size, tmp_path: Path, drawn: dict[str, Figure]
) -> None:
    draw_all(models(count), tmp_path, size)
    assert list(drawn) == ["rtfx_wer", "wer", "by_benchmark", "by_length", "phases"]
    assert {name: found for name, figure in drawn.items() if (found := faults(figure))} == {}
    assert all(smallest(figure) >= 6.0 for figure in drawn.values())
    if size is COLUMN:
        assert {round(25.4 * figure.get_figwidth(), 6) for figure in drawn.values()} == {84.0}


def owners(figure: Figure, points: list[Point], size: Size) -> dict[str, tuple[float, float]]:
    """Where the marker of each name of a scatter is; of each number, where names have no room."""
    placed = [point for point in points if drawing.timed(point)]
    limit = drawing.limit_of([point for point in points if drawing.finite(point.wer)])
    names = dict(zip([point.model for point in points], size.named([point.model for point in points]), strict=True))
    if all(text.get_text().isdigit() for text in figure.axes[0].texts):
        order = sorted(placed, key=lambda point: (point.wer or 0.0, names[point.model]))
        names = {point.model: str(number) for number, point in enumerate(order, start=1)}
    return {names[point.model]: (drawing.wer_x(point, limit), point.rtfx or 1.0) for point in placed}


@pytest.mark.parametrize("size", [Size(), COLUMN], ids=["screen", "column"])
@pytest.mark.parametrize("count", [3, 10, 40, 90])
def test_whose_a_name_is_can_be_told(count: int, size: Size, tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = models(count)
    rtfx_wer(points, tmp_path / "x", size=size)
    assert unclear(drawn["x"], owners(drawn["x"], points, size), 2.5 if size is COLUMN else 4.0) == []


def test_names_that_are_unclear_are_found() -> None:
    figure, (axis,) = drawing.panels(6.0, 4.0)
    axis.set(xlim=(0, 600), ylim=(0, 400))
    spots = {"one": (100.0, 100.0), "two": (200.0, 100.0)}
    texts = [axis.text(x, 100.0, name, fontsize=8) for name, x in (("one", 170.0), ("two", 210.0))]
    assert unclear(figure, spots, 4.0) == ["one: as near to two"]
    axis.plot([100.0, 170.0], [100.0, 100.0], color="#999999", lw=0.5)
    assert unclear(figure, spots, 4.0) == []
    texts[0].set_x(110.0)
    figure.axes[0].get_lines()[0].remove()
    assert unclear(figure, spots, 4.0) == []


def test_faults_are_found() -> None:
    figure = Figure(figsize=(4, 4), dpi=100)
    figure.text(0.5, 0.5, "one")
    figure.text(0.52, 0.5, "two")
    figure.text(0.99, 0.1, "outside")
    assert sorted(faults(figure)) == ["outside: 'outside'", "overlap: 'two' and 'one'"]


def shown(figure: Figure) -> list[str]:
    return [text for text, _ in texts(figure)]


def test_every_model_is_named(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    """From eight models on each stands beside its values, and no plot has a legend of them."""
    points = models(MANY)
    draw_all(points, tmp_path, Size())
    for name, figure in drawn.items():
        assert {point.model for point in points} <= set(shown(figure)), name
    assert not drawn["by_benchmark"].legends
    drawn.clear()
    draw_all(points[:-1], tmp_path, Size())
    (legend,) = drawn["by_benchmark"].legends
    assert [text.get_text() for text in legend.get_texts()] == [point.model for point in points[:-1]]


def test_where_names_have_no_room_numbers_say_whose_markers_they_are(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = models(10)
    rtfx_wer(points, tmp_path / "x", size=COLUMN)
    (said,) = [text for text in shown(drawn["x"]) if text.startswith("1\N{NO-BREAK SPACE}")]
    best = min(points, key=lambda point: point.wer or 0.0)
    assert said.replace("\n", " ").startswith(f"1\N{NO-BREAK SPACE}{best.model.partition('/')[2]}; 2")
    assert {str(n) for n in range(1, 11)} <= set(shown(drawn["x"]))


@pytest.mark.parametrize("draw", [wer_bars, rtfx_wer])
def test_characters_are_no_words(draw: Callable[..., object], tmp_path: Path, drawn: dict[str, Figure]) -> None:
    draw(models(3), tmp_path / "x", rate="CER")
    said = " ".join(shown(drawn["x"]))
    assert "CER, percent" in said
    assert "WER" not in said


def test_how_many_utterances_there_are_is_said_of_every_model(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    rows: dict[str, list[tuple[str, float | None, int]]]
    rows = {"a": [("0–2", 0.1, 10), ("2–5", 0.2, 7)], "b": [("0–2", 0.1, 12), ("2–5", None, 7)]}
    wer_by_length(rows, tmp_path / "few")
    assert {"0–2\nn=10–12", "2–5\nn=7"} <= set(shown(drawn["few"]))
    wer_by_length({f"{name}{n}": row for n in range(4) for name, row in rows.items()}, tmp_path / "many")
    assert {"0–2 s, n=10–12", "2–5 s, n=7", "–", "20.00"} <= set(shown(drawn["many"]))


def test_cells_are_as_dark_as_they_are_far_from_the_best() -> None:
    assert [darkness(rate, 0.05) for rate in (0.05, 0.1, 0.2, 0.9, 0.01)] == [0.0, 0.5, 1.0, 1.0, 0.0]
    assert darkness(0.0, 0.0) == 0.0
    assert [number(rate) for rate in (0.0512, 0.99994, 1.5)] == ["5.12", "99.99", "150"]


def test_numbers_can_be_read_on_every_shade(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    """Black or white, whichever has more contrast: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    rates = [0.05 * 1.04**step for step in range(40)]
    wer_by_benchmark({"b": {f"m{n}": Point(f"m{n}", rate) for n, rate in enumerate(rates)}}, tmp_path / "x")
    (axis,) = drawn["x"].axes

    def luminance(color: object) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]  # type: ignore[arg-type]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    both = [
        sorted((luminance(patch.get_facecolor()), luminance(text.get_color())))
        for patch, text in zip(axis.patches, axis.texts, strict=True)
    ]
    assert min((light + 0.05) / (dark + 0.05) for dark, light in both) >= 4.5
    assert {text.get_color() for text in axis.texts} == {"black", "white"}


def test_a_column_whose_lowest_is_0_is_not_dark_all_over(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    rates = [0.0, 0.05, 0.1, 0.2, 0.9, *[0.05] * 4]
    wer_by_benchmark({"b": {f"m{n}": Point(f"m{n}", rate) for n, rate in enumerate(rates)}}, tmp_path / "x")
    (axis,) = drawn["x"].axes
    faces = [round(1 - to_rgb(patch.get_facecolor())[0], 6) for patch in axis.patches]
    assert faces == [round(0.9 * darkness(rate, 0.05), 6) for rate in rates]
    assert [text.get_text() for text in axis.texts if text.get_fontweight() == "bold"] == ["0.00"]


def test_what_is_not_comparable_has_no_color_in_a_grid(tmp_path: Path, drawn: dict[str, Figure]) -> None:
    points = {f"m{n}": Point(f"m{n}", 0.1 + n / 100) for n in range(7)}
    points["other"] = Point("other", 0.9, comparable=False)
    wer_by_benchmark({"b": points}, tmp_path / "x")
    (axis,) = drawn["x"].axes
    inks = {text.get_text(): text.get_color() for text in axis.texts}
    assert (inks["90.00"], inks["10.00"], inks["16.00"]) == ("#777777", "black", "black")
    white = [all(part == 1.0 for part in list(patch.get_facecolor())) for patch in axis.patches]
    assert white == [True, *[False] * 6, True]
    bold = [text.get_text() for text in axis.texts if text.get_fontweight() == "bold"]
    assert bold == ["10.00"]


def test_a_plot_for_a_column_is_a_pdf_too(tmp_path: Path) -> None:
    files = wer_bars(models(3), tmp_path / "x", size=Size(width=3.3, pdf=True))
    assert [file.name for file in files] == ["x.png", "x.svg", "x.pdf"]
    again = wer_bars(models(3), tmp_path / "y", size=Size(width=3.3, pdf=True))
    assert files[2].read_bytes() == again[2].read_bytes()
    assert files[2].read_bytes().startswith(b"%PDF-")
    assert b"/FontFile2" in files[2].read_bytes()  # TrueType, not type 3
