"""The page in a real browser: sort, filter, rank, keyboard, play, hostile text, phone width, 20,000 utterances.

Needs Chromium and the `playwright` package (no browser download of its own); skipped where they are absent. With
ASR_SCREENSHOTS set to a folder, screenshots are written there: of a page made here, or of the page ASR_SCREENSHOTS_OF.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.cli import main
from harness.reporting.drawing import Point
from harness.reporting.page.build import page
from harness.reporting.page.choice import choose
from harness.reporting.page.data import PageBenchmark, PageData, PageSystem
from harness.reporting.table import Cell, Column, Table
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from tests.harness.reporting.in_browser import HOSTILE, WORDS, browser, made, needs_chromium, run_of, until, visit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["browser", "made", "visit"]
pytestmark = needs_chromium


def test_tables_sort_and_filter(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    table = tab.locator("#results table").first
    names = "rows => rows.map(row => row.cells[0].textContent)"
    average = table.locator("thead button", has_text="Average")
    average.click()
    ascending = table.locator("tbody tr").evaluate_all(names)
    assert ascending[0].startswith("org/careful-model")
    average.focus()
    tab.keyboard.press("Enter")
    assert table.locator("tbody tr").evaluate_all(names) == ascending[::-1]
    assert table.locator("th[aria-sort=descending]").count() == 1
    tab.fill("#table-filter", "hasty")
    assert table.locator("tbody tr:visible").count() == 1


def test_contributions_sum_to_the_difference(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    profile = get_profile("verbatim")
    first, second = score_systems([read_systems([made.parents[1] / x])[0] for x in "ab"], [profile] * 2)
    assert second.average.wer is not None
    assert first.average.wer is not None
    expected = second.average.wer - first.average.wer
    tab.select_option("#system-a", "1")
    tab.select_option("#system-b", "0")
    until(tab, "browser.all.length === 180 && browser.difference > 0")
    assert tab.evaluate("browser.difference") == pytest.approx(expected, abs=1e-12)
    assert tab.evaluate("browser.all.reduce((sum, item) => sum + item.part, 0)") == pytest.approx(expected, abs=1e-12)
    assert f"= +{100 * expected:.3f} points over 180 utterances" in tab.text_content("#summary")
    parts = tab.evaluate("browser.found.map(item => item.part)")
    assert parts == sorted(parts, reverse=True)


def test_rates_are_of_what_the_page_does_not_hold_too(
    tmp_path: Path, visit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten of twenty utterances have an error in two words; the page holds five of them and one without."""
    monkeypatch.setattr(choose, "__defaults__", (85,))
    run = run_of(tmp_path / "run", [("ab cd", "ab cd")] * 10 + [("ab cd", "ab xy")] * 10)
    assert main(["report", str(run), "--out", str(tmp_path / "r")]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    said = "WER 25.00 over 20 utterances, of which the page holds 6; the 6 listed make up +12.500."
    until(tab, "browser.found.length > 0")
    assert tab.text_content("#summary") == said, "the table's average"
    tab.select_option("#benchmark", label="clips")
    tab.wait_for_timeout(300)
    assert tab.text_content("#summary") == said, "the sum over this benchmark"


def test_filters_and_search(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)

    def listed(expression: str) -> Any:
        tab.wait_for_timeout(300)
        return tab.evaluate(f"browser.found.map(({{one, i}}) => {expression})")

    tab.select_option("#benchmark", label="read")
    assert set(listed("one.name")) == {"read"}
    tab.fill("#session", "speaker-3")
    assert set(listed("one.sessions[i]")) == {"speaker-3"}
    assert len(listed("0")) == 10
    tab.fill("#session", "")
    tab.fill("#shortest", "2")
    tab.fill("#longest", "3")
    assert {2.0, 2.5, 3.0} == set(listed("one.seconds[i]"))
    for field in ("#shortest", "#longest"):
        tab.fill(field, "")
    tab.select_option("#system-a", "2")
    for kind in ("substitutions", "deletions", "insertions"):
        tab.select_option("#kind", kind)
        counts = listed(f"one.systems[2].{kind}[i]")
        assert counts
        assert min(counts) > 0
    tab.select_option("#system-a", "1")
    tab.select_option("#kind", "failed")
    assert listed("one.ids[i]") == ["read-9"]
    tab.select_option("#kind", "all")
    tab.keyboard.press("Escape")
    tab.locator("#list").focus()
    tab.keyboard.press("/")
    tab.keyboard.type("javascript:ALERT")
    assert listed("one.ids[i]") == [HOSTILE]


def test_keyboard_moves_and_plays(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    tab.locator("#list").focus()
    for key, place in (
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("End", 179),
        ("PageDown", 179),
        ("Home", 0),
    ):
        tab.keyboard.press(key)
        assert tab.evaluate("browser.chosen") == place
        assert tab.locator(".row[aria-selected=true]").count() == 1
        assert tab.locator("#detail h3").text_content() == tab.evaluate(
            "browser.found[browser.chosen].one.ids[browser.found[browser.chosen].i]"
        )
    player = tab.locator("#detail audio")
    assert player.get_attribute("src").startswith("data:audio/flac;base64,")
    tab.keyboard.press("Enter")
    until(tab, "document.querySelector('#detail audio').currentTime > 0.05")
    assert tab.evaluate("Math.round(document.querySelector('#detail audio').duration * 10) / 10") == 1.0


def test_charts_answer_to_keys(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    marks = tab.locator("#scatter-chart .mark")
    assert marks.count() == 3
    marks.first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#results tr.chosen").first.text_content().startswith("org/careful-model")
    assert tab.locator("#phases-chart rect title").count() == 18


@pytest.mark.parametrize(
    ("rates", "said"), [((5, 10, 17.2), ["5", "10", "15"]), ((4, 10, 20), ["5", "10", "20"])], ids=["linear", "log"]
)
def test_ticks_of_the_scatter_are_those_of_its_scale(
    rates: tuple[float, ...], said: list[str], made: Path, visit: Callable[..., Any]
) -> None:
    """The room around the points does not make a linear axis one of 1, 2, 5, 10, 20."""
    tab = visit(made)
    known = {"rtfx": 10, "frontier": True, "comparable": True, "low": None, "high": None}
    models = [{"model": f"m{n}", "wer": rate / 100, **known} for n, rate in enumerate(rates)]
    tab.evaluate("models => drawScatter(models, '', () => {}, 'scatter', 'WER')", models)
    ticks = tab.locator("#scatter-chart svg").last.locator(":scope > text[text-anchor=middle]").all_text_contents()
    assert [tick for tick in ticks if tick.isdigit()] == said


def test_the_scatter_can_be_looked_at_closely(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    marks, status = tab.locator("#scatter-chart .mark"), tab.locator("#scatter-chart [role=status]")
    tab.evaluate("document.getElementById('scatter').scrollIntoView()")

    def drawn() -> list[str]:
        return [mark.get_attribute("aria-label").partition(":")[0] for mark in marks.all()]

    def circle(number: int) -> tuple[float, float]:
        box = marks.nth(number).locator("circle").bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def centers() -> list[tuple[str, str]]:
        return [(dot.get_attribute("cx"), dot.get_attribute("cy")) for dot in marks.locator("circle").all()]

    def drag(begin: tuple[float, float], end: tuple[float, float]) -> None:
        tab.mouse.move(*begin)
        tab.mouse.down()
        tab.mouse.move((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2)
        assert tab.locator("#scatter-chart .band").count() == 1
        tab.mouse.move(*end)
        tab.mouse.up()
        assert tab.locator("#scatter-chart .band").count() == 0

    names = drawn()
    assert len(names) == 3
    places, around = centers(), circle(1)
    ticks = tab.locator("#scatter-chart svg > text").all_text_contents()
    drag((around[0] - 30, around[1] - 20), (around[0] + 60, around[1] + 40))
    assert drawn() == [names[1]]
    assert status.text_content() == "1 of 3 in view."
    assert tab.locator("#scatter-chart svg > text").all_text_contents() != ticks
    # Where it was in the rectangle it is in the chart: a third of the way from its left and from its top.
    ground = tab.locator("#scatter-chart .ground").bounding_box()
    x, y = circle(0)
    assert abs((x - ground["x"]) / ground["width"] - 1 / 3) < 0.02
    assert abs((y - ground["y"]) / ground["height"] - 1 / 3) < 0.02
    drag((x + 20, y + 20), (x + 24, y + 22))  # a slip of the hand
    assert drawn() == [names[1]]
    tab.mouse.dblclick(x + 50, y + 50)
    assert drawn() == names
    assert tab.locator("#scatter-chart svg > text").all_text_contents() == ticks
    marks.nth(2).click()  # a model that was chosen stays in view
    for _ in range(20):
        tab.get_by_label("zoom in").click()
    assert drawn() == [names[2]]
    for _ in range(20):
        tab.get_by_label("zoom out").click()
    assert drawn() == names
    tab.get_by_label("zoom in").click()
    tab.get_by_label("show all").click()
    assert centers() == places
    assert tab.locator("#results tr.chosen").first.text_content().startswith(names[2])


def test_hostile_text_is_text(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    tab.fill("#search", "bold")
    until(tab, "browser.found.length === 2")
    tab.wait_for_timeout(100)
    assert tab.locator("#detail h3").text_content() == HOSTILE
    assert tab.locator("#utterances img, #utterances b >> text=bold, main script").count() == 0


def test_errors_are_colored_words(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    tab.select_option("#order", "errors")
    tab.wait_for_timeout(300)
    all_heard = "({one, i}) => [0, 1, 2].every(k => one.systems[k].hypotheses[i])"
    tab.evaluate(f"browser.choose(browser.found.findIndex({all_heard}))")
    counts = tab.evaluate(
        "(({one, i}) => [0, 1, 2].map(k => KINDS.map(kind => one.systems[k][kind][i])))(browser.found[browser.chosen])"
    )
    lines = tab.locator("#detail .aligned")
    assert lines.count() == 3
    assert sum(map(sum, counts)) > 3
    for k, (substituted, deleted, inserted) in enumerate(counts):
        assert lines.nth(k).locator("del").count() + lines.nth(k).locator("ins").count() == (
            2 * substituted + deleted + inserted
        )


def test_fits_a_phone(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made, width=390, height=844)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    letters = "[...document.querySelectorAll('svg text')].map(text => text.getBoundingClientRect())"
    assert tab.evaluate(f"Math.min(...{letters}.map(box => box.height))") >= 12
    assert tab.evaluate(f"{letters}.every(box => box.left >= 0 && box.right <= 390)")
    assert tab.locator("#list").bounding_box()["width"] > 350
    tab.locator(".row").nth(2).click()
    assert tab.evaluate("browser.chosen") == 2
    assert tab.locator("#detail h3").is_visible()


def test_alignments_are_the_scorers(tmp_path: Path, visit: Callable[..., Any]) -> None:
    """Words missing and words written in their place, as they are marked, and the transcript in between."""
    rows = [
        ("the white paper is here", "The whitepaper was here, now"),
        ("nine " + "9" * 5000, "nein " + "9" * 5000),  # scored as written
        ("red\u00a0green  blue", "green\u00a0blue"),
    ]
    files = {"voxpopuli_en_test": rows, "common_voice_17_0_ja_test": [("音声認識", "音声の認織")]}
    for benchmark, pairs in files.items():
        lines = [{"text": reference, "pred_text": hypothesis} for reference, hypothesis in pairs]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / f"MODEL_one_DATASET_{benchmark}.jsonl").write_text(text, encoding="utf-8")
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "r"), "--profile", "leaderboard@2026-08"]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    tab.select_option("#order", "given")
    tab.wait_for_timeout(300)
    shown = {}
    for place in range(4):
        tab.evaluate(f"browser.choose({place})")
        line = tab.locator("#detail .aligned")
        marked = [line.locator(kind).all_text_contents() for kind in ("del", "ins")]
        shown[tab.evaluate(f"browser.found[{place}].one.references[browser.found[{place}].i]")] = (
            line.text_content().split(),
            *marked,
        )
    assert shown[rows[0][0]] == (["the", "whitepaper", "is", "was", "here", "now"], ["is"], ["was", "now"])
    assert shown[rows[1][0]] == (["nine", "nein", "9" * 5000], ["nine"], ["nein"])
    assert shown[rows[2][0]] == (["red", "green", "blue"], ["red"], [])
    assert shown["音声認識"] == (["音声の認識織"], ["識"], ["の", "織"])


def test_twenty_thousand_utterances_stay_fluent(tmp_path: Path, visit: Callable[..., Any]) -> None:
    count, systems = 20_000, 6
    draw = np.random.default_rng(1)
    said = [" ".join(draw.choice(WORDS, 12)) for _ in range(count)]
    numbers = {
        key: draw.poisson(0.4, (systems, count)).tolist() for key in ("substitutions", "deletions", "insertions")
    }
    one = PageBenchmark(
        name="read", characters=False, ids=[f"u{i}" for i in range(count)],
        sessions=[f"s{i % 40}" for i in range(count)], seconds=[5.0] * count, references=said, audio={},
        systems={
            str(k): PageSystem(
                hypotheses=[s + " x" for s in said], normalized=[0] * count, steps=[[12, "", 1]] * count, failed={},
                there="1" * count, words=[12] * count, **{kind: numbers[kind][k] for kind in numbers},
            )
            for k in range(systems)
        },
    )  # fmt: skip
    models = [Point(f"m{k}", 0.1, 10.0 + k) for k in range(systems)]
    table = Table("t", "c", (Column("m", "Model", align="left"),), ((Cell("m0"),),))
    text = page("Many", "c", [table], PageData(note="", models=models, phases=[None] * systems, benchmarks=[one]))
    assert len(text) < 15e6
    path = tmp_path / "many.html"
    path.write_text(text, encoding="utf-8")
    tab = visit(path)
    assert tab.locator(".row").count() < 60
    # What makes a list slow is what the browser has to lay out: rows are made where they are looked at only.
    made = """(() => {
        const create = document.createElement.bind(document);
        let count = 0;
        document.createElement = (name) => { count += 1; return create(name); };
        ACTION;
        delete document.createElement;
        return count;
    })()"""
    assert 0 < tab.evaluate(made.replace("ACTION", "browser.update()")) < 1_000
    scroll = "for (let k = 0; k < 50; k += 1) { browser.list.scrollTop = k * 9000; browser.draw(); }"
    assert 0 < tab.evaluate(made.replace("ACTION", scroll)) < 50 * 60 * 10
    assert tab.locator(".row").count() < 60


def test_a_server_is_a_square_and_says_so(tmp_path: Path, visit: Callable[..., Any]) -> None:
    models = [Point("gpu", 0.1, 100.0), Point("api", 0.2, 30.0, frontier=False, served=4)]
    table = Table("t", "c", (Column("m", "Model", align="left"),), ((Cell("gpu"),), (Cell("api"),)))
    path = tmp_path / "served.html"
    path.write_text(page("S", "c", [table], PageData(note="", models=models, phases=[None, None], benchmarks=[])))
    tab = visit(path)
    marks = tab.locator("#scatter-chart .mark")
    assert [mark.get_attribute("aria-label") for mark in marks.all()] == [
        "gpu: WER 10.00, RTFx 100.0",
        "api: WER 20.00, RTFx 30.0, served, 4 at once",
    ]
    assert [marks.nth(k).locator("rect").count() for k in (0, 1)] == [0, 1]
    assert marks.nth(1).locator("text").text_content() == "api, served, 4 at once"


def test_screenshots(made: Path, visit: Callable[..., Any], tmp_path: Path) -> None:
    folder, shown = Path(os.environ.get("ASR_SCREENSHOTS", tmp_path)), Path(os.environ.get("ASR_SCREENSHOTS_OF", made))
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, height in (("desktop", 1280, 900), ("phone", 390, 844)):
        tab = visit(shown, width=width, height=height)
        tab.locator("#utterances").scroll_into_view_if_needed()
        tab.evaluate("document.getElementById('utterances').scrollIntoView()")
        tab.screenshot(path=folder / f"page_{name}.png")
        assert (folder / f"page_{name}.png").stat().st_size > 20_000
    for plot in shown.parent.glob("*.png"):  # the plots of the same report
        if plot.parent != folder:
            shutil.copy(plot, folder / plot.name)
