"""Rows of a split's Parquet files, from a folder, the hub's cache or the network, a small batch in memory at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.dataset import Audio, HubUnreachableError, NoCopyError, Request, Row
from benchmarks.sources import faults
from benchmarks.sources.hub_access import within
from benchmarks.sources.listing import choose
from benchmarks.states import state_of_files
from harness.errors import AccessError, DataError

if TYPE_CHECKING:
    from benchmarks.sources.split import HubRepo, HubSplit

BATCH_ROWS = 32
"""Rows decoded at a time: with 35 s clips some 20 MB."""
CONVERTED = "refs/convert/parquet"
"""The hub's own conversion, for repositories that hold only a loading script."""
DOWNLOAD_ATTEMPTS = 2
"""How often a file is asked for; the hub's own library tries several times within each."""
AT_A_TIME = 8
"""Files that are fetched at one time, of repositories with many."""
CONNECT_SECONDS = 8.0
"""How long an answer about a repository may take."""


Shard = tuple[str, Callable[[], Any]]
"""One Parquet file: its path in the repository, for messages and the journal, and what gives a path or a file."""


def split_rows(split: HubSplit, request: Request) -> Iterator[tuple[Row, Audio]]:
    """Each row of a split, audio excepted, and its audio.

    Raises:
        AccessError: the hub refuses or cannot be reached, or the folder does not hold the split.
        DataError: a file is broken or incomplete.
    """
    shards = local_shards(split, request) if request.root else hub_shards(split, request)
    for number, (row, audio) in enumerate(pair for shard in shards for pair in _rows(split, *shard)):
        row["row_number"] = number
        yield row, audio


def state_of_split(split: HubSplit, request: Request) -> str:
    """The commit that would be read, asked of the hub unless it is locked; of local copies the state of their files.

    Raises:
        AccessError, DataError: as `split_rows`.
    """
    if request.root:
        return state_of_files([open_shard() for _, open_shard in local_shards(split, request)])
    pinned, noted = request.pins.get(f"hub:{split.where}"), dict[str, str]()
    if pinned is None:
        next(
            hub_shards(split, replace(request, note=noted.__setitem__))
        )  # which names the first file, and fetches none
    return pinned or noted["revision"]


def _rows(split: HubSplit, name: str, open_shard: Callable[[], Any]) -> Iterator[tuple[dict[str, Any], Audio]]:
    """The rows of one file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = open_shard()
    try:
        with pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False) as file:
            batches = file.iter_batches(batch_size=BATCH_ROWS, use_threads=False)
            for number, row in enumerate(row for batch in batches for row in batch.to_pylist()):
                yield _audio(name, row, number)
    except (pa.ArrowException, ValueError, OverflowError, MemoryError) as error:
        raise DataError(f"{name}: not a readable Parquet file ({error}); delete it and get it again") from error
    except faults.raised() as error:
        raise faults.explain(split, error) from error


def _audio(name: str, row: dict[str, Any], number: int) -> tuple[dict[str, Any], Audio]:
    """A row without its column ``audio``, which holds ``{"bytes", "path"}``, and the audio."""
    if "audio" not in row:
        raise DataError(f"{name}: no column 'audio'; there are {', '.join(sorted(row))}")
    value = row.pop("audio")
    data, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
    if data is not None and not isinstance(data, bytes):
        raise DataError(f"{name}, row {number}: the column 'audio' does not hold encoded audio")
    row["audio_path"] = path
    # A row without audio becomes an utterance that fails to decode: recorded and counted, not dropped.
    return row, Audio(origin=f"{name}#{number}", data=data or b"")


def plain_rows(path: Path, name: str) -> Iterator[Row]:
    """The rows of a Parquet file without audio."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = [field.name for field in file.schema_arrow if field.name != "audio"]
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name}: not a readable Parquet file ({error}); delete it and get it again") from error


def local_shards(split: HubSplit, request: Request) -> list[Shard]:
    """The split's files below the folder that the user named: a clone, a download, or a hub cache.

    Raises:
        AccessError: they are not there.
        DataError: only some of them are.
    """
    assert request.root is not None
    for folder in copies(request.root, split.repo):
        names = choose(files_below(folder, "*.parquet"), _text(folder / "README.md"), split.config, split.split)
        if names:
            request.note("revision", folder.name if folder.parent.name == "snapshots" else "local copy")
            return [(f"{split.repo}/{name}", partial(Path, folder / name)) for name in names]
    raise NoCopyError(f"a Parquet copy of {split.where}")


def _text(readme: Path | None) -> str:
    """What a repository's README says; nothing where there is none."""
    return readme.read_text(encoding="utf-8", errors="replace") if readme and readme.is_file() else ""


def files_below(folder: Path, pattern: str = "*") -> list[str]:
    """The files below a folder, as paths from it with ``/``, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(pattern) if path.is_file())


def copies(root: Path, repo: str) -> list[Path]:
    """Folders that may be a copy of a repository, the likeliest first; the root itself is the last."""
    owner, name = repo.split("/")
    cached = [root, root / f"datasets--{owner}--{name}", root / "hub" / f"datasets--{owner}--{name}"]
    snapshots = [path for folder in cached for path in sorted((folder / "snapshots").glob("*"), reverse=True)]
    named = [root / owner / name, root / f"{owner}--{name}", root / name, root]
    return [path for path in (*snapshots, *named) if path.is_dir()]


def hub_shards(split: HubSplit, request: Request) -> Iterator[Shard]:
    """The split's files on the hub, each fetched when it is its turn.

    Raises:
        AccessError: the hub refuses or cannot be reached, or has no Parquet of the split.
    """
    pinned = request.pins.get(f"hub:{split.where}")
    for revision in [pinned] if pinned else [request.revision, CONVERTED]:
        sha, sizes = repository_files(split, revision)
        readme = fetch(split, "README.md", sha) if "README.md" in sizes else None
        names = choose(sizes, _text(readme), split.config, split.split)
        if names:
            request.note("revision", sha)
            opener = remote if request.streaming and not faults.is_offline() else verified
            for name in names:
                yield f"{split.repo}@{sha[:12]}/{name}", partial(opener, split, name, sha, sizes[name])
            return
    if faults.is_offline():
        raise AccessError(faults.OFFLINE.format(split.where))
    msg = f"{split.where}: the hub has no Parquet of it, converted or not (a loading script alone is not run)"
    raise AccessError(msg)


def cache_folder() -> str | None:
    """The hub's cache as the environment names it now; None is the library's default."""
    home = os.environ.get("HF_HOME")
    return os.environ.get("HF_HUB_CACHE") or (str(Path(home) / "hub") if home else None)


class Stated(NamedTuple):
    """What the hub states of a file."""

    sha256: str | None = None
    """None for small ones, and where only the cache was looked at."""
    size: int = 0
    """Bytes."""


def repository_files(split: HubRepo, revision: str | None) -> tuple[str, dict[str, str | None]]:
    """The commit that a revision is, and its files with the SHA-256 that the hub states (None for small ones)."""
    sha, files = stated_files(split, revision)
    return sha, {name: one.sha256 for name, one in files.items()}


def stated_files(split: HubRepo, revision: str | None) -> tuple[str, dict[str, Stated]]:
    """The commit that a revision is, and what the hub states of its files; offline, those in the cache.

    Raises:
        AccessError: the hub refuses or cannot be reached.
    """
    if faults.is_offline():
        return _cached_files(split, revision)
    from huggingface_hub import HfApi

    api = HfApi(endpoint=faults.endpoint())
    get = partial(api.dataset_info, split.repo, revision=revision, timeout=CONNECT_SECONDS, files_metadata=True)
    try:
        info = faults.ask(split, partial(within, CONNECT_SECONDS + 2, get))
    except HubUnreachableError:
        sha, files = _cached_files(split, revision)
        if files:
            return sha, files  # what was fetched before is as good as the hub
        raise
    except AccessError as error:
        if revision == CONVERTED and "no such" in str(error):
            return "", {}
        raise
    stated = info.siblings or ()
    return str(info.sha), {
        item.rfilename: Stated(item.lfs.sha256 if item.lfs else None, item.size or 0) for item in stated
    }


def _cached_files(split: HubRepo, revision: str | None) -> tuple[str, dict[str, Stated]]:
    """As `_files`, from the cache alone."""
    snapshots = [
        path for path in (repository_folder(split) / "snapshots").glob("*") if revision in {None, CONVERTED, path.name}
    ]
    if not snapshots:
        return "", {}
    snapshot = max(snapshots, key=lambda path: path.stat().st_mtime)
    return snapshot.name, {
        path.relative_to(snapshot).as_posix(): Stated() for path in snapshot.rglob("*") if path.is_file()
    }


def fetch(split: HubRepo, name: str, sha: str, *, force: bool = False) -> Path:
    """A file of the repository in the hub's cache, downloaded where it is not there yet."""
    from huggingface_hub import hf_hub_download

    options = {"repo_type": "dataset", "revision": sha, "cache_dir": cache_folder(), "endpoint": faults.endpoint()}
    request = partial(hf_hub_download, split.repo, name, **options, local_files_only=faults.is_offline())
    return Path(faults.ask(split, partial(request, force_download=force), attempts=DOWNLOAD_ATTEMPTS))


def fetch_many(repo: HubRepo, names: Sequence[str], sha: str) -> None:
    """Files of the repository, several at a time, into the hub's cache.

    Raises:
        AccessError, DataError: one cannot be fetched or stored.
    """
    from huggingface_hub import hf_hub_download

    options = {"repo_type": "dataset", "revision": sha, "cache_dir": cache_folder(), "endpoint": faults.endpoint()}
    one = partial(hf_hub_download, repo.repo, **options, local_files_only=faults.is_offline())

    def request() -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for done in [pool.submit(one, name) for name in names]:
                done.result()

    faults.ask(repo, request, attempts=DOWNLOAD_ATTEMPTS)


def cached(repo: HubRepo, name: str, sha: str) -> Path | None:
    """A file of the repository where it is in the hub's cache already."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo.repo, name, cache_dir=cache_folder(), revision=sha, repo_type="dataset")
    return Path(found) if isinstance(found, str) else None


def repository_folder(repo: HubRepo) -> Path:
    """Where the hub's cache keeps a repository."""
    from huggingface_hub import constants

    owner, name = repo.repo.split("/")
    return Path(cache_folder() or constants.HF_HUB_CACHE) / f"datasets--{owner}--{name}"


def verified(split: HubRepo, name: str, sha: str, expected: str | None) -> Path:
    """A file in the cache whose SHA-256 is the hub's; one that differs is fetched once more.

    Raises:
        DataError: it differs again.
    """
    for force in (False, True):
        path = fetch(split, name, sha, force=force)
        with path.open("rb") as file:
            if expected is None or hashlib.file_digest(file, "sha256").hexdigest() == expected:
                return path
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    msg = f"{split.repo}/{name}: the download's SHA-256 is not the hub's ({expected}), twice; deleted: try again later"
    raise DataError(msg)


def remote(split: HubRepo, name: str, sha: str, _expected: str | None, *, ahead: bool = True) -> Any:
    """A file of the repository that is read over the network, a few megabytes at a time.

    Args:
        split: of the repository.
        name: of the file.
        sha: of the commit.
        ahead: whether more is read than is asked for; not where most of the file is passed over.
    """
    from huggingface_hub import HfFileSystem

    place, cache = f"datasets/{split.repo}@{sha}/{name}", "readahead" if ahead else "none"
    system = partial(HfFileSystem, endpoint=faults.endpoint())
    return faults.ask(split, lambda: system().open(place, "rb", block_size=4 << 20, cache_type=cache))
