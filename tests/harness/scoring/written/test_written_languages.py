"""Real sentences of many languages, against themselves and against what is left without marks and capitals."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from harness.scoring.metrics import get_metric, measure
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import default_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("ar", "ca", "cy", "en", "et", "fa", "fr", "id", "it", "ja", "lv", "mn", "nl", "ru", "sl", "ta", "tr", "zh")
NAMES = ("punctuation_error_rate", "punctuation_f1", "capitalization_error_rate", "numbers_as_written", "formatted_wer")
INSIDE = "'’-"


def bare(text: str) -> str:
    """Without capitals, and without punctuation but for what stands inside of words."""
    kept = (letter for letter in text.lower() if not unicodedata.category(letter).startswith("P") or letter in INSIDE)
    return "".join(kept)


@pytest.fixture(scope="module")
def sentences(shared: Path) -> dict[str, list[str]]:
    path = shared / "corpora" / "common_voice" / "manifest.jsonl"
    if not path.is_file():
        pytest.skip(f"no corpora at {path}")
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["language"].split("-")[0], []).append(row["text"])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_written_as_itself_and_bare_as_nothing(language: str, sentences: dict[str, list[str]]) -> None:
    texts = sentences.get(language, [])
    if not texts:
        pytest.skip(f"no sentences in {language}")
    profile = get_profile(default_profile([language]))

    def counts(hypotheses: list[str]) -> dict[str, tuple[float | None, float | None]]:
        one = predictions(*zip(texts, hypotheses, strict=True), language=language)
        utterances = count_predictions(one, profile).utterances()
        found = {name: measure(get_metric(name), utterances, profile, language) for name in NAMES}
        return {name: (value.count, value.of) for name, value in found.items() if value and value.value is not None}

    same, stripped = counts(texts), counts([bare(text) for text in texts])
    marks = same["punctuation_f1"][1] or 0
    assert marks > len(texts) / 4
    expected = {"punctuation_error_rate": (0, marks), "punctuation_f1": (marks, marks)}
    assert {name: same[name] for name in expected} == expected
    expected = {"punctuation_error_rate": (marks, marks), "punctuation_f1": (0, marks / 2)}
    assert {name: stripped[name] for name in expected} == expected
    assert (same["formatted_wer"][0] or 0) == 0 < (stripped["formatted_wer"][0] or 0)
    if "capitalization_error_rate" in same:
        capitals = sum(part != part.lower() for text in texts for part in text.replace("-", "- ").split())
        (errors, words), (more, compared) = (each["capitalization_error_rate"] for each in (same, stripped))
        assert [errors, compared] == [0, words]
        assert more in range(1, capitals + 1)
    else:
        assert language in {"ar", "fa", "ja", "ta", "zh"}
