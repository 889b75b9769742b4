"""What the metrics of speakers take of what is counted, on random meetings with missing words and confused speakers."""

from __future__ import annotations

import random

import pytest

from harness.scoring.metrics import get_metric
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import ScoredUtterance, count_predictions
from harness.scoring.speakers_library import Diarized
from harness.scoring.speakers_sides import Sides
from harness.types import Turn
from tests.harness.scoring.made import predictions
from tests.harness.scoring.test_speakers import misattributed
from tests.harness.scoring.test_speakers_library import der_twin, needs_pyannote, segments, side

VERBATIM = get_profile("verbatim")
CASES = 100


def meetings(seed: int) -> tuple[list[ScoredUtterance], list[Sides]]:
    """Meetings as rows that state their turns, and as the twins take them."""
    chance = random.Random(seed)
    sides = [Sides(side(segments(chance, "AB", 7)), side(segments(chance, "xy", 7))) for _ in range(CASES)]

    def turns(at: int) -> list[tuple[Turn, ...]]:
        return [tuple(Turn(each[0], " ".join(each[1]), *each[2:]) for each in one[at].turns) for one in sides]

    texts = [[" ".join(word for each in found.turns for word in each.words) for found in one] for one in sides]
    pairs = [(said, written) for said, written in texts]
    one = predictions(*pairs, reference_turns=turns(0), turns=turns(1))
    return count_predictions(one, VERBATIM).utterances(), sides


def test_words_of_another_speaker_are_of_those_that_face_one() -> None:
    utterances, sides = meetings(1)
    found = get_metric("wder").count(utterances, VERBATIM, "en")
    assert found == [misattributed(*(each.labelled for each in one)) for one in sides]
    speakers = [[len({who for _, who in each.labelled}) for each in one] for one in sides]
    found = get_metric("speakers_miscounted").count(utterances, VERBATIM, "en")
    assert found == [(abs(said - written), said) for said, written in speakers]


@needs_pyannote
def test_each_part_of_der_is_its_own_and_der_is_all_of_them() -> None:
    utterances, sides = meetings(2)
    twins: list[Diarized] = [der_twin(one) for one in sides]
    assert all(sum(each[at] for each in twins) > 1 for at in range(4))
    parts = {
        "der": [each.missed + each.false_alarm + each.confused for each in twins],
        "der_missed": [each.missed for each in twins],
        "der_false_alarm": [each.false_alarm for each in twins],
        "der_confused": [each.confused for each in twins],
    }
    for name, seconds in parts.items():
        found = get_metric(name).count(utterances, VERBATIM, "en")
        assert isinstance(found, list)
        assert [one[0] for one in found] == pytest.approx(seconds, abs=1e-6), name
        assert [one[1] for one in found] == pytest.approx([each.speech for each in twins], abs=1e-6), name
