"""Transcripts with times beside recordings of the same name: STM, CTM, SegLST, TextGrid, EAF, SRT, WebVTT.

Each segment is an utterance, its recording the session. `benchmarks.sources.timed` and `tiers` name where the formats
are described.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from benchmarks.dataset import Audio, Entry, SpokenWord
from benchmarks.languages import primary_subtag
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import LOOKED, Recordings, audio_stem, head, is_file, walk
from benchmarks.own.tiers import choose_tiers
from benchmarks.sources import timed
from benchmarks.sources.header import channels
from benchmarks.sources.text_files import read_content
from benchmarks.sources.tiers import Tier, linked_media, read_eaf, read_textgrid
from benchmarks.sources.timed import Segment
from harness.errors import DataError, UsageError

ENDINGS = {
    ".stm": "stm",
    ".json": "seglst",
    ".eaf": "eaf",
    ".textgrid": "textgrid",
    ".vtt": "vtt",
    ".srt": "srt",
    ".ctm": "ctm",
}
"""Endings of names to what they are; where a folder holds several kinds, the first of them is read."""
BESIDE = re.compile("stm|ctm|srt|vtt|eaf|textgrids?|te?xt|transcripts?|annotations?|labels?", re.IGNORECASE)
"""Folders beside that of the recordings."""
UNSCORED = frozenset({"ignore_time_segment_in_scoring", "inter_segment_gap"})
OVERLAP = 0.1
"""Seconds within which two segments touch, rather than overlap."""
SIDES = {"a": 0, "b": 1}
MOST_NOTES = 3
"""Lines about tiers; files of a folder differ in whom they are called after."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A segment, and where it stands."""

    where: str
    segment: Segment
    whole: bool = False
    """Whether it is what was said in the whole recording, which is heard as one."""
    language: str | None = None
    first: int = 1
    """The number of the first channel: NIST counts from 1, and other programs from 0."""
    links: tuple[str, ...] = ()
    """Paths of recordings that the file names itself, where none is called like it."""
    words: tuple[SpokenWord, ...] = ()
    """With times from the beginning of the recording, where the file has them."""


def kind_of(path: Path) -> str | None:
    """What a file is; None where it is none of them."""
    kind = None if path.name.startswith(".") else ENDINGS.get(path.suffix.lower())
    if kind == "seglst":
        begin = head(path).lstrip()
        return kind if begin.startswith(b"[") and b'"session_id"' in begin and b'"words"' in begin else None
    return kind


def _recognizes(place: str) -> bool:
    """Whether there is such a file, and no text beside a recording."""
    path = Path(place)
    if is_file(path):
        return kind_of(path) is not None
    found = recordings = False
    for folder, names in islice(walk(path), LOOKED):
        stems = {stem for name in names if (stem := audio_stem(name)) is not None}
        texts = {name[:-4] for name in names if name.lower().endswith(".txt")}
        if not stems.isdisjoint(texts):
            return False
        recordings = recordings or bool(stems)
        found = found or any(kind_of(folder / name) is not None for name in names)
    return found and recordings


def _files(place: str, account: Account) -> tuple[str, list[Path]]:
    """What is read at a place, and of which kind; files of other kinds are counted."""
    path = Path(place)
    if is_file(path):
        return kind_of(path) or "", [path]
    kinds: dict[str, list[Path]] = {}
    for folder, names in walk(path):
        for name in names:
            if (kind := kind_of(folder / name)) is not None:
                kinds.setdefault(kind, []).append(folder / name)
    chosen = next((kind for kind in ENDINGS.values() if kind in kinds), "")
    for kind, files in kinds.items():
        for file in files if kind != chosen else ():
            account.leave_out(f"files of transcripts in another form than {chosen}", str(file))
    return chosen, kinds.get(chosen, [])


def items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The segments whose recordings are there, file by file."""
    kind, files = _files(place, account)
    if not kind:
        raise UsageError(f"{place}: no transcripts with times ({', '.join(ENDINGS)}) in it")
    path = Path(place)
    root = path.parent if is_file(path) else path
    if is_file(path) and BESIDE.fullmatch(root.name):
        root = root.parent
    recordings = Recordings.below(account, root)
    said = [one for file in files for one in READERS[kind](file, asked, account)]
    kept = _heard_once(list(_with_words(said, account)), account)
    counts: dict[str, int | None] = {}
    zero = {one.segment.file for one in kept if one.segment.channel == "0"}
    kept = [replace(one, first=0) if one.segment.file in zero else one for one in kept]
    placed = [(one, audio) for one in kept if (audio := _audio(one, recordings, counts, account)) is not None]
    names = timed.names([one.segment for one, _ in placed])
    for name, (one, audio) in zip(names, placed, strict=True):
        yield _item(name, one, audio)
    if not is_file(path):
        recordings.rest(account)


def _item(name: str, one: _Said, audio: Audio) -> Item:
    """The utterance of a segment."""
    segment = one.segment
    tags = {"speaker": segment.speaker} if segment.speaker else {}
    if one.whole:
        entry = Entry(id=name, reference=segment.text, session=segment.file, tags=tags, words=one.words)
        return Item(entry, audio, one.where, one.language)
    entry = Entry(
        id=name,
        reference=segment.text,
        duration=round(segment.end - segment.begin, 6),
        session=segment.file,
        tags=tags,
    )
    return Item(entry, replace(audio, start=segment.begin, end=segment.end), one.where, one.language)


def _with_words(said: list[_Said], account: Account) -> Iterator[_Said]:
    """Those that are to be scored and say something."""
    for one in said:
        segment = one.segment
        if segment.ignored or segment.text.strip().lower() in UNSCORED:
            account.leave_out("segments marked to be ignored in scoring", one.where)
        elif not segment.text.strip():
            account.leave_out("segments without words", one.where)
        elif segment.end <= segment.begin and not one.whole:
            account.leave_out("segments that end where they begin, or before", one.where)
        else:
            yield one


def _heard_once(said: list[_Said], account: Account) -> list[_Said]:
    """Those that overlap no earlier one of the same speaker: of two that do, nobody knows what is said where.

    Where different speakers overlap, both are heard; how often is said.
    """
    last: dict[tuple[str, str], float] = {}
    latest: dict[str, float] = {}
    again, both = set[int](), 0
    for index in sorted(range(len(said)), key=lambda at: said[at].segment.begin):
        segment = said[index].segment
        mine = segment.recording, segment.speaker
        if segment.begin < last.get(mine, 0.0) - OVERLAP:
            again.add(index)
            continue
        both += segment.begin < latest.get(segment.recording, 0.0) - OVERLAP
        last[mine] = max(segment.end, last.get(mine, 0.0))
        latest[segment.recording] = max(segment.end, latest.get(segment.recording, 0.0))
    for index in sorted(again):
        account.leave_out("segments that overlap another one of the same speaker", said[index].where)
    if both:
        account.note(f"segments that begin while another speaker speaks, so that both are heard: {both:,}")
    return [one for index, one in enumerate(said) if index not in again]


def _audio(one: _Said, recordings: Recordings, counts: dict[str, int | None], account: Account) -> Audio | None:
    """The recording of a segment, with its channel where the file has several; None where it is not there."""
    segment = one.segment
    file = os.path.basename(segment.file)  # noqa: PTH119 - as often as there are segments
    for name in (file, audio_stem(file) or file):
        audio = recordings.take(name)
        if audio is not None:
            if segment.channel and audio.origin not in counts:
                counts[audio.origin] = channels(audio)
            return _on_channel(one, audio, counts.get(audio.origin) or 1, account)
    for between in "-_.":
        audio = recordings.take(f"{file}{between}{segment.channel}") if segment.channel else None
        if audio is not None:
            return audio
    for link in one.links:
        stem = audio_stem(os.path.basename(link))  # noqa: PTH119
        audio = recordings.take(stem) if stem is not None else None
        if audio is None and os.path.isabs(link) and is_file(link):  # noqa: PTH117
            audio = Audio(origin=link, path=Path(link))
        if audio is not None:
            account.note("recordings are those that the .eaf files link to")
            return audio
    account.leave_out("segments whose recording is not there", one.where)
    return None


def _on_channel(one: _Said, audio: Audio, count: int, account: Account) -> Audio:
    """A recording as a segment's channel has it: NIST counts from 1, and calls sides A and B."""
    said = one.segment.channel.lower()
    if not said or count < 2:
        return audio
    channel = SIDES.get(said, int(said) - one.first if said.isascii() and said.isdecimal() else -1)
    if not 0 <= channel < count:
        raise DataError(f"{one.where}: channel {one.segment.channel[:20]!r} of a recording with {count} channels")
    account.note("recordings have several channels, of which each segment's own is heard")
    return replace(audio, channel=channel)


def _of_stm(path: Path, asked: Asked, account: Account) -> Iterator[_Said]:
    for one in timed.read_stm(path, read_content(path), reference=True):
        yield _Said(f"{path}, {one.begin:g} s of {one.recording}", one)


def _of_seglst(path: Path, asked: Asked, account: Account) -> Iterator[_Said]:
    for number, one in enumerate(timed.read_seglst(path, read_content(path)), start=1):
        yield _Said(f"{path}, item {number}", one)


def _of_ctm(path: Path, asked: Asked, account: Account) -> Iterator[_Said]:
    """A ctm has words alone: together they are what was said in their recording."""
    words = timed.read_ctm(path, read_content(path))
    own: dict[str, list[Segment]] = {}
    for one in sorted(words, key=lambda one: one.begin):
        own.setdefault(one.recording, []).append(one)
    first = {one.recording: one for one in reversed(words)}
    for recording, text in timed.whole(words).items():
        spoken = tuple(SpokenWord(one.text, one.begin, one.end) for one in own[recording])
        yield _Said(f"{path}, {recording}", replace(first[recording], text=text), whole=True, words=spoken)


def _of_cues(path: Path, asked: Asked, account: Account) -> Iterator[_Said]:
    name, language = _recording(path)
    for number, one in enumerate(timed.read_cues(path, read_content(path), name), start=1):
        yield _Said(f"{path}, cue {number}", one, language=language)


def _recording(path: Path) -> tuple[str, str | None]:
    """What a file's recording is called, and the language that stands between name and ending: ``call.de.srt``."""
    stem = path.name.removesuffix(path.suffix)
    name, _, last = stem.rpartition(".")
    if audio_stem(stem) is not None:  # call.wav.srt; wav is a language too
        return name, None
    if name and not any(audio_stem(other) == stem for other in os.listdir(path.parent)):  # noqa: PTH208
        try:
            return name, primary_subtag(last)
        except UsageError:
            pass
    return stem, None


def _of_tiers(path: Path, asked: Asked, account: Account) -> Iterator[_Said]:
    """The annotations of the tiers that hold what was said."""
    is_eaf = path.suffix.lower() == ".eaf"
    tiers = read_eaf(path) if is_eaf else read_textgrid(path)
    links = tuple(linked_media(path)) if is_eaf else ()
    chosen = choose_tiers(tiers, asked.columns.get("text") or asked.split)
    name, language = _recording(path)
    _say_tiers(path, tiers, [one.tier for one in chosen], account)
    for one in chosen:
        for _ in range(one.tier.without_time):
            account.leave_out("annotations without a time", f"{path}, tier {one.tier.name}")
        where = f"{path}, tier {one.tier.name}"
        if one.words:
            account.note("tiers of words are joined: each recording is heard whole")
            spoken = sorted(one.tier.filled, key=lambda word: word.begin)
            words = tuple(SpokenWord(word.text.strip(), word.begin, word.end) for word in spoken)
            text = " ".join(word.text for word in words)
            said = Segment(name, one.speaker, 0.0, 0.0, text, file=name)
            yield _Said(where, said, True, language, links=links, words=words)
            continue
        for number, stretch in enumerate(one.tier.annotations, start=1):
            text = " ".join(stretch.text.split())
            segment = Segment(name, one.speaker, stretch.begin, stretch.end, text, file=name)
            yield _Said(f"{where}, {number}", segment, language=language, links=links)


def _say_tiers(path: Path, tiers: list[Tier], taken: list[Tier], account: Account) -> None:
    """Counts the tiers that are not taken, and names them for the first files."""
    left = [tier for tier in tiers if tier not in taken]
    for tier in left:
        account.leave_out("tiers that are not taken, or empty", f"{path}, tier {tier.name}")
    if left and sum(line.startswith("tiers") for line in account.notes) < MOST_NOTES:
        names = (", ".join(tier.name for tier in some) or "none" for some in (taken, left))
        account.note("tiers taken: {}; not taken: {} (--text-column TIER takes another)".format(*names))


Reader = Callable[[Path, Asked, Account], Iterator[_Said]]
READERS: dict[str, Reader] = {
    "stm": _of_stm,
    "seglst": _of_seglst,
    "eaf": _of_tiers,
    "textgrid": _of_tiers,
    "vtt": _of_cues,
    "srt": _of_cues,
    "ctm": _of_ctm,
}

FORM = Form(
    name="timed",
    title="transcripts with times beside recordings (.stm, .ctm, SegLST, .TextGrid, .eaf, .srt, .vtt)",
    rank=600,
    uses=frozenset({"columns", "split"}),
    recognizes=_recognizes,
    items=items,
)
