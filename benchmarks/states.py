"""What data is now, told without reading it: so that a run is answered from its journal only while that is the same."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from benchmarks.dataset import Dataset, HubUnreachableError, Request, in_turn, no_source
from harness.errors import AccessError, DataError


def state_of(dataset: Dataset, request: Request, known: str | None = None) -> tuple[str | None, str | None]:
    """The name and the state of the source that `open_dataset` would read, without reading it; see `Source.state`.

    `known` is the source that was read before: of the hub's only that one is asked, as another copy says nothing of it.

    Raises:
        AccessError, DataError: as `open_dataset`.
    """
    sources = in_turn(dataset, request)
    if request.root is None:
        sources = [source for source in sources if source.name == known] or sources
    reasons: list[AccessError] = []
    for source in sources:
        try:
            return source.name, source.state(request)
        except AccessError as error:
            reasons.append(error)
            if isinstance(error, HubUnreachableError):
                break
    raise no_source(dataset, request, reasons)


def state_of_files(paths: Iterable[Path]) -> str:
    """What sources say of files that are too large to be read for it: a digest of their names, sizes and times.

    Raises:
        DataError: one cannot be looked at.
    """
    digest = hashlib.sha256()
    try:
        for path in paths:
            facts = path.stat()
            digest.update(f"{path.name}\0{facts.st_size}\0{facts.st_mtime_ns}\0{facts.st_ctime_ns}\0".encode())
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error
    return f"files:{digest.hexdigest()[:16]}"
