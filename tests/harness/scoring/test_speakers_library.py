"""tcpWER, ORC-WER, DI-cpWER and DER: meeteval's and pyannote's own counts, and slow twins written plainly."""

from __future__ import annotations

import itertools
import json
import logging
import random
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main
from harness.scoring.metrics import get_metric, measure
from harness.scoring.metrics.base import Noted, Parts
from harness.scoring.profile_files import get_profile
from harness.scoring.scored import count_predictions
from harness.scoring.speakers_library import Diarized, diarization, missing, orc_errors, tcp_errors
from harness.scoring.speakers_sides import Said, Side, Sides
from harness.scoring.transcripts import read_transcripts
from tests.harness.scoring.made import predictions

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scoring.scored import ScoredUtterance

needs_meeteval = pytest.mark.skipif(missing("meeteval") is not None, reason="meeteval is not installed")
needs_pyannote = pytest.mark.skipif(missing("pyannote.metrics") is not None, reason="pyannote.metrics is not installed")

VERBATIM = get_profile("verbatim")
Segments = list[dict[str, Any]]


def segments(chance: random.Random, names: str, most: int, session: str = "m") -> Segments:
    """Turns of random speakers at random times; a speaker's own do not overlap."""
    last = dict.fromkeys(names, 0.0)
    found = []
    for _ in range(chance.randrange(1, most)):
        who = chance.choice(names)
        begin = round(last[who] + chance.random() * 4, 2)
        last[who] = end = round(begin + 0.1 + chance.random() * 3, 2)
        words = " ".join(chance.choice("abcdef") for _ in range(chance.randrange(1, 5)))
        found.append({"session_id": session, "speaker": who, "words": words, "start_time": begin, "end_time": end})
    return found


def side(found: Segments) -> Side:
    turns = [
        Said(one["speaker"], tuple(one["words"].split()), one["start_time"], one["end_time"])
        for one in sorted(found, key=lambda one: one["start_time"])
    ]
    return Side(tuple(turns), stated=True, holds=True)


def distance(reference: list[str], hypothesis: list[str], fits: Any = lambda _one, _other: True) -> int:
    """Levenshtein's, cell by cell; only what fits may face each other."""
    row = list(range(len(hypothesis) + 1))
    for at, one in enumerate(reference):
        before, row = row, [row[0] + 1]
        for place, other in enumerate(hypothesis):
            diagonal = before[place] + (one != other) if fits(at, place) else 10**6
            row.append(min(before[place + 1] + 1, row[-1] + 1, diagonal))
    return row[-1]


def by_speaker(found: Side) -> dict[str, list[Said]]:
    held: dict[str, list[Said]] = {}
    for one in found.turns:
        held.setdefault(one.speaker, []).append(one)
    return held


def best(costs: list[list[int]]) -> int:
    """The cheapest assignment of rows to columns of a square table, of all of them."""
    return min(sum(costs[row][at] for row, at in enumerate(one)) for one in itertools.permutations(range(len(costs))))


def words_with_times(turns: list[Said], *, points: bool) -> tuple[list[str], list[tuple[float, float]]]:
    """A turn is divided by the letters of its words, of which the middle counts on one side."""
    words: list[str] = []
    times: list[tuple[float, float]] = []
    for one in turns:
        assert one.start is not None
        assert one.end is not None
        letters, at = sum(map(len, one.words)), 0
        for word in one.words:
            begin, end = (one.start + (one.end - one.start) * place / letters for place in (at, at + len(word)))
            at += len(word)
            words.append(word)
            times.append(((begin + end) / 2,) * 2 if points else (begin, end))
    return words, times


def tcp_twin(sides: Sides, collar: float) -> int:
    said, written = (list(by_speaker(one).values()) for one in sides)
    size = max(len(said), len(written))
    costs: list[list[int]] = []
    for own in [*said, *([[]] * (size - len(said)))]:
        costs.append([])
        for others in [*written, *([[]] * (size - len(written)))]:
            words, times = words_with_times(own, points=False)
            others_words, others_times = words_with_times(others, points=True)

            def fits(at: int, place: int, times: Any = times, others_times: Any = others_times) -> bool:
                (begin, end), (first, last) = times[at], others_times[place]
                return bool(first - collar <= end and begin <= last + collar)

            costs[-1].append(distance(words, others_words, fits))
    return best(costs)


def orc_twin(sides: Sides) -> int:
    streams = [[word for one in own for word in one.words] for own in by_speaker(sides.hypothesis).values()]
    found = []
    for chosen in itertools.product(range(len(streams)), repeat=len(sides.reference.turns)):
        own: list[list[str]] = [[] for _ in streams]
        for turn, at in zip(sides.reference.turns, chosen, strict=True):
            own[at] += turn.words
        found.append(sum(distance(one, other) for one, other in zip(own, streams, strict=True)))
    return min(found)


def der_twin(sides: Sides, collar: float = 0.0) -> Diarized:
    """Between two boundaries nothing changes: each such stretch counts by who speaks in it, for every assignment."""
    edges = sorted({edge for one in sides for turn in one.turns for edge in (turn.start, turn.end) if edge is not None})
    begun = {(turn.speaker, turn.start) for turn in sides.reference.turns}
    ended = {(turn.speaker, turn.end) for turn in sides.reference.turns}
    near = [edge for _, edge in begun ^ ended if edge is not None]  # where a speaker goes on there is no boundary
    edges = sorted({*edges, *(edge + by for edge in near for by in (-collar, collar))})
    stretches: list[tuple[float, set[str], set[str]]] = []
    for begin, end in itertools.pairwise(edges):
        middle = (begin + end) / 2
        if collar and any(abs(edge - middle) < collar for edge in near):
            continue
        here, there = (
            {turn.speaker for turn in one.turns if (turn.start or 0) < middle < (turn.end or 0)} for one in sides
        )
        stretches.append((end - begin, here, there))
    said, written = ({turn.speaker for turn in one.turns} for one in sides)
    names, others = sorted(said), [*sorted(written), *(f"nobody {at}" for at in range(len(said)))]
    right = max(
        sum(
            length * sum((one, other) in set(zip(names, chosen, strict=True)) for one in here for other in there)
            for length, here, there in stretches
        )
        for chosen in itertools.permutations(others, len(names))
    )
    speech = sum(length * len(here) for length, here, _ in stretches)
    missed = sum(length * max(0, len(here) - len(there)) for length, here, there in stretches)
    false_alarm = sum(length * max(0, len(there) - len(here)) for length, here, there in stretches)
    both = sum(length * min(len(here), len(there)) for length, here, there in stretches)
    return Diarized(speech, missed, false_alarm, both - right)


@needs_meeteval
def test_sessions_are_counted_as_slow_twins_count_them() -> None:
    chance = random.Random(8)
    for case in range(150):
        sides = Sides(
            side(segments(chance, "ABC"[: 1 + case % 3], 6)), side(segments(chance, "xyz"[: 1 + case % 3], 6))
        )
        collar = (0.5, 1.0, 2.5)[case % 3]
        assert tcp_errors(sides, collar) == tcp_twin(sides, collar), (case, sides)
        assert orc_errors(sides) == (orc_twin(sides), True), (case, sides)


@needs_pyannote
def test_seconds_are_those_of_a_slow_twin() -> None:
    chance = random.Random(9)
    for case in range(1000):
        sides = Sides(
            side(segments(chance, "ABC"[: 1 + case % 3], 7)), side(segments(chance, "xyz"[: 1 + case % 3], 7))
        )
        collar = 0.25 * (case % 2)
        assert tuple(diarization(sides, collar)) == pytest.approx(tuple(der_twin(sides, collar)), abs=1e-6), case


@needs_pyannote
def test_stretches_of_one_speaker_are_one_however_they_overlap() -> None:
    """A 0 to 4 with A 1 to 2 in it, and A from 4 on, are A from 0 to 5."""
    said = (Said("A", ("a",), 0.0, 4.0), Said("A", ("b",), 1.0, 2.0), Said("A", ("c",), 4.0, 5.0))
    whole = Side(said, stated=True, holds=True)
    part = Side((Said("x", ("a",), 0.0, 1.0),), stated=True, holds=True)
    assert tuple(diarization(Sides(whole, part))) == (5.0, 4.0, 0.0, 0.0)
    assert tuple(diarization(Sides(part, whole))) == (1.0, 0.0, 4.0, 0.0)


def counted(name: str, utterances: list[ScoredUtterance]) -> dict[str, Parts | None]:
    """What a metric counts of each session, by its name; none is left out."""
    found = get_metric(name).count(utterances, VERBATIM, "en")
    assert isinstance(found, list)
    return {one.row.id: parts for one, parts in zip(utterances, found, strict=True)}


@needs_meeteval
def test_a_thousand_sessions_from_files_are_meetevals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import meeteval.wer as theirs
    from meeteval.io.seglst import SegLST

    caplog.set_level(logging.ERROR)
    chance = random.Random(10)
    said: Segments = []
    written: Segments = []
    for case in range(1000):
        said += segments(chance, "ABC"[: 1 + case % 3], 6, f"m{case:04}")
        written += segments(chance, "xyz"[: 1 + case % 3], 6, f"m{case:04}")
    for name, found in (("said", said), ("written", written)):
        (tmp_path / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
    [system] = read_transcripts(tmp_path / "said.json", [tmp_path / "written.json"])
    utterances = count_predictions(system.benchmarks[0], VERBATIM).utterances()
    both = SegLST(said), SegLST(written)
    counts = {
        "cp_wer": theirs.cpwer(*both),
        "tcp_wer": theirs.tcpwer(*both, collar=5),
        "tcp_wer@0.5": theirs.tcpwer(*both, collar=0.5),
        "orc_wer": theirs.orcwer(*both),
        "di_cp_wer": theirs.greedy_dicpwer(*both),
    }
    for name, expected in counts.items():
        own = counted(name, utterances)
        assert own == {key: (one.errors, one.length) for key, one in expected.items()}, name
    more = {key: one.errors - counts["orc_wer"][key].errors for key, one in counts["cp_wer"].items()}
    assert counted("attribution_errors", utterances) == {
        key: (more[key], one.length) for key, one in counts["cp_wer"].items()
    }


@needs_meeteval
def test_a_segment_at_the_very_beginning_has_a_time_and_files_without_times_have_none(tmp_path: Path) -> None:
    """meeteval's own example begins with a segment from 0 to 0."""
    said = [
        {"session_id": "m", "speaker": "A", "words": "a b", "start_time": "0", "end_time": "0"},
        {"session_id": "m", "speaker": "B", "words": "c", "start_time": "1", "end_time": "2"},
    ]
    for name, found in (("timed", said), ("plain", [one | {"start_time": 0, "end_time": 0} for one in said])):
        (tmp_path / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
        [system] = read_transcripts(tmp_path / f"{name}.json", [tmp_path / f"{name}.json"])
        utterances = count_predictions(system.benchmarks[0], VERBATIM).utterances()
        tcp, cp = (measure(get_metric(metric), utterances, VERBATIM, "en") for metric in ("tcp_wer", "cp_wer"))
        assert tcp is not None
        assert cp is not None
        assert (tcp.count, tcp.of) == ((0, 3) if name == "timed" else (None, None))
        assert (cp.count, cp.of) == (0, 3)


def test_a_meeting_counted_by_hand() -> None:
    """Two speakers, of whom the second says the last turn; the system gives it to the first, and is 2 s late there."""
    one = predictions(
        ("a b c d e f", "a b c d e x"),
        reference_turns=[(turn("A", "a b", 0, 2), turn("B", "c d", 2, 4), turn("B", "e f", 8, 10))],
        turns=[(turn("1", "a b", 0, 2), turn("2", "c d", 2, 4), turn("1", "e x", 10, 12))],
    )
    utterances = count_predictions(one, VERBATIM).utterances()
    expected = {
        "cp_wer": (4, 6),  # two inserted for A, two missing for B
        "orc_wer": (1, 6),
        "attribution_errors": (3, 6),
        "di_cp_wer": (1, 6),
        "tcp_wer": (4, 6),
        "tcp_wer@0.1": (4, 6),
        "wder": (2, 6),
        "speakers_miscounted": (0, 2),
        "der": (4, 6),  # 8 to 10 is missed, 10 to 12 is nobody's
        "der_missed": (2, 6),
        "der_false_alarm": (2, 6),
        "der_confused": (0, 6),
        "der@0.25": (
            3.25,
            4.5,
        ),  # missed from 8.25 to 9.75, made up from 10.25 to 12; of three turns half a second each is left
    }
    for name, parts in expected.items():
        metric = get_metric(name)
        if missing("pyannote.metrics" if name.startswith("der") else "meeteval"):
            continue
        found = measure(metric, utterances, VERBATIM, "en")
        assert found is not None
        assert (found.count, found.of) == pytest.approx(parts), name


def turn(speaker: str, text: str, start: float | None, end: float | None) -> Any:
    from harness.types import Turn

    return Turn(speaker, text, start, end)


def test_what_is_not_known_is_said() -> None:
    who = "reference and hypothesis do not both say who speaks"
    named = [(turn("A", "a b", None, None),)]
    cases: list[tuple[dict[str, Any], dict[str, str | None]]] = [
        ({}, {"cp_wer": who, "der": f"{who} when", "orc_wer": "the reference is not in turns"}),
        ({"reference_turns": named, "turns": named}, {"cp_wer": None, "tcp_wer": f"{who} when", "der": f"{who} when"}),
        ({"reference_turns": named, "turns": [(turn("", "a b", 0, 1),)]}, {"cp_wer": who, "orc_wer": None}),
    ]
    for columns, reasons in cases:
        one = predictions(("a b", "a b"), **columns)
        utterances = count_predictions(one, VERBATIM).utterances()
        for name, reason in reasons.items():
            found = measure(get_metric(name), utterances, VERBATIM, "en")
            assert found is not None
            assert found.reason is None if reason is None else str(found.reason).startswith(reason), name


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    turns = [(turn("A", "a b", 0, 1),)]
    utterances = count_predictions(
        predictions(("a b", "a b"), reference_turns=turns, turns=turns), VERBATIM
    ).utterances()
    for name, library in (("tcp_wer", "meeteval"), ("der", "pyannote.metrics")):
        found = measure(get_metric(name), utterances, VERBATIM, "en")
        assert found is not None
        assert found.reason == f"{library} is not installed: pip install 'asr-harness[speakers]'"


def test_what_is_left_out_is_said_and_an_empty_transcript_counts() -> None:
    said = [(turn("A", "a b", 0, 1),), (turn("A", "a b", 0, 1),), (turn("A", "a b", 0, 1),)]
    one = predictions(("a b", "a b"), ("a b", ""), ("a b", "a b"), reference_turns=said, turns=[said[0], None, None])
    utterances = count_predictions(one, VERBATIM).utterances()
    found = get_metric("cp_wer").count(utterances, VERBATIM, "en")
    assert isinstance(found, Noted)
    assert list(found.parts) == [(0, 2), (2, 2), None]
    assert found.note == ("1 of 3 utterances left out: reference and hypothesis do not both say who speaks")


@needs_meeteval
def test_long_sessions_are_searched_greedily_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.scoring.speakers_library.MOST_STATES", 5)
    said = [(turn("A", "a b", 0, 1), turn("B", "c d", 1, 2))]
    one = predictions(("a b c d", "a b c d"), reference_turns=said, turns=said)
    found = measure(get_metric("orc_wer"), count_predictions(one, VERBATIM).utterances(), VERBATIM, "en")
    assert found is not None
    assert (found.value, found.note) == (
        0.0,
        "1 of 1 session too long to try every assignment of turns: searched greedily",
    )


STM = """{0} 1 A 0.00 2.00 a b
{0} 1 B 1.50 4.00 c d
{0} 1 A 5.00 6.00 e
"""


@needs_meeteval
@needs_pyannote
def test_stm_and_rttm_with_ctm_to_table_page_comparison_and_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"S{at:02}" for at in range(6)]
    (tmp_path / "said.stm").write_text("".join(map(STM.format, names)), encoding="utf-8")
    words = [("a", 0.2), ("b", 1.1), ("c", 2.0), ("d", 3.0), ("x", 5.2)]
    for system, late in (("good", 0.0), ("late", 3.0)):
        ctm = [f"{name} 1 {start + late:.2f} 0.5 {word}" for name in names for word, start in words]
        rttm = [
            f"SPEAKER {name} 1 {begin + late:.2f} {length} <NA> <NA> {who} <NA> <NA>"
            for name in names
            for begin, length, who in ((0, 1.8, "one"), (1.9, 2, "two"), (5, 1, "one"))
        ]
        (tmp_path / f"{system}.ctm").write_text("\n".join(ctm), encoding="utf-8")
        (tmp_path / f"{system}.rttm").write_text("\n".join(rttm), encoding="utf-8")
    asked = ["cp_wer", "tcp_wer", "tcp_wer@1", "orc_wer", "attribution_errors", "di_cp_wer", "wder", "der"]
    metrics = [part for name in asked for part in ("--metric", name)]
    given = ["--reference", str(tmp_path / "said.stm"), "--format", "meetings", "--profile", "verbatim"]
    systems = [str(tmp_path / f"{name}.ctm") for name in ("good", "late")]
    assert main(["score", *systems, *given, *metrics, "--json"]) == 0
    out = capsys.readouterr()
    assert "good.ctm: who speaks is taken from good.rttm" in out.err
    good, late = (one["benchmarks"][0]["metrics"] for one in json.loads(out.out))
    wrong, right = 1 / 5, 0.0
    assert [good[name]["value"] for name in asked] == pytest.approx([wrong] * 4 + [0.0, wrong, right, 0.7 / 5.5])
    assert [late[name]["value"] for name in asked[:3]] == pytest.approx(
        [wrong, wrong, 7 / 5]
    )  # three substitutions of words that are not theirs
    assert good["tcp_wer"]["interval"]["sessions"] == 6
    assert main(["score", *systems, *given, *metrics]) == 0
    assert "said tcpWER, said tcpWER," in " ".join(capsys.readouterr().out.split())
    assert main(["compare", *systems, *given, *metrics, "--json"]) == 0
    blocks = {one["metric"]: one for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert blocks["tcp_wer@1"]["pairs"][0]["difference"]["value"] == pytest.approx(-6 / 5)
    assert main(["report", *systems, *given, *metrics, "--out", str(tmp_path / "out")]) == 0
    assert "tcpWER, collar 1 s" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "policy.toml").write_text('[wer]\ntier = "informative"\n[metrics."tcp_wer@1"]\nmargin = 1.0\n')
    capsys.readouterr()
    policy = ["--policy", str(tmp_path / "policy.toml"), "--json"]
    assert main(["gate", systems[1], "--baseline", systems[0], *given, *policy]) == 1
    findings = {one["subject"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["said: tcpWER, collar 1 s"] == "FAIL"


@needs_meeteval
def test_a_hypothesis_in_one_piece_has_an_orc_wer() -> None:
    """All turns belong to its one stream, in the order of the reference; where one has no turns, that is said."""
    turns = (turn("A", "a b", None, None), turn("B", "c", None, None))
    one = predictions(("a b c", "a x c d"), ("e", "e"), reference_turns=[turns, None])
    found = measure(get_metric("orc_wer"), count_predictions(one, VERBATIM).utterances(), VERBATIM, "en")
    assert found is not None
    assert (found.count, found.of) == (2, 3)
    assert found.note == (
        "1 of 2 utterances left out: the reference is not in turns, or the hypothesis has more than 10 speakers"
    )
