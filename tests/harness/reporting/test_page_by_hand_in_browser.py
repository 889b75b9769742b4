"""The page in the hand and under the fingers: a phone that is touched, and a keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.reporting.in_browser import browser, made, needs_chromium, until, visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["browser", "made", "visit"]
pytestmark = needs_chromium


@pytest.fixture
def phone(browser: Any, made: Path) -> Any:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(made.resolve().as_uri())
    tab.wait_for_selector("body[data-ready]")
    yield tab
    context.close()


def test_what_is_tapped_is_in_view_and_so_are_the_buttons(phone: Any) -> None:
    phone.evaluate("document.getElementById('utterances').scrollIntoView()")
    phone.locator("#list .row").nth(3).tap()
    until(phone, "browser.chosen === 3")
    top = phone.evaluate("document.getElementById('detail').getBoundingClientRect().top")
    assert 0 < top < 0.4 * 844
    phone.locator("#next").tap()
    until(phone, "document.getElementById('jumped').textContent.startsWith('error 1 of ')")
    places = phone.evaluate(
        "['.here', '#next', '#jumped'].map((s) => document.querySelector(s).getBoundingClientRect())"
        ".map((box) => [box.top >= 0, box.bottom <= innerHeight, box.left >= 0, box.right <= innerWidth])"
    )
    assert places == [[True] * 4] * 3
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_what_is_to_be_tapped_is_large_enough(phone: Any) -> None:
    """24 by 24 pixels (WCAG 2.2, 2.5.8)."""
    phone.locator("#list .row").first.tap()
    small = phone.evaluate(
        "[...document.querySelectorAll('button, a, select, input, summary')].filter((one) => one.offsetParent)"
        ".filter((one) => { const box = one.getBoundingClientRect(); return box.height < 24 || box.width < 24; })"
        ".map((one) => one.textContent)"
    )
    assert small == []


def test_the_keyboard_alone_goes_everywhere_and_back(made: Path, visit: Callable[..., Any]) -> None:
    tab = visit(made)
    order, outlined = [], []
    for _ in range(200):
        tab.keyboard.press("Tab")
        name, outline = tab.evaluate(
            "(() => { const one = document.activeElement; return [one.id, getComputedStyle(one).outlineStyle]; })()"
        )
        order.append(name)
        outlined.append(outline)
        if name == "list":
            break
    wanted = ["table-filter", "benchmark", "system-a", "system-b", "order", "kind", "search", "previous", "next", "csv"]
    assert [name for name in order if name in wanted] == wanted
    assert order[-1] == "list"
    assert "none" not in outlined  # the focus is seen wherever it is
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("browser.chosen") == 1
    tab.keyboard.press("n")
    assert tab.locator("#detail .here").count() == 1
    tab.keyboard.press("Enter")
    until(tab, "document.querySelector('#detail audio') !== null && !document.querySelector('#detail audio').paused")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.querySelector('#detail audio').paused")
    assert tab.locator("#detail .here").count() == 0
    assert tab.text_content("#jumped") == ""
    tab.keyboard.press("/")
    tab.keyboard.type("zzz")
    until(tab, "browser.found.length === 0")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.id") == "list"
    until(tab, "browser.found.length > 0")
