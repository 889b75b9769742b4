"""What was compared as NIST trn files, so that sclite and sc_stats can repeat it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as changed

from harness.errors import DataError
from harness.scoring.interchange import label, write_trn
from harness.scoring.labels import labels
from harness.scoring.pairing import keyed, pair_benchmarks
from harness.scoring.scored import count_systems

if TYPE_CHECKING:
    from harness.records.journal import Line
    from harness.scoring.predictions import System
    from harness.scoring.profiles import Profile

_UNSAFE = re.compile(r"[^\w.@+-]+")


def write_comparison(
    systems: Sequence[System], profile: Profile, folder: Path, may: Callable[[Path], None] = lambda _path: None
) -> list[Path]:
    """For each benchmark a reference and a hypothesis file a system, of normalized words; failed rows are left empty.

    Args:
        systems: what is compared.
        profile: the rules.
        folder: to write into.
        may: told each file before it is written; raises where it must not be.

    Returns:
        The files, called ``<benchmark>.ref.trn`` and ``<benchmark>.<system>.trn``.

    Raises:
        UsageError: as `pair_benchmarks` does.
        DataError: the folder cannot be written to.
    """
    names = _file_names(labels(systems))
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for paired in pair_benchmarks(count_systems(systems, [profile] * len(systems)), labels(systems)):
            tags = _labels(paired.rows(0), paired.sessions())
            stem = _UNSAFE.sub("-", paired.benchmark)
            rows = [paired.rows(at) for at in range(len(paired.systems))]
            texts = profile.texts(paired.language)
            scored = [
                texts.together(same[0].reference, *(row.hypothesis or "" for row in same))[0]
                for same in zip(*rows, strict=True)
            ]
            for at, name in enumerate(("ref", *(names[index] for index in paired.systems))):
                path = folder / f"{stem}.{name}.trn"
                may(path)
                write_trn(path, [(tag, column[at]) for tag, column in zip(tags, scored, strict=True)])
                written.append(path)
    except OSError as error:
        raise DataError(f"cannot write trn files to {folder}: {error.strerror}") from None
    return written


def _file_names(names: Sequence[str]) -> list[str]:
    """A name that is safe in a file's, and no other's, for each system; "ref" is the reference's."""
    taken = {"ref"}
    found = []
    for name in names:
        safe = stem = _UNSAFE.sub("-", name)
        number = 2
        while safe in taken:
            safe, number = f"{stem}~{number}", number + 1
        taken.add(safe)
        found.append(safe)
    return found


def _labels(rows: Sequence[Line], sessions: Sequence[str | None]) -> list[str]:
    """A name for each row that no other has: others' ids may repeat."""
    named = (changed(row, id=label(row.id, session)) for row, session in zip(rows, sessions, strict=True))
    return [name if count == 1 else f"{name}~{count}" for name, count in keyed(named)]
