"""Texts with times: NIST stm and ctm, segment lists as meeteval writes them (SegLST), and subtitles (SRT, WebVTT).

Formats: SCTK's doc/infmts.htm; https://github.com/fgnt/meeteval; https://www.w3.org/TR/webvtt1/.
"""

import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from pathlib import Path

from benchmarks.sources.json_keys import loads
from benchmarks.sources.nist import ENCODED, alternatives, decode
from benchmarks.sources.seconds import in_order, seconds
from harness.errors import DataError

_IGNORED = "IGNORE_TIME_SEGMENT_IN_SCORING"
_STM = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+([\d.]+)\s+([\d.]+)(?:\s+<[^>]*>)?(?:\s+(.*))?")
_CUE = re.compile(r"(?:\d+:)?\d+:\d+[.,]\d+\s+-->")
_TIMES = re.compile(r"(?:(\d+):)?(\d+):(\d+)[.,](\d+)\s+-->\s+(?:(\d+):)?(\d+):(\d+)[.,](\d+)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_BLOCKS = frozenset({"NOTE", "STYLE", "REGION"})
"""Of WebVTT, which are not shown."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording and what is said in it."""

    recording: str
    """File and, where there are several, channel."""
    speaker: str
    begin: float
    """Seconds."""
    end: float
    """Seconds."""
    text: str
    ignored: bool = False
    """Whether it is not to be scored, whatever is said in it."""
    file: str = field(default="", compare=False)
    """The recording's own name, without a channel."""
    channel: str = field(default="", compare=False)
    """Of the file, as it is written: ``1``, ``A``; empty where none is stated."""


def read_stm(path: Path, content: str, *, reference: bool = False) -> list[Segment]:
    """The segments of an stm, in the order of the file.

    Alternatives and optional words mean something in a reference only.

    Raises:
        DataError: a line is none of an stm.
    """
    found: list[Segment] = []
    encoded = False
    for number, line in enumerate(content.split("\n"), start=1):
        if line.startswith(";;"):
            encoded = encoded or line.rstrip("\r") == ENCODED
            continue
        if not line.strip():
            continue
        match = _STM.fullmatch(line.rstrip())
        if match is None:
            raise DataError(f"{path}, line {number}: no line of an stm: file channel speaker begin end <label> words")
        recording, channel, speaker, begin, end, text = match.groups(default="")
        if encoded:
            recording, speaker, text = (decode(word, path, number) for word in (recording, speaker, text))
        elif reference:
            text = alternatives(text, path, number)
        start, stop = stretch(seconds_of(begin, path, number), seconds_of(end, path, number), f"{path}, line {number}")
        ignored = text.strip().upper() == _IGNORED
        found.append(
            Segment(_recording(recording, channel), speaker, start, stop, text.strip(), ignored, recording, channel)
        )
    return found


def read_ctm(path: Path, content: str) -> list[Segment]:
    """The words of a ctm, in the order of the file: file channel begin duration word [confidence].

    Raises:
        DataError: a line is none of a ctm, or holds alternatives.
    """
    found: list[Segment] = []
    for number, line in enumerate(content.split("\n"), start=1):
        if line.startswith(";;") or not line.strip():
            continue
        parts = line.split()
        if len(parts) not in {5, 6, 7}:
            raise DataError(f"{path}, line {number}: no line of a ctm: file channel begin duration word [confidence]")
        if "<ALT" in line.upper():
            raise DataError(f"{path}, line {number}: alternatives of a ctm cannot be scored; keep the likeliest")
        begin, length = (seconds_of(part, path, number) for part in parts[2:4])
        name = _recording(parts[0], parts[1])
        found.append(Segment(name, "", begin, begin + length, parts[4], file=parts[0], channel=parts[1]))
    return found


def read_seglst(path: Path, content: str) -> list[Segment]:
    """The segments of a SegLST.

    Raises:
        DataError: it is none.
    """
    try:
        items = loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, item 1: no segment with session_id and words, but no JSON: {error}") from None
    found: list[Segment] = []
    ends = 0
    for number, one in enumerate(items if isinstance(items, list) else [items], start=1):
        where = f"{path}, item {number}"
        try:
            found.append(_seglst_segment(one))
        except ValueError as error:
            raise DataError(f"{where}: no segment with session_id and words, and times if any: {error}") from None
        ends += "end_time" in one
        if 0 < ends < number:
            raise DataError(f"{where}: some segments have an end_time and some have none; give all of them times")
    return found


def _seglst_segment(one: object) -> Segment:
    """A segment; one that states no time has it at 0. Raises ValueError: it is none."""
    if not isinstance(one, dict) or not {"session_id", "words"} <= one.keys():
        raise ValueError("one of the two is missing")
    words, name = one["words"], one["session_id"]
    if not isinstance(words, str) or not isinstance(name, str | int):
        what = "words" if not isinstance(words, str) else "session_id"
        raise ValueError(f"{what} is {json.dumps(one[what])[:40]}, not text")
    begin = seconds(one.get("start_time", 0), "start_time")
    end = in_order(begin, seconds(one["end_time"], "end_time"))[1] if "end_time" in one else 0.0
    speaker, channel = (str(one[key]) if isinstance(one.get(key), int | str) else "" for key in ("speaker", "channel"))
    return Segment(str(name), speaker, begin, end, words, file=str(name), channel=channel)


def read_subtitles(content: str) -> str:
    """The words of an SRT or WebVTT file, without numbers, times, notes and tags."""
    return " ".join(filter(None, (text for _, _, text, _ in _cues(content))))


def read_cues(path: Path, content: str, name: str) -> list[Segment]:
    """The cues of an SRT or WebVTT file as segments of one recording; who speaks is what a voice tag says.

    Raises:
        DataError: the times of a cue are none.
    """
    found: list[Segment] = []
    for number, times, text, raw in _cues(content):
        match = _TIMES.match(times)
        if match is None:
            raise DataError(f"{path}, line {number}: {times[:60]!r} are no times of a cue")
        begin, end = stretch(_clock(*match.groups()[:4]), _clock(*match.groups()[4:]), f"{path}, line {number}")
        voices = set(_VOICE.findall(raw))
        found.append(Segment(name, voices.pop().strip() if len(voices) == 1 else "", begin, end, text, file=name))
    return found


def _clock(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return 3_600 * int(hours or 0) + 60 * int(minutes) + float(f"{seconds}.{fraction}")


def _cues(content: str) -> Iterator[tuple[int, str, str, str]]:
    """The line, the times and the words of each cue, and these with their tags.

    A cue goes from its times to the next ones, so that an empty cue, or a blank line inside of one, loses nothing.
    """
    vtt = content.startswith("WEBVTT")
    plain = html.unescape if vtt else str  # WebVTT writes & as &amp;, SRT has no such thing
    lines = [line.strip() for line in content.splitlines()]
    cues = [at for at, line in enumerate(lines) if _CUE.match(line)]
    for begin, following in zip(cues, [*cues[1:], len(lines) + 1][: len(cues)], strict=True):
        end = following - 1 if following > len(lines) or _names_a_cue(lines, following - 1) else following
        words: list[str] = []
        note = False
        for line in lines[begin + 1 : end]:
            note = bool(line) and (note or (line.split()[0] in _BLOCKS and vtt))
            words += [] if note else [plain(_TAG.sub("", line)).strip()]
        yield begin + 1, lines[begin], " ".join(filter(None, words)), " ".join(lines[begin + 1 : end])


def _names_a_cue(lines: Sequence[str], at: int) -> bool:
    """Whether the line before a cue's times is its number or name, and no words of the cue before."""
    return bool(lines[at]) and (lines[at].isdecimal() or at == 0 or not lines[at - 1])


def whole(segments: Iterable[Segment]) -> dict[str, str]:
    """The text of each recording, its segments in the order of their times; speakers are not told apart."""
    texts: dict[str, list[str]] = {}
    for one in sorted(segments, key=lambda one: one.begin):
        texts.setdefault(one.recording, []).append(one.text)
    return {name: " ".join(filter(None, parts)) for name, parts in texts.items()}


def names(segments: Sequence[Segment]) -> list[str]:
    """What each segment is called: its recording, with its times where that has several, at the worst its speaker."""
    if len({one.recording for one in segments}) == len(segments):
        return [one.recording for one in segments]
    timed = [f"{one.recording}_{one.begin:.2f}_{one.end:.2f}" for one in segments]
    if len(set(timed)) == len(timed):
        return timed
    return [f"{name}_{one.speaker}" for name, one in zip(timed, segments, strict=True)]


def spread(words: Iterable[Segment], segments: Sequence[Segment]) -> list[list[str]]:
    """The words that fall into each segment of the same recording, by their middle; else into the nearest one.

    Raises:
        DataError: a word is of a recording that has no segment.
    """
    every: dict[str, list[tuple[int, Segment]]] = {}
    for index, one in enumerate(segments):
        every.setdefault(one.recording, []).append((index, one))
    places = {recording: _Places(here) for recording, here in every.items()}
    found: list[list[str]] = [[] for _ in segments]
    for word in sorted(words, key=lambda word: word.begin):
        if word.recording not in places:
            raise DataError(f"{word.recording!r} of {word.text!r} has no segment in the reference")
        found[places[word.recording].nearest((word.begin + word.end) / 2)].append(word.text)
    return found


class _Places:
    """The segments of a recording by their begin: a call of hours has thousands of both, words and segments."""

    def __init__(self, segments: Sequence[tuple[int, Segment]]) -> None:
        self._order = sorted(segments, key=lambda one: one[1].begin)
        self._begins = [one.begin for _, one in self._order]
        ends = [(one.end, -index, place) for place, (index, one) in enumerate(self._order)]
        self._latest = [place for _, _, place in accumulate(ends, max)]
        """Of the segments up to each, the place of the one that ends last; of several, the first of the file."""

    def _end(self, place: int) -> float:
        return self._order[place][1].end

    def nearest(self, time: float) -> int:
        """The number of the segment around a time, or else the nearest one; of several, the first of the file."""
        after = bisect_right(self._begins, time)
        near = list(takewhile(lambda at: self._end(self._latest[at]) >= time, range(after - 1, -1, -1)))
        inside = [self._order[at][0] for at in near if self._end(at) >= time]
        if inside:
            return min(inside)
        edges = [self._latest[after - 1]] if after else []
        edges += [after] if after < len(self._order) else []
        return min((self._away(at, time), self._order[at][0]) for at in edges)[1]

    def _away(self, place: int, time: float) -> float:
        segment = self._order[place][1]
        return max(segment.begin - time, time - segment.end)


def _recording(name: str, channel: str) -> str:
    return name if channel in {"1", "A", "a"} else f"{name}_{channel}"


def seconds_of(text: str, path: Path, number: int) -> float:
    """The seconds that a column of a line states.

    Raises:
        DataError: they are no number, or negative.
    """
    try:
        return seconds(text, "a time")
    except ValueError:
        raise DataError(f"{path}, line {number}: {text[:40]!r} is no number of seconds") from None


def stretch(begin: float, end: float, where: str) -> tuple[float, float]:
    """Begin and end of a segment.

    Raises:
        DataError: it ends before it begins; the message begins with `where`.
    """
    try:
        return in_order(begin, end)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
