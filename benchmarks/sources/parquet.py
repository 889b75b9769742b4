"""Rows of a split's Parquet files, from a folder, the hub's cache or the network, a small batch in memory at a time."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Audio, HubUnreachableError, NoCopyError
from benchmarks.sources import faults
from benchmarks.sources.hub_access import within
from benchmarks.sources.listing import choose
from harness.errors import AccessError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.dataset import Request
    from benchmarks.sources.split import HubSplit

BATCH_ROWS = 32
"""Rows decoded at a time: with 35 s clips some 20 MB."""
CONVERTED = "refs/convert/parquet"
"""The hub's own conversion, for repositories that hold only a loading script."""
DOWNLOAD_ATTEMPTS = 2
"""How often a file is asked for; the hub's own library tries several times within each."""
CONNECT_SECONDS = 8.0
"""How long an answer about a repository may take."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file and how it is opened."""

    name: str
    """Its path in the repository, for messages and for the journal."""
    open: Callable[[], Any]
    """Gives a path or a seekable file."""


def split_rows(split: HubSplit, request: Request) -> Iterator[tuple[Mapping[str, Any], Audio]]:
    """Each row of a split, audio excepted, and its audio.

    Raises:
        AccessError: the hub refuses or cannot be reached, or the folder does not hold the split.
        DataError: a file is broken or incomplete.
    """
    shards = local_shards(split, request) if request.root else hub_shards(split, request)
    for number, (row, audio) in enumerate(pair for shard in shards for pair in _rows(split, shard)):
        row["row_number"] = number
        yield row, audio


def _rows(split: HubSplit, shard: Shard) -> Iterator[tuple[dict[str, Any], Audio]]:
    """The rows of one file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = shard.open()
    try:
        with pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False) as file:
            row_number = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    yield _audio(split, shard, row, row_number)
                    row_number += 1
    except (pa.ArrowException, ValueError, OverflowError, MemoryError) as error:
        msg = f"{shard.name}: not a readable Parquet file ({error}); delete it and get it again"
        raise DataError(msg) from error
    except faults.raised() as error:
        raise faults.explain(split, error) from error


def _audio(split: HubSplit, shard: Shard, row: dict[str, Any], number: int) -> tuple[dict[str, Any], Audio]:
    """A row without its audio column, and the audio."""
    if split.audio not in row:
        msg = f"{shard.name}: no column {split.audio!r}; there are {', '.join(sorted(row))}"
        raise DataError(msg)
    value = row.pop(split.audio)
    data, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
    if data is not None and not isinstance(data, bytes):
        msg = f"{shard.name}, row {number}: the column {split.audio!r} does not hold encoded audio"
        raise DataError(msg)
    row["audio_path"] = path
    # A row without audio becomes an utterance that fails to decode: recorded and counted, not dropped.
    return row, Audio(origin=f"{shard.name}#{number}", data=data or b"")


def plain_rows(path: Path, name: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a Parquet file without audio."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = [field.name for field in file.schema_arrow if field.name != "audio"]
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        msg = f"{name}: not a readable Parquet file ({error}); delete it and get it again"
        raise DataError(msg) from error


# ---------------------------------------------------------------------------------------------- below `--from`


def local_shards(split: HubSplit, request: Request) -> list[Shard]:
    """The split's files below the folder that the user named: a clone, a download, or a hub cache.

    Raises:
        AccessError: they are not there.
        DataError: only some of them are.
    """
    assert request.root is not None
    for folder in copies(request.root, split.repo):
        files = [str(path.relative_to(folder).as_posix()) for path in folder.rglob("*.parquet")]
        names = choose(files, _text(folder / "README.md"), split.config, split.split)
        if names:
            request.note("revision", folder.name if folder.parent.name == "snapshots" else "local copy")
            return [Shard(f"{split.repo}/{name}", partial(Path, folder / name)) for name in names]
    msg = f"a Parquet copy of {split.where}"
    raise NoCopyError(msg)


def _text(readme: Path | None) -> str:
    """What a repository's README says; nothing where there is none."""
    return readme.read_text(encoding="utf-8", errors="replace") if readme and readme.is_file() else ""


def copies(root: Path, repo: str) -> list[Path]:
    """Folders that may be a copy of a repository, the likeliest first; the root itself is the last."""
    owner, name = repo.split("/")
    cached = [root, root / f"datasets--{owner}--{name}", root / "hub" / f"datasets--{owner}--{name}"]
    snapshots = [path for folder in cached for path in sorted((folder / "snapshots").glob("*"), reverse=True)]
    named = [root / owner / name, root / f"{owner}--{name}", root / name, root]
    return [path for path in (*snapshots, *named) if path.is_dir()]


# ------------------------------------------------------------------------------------------------- from the hub


def hub_shards(split: HubSplit, request: Request) -> Iterator[Shard]:
    """The split's files on the hub, each fetched when it is its turn.

    Raises:
        AccessError: the hub refuses or cannot be reached, or has no Parquet of the split.
    """
    pinned = request.pins.get(f"hub:{split.where}")
    revisions = [pinned] if pinned else [request.revision, CONVERTED]
    for revision in revisions:
        sha, sizes = repository_files(split, revision)
        readme = _fetch(split, "README.md", sha) if "README.md" in sizes else None
        names = choose(sizes, _text(readme), split.config, split.split)
        if names:
            request.note("revision", sha)
            for name in names:
                opener = _remote if request.streaming and not faults.is_offline() else verified
                yield Shard(f"{split.repo}@{sha[:12]}/{name}", partial(opener, split, name, sha, sizes[name]))
            return
    if faults.is_offline():
        msg = f"{split.where} is not in the cache and HF_HUB_OFFLINE is set: unset it"
        raise AccessError(msg)
    msg = f"{split.where}: the hub has no Parquet of it, converted or not (a loading script alone is not run)"
    raise AccessError(msg)


def _cache() -> str | None:
    """The hub's cache as the environment names it now; None is the library's default."""
    home = os.environ.get("HF_HOME")
    return os.environ.get("HF_HUB_CACHE") or (str(Path(home) / "hub") if home else None)


def repository_files(split: HubSplit, revision: str | None) -> tuple[str, dict[str, str | None]]:
    """The commit that a revision is, and its files with the SHA-256 that the hub states (None for small ones)."""
    if faults.is_offline():
        return _cached_files(split, revision)
    from huggingface_hub import HfApi

    api = HfApi(endpoint=faults.endpoint())

    def request() -> Any:
        get = partial(api.dataset_info, split.repo, revision=revision, timeout=CONNECT_SECONDS, files_metadata=True)
        return within(CONNECT_SECONDS + 2, get)

    try:
        info = faults.ask(split, request)
    except HubUnreachableError:
        sha, files = _cached_files(split, revision)
        if files:
            return sha, files  # what was fetched before is as good as the hub
        raise
    except AccessError as error:
        if revision == CONVERTED and "no such" in str(error):
            return "", {}
        raise
    sums = {item.rfilename: item.lfs.sha256 if item.lfs else None for item in info.siblings or ()}
    return str(info.sha), sums


def _cached_files(split: HubSplit, revision: str | None) -> tuple[str, dict[str, str | None]]:
    """As `_files`, from the cache alone."""
    from huggingface_hub import constants

    owner, name = split.repo.split("/")
    folder = Path(_cache() or constants.HF_HUB_CACHE) / f"datasets--{owner}--{name}"
    snapshots = [path for path in (folder / "snapshots").glob("*") if revision in {None, CONVERTED, path.name}]
    if not snapshots:
        return "", {}
    snapshot = max(snapshots, key=lambda path: path.stat().st_mtime)
    sha = snapshot.name
    return sha, {path.relative_to(snapshot).as_posix(): None for path in snapshot.rglob("*") if path.is_file()}


def _fetch(split: HubSplit, name: str, sha: str, *, force: bool = False) -> Path:
    """A file of the repository in the hub's cache, downloaded where it is not there yet."""
    from huggingface_hub import hf_hub_download

    def request() -> str:
        return str(
            hf_hub_download(
                split.repo,
                name,
                repo_type="dataset",
                revision=sha,
                cache_dir=_cache(),
                endpoint=faults.endpoint(),
                local_files_only=faults.is_offline(),
                force_download=force,
            )
        )

    return Path(faults.ask(split, request, attempts=DOWNLOAD_ATTEMPTS))


def verified(split: HubSplit, name: str, sha: str, expected: str | None) -> Path:
    """A file in the cache whose SHA-256 is the hub's; one that differs is fetched once more.

    Raises:
        DataError: it differs again.
    """
    path = _fetch(split, name, sha)
    for attempt in range(2):
        if expected is None or _sha256(path) == expected:
            return path
        if attempt == 0:
            path = _fetch(split, name, sha, force=True)
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    msg = f"{split.repo}/{name}: the download's SHA-256 is not the hub's ({expected}), twice; deleted: try again later"
    raise DataError(msg)


def _sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remote(split: HubSplit, name: str, sha: str, _expected: str | None) -> Any:
    """A file of the repository that is read over the network, a few megabytes at a time."""
    from huggingface_hub import HfFileSystem

    def request() -> Any:
        system = HfFileSystem(endpoint=faults.endpoint())
        return system.open(f"datasets/{split.repo}@{sha}/{name}", "rb", block_size=4 << 20)

    return faults.ask(split, request)
