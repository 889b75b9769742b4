"""The table of what is written where nothing is said: words, loops and clips counted by hand."""

from __future__ import annotations

from harness.reporting.hallucination import hallucination_table
from harness.scoring.intervals import wer_interval
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from tests.harness.scoring.made import predictions

RULES = get_profile("leaderboard@2026-08")
HEARD = ["thank you", "thank you", "bye", "bye", "you you you you", "", "", "", "", ""]
"""Ten words in five of ten clips of half a minute; of one loop the first word is not counted as looped."""
SOUNDS = ["rain"] * 4 + ["wind"] * 6


def rows(seconds: list[float | None]) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    part = predictions(
        *(("", text) for text in HEARD), name="noise", ours=True, duration=seconds,
        session=[f"s{at % 5}" for at in range(10)], tags=[{"sound": sound} for sound in SOUNDS],
    )  # fmt: skip
    said = predictions(("red blue", "red blue"), name="read", ours=True)
    found = hallucination_table(["m"], [[count_predictions(one, RULES) for one in (part, said)]])
    assert found is not None
    keys = [column.key for column in found.columns]
    return [dict(zip(keys, (cell.value for cell in row), strict=True)) for row in found.rows], found.notes


def test_words_a_minute_clips_and_loops_of_all_and_of_each_sound() -> None:
    found, notes = rows([30.0] * 10)
    assert found == [
        {
            "model": "m", "benchmark": "noise", "sound": sound, "clips": clips, "minutes": clips / 2, "inserted": words,
            "looped": looped, "wrote": wrote, "phrase": phrase,
        }
        for sound, clips, words, looped, wrote, phrase in (
            ("all", 10, 10 / 5, 3 / 5, 0.5, "bye"),
            ("rain", 4, 6 / 2, 0.0, 1.0, "bye"),
            ("wind", 6, 4 / 3, 1.0, 1 / 6, "you"),
        )
    ]  # fmt: skip
    assert notes == ("Most often on noise m writes, with the number of clips: 'bye' (2); 'thank you' (2); 'you' (1).",)


def test_without_the_length_of_every_clip_there_is_nothing_a_minute() -> None:
    found, _ = rows([None, *[30.0] * 9])
    everything, rain, wind = found
    for part in (everything, rain):
        assert (part["minutes"], part["inserted"], part["looped"]) == (None, None, None)
    assert everything["wrote"] == 0.5
    assert wind["minutes"] == 3.0


def test_where_something_is_said_there_is_no_table() -> None:
    one = count_predictions(predictions(("red blue", "red blue")), RULES)
    assert hallucination_table(["m"], [[one]]) is None


def test_no_share_of_clips_is_more_than_all_of_them() -> None:
    """Eight of ten clips have words, and one session of five has none: the interval would go on beyond 100 %."""
    texts = [("", "you")] * 8 + [("", "")] * 2
    sessions = [f"s{at // 2}" for at in range(10)]
    part = predictions(*texts, name="noise", ours=True, duration=[30.0] * 10, session=sessions)
    beyond = wer_interval([1] * 8 + [0] * 2, [1] * 10, sessions)
    assert beyond is not None
    assert beyond.high > 1.2
    found = hallucination_table(["m"], [[count_predictions(part, RULES)]])
    assert found is not None
    cells = dict(zip([column.key for column in found.columns], found.rows[0], strict=True))
    assert (cells["wrote"].value, cells["wrote"].high) == (0.8, 1.0)
    assert (cells["inserted"].high or 0) > 1.2, "words a minute are no part of anything"
