"""What a folder of somebody's predictions holds: files that are scored, and those that are left out, with why."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from harness.errors import DataError
from harness.scoring.forms import TABLE_ENDINGS, TEXT_ENDINGS, ending
from harness.scoring.rows import HYPOTHESIS, REFERENCE, read_values

Say = Callable[[str], None]
"""Told what was taken for what, and what was left out."""


def predictions_in(folder: Path, runs: Collection[Path], say: Say) -> list[Path]:
    """The files below a folder that have a reference and a transcript in a row.

    JSON lines always are; JSON, CSV and TSV where their first row has both. Run folders are not looked into.

    Args:
        folder: searched to any depth.
        runs: folders of our own runs.
        say: told what is left out.
    """
    files = [path for path in _files(folder) if path.parent not in runs]
    taken = [path for path in files if ending(path) in TABLE_ENDINGS and (ending(path) == ".jsonl" or _has_both(path))]
    alone = [path for path in files if path not in taken and ending(path) in {*TABLE_ENDINGS, *TEXT_ENDINGS}]
    if alone and taken:
        _left_out(folder, alone, "without a row that has both a reference and a transcript", say)
    return taken


def transcripts_in(folder: Path, reference: Path, say: Say) -> list[Path]:
    """The files below a folder that can be a system's transcripts: of every form that is read, but for the reference.

    Raises:
        DataError: there is none.
    """
    files = [path for path in _files(folder) if path.resolve() != reference.resolve()]
    taken = [path for path in files if ending(path) in {*TABLE_ENDINGS, *TEXT_ENDINGS}]
    if not taken:
        expected = ", ".join(f"*{one}" for one in (*TABLE_ENDINGS, *TEXT_ENDINGS))
        raise DataError(f"no transcripts in {folder}; expected one of {expected}, gzipped too")
    if len(taken) < len(files):
        _left_out(folder, [path for path in files if path not in taken], "of other endings", say)
    return taken


def alone_in(folder: Path) -> str:
    """What to say of a folder whose files hold transcripts alone; empty where it has none."""
    found = [path for path in _files(folder) if ending(path) in {*TABLE_ENDINGS, *TEXT_ENDINGS}]
    if not found:
        return ""
    return f"; {found[0].name} has no reference beside its texts: give that with --reference FILE"


def _files(folder: Path) -> list[Path]:
    """The files below a folder, sorted, but for hidden ones and what only tells about the others."""
    names = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path
        for path in names
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not path.name.upper().startswith(("README", "LICENSE", "NOTICE"))
    ]


def _has_both(path: Path) -> bool:
    """Whether the first row of a table has a reference and a transcript."""
    try:
        _, row = next(read_values(path))
    except (DataError, StopIteration):
        return False
    named = {*row}
    return not named.isdisjoint({*REFERENCE, "reference_lists"}) and not named.isdisjoint(HYPOTHESIS)


def _left_out(folder: Path, files: Sequence[Path], why: str, say: Say) -> None:
    names = ", ".join(path.name for path in files[:2])
    more = f" and {len(files) - 2} more" if len(files) > 2 else ""
    say(f"{folder}: left out {len(files)} {why}: {names}{more}")
