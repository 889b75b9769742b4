"""A repository of the hub that has no Parquet: its files are fetched into the hub's cache, and read as a folder is.

Only the files of the part that is meant are fetched. They are brought together in a folder of links beside the cache's
own, so that no form takes another part's files for this one's; archives with tables beside them are unpacked there.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.own.card import with_language
from benchmarks.own.recognize import recognize
from benchmarks.own.splits import Part, of_files, pick
from benchmarks.own.unpacking import BROKEN, unpack
from benchmarks.sources.faults import is_offline
from benchmarks.sources.handwritten import ENDINGS as TABLES
from benchmarks.sources.pairing import AUDIO_ENDINGS
from benchmarks.sources.parquet import cached, fetch_many, repository_folder, verified
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.own.address import Address
    from benchmarks.own.form import Account, Asked, Item
    from benchmarks.own.version import Version

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
OTHERS = (
    *(".txt", ".gz", ".trans", ".textgrid", ".stm", ".ctm", ".srt", ".vtt", ".eaf", ".scp", ".ark", ".arrow"),
    *(".feather", ".parquet", ".m4a", ".mp4", ".webm", ".aac", ".wma", ".amr"),
)
KALDI = ("text", "segments", "utt2spk", "spk2utt", "utt2lang", "spk2gender", "reco2file_and_channel", "utt2dur")
"""Files without an ending that are data."""
NOT_DATA = re.compile(
    r"(?:.*/)?(?:README\.md|LICENSE[^/]*|dataset_infos\.json|requirements\.txt|\.[^/]*)|.*\.(?:py|md)"
)
"""What repositories hold beside their data, and what is never fetched: their code."""


def is_data(name: str) -> bool:
    """Whether a file of a repository is data, by its name."""
    known = name.lower().endswith((*AUDIO_ENDINGS, *TABLES, *ARCHIVES, *OTHERS)) or posixpath.basename(name) in KALDI
    return known and NOT_DATA.fullmatch(name) is None


def items_of_files(found: Version, address: Address, asked: Asked, account: Account) -> Iterator[Item]:
    """The utterances of a repository of files, in the form that they have.

    Raises:
        UsageError: it must be said which part is meant, or the files have no form that is known.
        AccessError: the hub refuses or cannot be reached.
        DataError: a file is broken.
    """
    names = sorted(filter(is_data, found.files))
    if not names:
        script = next((name for name in found.files if name.endswith(".py")), None)
        what = f"only a loading script ({script}), which is not run" if script else "no data that is known"
        raise DataError(f"{address}: {what}, and the hub has no Parquet of it; get the original, and name its folder")
    part = pick(of_files(names, found.readme, asked, address.parts), asked, account, str(address), address.parts)
    _check_size(found, part, account)
    folder = _together(found, part)
    place = _place(folder, part.files)
    try:
        form = recognize(place)
    except UsageError as error:
        seen = ", ".join(part.files[:3])
        msg = f"{address}: its files ({seen}) have no form that is known; see docs/your_own_data.md"
        raise UsageError(msg) from error
    if asked.columns and "columns" not in form.uses:
        raise UsageError(
            f"{address}: --{next(iter(asked.columns))}-column means nothing for {form.title}; leave it out"
        )
    account.note(f"a repository of files, kept in the hub's cache and read as {form.title}")
    items = form.items(place, replace(asked, config=None, split=None, form=None), account)
    homes = (folder, repository_folder(found.repo))
    return with_language(_inside(items, homes), found.readme, part.config, asked, account)


def _inside(items: Iterator[Item], homes: Sequence[Path]) -> Iterator[Item]:
    """The items, whose audio must be a file of the repository: a stranger's table names no other."""
    bounds = tuple(f"{os.path.abspath(home)}{os.sep}" for home in homes)  # noqa: PTH100 - links are not followed
    for item in items:
        path = item.audio.path
        if path is not None and not os.path.abspath(path).startswith(bounds):  # noqa: PTH100
            raise DataError(f"{item.where}: the audio's path leads out of the repository, and is not followed: {path}")
        yield item


def _place(folder: Path, names: Sequence[str]) -> str:
    """What is read: the only table beside audio, whatever it is called, else the folder."""
    tables = [name for name in names if name.lower().endswith(TABLES)]
    if len(tables) != 1:
        return str(folder)
    _bring_to(folder, (folder / tables[0]).parent)
    return str(folder / tables[0])


def _bring_to(folder: Path, place: Path) -> None:
    """Links audio that lies elsewhere to a table that may name it by its file name alone, where those are unique."""
    elsewhere = [
        path for path in folder.rglob("*") if path.name.lower().endswith(AUDIO_ENDINGS) and path.parent != place
    ]
    if len({path.name for path in elsewhere}) == len(elsewhere):
        for path in elsewhere:
            link = place / path.name
            if not link.exists():
                link.symlink_to(path)


def _check_size(found: Version, part: Part, account: Account) -> None:
    """Says how much is fetched, before it is.

    Raises:
        DataError: it does not fit on the disk.
    """
    missing = [name for name in part.files if cached(found.repo, name, found.sha) is None]
    size = sum(found.files[name].size for name in missing)
    if not size or is_offline():
        return
    place = repository_folder(found.repo)
    near = next(one for one in (place, *place.absolute().parents) if one.exists())
    free = shutil.disk_usage(near).free
    if size > free:
        how = "name a part with --config or --split, or another disk with HF_HUB_CACHE"
        raise DataError(f"{found.repo.where}: {_mib(size)} to fetch, and {_mib(free)} are free at {near}; {how}")
    account.note(f"files to fetch: {len(missing):,}, {_mib(size)}")


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def _together(found: Version, part: Part) -> Path:
    """The files of a part in a folder of their own.

    Raises:
        AccessError, DataError: one cannot be fetched, stored or unpacked.
    """
    repo, sha = found.repo, found.sha
    fetch_many(repo, part.files, sha)
    key = hashlib.sha256("\0".join(part.files).encode()).hexdigest()[:12]
    folder = repository_folder(repo) / "parts" / f"{sha[:12]}-{key}"
    has_table = any(name.lower().endswith(TABLES) for name in part.files)
    try:
        for name in part.files:
            path = verified(repo, name, sha, found.files[name].sha256)
            link = folder / name
            link.parent.mkdir(parents=True, exist_ok=True)
            packed = name.lower().endswith(".zip") or (has_table and name.lower().endswith(ARCHIVES))
            if packed:
                unpack(path, link)
            elif not link.exists():
                link.symlink_to(path.absolute())
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{repo.where}/{name}: cannot be stored or unpacked below {folder} ({reason})") from error
    return folder
