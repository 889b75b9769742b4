"""Metrics on a thousand random utterances each: jiwer's counts, plain loops, or what texts were made of."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import jiwer
import pytest

from harness.reporting.hallucination import hallucination_table
from harness.scoring.metrics import get_metric
from harness.scoring.metrics.base import Noted
from harness.scoring.profile_files import get_profile
from harness.scoring.rollover import rolls_over, unwrapped
from harness.scoring.scored import count_predictions
from harness.types import Word
from tests.harness.scoring.made import predictions
from tests.harness.scoring.test_loops import slow
from tests.harness.scoring.test_mixed import by_hand
from tests.harness.scoring.written.test_nemo import restated
from tests.harness.scoring.written.test_written import made
from tests.harness.scoring.written.test_written import twin as marks_twin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.scoring.metrics.base import Parts
    from harness.scoring.predictions import Predictions
    from harness.scoring.profiles import Profile

VERBATIM, AUGUST, UNICODE = map(get_profile, ("verbatim", "leaderboard@2026-08", "unicode@2026-11"))
CASES = 1000


def counted(name: str, one: Predictions, profile: Profile = VERBATIM) -> list[Parts | None]:
    """What a metric counts of each utterance."""
    metric = get_metric(name)
    utterances = count_predictions(one, profile).utterances(dropped=metric.dropped)
    found = metric.count(utterances, profile, one.language)
    assert found is not None
    parts = found.parts if isinstance(found, Noted) else found
    assert isinstance(parts, list)
    return parts


def distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Levenshtein's, cell by cell."""
    row = list(range(len(hypothesis) + 1))
    for one in reference:
        before, row = row, [row[0] + 1]
        for place, other in enumerate(hypothesis):
            row.append(min(before[place + 1] + 1, row[-1] + 1, before[place] + (one != other)))
    return row[-1]


def test_rates_of_errors_are_jiwers() -> None:
    chance = random.Random(1)
    texts = [[" ".join(chance.choices(["ab", "cd", "e"], k=chance.randrange(9))) for _ in "rh"] for _ in range(CASES)]
    pairs = [(said or "e", written) for said, written in texts]
    one = predictions(*pairs)
    theirs = [jiwer.process_words(*pair) for pair in pairs]
    letters = [jiwer.process_characters(*pair) for pair in pairs]
    errors = [each.substitutions + each.deletions + each.insertions for each in theirs]
    words = [len(said.split()) for said, _ in pairs]
    assert errors == [distance(said.split(), written.split()) for said, written in pairs]
    expected: dict[str, list[Any]] = {
        "wer": list(zip(errors, words, strict=True)),
        "mer": [(wrong, wrong + each.hits) for wrong, each in zip(errors, theirs, strict=True)],
        "ser": [(wrong > 0, 1) for wrong in errors],
        "wil": [(each.hits, of, len(pair[1].split())) for each, of, pair in zip(theirs, words, pairs, strict=True)],
        "cer": [
            (each.substitutions + each.deletions + each.insertions, len(pair[0]))
            for each, pair in zip(letters, pairs, strict=True)
        ],
    }
    for name, parts in expected.items():
        assert counted(name, one) == parts, name


def test_errors_of_drafts_and_of_formatted_texts_are_levenshteins() -> None:
    chance = random.Random(2)
    words = ["So", "so", "so,", "he", "He", "he.", "left?", "left", "Zoë!", "zoe"]
    texts = [[" ".join(chance.choices(words, k=chance.randrange(10))) for _ in "rhd"] for _ in range(CASES)]
    one = predictions(*((said, written) for said, written, _ in texts), draft=[draft for *_, draft in texts])
    expected = [(distance(said.split(), written.split()), len(said.split())) for said, written, _ in texts]
    assert counted("formatted_wer", one) == expected
    said_words = [said for said, *_ in texts if said]
    one = predictions(*((said, "") for said in said_words), draft=[draft for said, _, draft in texts if said])
    plain = [[text.split() for text in (said, draft)] for said, _, draft in texts if said]
    assert counted("draft_wer", one) == [(distance(*pair), len(pair[0])) for pair in plain]


def test_errors_of_mixed_scripts_are_levenshteins() -> None:
    chance = random.Random(3)
    pairs = [["".join(chance.choices("我们去 ab ", k=chance.randrange(1, 16))) for _ in "rh"] for _ in range(CASES)]
    longer = [(f"我{said}", written) for said, written in pairs]
    units = [[by_hand(text) for text in pair] for pair in longer]
    expected = [(distance(*pair), len(pair[0])) for pair in units]
    assert counted("mixed", predictions(*longer, language="zh"), UNICODE) == expected


# what is written where nothing is said


def clips(seed: int, *, silent: bool) -> list[tuple[list[str], list[str], list[str], float]]:
    """What is said, what is inserted into it, what after it, and the seconds that it takes."""
    chance = random.Random(seed)
    found = []
    for _ in range(CASES):
        said = [] if silent else [f"w{at}" for at in range(chance.randrange(1, 5))]
        within, after = (chance.choices("xy", k=chance.choice((0, 1, 3, 12))) for _ in range(2))
        found.append((said, within, after, round(chance.uniform(0.5, 60), 2)))
    return found


@pytest.mark.parametrize("silent", [True, False])
def test_inserted_words_a_minute_are_those_of_plain_loops(silent: bool) -> None:
    """No inserted word is one of the reference's, so that there is one way to align them."""
    heard = clips(4, silent=silent)
    texts = [[*said[:1], *within, *said[1:], *after] for said, within, after, _ in heard]
    rows = [(" ".join(one[0]), " ".join(text)) for one, text in zip(heard, texts, strict=True)]
    one = predictions(*rows, duration=[seconds for *_, seconds in heard])
    minutes = [seconds / 60 for *_, seconds in heard]
    loops, endings = [], []
    for (said, *_), words in zip(heard, texts, strict=True):
        again = slow(words)
        loops.append(sum(again))
        last = max((at for at, word in enumerate(words) if word in said), default=len(words))
        endings.append(sum(not again[at] for at in range(last + 1, len(words))))
    assert counted("looped", one) == list(zip(loops, minutes, strict=True))
    if silent:
        expected = [(len(words), each) for words, each in zip(texts, minutes, strict=True)]
        assert counted("inserted_on_silence", one) == expected
    else:
        assert counted("invented_ending", one) == list(zip(endings, minutes, strict=True))


def test_the_table_of_silence_has_the_share_of_clips_with_words() -> None:
    heard = clips(5, silent=True)
    texts = [" ".join([*within, *after]) for _, within, after, _ in heard]
    sounds = ["hum" if at % 3 else "tone" for at in range(CASES)]
    one = predictions(
        *(("", text) for text in texts),
        duration=[seconds for *_, seconds in heard],
        tags=[{"sound": sound} for sound in sounds],
    )
    table = hallucination_table(["m"], [[count_predictions(one, VERBATIM)]])
    assert table is not None
    for row, kind in zip(table.rows, ("all", "hum", "tone"), strict=True):
        cells = {column.key: cell.value for column, cell in zip(table.columns, row, strict=True)}
        own = [at for at in range(CASES) if kind in {"all", sounds[at]}]
        minutes = sum(heard[at][3] for at in own) / 60
        once = Counter(
            " ".join(word for word, again in zip(texts[at].split(), slow(texts[at].split()), strict=True) if not again)
            for at in own
            if texts[at]
        )
        assert (cells["sound"], cells["clips"]) == (kind, len(own))
        assert cells["wrote"] == sum(bool(texts[at]) for at in own) / len(own)
        assert cells["inserted"] == pytest.approx(sum(len(texts[at].split()) for at in own) / minutes, rel=1e-12)
        assert cells["looped"] == pytest.approx(sum(sum(slow(texts[at].split())) for at in own) / minutes, rel=1e-12)
        assert cells["phrase"] == min(phrase for phrase in once if once[phrase] == max(once.values()))


# numbers and names

SPOKEN = {"20": "twenty", "21": "twenty one", "7": "seven", "3000": "three thousand", "500": "five hundred"}
GROUPED = {"3000": "3,000"}
PLACES = ("Berlin", "Paris", "Madrid", "Oslo")


@pytest.mark.parametrize("profile", [AUGUST, VERBATIM], ids=lambda profile: profile.name)
def test_numbers_are_what_was_made_of_them(profile: Profile) -> None:
    chance = random.Random(6)
    pairs, expected = [], []
    for _ in range(CASES):
        said, written, found = ["so"], ["so"], Counter[str]()
        for at in range(chance.randrange(5)):
            number = chance.choice(list(SPOKEN))
            kinds = ("as written", "spelled out", "wrong", "missing", *(["other form"] if number in GROUPED else []))
            kind = chance.choice(kinds)
            kept = {"as written": number, "spelled out": SPOKEN[number], "wrong": "44", "missing": ""}
            after = f"w{chr(97 + at)}", f"v{chr(97 + at)}"  # two, so that nothing else is as near
            said += [number, *after]
            written += [*kept.get(kind, GROUPED.get(number, "")).split(), *after]
            found["wrong" if kind == "missing" else kind] += 1
        pairs.append((" ".join(said), " ".join(written)))
        expected.append(found)
    one = predictions(*pairs)
    for kind in ("as written", "spelled out", "wrong"):
        assert counted(f"numbers_{kind.replace(' ', '_')}", one, profile) == [
            (found[kind], found.total()) for found in expected
        ], kind


def test_missed_numbers_and_names_are_those_that_were_taken_out() -> None:
    chance = random.Random(7)
    pairs: list[tuple[str, str]] = []
    numbers: list[tuple[int, int]] = []
    names: list[tuple[int, int]] = []
    for _ in range(CASES):
        said, written = ["so"], ["so"]
        told = {"number": [0, 0], "name": [0, 0]}
        for at in range(chance.randrange(8)):
            kind = chance.choice(("number", "name", "other", "other"))
            word = {"number": chance.choice(list(SPOKEN)), "name": chance.choice(PLACES)}.get(kind, "then")
            lost = chance.random() < 0.3
            said += [word, f"w{chr(97 + at)}"]
            written += [*([] if lost else [word.lower()]), f"w{chr(97 + at)}"]
            if kind in told:
                told[kind][0] += lost
                told[kind][1] += 1
        pairs.append((" ".join(said), " ".join(written)))
        numbers.append((told["number"][0], told["number"][1]))
        names.append((told["name"][0], told["name"][1]))
    one = predictions(*pairs)
    assert counted("missed_numbers", one, UNICODE) == numbers
    assert counted("missed_names", one, UNICODE) == names


# times


def test_times_modulo_ten_seconds_are_unwrapped_to_what_they_were() -> None:
    """Pauses of up to 4 s, words that overlap by up to 0.9 s, in hundredths of a second."""
    chance = random.Random(8)
    rolled = 0
    for _ in range(CASES):
        true: list[tuple[int, int]] = []
        last = chance.randrange(400)
        for _ in range(chance.randrange(1, 25)):
            start = max(true[-1][0] if true else 0, last + chance.choice((0, 7, 400, -90)))
            last = start + chance.randrange(1, 100)
            true.append((start, last))
        words = [Word("w", start % 1000 / 100, end % 1000 / 100) for start, end in true]
        over = max(end for _, end in true) >= 1000
        assert rolls_over(words) == over, true
        if over:
            found = [(round(100 * one.start), round(100 * one.end)) for one in unwrapped(words)]
            assert found == true
        rolled += over
    assert 300 < rolled < 900


# marks


def test_marks_of_each_kind_and_of_nemo_are_those_of_twins() -> None:
    chance = random.Random(9)
    pairs = [(made(chance), made(chance, least=0)) for _ in range(CASES)]
    one = predictions(*((said.text, written.text) for said, written in pairs))
    tallies = [marks_twin(*pair)[0] for pair in pairs]
    for kind, mark in (("period", "."), ("comma", ","), ("question", "?"), ("exclamation", "!")):
        expected = []
        for found in tallies:
            right = found.right[mark]
            said = right + found.left_out[mark] + sum(n for (own, _), n in found.taken.items() if own == mark)
            written = right + found.added[mark] + sum(n for (_, other), n in found.taken.items() if other == mark)
            expected.append((right, (said + written) / 2))
        assert counted(f"{kind}_f1", one) == expected, kind
    nemo = [restated(said.text, written.text, ".,?") for said, written in pairs]
    errors = [sum(each[name].total() for name in ("deleted", "inserted", "substituted")) for each in nemo]
    assert counted("punctuation_error_rate_nemo", one) == [
        (wrong, wrong + each["correct"].total()) for wrong, each in zip(errors, nemo, strict=True)
    ]


def test_a_semicolon_asks_in_greek_alone() -> None:
    greek = predictions(("Ποιος; Εγώ.", "Ποιος; Εγώ;"), language="el")
    assert counted("question_f1", greek, UNICODE) == [(1, 1.5)]
    english = predictions(("Who; I.", "Who; I;"))
    assert counted("question_f1", english, UNICODE) == [(0, 0)]
