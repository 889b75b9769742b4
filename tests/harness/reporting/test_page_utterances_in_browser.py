"""The page in a real browser: texts as written and as scored, jumps, addresses, tables of what is listed, audio."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.reporting.drawing import Point
from harness.reporting.page.build import page
from harness.reporting.page.data import PageBenchmark, PageData, PageSystem
from harness.reporting.page.links import fragment
from harness.reporting.table import Cell, Column, Table
from tests.harness.reporting.in_browser import (
    HOSTILE,
    WORDS,
    browser,
    made,
    marked,
    needs_chromium,
    report_of,
    run_of,
    until,
    visit,
    write_run,
)
from tools.made_up import write_systems

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["browser", "made", "visit"]
pytestmark = needs_chromium


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
        intervals = tab.evaluate(
            "[...document.querySelectorAll('#scatter-chart .mark line')].map(line => line.getBoundingClientRect())"
            ".map(box => [box.left, (box.top + box.bottom) / 2, box.right])"
        )
        assert len(intervals) == 40
        for left, top, right, bottom in boxes:
            hidden = [
                one for one in intervals if min(right, one[2]) - max(left, one[0]) > 2 and top + 2 < one[1] < bottom - 2
            ]
            assert not hidden, "half an interval behind a name looks like another interval"


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
    assert tab.text_content("#summary").startswith("WER 49.99 over 1 utterance;")
    tab.select_option("#benchmark", label="read")
    tab.wait_for_timeout(300)
    assert tab.text_content("#summary").startswith("WER 50.00 over 1 utterance;")


def test_what_is_written_where_nothing_is_said_is_to_be_seen_and_in_no_rate(
    tmp_path: Path, visit: Callable[..., Any]
) -> None:
    rows = [("a red cat", "a red cat"), ("", "thank you"), ("go home", "go hom"), ("", "i am so so sorry"), ("", "")]
    assert main(["report", str(run_of(tmp_path / "m", rows)), "--out", str(tmp_path / "r")]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    said = tab.text_content("#summary")
    assert said.startswith("WER 20.00 over 5 utterances;"), "one of five words"
    assert said.endswith(" In 3 of them nothing is said: no rate counts them, 7 inserted.")
    facts = [row.locator("span").all_text_contents() for row in tab.locator("#list .facts").all()]
    assert [(errors, name) for errors, _, name in facts] == [
        ("1 error", "u2"), ("5 errors", "u3"), ("2 errors", "u1"), ("0 errors", "u0"), ("0 errors", "u4"),
    ]  # fmt: skip
    tab.locator("#list .row").nth(1).click()
    assert "5 errors in 0 words (5 inserted)" in tab.locator("#detail h4").nth(1).text_content()
    assert tab.locator("#detail .raw .wrong").all_text_contents() == ["i am so so sorry"]
    assert tab.locator("#detail .raw .written").count() == 0
    tab.evaluate("document.getElementById('tables').open = true")
    until(tab, "document.querySelectorAll('#tables-here table').length >= 2")
    length = tab.locator("#tables-here table").last.locator("tbody tr").first.locator("th, td").all_text_contents()
    assert length == ["2–5 s", "WER", "5", "5", "8", "20.00"]


def test_where_nothing_is_said_at_all_there_is_no_rate(tmp_path: Path, visit: Callable[..., Any]) -> None:
    runs = [run_of(tmp_path / name, [("", "beep"), ("", heard)]) for name, heard in (("m", "be be"), ("n", ""))]
    assert main(["report", *map(str, runs), "--out", str(tmp_path / "r")]) == 0
    tab = visit(tmp_path / "r" / "index.html")
    said = tab.text_content("#summary")
    assert re.fullmatch(r"No WER: nothing is said in 2 utterances; (3 and 1|1 and 3) inserted\.", said)
