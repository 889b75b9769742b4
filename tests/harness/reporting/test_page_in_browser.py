"""The page in a real browser: sort, filter, rank, keyboard, play, hostile text, phone width, 20,000 utterances.

Needs Chromium and the `playwright` package (no browser download of its own); skipped where they are absent. With
ASR_SCREENSHOTS set to a folder, screenshots are written there: of a page made here, or of the page ASR_SCREENSHOTS_OF.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.cli import main
from harness.reporting.drawing import Point
from harness.reporting.page.build import page
from harness.reporting.page.data import PageBenchmark, PageData, PageSystem
from harness.reporting.page.links import fragment
from harness.reporting.table import Cell, Column, Table
from harness.scoring.predictions import read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.score import score_systems
from tools.made_up import write_systems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
]
HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1> <b>bold</b> javascript:alert(1)"
WORDS = [
    "apple",
    "river",
    "stone",
    "garden",
    "window",
    "mountain",
    "silver",
    "paper",
    "candle",
    "bridge",
    "forest",
    "harbor",
    "lantern",
    "meadow",
]

playwright = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)


def until(tab: Any, condition: str) -> None:
    """Waits for a JavaScript expression to hold. (The page's policy forbids playwright's own way, which uses eval.)"""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"never became true: {condition}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def fine(url: str, address: str) -> bool:
    """Whether a request stays in the page."""
    return url in {address, "data:,"} or url.startswith("data:audio/")


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page from the disk; at the end nothing may have been complained about, requested or shown as a dialog."""
    opened: list[Any] = []
    complaints: list[str] = []

    def go(path: Path, width: int = 1280, height: int = 900) -> Any:
        tab = browser.new_page(viewport={"width": width, "height": height})
        opened.append(tab)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        address = path.resolve().as_uri()
        tab.on("request", lambda request: complaints.extend([] if fine(request.url, address) else [request.url]))
        tab.goto(address)
        tab.wait_for_selector("body[data-ready]", timeout=60_000)
        return tab

    yield go
    for tab in opened:
        assert tab.evaluate("window.pwned") is None
        tab.close()
    assert complaints == []


def tone() -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * np.sin(np.arange(16_000) / 20).astype(np.float32), 16_000, format="FLAC")
    return buffer.getvalue()


def write_run(folder: Path, model: str, wrong: float, seed: int) -> Path:
    """A run over two benchmarks, with audio beside it; the 9th utterance of the first is hostile, the 10th failed."""
    folder.mkdir(parents=True)
    (folder / "tone.flac").write_bytes(tone())
    draw = random.Random(7)
    err = random.Random(seed)
    facts: dict[str, Any] = {}
    for name, count in (("read", 120), ("far", 60)):
        lines: list[dict[str, Any]] = []
        for i in range(count):
            said = [draw.choice(WORDS) for _ in range(draw.randint(3, 14))]
            heard = [w for w in said if err.random() > wrong / 3]
            heard = [err.choice(WORDS) if err.random() < wrong else w for w in heard]
            line = {"id": f"{name}-{i}", "session": f"speaker-{i % 12}", "duration": len(said) * 0.5, "batch": 0}
            line |= {"reference": " ".join(said), "hypothesis": " ".join(heard), "audio": str(folder / "tone.flac")}
            lines.append(line)
        lines[8] |= {"id": HOSTILE, "reference": HOSTILE, "hypothesis": HOSTILE + " more"}
        if name == "read" and seed == 2:
            del lines[9]["hypothesis"]
            lines[9]["error"] = HOSTILE
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        phases = {"decode": 1.0, "features": 2.0, "transfer": 0.5, "model": 9.0 * seed, "text": 0.3, "untracked": 0.1}
        speed = {"rtfx": 30.0 / seed, "rtfx_end_to_end": 20.0, "seconds_heard": 300.0, "seconds_counted": 10.0 * seed}
        facts[name] = {"language": "en", "expected": count, "done": count, "failed": 0}
        facts[name]["speed"] = speed | {"seconds_wall": 15.0, "phases": phases}
    record = {
        "suite": "demo@1", "profile": "verbatim", "complete": True, "model": {"id": model, "parameters": 39_000_000},
        "settings": {"on_error": "score-empty"}, "environment": {"hardware": {"cpu": "Abacus", "cores": 2}},
        "benchmarks": facts,
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("page")
    runs = [
        write_run(where / "a", "org/careful-model", 0.05, 1),
        write_run(where / "b", "org/hasty-model", 0.15, 2),
        write_run(where / "c", HOSTILE, 0.3, 3),
    ]
    assert main(["report", *map(str, runs), "--out", str(where / "report"), "--audio-mb", "0.2"]) == 0
    return where / "report" / "index.html"


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


def report_of(where: Path, files: dict[str, list[tuple[str, str]]], *flags: str) -> Path:
    """The page over predictions: reference and hypothesis of each utterance, by model and benchmark."""
    folder = where / "predictions"
    folder.mkdir(exist_ok=True)
    for name, pairs in files.items():
        model, _, benchmark = name.partition(" ")
        lines = [{"text": reference, "pred_text": hypothesis} for reference, hypothesis in pairs]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"MODEL_{model}_DATASET_{benchmark}.jsonl").write_text(text, encoding="utf-8")
    assert main(["report", str(folder), "--out", str(where / "r"), "--profile", "leaderboard@2026-08", *flags]) == 0
    return where / "r" / "index.html"


def marked(line: Any, kind: str) -> list[str]:
    found: list[str] = line.locator(kind).all_text_contents()
    return found


def test_what_is_written_stands_beside_what_is_scored(tmp_path: Path, visit: Callable[..., Any]) -> None:
    """Words that differ in writing alone are marked apart from those that are errors, also where nothing is wrong."""
    rows = [
        ("the answer is seven", "The answer is 7!"),
        ("the white cat sat", "The White dog, sat."),
        ("mister smith is here", "Mr. Smith is here"),
        ("we saw uh the sea", "we saw the sea"),
        ("as it is", "as it is"),
        ("the whitepaper is here", "the white paper is hear"),
    ]
    tab = visit(report_of(tmp_path, {"one voxpopuli_en_test": rows}))
    tab.select_option("#order", "given")
    tab.wait_for_timeout(300)
    found = {}
    for place in range(len(rows)):
        tab.evaluate(f"browser.choose({place})")
        raw, scored = tab.locator("#detail .raw"), tab.locator("#detail .aligned")
        shown = tab.evaluate(f"browser.found[{place}].one.references[browser.found[{place}].i]")
        found[shown] = [marked(raw, ".written"), marked(raw, ".wrong"), marked(scored, "del"), marked(scored, "ins")]
        assert raw.text_content().split() == dict(rows)[shown].split()
    assert found[rows[0][0]] == [["The", "7!"], [], [], []]
    assert found[rows[1][0]] == [["The", "White", "sat."], ["dog,"], ["cat"], ["dog"]]
    assert found[rows[2][0]] == [["Mr.", "Smith"], [], [], []]
    assert found[rows[3][0]] == [[], [], [], []]
    assert found[rows[4][0]] == [[], [], [], []]
    assert found[rows[5][0]] == [["white paper"], ["hear"], ["here"], ["hear"]]
    tab.evaluate("browser.choose(browser.found.findIndex(({one, i}) => one.references[i].startsWith('mister')))")
    assert tab.locator("#detail .written").first.get_attribute("title") == "the reference writes: mister"
    assert tab.locator("#detail .aligned").text_content() == "mister smith is here"


def test_characters_are_compared_one_by_one(tmp_path: Path, visit: Callable[..., Any]) -> None:
    files = {"one common_voice_17_0_ja_test": [("AB音声認識。", "ab音声、認織。")]}
    tab = visit(report_of(tmp_path, files, "--profile", "unicode@2026-11"))
    raw = tab.locator("#detail .raw")
    assert raw.text_content() == "ab音声、認織。"
    assert (marked(raw, ".written"), marked(raw, ".wrong")) == (["a", "b", "、"], ["織"])
    assert "1 error in 6 characters (1 substituted)" in tab.locator("#detail h4").last.text_content()


def test_errors_are_reached_by_keys_and_buttons(tmp_path: Path, visit: Callable[..., Any]) -> None:
    words = [f"{WORDS[n % 14]}" for n in range(3000)]
    heard = [*words]
    heard[1000], heard[2000] = "wrong", "false"
    heard[2500] = heard[2500].upper()
    tab = visit(report_of(tmp_path, {"one voxpopuli_en_test": [(" ".join(words), " ".join(heard))]}))
    status, here = tab.locator("#jumped"), "document.querySelector('.here').textContent"
    inside = "(() => { const [a, b] = ['.here', '#detail'].map(x => document.querySelector(x).getBoundingClientRect());"
    inside += " return a.top >= b.top - 1 && a.bottom <= b.bottom + 1; })()"
    seen = []
    for key in ("n", "n", "n", "p"):
        tab.keyboard.press(key)
        seen.append((tab.evaluate(here).split()[-1], status.text_content()))
        assert tab.evaluate(inside)
    first, second = ("wrong", "error 1 of 2"), ("false", "error 2 of 2")
    assert seen == [first, second, first, second]
    tab.locator("#previous").click()
    assert status.text_content() == "error 1 of 2"
    tab.keyboard.press("w")
    assert (tab.evaluate(here), status.text_content()) == (heard[2500], "difference in writing 1 of 1")
    tab.locator("#search").focus()
    tab.keyboard.type("n")
    assert tab.locator("#search").input_value() == "n"


def test_an_address_opens_its_utterance(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    tab.select_option("#system-a", "1")
    tab.select_option("#system-b", "0")
    tab.fill("#search", HOSTILE)
    tab.wait_for_timeout(300)
    tab.locator(".row").first.click()
    address = tab.evaluate("location.hash")
    assert address == tab.locator("#detail p.note a").get_attribute("href")
    assert address.startswith("#read/%3C%2Fscript")
    names = tab.evaluate("[1, 0].map(k => browser.data.models[k].model)")
    assert address == fragment("read", HOSTILE, *names)
    other = visit(Path(f"{made}"))
    other.evaluate(f"location.hash = {json.dumps(address)}")
    other.wait_for_timeout(300)
    assert other.locator("#detail h3").text_content() == HOSTILE
    pair = [other.evaluate(f"document.getElementById('system-{side}').value") for side in "ab"]
    assert pair == ["1", "0"]
    for wrong, said in (
        ("#read/nowhere/org%2Fhasty-model", "nowhere of read, which is not on this page"),
        ("#read/read-1/nobody", "a system that is not on this page"),
    ):
        other.evaluate(f"location.hash = {json.dumps(wrong)}")
        other.wait_for_timeout(100)
        assert said in other.text_content("#summary")


def test_an_id_that_repeats_has_an_address_for_each(visit: Callable[..., Any], tmp_path: Path) -> None:
    texts = ["first one", "second one", "third one"]
    one = PageBenchmark(
        name="a/b, c", characters=False, ids=["same", "same", "other"], sessions=[None] * 3, seconds=[None] * 3,
        references=texts, audio={},
        systems={
            "0": PageSystem(
                hypotheses=[*texts], normalized=[0] * 3, steps=[0] * 3, failed={}, there="111", words=[2] * 3,
                substitutions=[0] * 3, deletions=[0] * 3, insertions=[0] * 3,
            )
        },
    )  # fmt: skip
    table = Table("t", "c", (Column("m", "Model", align="left"),), ((Cell("m, x"),),))
    data = PageData(note="", models=[Point("m, x", 0.1, 10.0)], phases=[None], benchmarks=[one])
    path = tmp_path / "page.html"
    path.write_text(page("P", "c", [table], data), encoding="utf-8")
    tab = visit(path)
    links = [tab.evaluate(f"linkTo(browser.data.benchmarks[0], {n}, 'm, x')") for n in range(3)]
    assert links == [
        f"#a%2Fb%2C%20c/{name}/m%2C%20x{end}" for name, end in (("same", ""), ("same", "/2"), ("other", ""))
    ]
    assert links[1] == fragment("a/b, c", "same", "m, x", number=2)
    for link, text in zip(links, texts, strict=True):
        tab.evaluate(f"browser.open({json.dumps(link)})")
        assert tab.locator("#detail .raw").text_content() == text


def test_what_is_listed_is_a_csv_and_tables(tmp_path: Path, visit: Callable[..., Any]) -> None:
    rows = [("=1 red cat", "=1 red cat"), ('the "red" cat', 'the "bed" cat'), ("a red cat", "a bed cat"), ("go", "")]
    better = [(reference, reference) for reference, _ in rows]
    tab = visit(report_of(tmp_path, {"bad voxpopuli_en_test": rows, "good voxpopuli_en_test": better}))
    tab.fill("#search", "cat")
    tab.wait_for_timeout(300)
    with tab.expect_download() as caught:
        tab.locator("#csv").click()
    content = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    found = list(csv.DictReader(io.StringIO(content, newline="")))
    assert {row["reference"] for row in found} == {"'=1 red cat", 'the "red" cat', "a red cat"}
    assert [row["system_substitutions"] for row in found] == ["1", "1", "0"]
    assert {(row["system"], row["other"]) for row in found} == {("bad", "good")}
    assert float(found[0]["contribution (points)"]) == pytest.approx(100 / 10)
    tab.evaluate("document.getElementById('tables').open = true")
    until(tab, "document.querySelectorAll('#tables-here table').length >= 1")
    table = tab.locator("#tables-here table").first
    assert table.locator("tbody tr").first.locator("th, td").all_text_contents() == ["red", "bed", "2", "0"]
    assert not re.search(r"percent percent|To blame|farther|1 errors", tab.locator("body").text_content())


def test_sessions_lengths_and_tags_are_tables(tmp_path: Path, visit: Callable[..., Any]) -> None:
    folders = write_systems(tmp_path / "runs", 3, ["meetings"])
    assert main(["report", *map(str, folders), "--out", str(tmp_path / "r")]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    tab.evaluate("document.getElementById('tables').open = true")
    until(tab, "document.querySelectorAll('#tables-here table').length === 4")
    names = [text.partition(".")[0] for text in tab.locator("#tables-here figcaption").all_text_contents()]
    assert names[1:] == [
        "Sessions, those with the most errors first",
        "Slices by length of the utterance",
        "Slices by accent",
    ]
    accents = tab.locator("#tables-here table").nth(3).locator("tbody tr")
    assert sorted(row.locator("th").text_content() for row in accents.all()) == ["north", "south", "west"]
    errors = sum(int(row.locator("td").nth(3).text_content()) for row in accents.all())
    assert errors == tab.evaluate("browser.found.reduce((sum, item) => sum + item.errorsA, 0)")


def test_the_page_s_averages_are_the_tables(tmp_path: Path, visit: Callable[..., Any]) -> None:
    """In the summary and in the chart, rounded as the profile rounds, also where some have fewer benchmarks."""
    runs = write_systems(tmp_path / "runs", 3, ["meetings", "earnings", "parliament"])
    (runs[2] / "parliament.jsonl").unlink()
    assert main(["report", *map(str, runs), "--out", str(tmp_path / "r"), "--sort", "given"]) == 0
    table = json.loads((tmp_path / "r" / "table.json").read_bytes())
    rows = {row["model"]: row for row in table["rows"]}
    tab = visit(tmp_path / "r" / "index.html")
    names = tab.evaluate("browser.data.models.map(model => model.model)")
    assert tab.evaluate("browser.data.models.map(model => model.wer)") == [
        rows[name]["average_common_wer"] for name in names
    ]
    tab.select_option("#system-a", "1")
    tab.select_option("#system-b", "0")
    tab.wait_for_timeout(300)
    first, second = (100 * rows[names[k]]["average"] for k in (1, 0))
    assert tab.text_content("#summary").startswith(f"WER {first:.2f} − {second:.2f} = ")


def test_audio_says_what_became_of_it(tmp_path: Path, visit: Callable[..., Any]) -> None:
    run = write_run(tmp_path / "a", "org/m", 0.1, 1)
    (run / "far.jsonl").write_text((run / "far.jsonl").read_text().replace("tone.flac", "gone.flac"))
    for mode, start in (("copy", "audio/"), ("link", "file://")):
        out = tmp_path / mode
        assert main(["report", str(run), "--out", str(out), "--audio", mode]) == 0
        tab = visit(out / "index.html")
        note = tab.text_content("#audio-note")
        assert "60 silent: it is not on this disk" in note
        assert (
            "120 of 180 copied to audio/ beside the page" if mode == "copy" else "120 linked to files of this machine"
        ) in note
        tab.select_option("#benchmark", label="far")
        tab.wait_for_timeout(300)
        assert "No audio: it is not on this disk." in tab.text_content("#detail")
        assert tab.locator("audio").count() == 0
        address = tab.evaluate("Object.values(browser.data.benchmarks[0].audio)[0]")
        assert address.startswith(start)
    assert len(list((tmp_path / "copy" / "audio").iterdir())) == 1  # all are the same file


def test_a_file_that_is_gone_is_no_dead_player(browser: Any, tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", "org/m", 0.1, 1)
    assert main(["report", str(run), "--out", str(tmp_path / "r"), "--audio", "link"]) == 0
    (run / "tone.flac").unlink()
    tab = browser.new_page()
    tab.goto((tmp_path / "r" / "index.html").resolve().as_uri())
    tab.wait_for_selector("body[data-ready]", timeout=60_000)
    assert tab.locator("#detail audio").count() == 0
    tab.locator("#detail button.play").click()
    until(tab, "document.querySelector('#detail').textContent.includes('is not there')")
    assert tab.locator("#detail audio").count() == 0
    tab.close()


def test_names_in_charts_hide_no_other(tmp_path: Path, visit: Callable[..., Any]) -> None:
    folders = write_systems(tmp_path / "runs", 40, ["meetings"])
    assert main(["report", *map(str, folders), "--out", str(tmp_path / "r"), "--quiet"]) == 0
    for width in (1280, 390):
        tab = visit(tmp_path / "r" / "index.html", width=width)
        boxes = tab.evaluate(
            "[...document.querySelectorAll('#scatter-chart .mark text')].map(text => text.getBoundingClientRect())"
            ".map(box => [box.left, box.top, box.right, box.bottom])"
        )
        assert len(boxes) > (12 if width == 1280 else 4)
        assert all(left >= 0 and right <= width for left, _, right, _ in boxes)
        for at, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[:at]:
                across = min(right, other[2]) - max(left, other[0])
                assert across <= 2 or min(bottom, other[3]) - max(top, other[1]) <= 2


def test_the_dark_page_is_readable(made: Path, browser: Any) -> None:
    """Marks keep a contrast of 4.5 to 1 in both schemes."""
    contrast = """(() => {
        const probe = document.createElement("p");
        probe.className = "aligned";
        const kinds = [["del", ""], ["ins", ""], ["span", "wrong"], ["span", "written"], ["span", "note"]];
        kinds.forEach(([name, kind]) => {
            const made = document.createElement(name);
            made.className = kind;
            probe.append(made);
        });
        document.body.append(probe);
        const linear = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        const lum = (text) => {
            const [r, g, b] = text.match(/[\\d.]+/g).map((value) => linear(Number(value) / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = getComputedStyle(document.body).backgroundColor;
        const found = [...probe.children].map((made) => {
            const style = getComputedStyle(made), own = style.backgroundColor;
            const under = own === "rgba(0, 0, 0, 0)" ? paper : own;
            const [a, b] = [lum(style.color), lum(under)].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05);
        });
        probe.remove();
        return found;
    })()"""
    for scheme in ("light", "dark"):
        tab = browser.new_page(color_scheme=scheme, reduced_motion="reduce")
        tab.goto(made.resolve().as_uri())
        tab.wait_for_selector("body[data-ready]", timeout=60_000)
        assert min(tab.evaluate(contrast)) >= 4.5, scheme
        tab.close()


def test_the_summary_has_the_table_s_average_where_all_of_it_is_looked_at(
    tmp_path: Path, visit: Callable[..., Any]
) -> None:
    one = PageBenchmark(
        name="read", characters=False, ids=["a"], sessions=[None], seconds=[None], references=["x y"], audio={},
        systems={
            "0": PageSystem(
                hypotheses=["x z"], normalized=[0], steps=[[1, "y", 1]], failed={}, there="1", words=[2],
                substitutions=[1], deletions=[0], insertions=[0],
            )
        },
    )  # fmt: skip
    table = Table("t", "c", (Column("m", "Model", align="left"),), ((Cell("m"),),))
    data = PageData(note="", models=[Point("m", 0.5)], phases=[None], benchmarks=[one], averages=[0.4999])
    path = tmp_path / "page.html"
    path.write_text(page("P", "c", [table], data), encoding="utf-8")
    tab = visit(path)
    assert tab.text_content("#summary").startswith("WER 49.99 over 1 utterances")
    tab.select_option("#benchmark", label="read")
    tab.wait_for_timeout(300)
    assert tab.text_content("#summary").startswith("WER 50.00 over 1 utterances")
