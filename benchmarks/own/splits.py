"""The parts of a repository or folder of data: its configurations and splits, and which of them is meant.

What the head of a README says (``configs``) comes first, as on the hub; else the names of files and folders tell, in
the layouts that ``push_to_hub``, the hub's own conversion and people write.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks.sources.listing import check_shards, facts_of
from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Account, Asked

SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
    "dev": "validation",
    "development": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
"""What folders and files are called, and which split the hub takes it for."""

ONLY = "train"
"""What the hub calls the only split of data that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One split of one configuration."""

    config: str
    split: str
    files: tuple[str, ...]
    default: bool = False
    """Whether the README names its configuration as the one to take."""


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names by the numbers in them: ``part-2`` before ``part-10``."""
    pieces = re.split(r"(\d+)", name)
    return [(1, int(piece), "") if at % 2 else (0, 0, piece) for at, piece in enumerate(pieces)]


def parts_of(files: Iterable[str], readme: str, endings: tuple[str, ...] = (".parquet",)) -> list[Part]:
    """The configurations and splits of a repository, in the order of the README, else of their names.

    Args:
        files: paths with ``/`` from its top.
        readme: the text of its README.md, or empty.
        endings: of the files that are data.
    """
    data = sorted((name for name in files if name.lower().endswith(endings)), key=natural)
    return stated_parts(data, readme) or _named(data, endings)


def by_folder(files: Iterable[str]) -> list[Part]:
    """The splits of files of any kind: each file's is that of a folder above it, else that of its own name.

    Files that name none belong to all, unless no file names one.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(files, key=natural):
        *folders, file = name.split("/")
        named = next((folder for folder in folders if folder.lower() in SPLITS), None)
        is_packed = file.lower().endswith((".tar", ".tar.gz", ".tgz", ".zip", ".csv", ".tsv", ".jsonl", ".json"))
        groups.setdefault(named or (split_word(file) if is_packed else None) or "", []).append(name)
    shared = groups.pop("", [])
    found = [Part(config="default", split=split, files=(*names, *shared)) for split, names in groups.items()]
    return found or [Part(config="default", split=ONLY, files=tuple(shared))]


def of_files(files: Sequence[str], readme: str, asked: Asked, words: Sequence[str]) -> list[Part]:
    """The parts of a repository of files of any kind: by its README, else by its folders.

    A folder is a configuration only where it is named as one: nothing else tells a language from ``clips``.

    Args:
        files: those that are data.
        readme: the text of its README.md, or empty.
        asked: has the configuration that the user named by a flag.
        words: what an address names between colons.
    """
    stated = stated_parts(sorted(files, key=natural), readme)
    if stated:
        return stated
    everything = by_folder(files)
    known = {word.lower() for part in everything for word in (part.split, split_word(part.split) or "")}
    named = words[0] if len(words) == 2 or (words and words[0].lower() not in known) else asked.config
    below = [name for name in files if named in name.split("/")[:-1]]
    return [replace(part, config=str(named)) for part in by_folder(below)] if below else everything


def split_word(word: str) -> str | None:
    """The split that a folder's or file's name means, the first of its words that is one: ``test-00``."""
    words = re.split(r"[^a-z]+", word.lower())
    return next((SPLITS[one] for one in words if one in SPLITS), None)


def stated_parts(data: Sequence[str], readme: str) -> list[Part]:
    """What the ``configs`` of a README say, as far as there are files; empty where it says nothing.

    Args:
        data: paths of the files that are data, in order.
        readme: the text of README.md.
    """
    found: list[Part] = []
    configs = facts_of(readme).get("configs")
    for item in configs if isinstance(configs, list) else ():
        if not isinstance(item, dict):
            continue
        config, prefix = str(item.get("config_name", "default")), str(item.get("data_dir") or "").strip("/")
        for split, globs in _globs(item.get("data_files"), prefix):
            files = tuple(name for name in data if any(_fits(name, glob) for glob in globs))
            if files:
                found.append(Part(config=config, split=split, files=files, default=item.get("default") is True))
    return found


def _globs(stated: Any, prefix: str) -> list[tuple[str, list[str]]]:
    """Splits and their patterns, in any of the forms that ``data_files`` may have."""
    if stated is None:
        return [(ONLY, [f"{prefix}/*"])] if prefix else []
    if isinstance(stated, dict):
        pairs = list(stated.items())
    elif isinstance(stated, list) and any(isinstance(item, dict) for item in stated):
        pairs = [(item.get("split", ONLY), item.get("path")) for item in stated if isinstance(item, dict)]
    else:
        pairs = [(ONLY, stated)]
    listed = [(str(split), [paths] if isinstance(paths, str) else paths) for split, paths in pairs]
    found = []
    for split, paths in listed:
        if isinstance(paths, list):
            found.append((split, [f"{prefix}/{path}".strip("/") for path in paths if isinstance(path, str)]))
    return found


def _fits(name: str, glob: str) -> bool:
    """Whether a pattern means a file; ``**`` may stand for no folder at all."""
    glob = glob.removeprefix("./")
    return any(fnmatch.fnmatchcase(name, form) for form in {glob, glob.replace("**/", ""), f"{glob.rstrip('/')}/*"})


_CONVERTED = re.compile(r"(?:(?P<config>[^/]+)/)?(?:partial-)?(?P<split>[^/]+)/\d{4,5}\.\w+")
"""The hub's own conversion: ``config/split/0000.parquet``."""
_SHARD = re.compile(r"(?:data/)?(?:(?P<config>[^/]+)/)?(?P<split>[\w.]+?)-\d{5}-of-\d{5}[^/]*")
"""As ``push_to_hub`` writes them: ``data/test-00000-of-00001.parquet``, ``config/test-...``."""
_HIVE = re.compile(r"(?:.*/)?split=(?P<split>[^/]+)/[^/]+")
"""As Spark writes partitions."""


def _named(data: Sequence[str], endings: tuple[str, ...]) -> list[Part]:
    """What the names of files and folders tell. Files that name no split are one."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in data:
        groups.setdefault(_by_name(name, endings), []).append(name)
    if len({split for _, split in groups}) > 1 and ("default", "") in groups and len(groups[("default", "")]) > 1:
        for name in groups.pop(("default", "")):  # beside named splits, each is one of its own
            groups.setdefault(("default", _stem(name, endings)), []).append(name)
    return [Part(config=config, split=split or ONLY, files=tuple(names)) for (config, split), names in groups.items()]


def _by_name(name: str, endings: tuple[str, ...]) -> tuple[str, str]:
    """The configuration and the split of one file; an empty split where nothing says it."""
    for form in (_HIVE, _SHARD, _CONVERTED):
        match = form.fullmatch(name)
        if match:
            found = match.groupdict()
            return found.get("config") or "default", found["split"]
    *folders, file = name.split("/")
    folders = [folder for folder in folders if folder != "data"]
    if folders and split_word(folders[-1]) is not None:
        return "/".join(folders[:-1]) or "default", folders[-1]
    stem = _stem(file, endings)
    if split_word(stem) is not None:
        plain = re.sub(r"[-_.]?\d+$", "", stem)
        return "/".join(folders) or "default", plain if plain.lower() in SPLITS else (split_word(stem) or "")
    return "/".join(folders) or "default", ""


def _stem(name: str, endings: tuple[str, ...]) -> str:
    """A file's name without folders and ending."""
    file = name.rpartition("/")[2]
    return next((file[: -len(ending)] for ending in endings if file.lower().endswith(ending)), file)


def pick(parts: Sequence[Part], asked: Asked, account: Account, where: str, words: Sequence[str] = ()) -> Part:
    """The part that is meant: what was asked for, else the only one, else the split ``test``.

    Args:
        parts: all that there are, at least one.
        asked: has the configuration and the split that the user named by flags.
        account: told what was taken where there were several.
        where: the data, for messages.
        words: what an address names between colons: a configuration and a split, or one of the two.

    Raises:
        UsageError: there is no such part, or it must be said which.
        DataError: a numbered file of it is missing.
    """
    config, split = _read_words(parts, asked, where, words)
    of_config = [part for part in parts if part.config == (config or _config(parts, account, where))]
    if not of_config:
        raise UsageError(f"{where}: no config {config!r}; there are {_listed(part.config for part in parts)}")
    names = [part.split for part in of_config]
    wanted = split or asked.split
    if wanted is None:
        tests = [name for name in names if name == "test"] or [
            name for name in names if SPLITS.get(name.lower()) == "test"
        ]
        if len(names) > 1 and len(tests) != 1:
            raise UsageError(f"{where}: say which split, with --split: {_listed(names)}")
        wanted = names[0] if len(names) == 1 else tests[0]
        others = [name for name in names if name != wanted]
        if others or wanted != ONLY:
            account.note(f"the split {wanted} is taken" + (f"; there are also {_listed(others)}" if others else ""))
    found = next((part for part in of_config if part.split == wanted), None) or next(
        (part for part in of_config if split_word(part.split) == SPLITS.get(wanted, wanted)), None
    )
    if found is None:
        raise UsageError(f"{where}: no split {wanted!r}; there are {_listed(names)}")
    check_shards(found.files)
    return found


def _read_words(parts: Sequence[Part], asked: Asked, where: str, words: Sequence[str]) -> tuple[str | None, str | None]:
    """The configuration and the split that an address and the flags name."""
    config, split = asked.config, asked.split
    if len(words) == 2:
        named: tuple[str | None, str | None] = (words[0], words[1])
    elif words and any(part.config == words[0] for part in parts):
        named = words[0], None
    elif words and any(words[0] in {part.split, split_word(part.split)} for part in parts):
        named = None, words[0]
    elif words:
        configs, splits = _listed(part.config for part in parts), _listed(part.split for part in parts)
        raise UsageError(f"{where}: {words[0]!r} is neither a config ({configs}) nor a split ({splits})")
    else:
        named = None, None
    for flag, said, word in (("--config", config, named[0]), ("--split", split, named[1])):
        if said is not None and word is not None and said != word:
            raise UsageError(f"{where}: the address says {word!r} and {flag} says {said!r}; leave one of them out")
    return named[0] or config, named[1] or split


def _config(parts: Sequence[Part], account: Account, where: str) -> str:
    """The configuration to take where none was named."""
    names = list(dict.fromkeys(part.config for part in parts))
    chosen = next((part.config for part in parts if part.default), None)
    if chosen is None:
        chosen = names[0] if len(names) == 1 else "default" if "default" in names else None
    if chosen is None:
        raise UsageError(f"{where}: say which config, with --config: {_listed(names)}")
    if len(names) > 1:
        others = _listed(name for name in names if name != chosen)
        account.note(f"the config {chosen} is taken; there are also {others}")
    return chosen


def _listed(names: Iterable[str]) -> str:
    """Names for a message, each once, of many of them the first."""
    found = list(dict.fromkeys(names))
    return ", ".join(found[:12]) + (f", ... ({len(found)} in all)" if len(found) > 12 else "")
