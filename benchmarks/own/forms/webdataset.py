"""WebDataset's shards: tars in which the files of a sample are called alike: ``000017.flac``, ``000017.txt``.

Format: https://github.com/webdataset/webdataset (README.md). What stands before the first dot of a name is the sample's
key, and the id. Pickles are never read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from benchmarks.files import regular
from benchmarks.own.columns import NAMES, plain
from benchmarks.own.form import Account, Asked, Form, Item, Role
from benchmarks.own.lookup import audio_stem, is_file, named_split, names_in
from benchmarks.own.rows import Rows
from benchmarks.sources.archive import Member, Release
from benchmarks.sources.json_keys import loads
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.shards import BRACES, MOST_SHARDS, expanded
from benchmarks.sources.tables import Line
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Audio

TAR = re.compile(r"\.(tar|tar\.gz|tgz)$", re.IGNORECASE)
SPLITS = frozenset({"train", "test", "dev", "valid", "validation", "val", "eval"})
KEY = re.compile(r"((?:.*/|)[^./][^.]*)\.([^/]*)")
LAST = re.compile(r"((?:.*/|)[^./][^/]*)\.([^./]*)")
TEXTS = ("txt", "text", "transcript", "transcription", "trans", "lab")
"""Endings of transcripts, the first that is there counts; where nothing else is one, a class (cls) is."""
READ = frozenset({*TEXTS, "cls", "json"})
ELSEWHERE: tuple[Role, ...] = ("audio", "id", "start", "end", "offset", "channel")
"""What a sample's JSON says of the file that its audio was cut from."""
DROPPED = frozenset(name for role in ELSEWHERE for name in NAMES[role])


Said = bytes | tuple[int, int]
"""What a file says, or where it lies in the shard: offset and size."""
Reader = Callable[[Said], bytes]


@dataclass(slots=True)
class _Sample:
    """The files of a sample by their endings."""

    name: str = ""
    """Of the audio's member; empty where there is none."""
    ending: str = ""
    """Of the audio."""
    audio: Audio | None = None
    """Where it lies; of a packed shard only while it is at hand."""
    texts: dict[str, Said] = field(default_factory=dict)


@dataclass(slots=True)
class _Sounds:
    """The audio of the sample that is read now, as `Rows` asks for it."""

    key: str = ""
    now: Audio | None = None
    seen: bool = True

    def audio(self, line: Line, cell: object) -> Audio:
        """The member's."""
        assert self.now is not None  # only samples with audio are made into rows
        return self.now

    def name(self, line: Line, cell: object) -> str:
        """The sample's key."""
        return self.key


def _shards(place: str, asked: Asked, account: Account) -> list[Path]:
    """The tars that a place means, in order.

    Raises:
        UsageError: one of a numbered row is not there, or it must be said which split is meant.
    """
    path = Path(place)
    if BRACES.search(place) and not is_file(path):
        found = [Path(name) for name in expanded(place)]
        lost = next((one for one in found if not is_file(one)), None)
        if lost is not None:
            raise UsageError(f"{place}: there is no {lost}")
        named_split(place, asked, account, [path.name])
        return found
    if is_file(path):
        named_split(place, asked, account, [path.name])
        return [path]
    splits = _splits(path)
    split = named_split(place, asked, account, splits)
    _say_gaps(splits[split], account)
    return splits[split]


def _splits(folder: Path) -> dict[str, list[Path]]:
    """The tars of a folder, or of those below it, by the split that they are of; one where nothing tells several."""
    tars = [folder / name for name in names_in(folder) if TAR.search(name)]
    if not tars:
        below = {name: [folder / name / one for one in names_in(folder / name)] for name in names_in(folder)[:200]}
        return {name: shards for name, paths in below.items() if (shards := [p for p in paths if TAR.search(p.name)])}
    of: dict[str, list[Path]] = {}
    for tar in tars:
        of.setdefault((re.match("[a-z]*", tar.name.lower()) or [""])[0], []).append(tar)
    return of if len(of) > 1 and of.keys() <= SPLITS else {folder.name: tars}


def _say_gaps(shards: Iterable[Path], account: Account) -> None:
    """Numbers that are missing in a row of shards may be shards that were not fetched."""
    rows: dict[tuple[str, str], set[int]] = {}
    for shard in shards:
        match = re.fullmatch(r"(.*?)(\d{1,9})(\D*)", shard.name)
        if match is not None:
            rows.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (before, _), numbers in rows.items():
        lost = sorted(set(range(min(numbers), max(numbers) + 1)) - numbers) if max(numbers) < MOST_SHARDS else []
        if lost:
            account.note(f"of the shards {before}*, {len(lost)} are not there, the first is number {lost[0]}")


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The samples that have audio and a transcript, in the order of the shards."""
    sounds = _Sounds()
    rows = Rows(asked, account, sounds)
    seen = set[str]()
    for shard in _shards(place, asked, account):
        here = set[str]()
        for key, sample, found in _samples(shard, account):
            where = f"{shard}!{key}"
            here.add(key)
            name = key if key not in seen else f"{TAR.sub('', shard.name)}/{key}"
            if name != key:
                account.note(f"keys of {shard.name} occur in a shard before it, and are called after theirs")
            line = _line(where, sample, found, account)
            sounds.key, sounds.now = name, sample.audio
            if line is None or not rows.columns(line).names("text"):
                account.leave_out("samples without a transcript", where)
            elif (item := rows.item(line)) is not None:
                yield item
        seen |= here


def _line(where: str, sample: _Sample, read: Reader, account: Account) -> Line | None:
    """What a sample says, as a row; None where it says nothing."""
    for ending in sample.texts:
        account.columns.setdefault(f".{ending}", "not used")
    values: dict[str, object] = {}
    facts = _chosen(where, sample, ("json",))
    if facts is not None:
        account.columns[f".{facts}"] = "columns"
        values = _values(f"{where}.{facts}", read(sample.texts[facts]))
    written = any(plain(name) in NAMES["text"] for name in values)
    text = _chosen(where, sample, TEXTS) or (None if written else _chosen(where, sample, ("cls",)))
    if text is not None:
        account.columns[f".{text}"] = "text"
        values = {name: value for name, value in values.items() if plain(name) not in NAMES["text"]}
        try:
            said = read(sample.texts[text]).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{where}.{text}: not UTF-8 text ({error.reason})") from error
        if "\0" in said:
            raise DataError(f"{where}.{text}: a NUL, which is no text")
        values["text"] = " ".join(said.split())
    return Line(where, {"audio": sample.ending, **values}) if values else None


def _chosen(where: str, sample: _Sample, kinds: tuple[str, ...]) -> str | None:
    """The ending of the file of one of some kinds, ``txt`` or ``normalized.txt``; None where there is none.

    Raises:
        DataError: several are there, of which none is called by the kind alone.
    """
    for kind in kinds:
        found = [ending for ending in sample.texts if ending.rpartition(".")[2] == kind]
        if kind in found or len(found) == 1:
            return kind if kind in found else found[0]
        if found:
            raise DataError(f"{where}: {' and '.join(found)} are there, and no {kind}: one transcript is expected")
    return None


def _values(where: str, data: bytes) -> dict[str, object]:
    """What a sample's JSON says, but of where its audio was cut from.

    Raises:
        DataError: it is not JSON, or no object.
    """
    try:
        found = loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise DataError(f"{where}: a JSON {type(found).__name__}, not an object")
    return {name: value for name, value in found.items() if plain(name) not in DROPPED}


def _samples(shard: Path, account: Account) -> Iterator[tuple[str, _Sample, Reader]]:
    """The samples of a shard with audio, in any order of its files, and how what they say is read.

    A tar is read once, and its members where they lie; a packed one twice: what is said first, then the audio.
    """
    packed = not shard.name.lower().endswith(".tar")
    samples = _grouped(shard, KEY, account, packed=packed)
    if samples is None:
        account.note(f"keys in {shard.name} hold dots: what stands before the last one is the key")
        samples = _grouped(shard, LAST, account, packed=packed) or {}
    for key, sample in samples.items():
        if not sample.name:
            account.leave_out("samples without audio", f"{shard}!{key}")
    if not packed:
        regular(shard)
        with shard.open("rb") as file:
            yield from ((key, one, partial(_read, file)) for key, one in samples.items() if one.name)
        return
    names = {one.name: key for key, one in samples.items() if one.name}
    for member in Release(shard).members(names.__contains__):
        key = names[member.name]
        samples[key].audio = member.audio()
        yield key, samples[key], partial(_read, None)
        samples[key].audio = None


def _read(file: BinaryIO | None, said: Said) -> bytes:
    """What a file says, which may lie in a shard as it is."""
    if isinstance(said, bytes) or file is None:
        return said if isinstance(said, bytes) else b""
    file.seek(said[0])
    return file.read(said[1])


def _grouped(shard: Path, pattern: re.Pattern[str], account: Account, *, packed: bool) -> dict[str, _Sample] | None:
    """The samples of a shard; None where two files of audio have one key by the first dot and have two by the last."""
    samples: dict[str, _Sample] = {}
    outside: list[str] = []
    for member in Release(shard).members(lambda _name: True):
        match = pattern.fullmatch(member.name)
        if match is None or re.match(r"__[^/]*__($|/)", member.name):
            outside.append(f"{shard}!{member.name}")
            continue
        sample = samples.setdefault(match[1], _Sample())
        ending = match[2].lower()
        last = ending.rpartition(".")[2]
        if f".{last}" not in AUDIO_ENDINGS:
            if ending in sample.texts:
                raise DataError(f"{shard}: {member.name} is there twice")
            sample.texts[ending] = _said(member, last in READ, packed)
        elif not sample.name:
            sample.name, sample.ending, sample.audio = member.name, ending, None if packed else member.audio()
        elif pattern is KEY and ending != sample.ending:
            return None
        else:
            raise DataError(f"{shard}: the sample {match[1]!r} has two audio files, {sample.ending} and {ending}")
    for where in outside:
        account.leave_out("files of no sample (hidden, or without an ending)", where)
    return samples


def _said(member: Member, wanted: bool, packed: bool) -> Said:
    """What a member says or, of a tar that is not packed, where; nothing of what is not read."""
    if not wanted:
        return b""
    if packed:
        return member.read()
    place = member.audio()
    return place.offset, place.size or 0


def _recognizes(place: str) -> bool:
    """Whether there are tars, and no audio beside them: an archive among recordings is somebody's copy of them."""
    path = Path(place)
    if is_file(path) or BRACES.search(place):
        return TAR.search(place) is not None
    folders = {path, *(tar.parent for tars in _splits(path).values() for tar in tars)}
    beside = any(audio_stem(name) is not None for folder in folders for name in names_in(folder))
    return bool(_splits(path)) and not beside


FORM = Form(
    name="webdataset",
    title="WebDataset tars (x.tar, x-{000000..000009}.tar, or a folder of them)",
    rank=550,
    uses=frozenset({"columns", "split", "translation"}),
    recognizes=_recognizes,
    items=_items,
)
