"""lhotse's manifests: cuts, recordings with supervisions, and its Shar folders; .jsonl, .json, .yaml, gzipped or not.

Format: https://lhotse.readthedocs.io (cuts, recordings, supervisions, Shar). Commands are never run, addresses never
fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.dataset import MISSHAPEN, Audio, Entry
from benchmarks.own.form import Account, Asked, Form, Item
from benchmarks.own.lookup import SAME, Paths, head, is_file, named_split, names_in, spoken
from benchmarks.sources.archive import Release
from benchmarks.sources.json_keys import loads
from benchmarks.sources.tables import Line
from benchmarks.sources.text_files import file_lines, read_content
from harness.errors import DataError, UsageError

ENDING = re.compile(r"\.(jsonl?|ya?ml)(\.gz)?$")
YAML = re.compile(r"\.ya?ml(\.gz)?$")
CUTS = frozenset({"MonoCut", "MultiCut", "MixedCut", "PaddingCut"})
SHARD = re.compile(r"cuts\.(\d+)\.jsonl(\.gz)?")
OUTSIDE = 0.05
"""Seconds that a supervision may reach out of its cut, as rounding does."""
HEARD_RATE = 16_000
"""Samples per second that models hear: a recording that was resampled to fewer is not the file any more."""
Objects = Iterator[tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Set:
    """The files of one split."""

    cuts: tuple[Path, ...] = ()
    recordings: Path | None = None
    supervisions: Path | None = None


@dataclass(frozen=True, slots=True)
class _Recording:
    """A recording whose audio can be had."""

    id: str
    files: tuple[tuple[Audio, tuple[int, ...]], ...]
    """Each file, and the channels in it."""
    seconds: float | None


def _kind(path: Path) -> str | None:
    """What a file's first object is: ``cuts``, ``recordings`` or ``supervisions``; None where it is no such thing."""
    if not ENDING.search(path.name):
        return None
    text = head(path).decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")
    if YAML.search(path.name):
        return _kind_of(_first_of_yaml(text))
    try:
        first, _ = json.JSONDecoder().raw_decode(text, len(text) - len(text.removeprefix("[").lstrip()))
    except (ValueError, RecursionError):
        return None
    return _kind_of(first)


def _first_of_yaml(text: str) -> object:
    """The first item of a YAML list, of which only the beginning may be there."""
    import yaml

    first, *_ = re.split(r"\n(?=- )", text, maxsplit=1)
    try:
        found = yaml.load(first, _yaml_loader()) if text.startswith("- ") else None  # noqa: S506 - makes no objects
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return found[0] if isinstance(found, list) and found else None


def _yaml_loader() -> Any:
    """What reads plain values and no objects; in C, where there is that."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _kind_of(first: object) -> str | None:
    """What an object is."""
    if not isinstance(first, dict):
        return None
    if first.get("type") in CUTS or {"supervisions", "start", "duration"} <= first.keys():
        return "cuts"
    if {"sources", "sampling_rate"} <= first.keys():
        return "recordings"
    return "supervisions" if {"recording_id", "start", "duration"} <= first.keys() else None


def _sets(place: str) -> dict[str, _Set]:
    """The splits that a place holds, by their names."""
    path = Path(place)
    if is_file(path):
        kind = _kind(path)
        if kind is None or kind == "cuts":
            return {path.name: _Set(cuts=(path,))} if kind else {}
        other = "supervisions" if kind == "recordings" else "recordings"
        names = [path.name, path.name.replace(kind, other)]
        both = {kind: path, other: path.with_name(names[1])}
        there = names[0] != names[1] and _kind(both[other]) == other
        return {path.name: _Set((), both["recordings"], both["supervisions"])} if there else {}
    names = [name for name in names_in(path) if ENDING.search(name)]
    shards = tuple(path / name for name in names if SHARD.fullmatch(name))
    if shards and _kind(shards[0]) == "cuts":
        return {path.name: _Set(cuts=shards)}
    found: dict[str, _Set] = {}
    for name in names:
        match = re.fullmatch(r"(.*?)(cuts|supervisions)(.*?)", ENDING.sub("", name))
        if match is None or _kind(path / name) != match[2]:
            continue
        split = f"{match[1]}{match[3]}".strip("_.-") or "all"
        recordings = path / name.replace("supervisions", "recordings")
        if match[2] == "cuts":
            found[split] = _Set(cuts=(path / name,))
        elif split not in found and _kind(recordings) == "recordings":
            found[split] = _Set((), recordings, path / name)
    return found


def _objects(path: Path) -> Objects:
    """The objects of a file, and what to call each."""
    if ".jsonl" in path.name:
        for where, line in file_lines(path):
            yield where, _object(where, _parsed(where, line))
        return
    if YAML.search(path.name):
        whole = _parsed_yaml(str(path), read_content(path))
    else:
        whole = _parsed(str(path), "\n".join(line for _, line in file_lines(path)))
    for number, value in enumerate(whole if isinstance(whole, list) else [whole], start=1):
        yield f"{path}, item {number}", _object(f"{path}, item {number}", value)


def _parsed(where: str, text: str) -> object:
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]
        raise DataError(f"{where}: not JSON ({reason})") from error


def _parsed_yaml(where: str, text: str) -> object:
    import yaml

    try:
        return yaml.load(text, _yaml_loader())  # noqa: S506 - makes no objects
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: not YAML ({' '.join(str(error).split())[:120]})") from error


def _object(where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where}: a JSON {type(value).__name__}, not an object")
    return value


def _items(place: str, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances: each cut, or each supervision of a cut or recording with several."""
    sets = _sets(place)
    if not sets:
        raise UsageError(f"{place}: no cuts, nor recordings with supervisions of the same name, as lhotse writes them")
    chosen = sets[named_split(place, asked, account, sets)]
    paths = Paths((chosen.supervisions or chosen.cuts[0]).parent, account)
    if chosen.recordings and chosen.supervisions:
        yield from _of_pair(chosen.recordings, chosen.supervisions, paths, account)
    for file in chosen.cuts:
        shard = _shard(file)
        for where, cut in _objects(file):
            try:
                yield from _of_cut(Line(where, cut), paths, shard, account)
            except MISSHAPEN as error:
                raise _misshapen(where, "cut", error) from error


def _misshapen(where: str, what: str, error: Exception) -> DataError:
    return DataError(f"{where}: no {what} as lhotse writes it ({type(error).__name__}: {str(error)[:80]})")


def _shard(cuts: Path) -> Mapping[str, Audio]:
    """The audio of a shard of Shar, by the ids of its cuts; empty for other cuts."""
    match = SHARD.fullmatch(cuts.name)
    tar = cuts.with_name(f"recording.{match[1]}.tar") if match else cuts
    if not match or not is_file(tar):
        return {}
    members = Release(tar).members(lambda name: not name.endswith((".json", ".nodata", ".nometa")))
    return {member.name.rpartition(".")[0]: member.audio() for member in members}


def _of_pair(recordings: Path, supervisions: Path, paths: Paths, account: Account) -> Iterator[Item]:
    """The supervisions, each with its recording."""
    known: dict[str, tuple[str, _Recording | str]] = {}
    for where, value in _objects(recordings):
        try:
            line = Line(where, value)
            known[line.string("id") or ""] = where, _recording(line, paths, {})
        except MISSHAPEN as error:
            raise _misshapen(where, "recording", error) from error
    used = set[str]()
    for where, value in _objects(supervisions):
        line = Line(where, value)
        name = line.string("recording_id") or ""
        _, recording = known.get(name, ("", "supervisions whose recording is not there"))
        used.add(name)
        if isinstance(recording, str):
            account.leave_out(recording, where)
            continue
        try:
            yield from _of_supervision(line, value.get("channel", 0), recording, account, cut=None)
        except MISSHAPEN as error:
            raise _misshapen(where, "supervision", error) from error
    for name, (where, _) in known.items():
        if name not in used:
            account.leave_out("recordings without a supervision", where)


def _of_cut(cut: Line, paths: Paths, shard: Mapping[str, Audio], account: Account) -> Iterator[Item]:
    """The utterances of a cut: itself where it has one supervision, else its supervisions."""
    kind = cut.values.get("type", "MonoCut")
    if kind in {"MixedCut", "PaddingCut"}:
        account.leave_out("mixed or padded cuts, whose audio is in no one file", cut.where)
        return
    if not isinstance(cut.values.get("recording"), dict):
        account.leave_out("cuts without a recording", cut.where)
        return
    stored = {"": shard[key]} if (key := cut.string("id") or "") in shard else {}
    recording = _recording(Line(cut.where, cut.values["recording"]), paths, stored)
    supervisions = cut.values.get("supervisions") or []
    if isinstance(recording, str) or not supervisions:
        account.leave_out(recording if isinstance(recording, str) else "cuts without a supervision", cut.where)
        return
    for one in supervisions:
        line = Line(cut.where, _object(cut.where, one))
        of = one if kind == "MultiCut" and one.get("channel") is not None else cut.values
        name = cut.string("id") if len(supervisions) == 1 else None
        yield from _of_supervision(line, of.get("channel", 0), recording, account, cut=cut, name=name)


def _recording(line: Line, paths: Paths, stored: Mapping[str, Audio]) -> _Recording | str:
    """A recording; why it is left out, where what is heard cannot be had of its files.

    Raises:
        DataError: it is a command or an address.
    """
    for change in line.values.get("transforms") or ():
        rate = change.get("kwargs", {}).get("target_sampling_rate", 0)
        if change.get("name") != "Resample" or rate < HEARD_RATE:
            return "recordings that are to be changed (speed, volume, ...) before they are heard"
    files = []
    for source in line.values["sources"]:
        where = Line(line.where, source)
        kind, said = where.string("type"), where.string("source", empty=True) or ""
        if kind in {"command", "url"}:
            what = "commands of data are never run" if kind == "command" else "addresses are not fetched"
            raise line.error(f"the audio is a {kind} ({said[:80]!r}): {what}; write it into a file")
        if kind == "shar" and not stored:
            return "recordings whose audio is not in the shard"
        if kind not in {"file", "shar"}:
            return "recordings whose audio is in memory"
        audio = stored[""] if kind == "shar" else _at(paths.find(said))
        files.append((audio, tuple(int(channel) for channel in source["channels"])))
    return _Recording(line.string("id") or "", tuple(files), line.number("duration"))


def _at(path: str) -> Audio:
    return Audio(origin=path, path=Path(path))


def _of_supervision(
    line: Line, channel: Any, recording: _Recording, account: Account, *, cut: Line | None, name: str | None = None
) -> Iterator[Item]:
    """The utterance that a supervision is, unless it has no text or is not in one file."""
    text = line.string("text", empty=True)
    if text is None:
        account.leave_out("supervisions without a text", line.where)
        return
    span = _span(line, cut)
    audio = _heard(recording, channel)
    if span is None or audio is None:
        why = "that reach out of their cut" if span is None else "of some channels together, or of several files"
        account.leave_out(f"supervisions {why}", line.where)
        return
    start, end = span
    whole = recording.seconds is not None and start < SAME and end > recording.seconds - SAME
    tags = _tags(line) | (_tags(cut) if cut else {})
    if (gender := line.string("gender")) is not None:
        tags["gender"] = gender
    entry = Entry(
        id=name or line.string("id") or "",
        reference=text,
        duration=recording.seconds if whole else round(end - start, 6),
        session=line.string("speaker") or (None if whole else recording.id),
        tags=tags,
    )
    if not entry.id:
        raise line.error("no id")
    if not whole:
        audio = replace(audio, start=start, end=end)
    yield Item(entry, audio, line.where, spoken(line.string("language"), partial(_error, line.where)))


def _error(where: str, what: str) -> DataError:
    return DataError(f"{where}: {what}")


def _span(line: Line, cut: Line | None) -> tuple[float, float] | None:
    """Where in its recording a supervision begins and ends; None where it reaches out of its cut."""
    begin, length = float(line.values.get("start", 0)), line.number("duration")
    if length is None or (cut is None and begin < 0):
        raise line.error("no duration" if length is None else f"the start is {begin:g} s")
    if cut is None:
        return round(begin, 6), round(begin + length, 6)
    start, most = cut.number("start") or 0.0, cut.number("duration")
    if most is None:
        raise cut.error("no duration")
    if begin < -OUTSIDE or begin + length > most + OUTSIDE:
        return None
    return round(start + max(begin, 0.0), 6), round(start + min(begin + length, most), 6)


def _heard(recording: _Recording, channel: Any) -> Audio | None:
    """The file, and the channel in it, that some channels of a recording are; None where they are no one of them."""
    channels = {int(one) for one in (channel if isinstance(channel, list) else [channel])}
    if len(recording.files) == 1 and (len(recording.files[0][1]) == 1 or channels == set(recording.files[0][1])):
        return recording.files[0][0]
    for audio, here in recording.files:
        if channels <= set(here) and len(channels) == 1:
            return audio if len(here) == 1 else replace(audio, channel=here.index(min(channels)))
    return None


def _tags(line: Line) -> dict[str, str]:
    """The fields of one's own that are plain values."""
    custom = line.values.get("custom")
    plain = {key: str(value) for key, value in custom.items() if isinstance(value, str | int | float)} if custom else {}
    return {key: value for key in plain if (value := Line(line.where, plain).string(key)) is not None}


FORM = Form(
    name="lhotse",
    title="lhotse's cuts, or recordings and supervisions",
    rank=110,
    uses=frozenset({"split"}),
    recognizes=lambda place: bool(_sets(place)),
    items=_items,
)
