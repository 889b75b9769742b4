"""What docs/scoring.md states is what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from harness.scoring.diagnosis import FLAGS
from harness.scoring.explain import MEANING
from harness.scoring.metrics import get_metric, measure
from harness.scoring.normalize.unicode import UnicodeRules
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import profile_names
from harness.scoring.scored import count_predictions
from harness.scoring.slices import LENGTHS
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "scoring.md").read_text(encoding="utf-8")


def rows(page: str, header: str) -> list[list[str]]:
    """The cells of the table with this header, without header and rule."""
    lines = page[page.index(header) :].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_edge_cases_are_as_stated(page: str) -> None:
    cases = rows(page, "| reference | hypothesis | WER | CER | MER | WIL | SER |")
    assert len(cases) == 6
    verbatim = get_profile("verbatim")
    for reference, hypothesis, *stated in cases:
        texts = [text.replace("(empty)", "") for text in (reference, hypothesis)]
        utterances = count_predictions(predictions((texts[0], texts[1])), verbatim).utterances()
        found = [measure(get_metric(name), utterances, verbatim, "en") for name in ("wer", "cer", "mer", "wil", "ser")]
        values = [None if one is None else one.value for one in found]
        shown = ["–" if value is None else f"{value:.4f}".rstrip("0").rstrip(".") for value in values]
        assert shown == stated, (reference, hypothesis)


def test_flags_are_as_stated(page: str) -> None:
    assert [cells[0] for cells in rows(page, "| flag | an output with |")] == list(FLAGS)


def test_lengths_and_rules_are_as_stated(page: str) -> None:
    *lengths, longest = LENGTHS
    assert f"({', '.join(lengths)}, {longest.removesuffix('+')} and more)" in page
    words = (
        "normalizer",
        "fillers",
        "possessives",
        "casual",
        "compound",
        "spelling",
        "names",
        "acronyms",
        "numbers",
        "pairs",
    )
    section = page[page.index("in the order in which a text meets them:") :]
    places = [re.search(word, section) for word in words]
    assert all(places)
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    rules = [rule for rule in MEANING if rule in words]
    assert rules == [word for word in words if word in rules]


def test_the_profiles_of_the_page_are_read(page: str, tmp_path: Path) -> None:
    text, words, arabic = re.findall(r"<!-- tested: profile -->\n```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "words.toml").write_text(words)
    stated = get_profile(str(tmp_path / "words.toml"))
    assert stated.normalize("Like, ACME Corp. all right: 5mg, you know", "en") == "acme okay 5 milligrams"
    (tmp_path / "arabic.toml").write_text(arabic)
    assert get_profile(str(tmp_path / "arabic.toml")).normalize("أَحمد", "ar") == "احمد"
    (tmp_path / "mine.toml").write_text(text)
    mine, base = get_profile(str(tmp_path / "mine.toml")), get_profile("leaderboard@2026-08")
    assert mine.name != base.name
    assert (mine.merge_compounds, mine.round_before_average) == (False, False)
    assert mine.normalize("the U.S.A. team", "en") != base.normalize("the U.S.A. team", "en")
    assert mine.normalize("John's e-mail", "en") == base.normalize("John's e-mail", "en")


def test_the_page_names_every_profile(page: str) -> None:
    assert all(f"| `{name}` |" in page for name in profile_names())


def test_the_page_names_every_rule_of_our_own_profile(page: str) -> None:
    section = page.split("### Languages that the leaderboard has no rules for")[1].split("\n## ", maxsplit=1)[0]
    assert [field.name for field in fields(UnicodeRules) if f"`{field.name}`" not in section] == []
