"""Files of whole recordings, with who says what and when: CTM, SegLST, RTTM, TextGrid, EAF, recognizers' JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.own.tiers import choose_tiers
from benchmarks.sources import timed
from benchmarks.sources.json_keys import loads
from benchmarks.sources.rttm import read_rttm
from benchmarks.sources.text_files import read_content
from benchmarks.sources.tiers import Tier, read_eaf, read_textgrid
from benchmarks.sources.timed import Segment
from harness.amounts import amount
from harness.errors import DataError
from harness.scoring.forms import Form, stem
from harness.scoring.rollover import rolls_over, unwrapped
from harness.scoring.speakers_sides import turns_of
from harness.scoring.timed_rows import recognizer_text
from harness.types import Turn, Word

RECORDED: frozenset[Form] = frozenset({"ctm", "seglst", "rttm", "textgrid", "eaf", "recognizer"})
"""Forms in which a recording is an utterance."""
WORD_TIERS = ("words", "word", "wrd", "ort-mau")
"""What tiers of words are called, here and behind a speaker and a dash."""

Say = Callable[[str], None]


class Recorded(NamedTuple):
    """The recordings of a file."""

    texts: dict[str, str]
    segments: tuple[Segment, ...]
    turns: dict[str, tuple[Turn, ...]]
    words: dict[str, tuple[Word, ...]]


def turn_of(one: Segment, *, known: bool = True) -> Turn:
    """A segment, with its times where they are known."""
    return Turn(one.speaker, one.text, one.begin if known else None, one.end if known else None)


def turns_by_recording(segments: Iterable[Segment]) -> dict[str, tuple[Turn, ...]]:
    """The turns of each recording in the order of their times; a file that states none has them at 0 throughout."""
    found: dict[str, list[Turn]] = {}
    ordered = sorted(segments, key=lambda one: one.begin)
    known = any(one.end > 0 for one in ordered)
    for one in ordered:
        found.setdefault(one.recording, []).append(turn_of(one, known=known))
    return {name: tuple(turns) for name, turns in found.items()}


def merged(segments: Sequence[Segment]) -> Recorded:
    """Segments of recordings as the recordings, without those that are not to be scored; channels are one recording."""
    kept = [replace(one, recording=one.file or one.recording) for one in segments if not one.ignored]
    return Recorded(timed.whole(kept), tuple(kept), turns_by_recording(kept), {})


def together(segments: Sequence[Segment], words: dict[str, tuple[Word, ...]]) -> Recorded:
    """Words of a ctm by file: of one with several channels each is a speaker."""
    found: dict[str, dict[str, str]] = {}
    for one in segments:
        found.setdefault(one.file, {})[one.recording] = one.channel
    every: dict[str, tuple[Word, ...]] = {}
    turns: dict[str, tuple[Turn, ...]] = {}
    for file, channels in found.items():
        spoken = [(word, channel) for name, channel in channels.items() for word in words[name]]
        spoken.sort(key=lambda pair: pair[0].start)
        every[file] = tuple(word for word, _ in spoken)
        if len(channels) > 1:
            turns[file] = turns_of("", None, [channel for _, channel in spoken], every[file]) or ()
    texts = {file: " ".join(word.text for word in own) for file, own in every.items()}
    return Recorded(texts, tuple(segments), turns, every)


def read_recorded(path: Path, content: str, form: Form, say: Say) -> Recorded:
    """A file of recordings.

    Raises:
        DataError: it is not what its form says.
    """
    if form == "ctm":
        return _of_words(timed.read_ctm(path, content), path, say)
    if form in {"seglst", "rttm"}:
        return merged(timed.read_seglst(path, content) if form == "seglst" else read_rttm(path, content))
    if form == "recognizer":
        return _of_recognizer(path, content, say)
    return _of_tiers(path, read_eaf(path) if form == "eaf" else read_textgrid(path), say)


def _of_words(listed: Sequence[Segment], path: Path, say: Say) -> Recorded:
    """Words in the order of the file, whose times may begin again at 0."""
    by_recording: dict[str, list[Segment]] = {}
    for one in listed:
        by_recording.setdefault(one.recording, []).append(one)
    words: dict[str, tuple[Word, ...]] = {}
    rolled: list[str] = []
    for name, own in by_recording.items():
        timed_words = tuple(Word(one.text, one.begin, one.end) for one in own)
        if rolls_over(timed_words):
            rolled.append(name)
            timed_words = unwrapped(timed_words)
        words[name] = tuple(sorted(timed_words, key=lambda word: word.start))
    if rolled:
        those = rolled[0] if len(rolled) == 1 else f"{len(rolled)} recordings ({rolled[0]}, ...)"
        say(f"{path.name}: times of {those} begin again every 10 s; unwrapped")
    segments = [
        Segment(name, "", word.start, word.end, word.text, file=first.file, channel=first.channel)
        for name, own in words.items()
        for first in by_recording[name][:1]
        for word in own
    ]
    texts = {name: " ".join(word.text for word in own) for name, own in words.items()}
    return Recorded(texts, tuple(segments), {}, words)


def _of_recognizer(path: Path, content: str, say: Say) -> Recorded:
    try:
        found = loads(content)
        text, turns, words = recognizer_text(found if isinstance(found, dict) else {})
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not what a recognizer writes of a recording: {error}") from None
    name = stem(path)
    if words is not None and rolls_over(words):
        say(f"{path.name}: times begin again every 10 s; unwrapped")
        words = unwrapped(words)
    segments = [
        Segment(name, one.speaker, one.start or 0.0, one.end or 0.0, one.text, file=name) for one in turns or ()
    ]
    if turns is None:
        segments = [Segment(name, "", one.start, one.end, one.text, file=name) for one in words or ()]
    return Recorded(
        {name: text},
        tuple(segments),
        {} if turns is None else {name: turns},
        {} if words is None else {name: words},
    )


def _of_tiers(path: Path, tiers: list[Tier], say: Say) -> Recorded:
    """The utterances of the tiers that hold them, and the words of tiers of words, which are turns where alone."""
    name = stem(path)
    spoken = [
        Segment(name, one.speaker, said.begin, said.end, " ".join(said.text.split()), file=name)
        for one in choose_tiers(tiers, None)
        if not one.words
        for said in one.tier.filled
    ]
    found = next((chosen for tier in WORD_TIERS if (chosen := choose_tiers(tiers, tier))), [])
    single = sorted(
        ((Word(said.text.strip(), said.begin, said.end), one.speaker) for one in found for said in one.tier.filled),
        key=lambda pair: pair[0].start,
    )
    words = tuple(word for word, _ in single)
    if not spoken and not words:
        listed = ", ".join(tier.name for tier in tiers) or "none"
        raise DataError(f"{path}: no tier of utterances or words that says something; its tiers are {listed}")
    if not spoken:
        labels = [speaker for _, speaker in single]
        runs = turns_of("", None, labels, words) or ()
        spoken = [Segment(name, one.speaker, one.start or 0.0, one.end or 0.0, one.text, file=name) for one in runs]
    made = merged(spoken)
    say(f"{path.name}: {amount(len(spoken), 'utterance')}, {amount(len(words), 'word')} with times")
    return made._replace(words={name: words} if words else {})


def speakers_beside(
    path: Path, texts: Iterable[str], words: dict[str, tuple[Word, ...]], say: Say
) -> dict[str, tuple[Turn, ...]]:
    """Turns from an RTTM of the same name beside a file that does not say who speaks: nothing where there is none.

    Words with times are said in the turn around their middle, else in the nearest one; without times the turns have no
    words.

    Args:
        path: of the texts.
        texts: the recordings in it.
        words: with times, by recording.
        say: told that it was read.

    Raises:
        DataError: it is none.
    """
    beside = path.with_name(f"{stem(path)}.rttm")
    if not beside.is_file():
        return {}
    segments = read_rttm(beside, read_content(beside))
    say(f"{path.name}: who speaks is taken from {beside.name}")
    by_recording: dict[str, list[Segment]] = {}
    for one in segments:
        by_recording.setdefault(one.recording, []).append(one)
    found: dict[str, tuple[Turn, ...]] = {}
    for name in texts:
        own = by_recording.get(name, [])
        if own and words.get(name):
            fallen = spread_words([Segment(name, "", *_times(word), word.text) for word in words[name]], own)
            spoken = [" ".join(word.text for word in each or ()) for each in fallen]
            found[name] = tuple(
                Turn(one.speaker, text, one.begin, one.end) for one, text in zip(own, spoken, strict=True)
            )
        elif own:
            found[name] = tuple(Turn(one.speaker, "", one.begin, one.end) for one in own)
    return found


def _times(word: Word) -> tuple[float, float]:
    return word.start, word.end


def spread_words(words: Sequence[Segment], segments: Sequence[Segment]) -> list[tuple[Word, ...] | None]:
    """The words with their times that fall into each segment (`timed.spread`); None for those that are not scored.

    Raises:
        DataError: a word is of a recording that has no segment.
    """
    numbered = [Segment(one.recording, "", one.begin, one.end, str(at)) for at, one in enumerate(words)]
    fallen = timed.spread(numbered, segments)
    return [
        None
        if one.ignored
        else tuple(Word(words[int(at)].text, words[int(at)].begin, words[int(at)].end) for at in each)
        for one, each in zip(segments, fallen, strict=True)
    ]
