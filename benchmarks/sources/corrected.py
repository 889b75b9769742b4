"""References with reviewed corrections, which lie in a repository of their own and are joined by the recording."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks.dataset import Request, Source, Utterances
from benchmarks.sources.pairing import stem
from benchmarks.sources.repository import repository, table_rows
from harness.errors import DataError

COLUMNS = ("file_name", "original_transcription", "corrected_transcription")


def corrected(source: Source, repo: str) -> Source:
    """The source with the corrections of `repo`, whose columns are `COLUMNS`."""
    return replace(source, open=partial(_read, source.open, repo))


def _read(base: Callable[[Request], Utterances], repo: str, request: Request) -> Utterances:
    """The utterances, each reference that has a correction corrected.

    Raises:
        AccessError: as the source, or the corrections are not to be had.
        DataError: a reference is neither what was corrected nor the correction, or a correction fits no recording.
    """
    rows = table_rows(repo, *repository(repo, request, "corrections_revision"), COLUMNS)
    known = {stem(str(row["file_name"]).rpartition("/")[2]): tuple(map(str, map(row.get, COLUMNS[1:]))) for row in rows}
    for utterance in base(request):
        fix = known.pop(utterance.id, None)
        if fix is not None and utterance.reference not in fix:
            msg = f"{repo}: the reference of {utterance.id!r} is not the text that was corrected; get both copies again"
            raise DataError(msg)
        yield utterance if fix is None else replace(utterance, reference=fix[1])
    if known:
        raise DataError(f"{repo}: {len(known)} corrections fit no recording, the first is {next(iter(known))!r}")
