"""The page of `data check` in a real browser: 500 findings, filters, waveforms, players, hostile text, phone width."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.dataset import Audio
from harness.health.examine import put_together
from harness.health.seen import Seen, finding, of_set
from harness.reporting.health import MOST_CARDS, health_page, shown_utterances
from tests.harness.health.made import SAMPLE, changed, facts, names, seen
from tests.harness.reporting.in_browser import HOSTILE, browser, needs_chromium, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.records.health import Health, HealthFinding, Severity

__all__ = ["browser"]
pytestmark = needs_chromium

COUNT = 500
KINDS = ("gap", "markup", "clipping", "contradiction", "offset")


def made(count: int = COUNT) -> tuple[Health, dict[str, list[Seen]]]:
    """A set with as many findings, the first of them hostile, and its rows."""
    rows = [
        seen(
            HOSTILE if number == 0 else f"reference number {number} [noise] of the set",
            id=HOSTILE if number == 0 else f"clip-{number:03d}",
            session=f"s{number % 7}",
            facts=changed(outline=facts().outline * 2) if number % 5 == 2 else None if number % 50 == 9 else facts(),
        )
        for number in range(count)
    ]
    found: list[HealthFinding] = [of_set("data_x", "sessions", "two sessions only", others=("clip-001", HOSTILE))]
    for number, row in enumerate(rows):
        kind = KINDS[number % 5]
        where = {"gap": "1.00 to 1.50 s", "markup": "characters 19 to 25"}.get(kind)
        severity: Severity = "low" if number % 2 else "high"
        message = HOSTILE if number == 0 else f"message {number}"
        found.append(
            finding(
                row,
                kind,
                message,
                where=where,
                value=0.5,
                threshold=0.06,
                unit="s",
                severity=severity,
                others=("clip-003",),
            )
        )
    return put_together("a set", {"data_x": rows}, found, of=None, systems=("m",)), {"data_x": rows}


def sounds(rows: dict[str, list[Seen]]) -> dict[tuple[str, str], Audio]:
    """Two of them have audio: a file, and bytes."""
    path = SAMPLE / names()[0]
    ids = [row.id for row in rows["data_x"]]
    audio = {ids[2]: Audio(origin="a", path=path), ids[4]: Audio(origin="b", data=path.read_bytes())}
    return {("data_x", name): one for name, one in audio.items()}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    health, rows = made()
    path = tmp_path_factory.mktemp("health") / "index.html"
    path.write_text(health_page(health, rows, sounds(rows), 1_000_000), encoding="utf-8")
    return path


@pytest.fixture
def tab(browser: Any, page_file: Path) -> Iterator[Any]:
    requests: list[str] = []
    errors: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(page_file.as_uri())
    until(opened, "document.body.dataset.ready === 'yes'")
    yield opened
    assert errors == []
    assert not [url for url in requests if not url.startswith(("file://", "data:"))]
    opened.close()


def test_all_findings_are_counted_and_sections_made(tab: Any) -> None:
    assert tab.text_content("#summary") == "500 of 501 findings, in 500 utterances"
    headings = tab.eval_on_selector_all(".kind > h3", "all => all.map((one) => one.firstChild.textContent)")
    assert len(headings) == len(KINDS)
    assert tab.locator(".kind").first.locator(".card").count() == 20
    tab.locator(".kind .more").first.click()
    assert tab.locator(".kind").first.locator(".card").count() == 100


def test_filters(tab: Any) -> None:
    tab.select_option("#kind", "gap")
    assert tab.text_content("#summary") == "100 of 501 findings, in 100 utterances"
    tab.select_option("#severity", "high")
    assert tab.text_content("#summary") == "50 of 501 findings, in 50 utterances"
    tab.select_option("#kind", "")
    tab.select_option("#severity", "info")
    tab.fill("#search", "number 123 ")
    assert tab.text_content("#summary") == "1 of 501 findings, in 1 utterance"
    tab.fill("#search", "nowhere")
    assert "Nothing that fits the filters" in tab.text_content("#sections")


def test_the_overview_leads_to_its_findings(tab: Any) -> None:
    tab.click("#overview tbody th button >> text=Clipping")
    assert tab.text_content("#summary") == "100 of 501 findings, in 100 utterances"


def test_hostile_text_is_text(tab: Any) -> None:
    tab.fill("#search", "pwned")
    assert tab.evaluate("window.pwned") is None
    assert HOSTILE in tab.text_content(".card b")
    assert tab.locator(".card img").count() == 0


def test_waveforms_and_players(tab: Any) -> None:
    tab.fill("#search", "clip-002")
    tab.locator(".card").first.scroll_into_view_if_needed()
    until(tab, "document.querySelectorAll('.card audio').length > 0")
    assert tab.get_attribute(".card audio", "src").startswith("data:audio/flac;base64,")
    ink = "(() => { const c = document.querySelector('.card canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v) => v > 0); })()"  # noqa: E501
    assert tab.evaluate(ink)
    assert tab.get_attribute(".card canvas", "class") == "two"
    tab.evaluate("document.querySelector('.card audio').load()")
    until(tab, "document.querySelector('.card audio').duration > 0.5")
    tab.fill("#search", "clip-009")
    until(tab, "document.querySelector('.card .none') !== null")
    assert tab.text_content(".card .none") == "cannot be decoded"


def test_the_place_in_the_reference_is_marked(tab: Any) -> None:
    tab.select_option("#kind", "markup")
    tab.fill("#search", "number 101 ")
    assert tab.text_content("mark") == "01 [noi"


def test_on_a_phone(browser: Any, page_file: Path) -> None:
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    opened.goto(page_file.as_uri())
    until(opened, "document.body.dataset.ready === 'yes'")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.close()


def test_too_many_findings_are_left_out_and_said() -> None:
    health, rows = made(MOST_CARDS + 10)
    page = health_page(health, rows, {}, 0)
    assert "11 more findings are in health.json" in page


def test_utterances_of_the_worst_findings_come_first() -> None:
    health, _ = made(5)
    assert shown_utterances(health.findings)[0] == ("data_x", health.findings[0].utterance)
    assert health.findings[0].severity == "high"
    assert len(shown_utterances(health.findings)) == 5
