"""Rows of Parquet and Arrow files as items, a small batch in memory at a time."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.files import regular
from benchmarks.own.cells import Cell, FindFile, Naming, audio_of, cells_of
from benchmarks.own.clips import as_stored
from benchmarks.own.columns import NAMES, plain
from benchmarks.own.places import id_of
from benchmarks.own.rows import Rows
from benchmarks.own.schema import Layout, layout_of
from benchmarks.sources.parquet import BATCH_ROWS
from benchmarks.sources.tables import Line
from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.dataset import Audio
    from benchmarks.own.form import Account, Asked, Item

LOOKED_AT = 1_000
"""Rows of the first file whose file names are compared, to see whether they tell utterances apart."""
HELD = 64 << 20
"""Bytes of a mapped file that may count as memory of ours before they are given back."""
POINTER = b"version https://git-lfs"
"""How the file begins that a clone has in place of a large one."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a table."""

    name: str
    """What to call it in messages and in the journal."""
    open: Callable[[], Any]
    """Gives a path, or an open file. Raises AccessError and DataError."""
    explain: Callable[[Exception], DataError] | None = None
    """What an error of the network means, which may come while it is read."""
    far: bool = False
    """Whether it is read over the network, so that few large requests are better than many small ones."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows that stand together in a file."""

    rows: int
    batches: Callable[[list[str]], Iterator[Any]]
    """Arrow batches of the columns that are named."""
    texts: Callable[[list[str]], Iterator[Any]]
    """The same for small columns."""
    stored: Callable[[str], bool]
    """Whether a column holds anything; True where that is not stated."""


@dataclass(frozen=True, slots=True)
class Table:
    """One open file."""

    schema: Any
    groups: Iterator[Group]
    is_parquet: bool


@contextmanager
def opened(shard: Shard) -> Iterator[Table]:
    """A Parquet or Arrow file, told apart by how it begins; what its library raises is one line.

    Raises:
        DataError: it is neither, or broken.
    """
    import pyarrow as pa

    try:
        source = shard.open()
        head = _head(source)
        if head.startswith(POINTER):
            msg = f"{shard.name}: a Git-LFS pointer, not the file itself; run `git lfs pull` in its folder"
            raise DataError(msg)
        reader = _parquet if head.startswith(b"PAR1") or not isinstance(source, Path) else _arrow
        with reader(source, far=shard.far) as table:
            yield table
    except (pa.ArrowException, ValueError, OverflowError, MemoryError, IndexError, KeyError, OSError) as error:
        if shard.explain is not None and isinstance(error, OSError):
            raise shard.explain(error) from error
        reason = str(error).strip()[:200] or type(error).__name__
        raise DataError(f"{shard.name}: not a readable Parquet or Arrow file ({reason}); get it again") from error


def _head(source: Any) -> bytes:
    """How a file on the disk begins."""
    if not isinstance(source, Path):
        return b""
    regular(source)
    with source.open("rb") as file:
        return file.read(len(POINTER))


@contextmanager
def _parquet(source: Any, *, far: bool) -> Iterator[Table]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False) as file:
        # What is read ahead of a row group waits in memory: right for its texts alone.
        texts = pq.ParquetFile(source, metadata=file.metadata, pre_buffer=True) if far else file
        yield Table(file.schema_arrow, _row_groups(file, texts), is_parquet=True)


def _row_groups(file: Any, texts: Any) -> Iterator[Group]:
    """The row groups of a Parquet file, which is open twice where that is better for small columns."""
    for number in range(file.num_row_groups):
        facts = file.metadata.row_group(number)
        read, few = partial(_batches, file, number), partial(_batches, texts, number)
        yield Group(facts.num_rows, read, few, partial(_has_values, facts))


def _batches(file: Any, group: int, columns: list[str]) -> Iterator[Any]:
    """The rows of a row group."""
    found: Iterator[Any] = file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
    return found


def _has_values(facts: Any, column: str) -> bool:
    """Whether a row group has a value in a column, by its statistics."""
    for number in range(facts.num_columns):
        one = facts.column(number)
        if f"{one.path_in_schema}.".startswith(f"{column}."):
            nulls = one.statistics.null_count if one.statistics is not None else None
            return nulls is None or nulls < one.num_values
    return True


@contextmanager
def _arrow(source: Path, **_: bool) -> Iterator[Table]:
    """An Arrow file of either kind (``save_to_disk``'s stream, feather's file), mapped into memory."""
    import pyarrow as pa

    regular(source)
    with source.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = pa.py_buffer(mapped)
    try:
        reader = pa.ipc.open_file(whole)
        batches: Iterable[Any] = (reader.get_batch(number) for number in range(reader.num_record_batches))
    except pa.ArrowInvalid:
        reader = batches = pa.ipc.open_stream(whole)
    yield Table(reader.schema, (_record_batch(batch, mapped) for batch in batches), is_parquet=False)


def _record_batch(batch: Any, mapped: mmap.mmap) -> Group:
    """A batch of an Arrow file, checked first: nobody else checks what is mapped, and a bad offset ends the process."""
    batch.validate(full=True)

    def slices(columns: list[str]) -> Iterator[Any]:
        chosen, read = batch.select(columns), 0
        for begin in range(0, batch.num_rows, BATCH_ROWS):
            some = chosen.slice(begin, BATCH_ROWS)
            yield some
            read += some.nbytes
            if (read > HELD or begin + BATCH_ROWS >= batch.num_rows) and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
                read = 0

    return Group(batch.num_rows, slices, slices, lambda _column: True)


@dataclass(slots=True)
class Reading:
    """Reads tables of one form, all files alike."""

    asked: Asked
    account: Account
    find: FindFile
    texts: bool = False
    """Whether audio is left unread: rows are only looked at."""
    wanted: Container[str] | None = None
    """Ids of the utterances to give; of the others no audio is read. None gives all."""
    _naming: Naming | None = None
    _rows: Rows | None = None
    _layout: Layout | None = None
    _number: int = field(default=0)

    def items(self, shards: Iterable[Shard]) -> Iterator[Item]:
        """The items of all files, in order.

        Raises:
            UsageError: several columns may be the audio.
            DataError: a file is broken, a column is missing, a row cannot be used.
        """
        for shard in shards:
            with opened(shard) as table:
                self._layout = layout = layout_of(table.schema, self.asked, self.account, shard.name)
                if self._rows is None:  # the first file says which column is the audio, in all
                    self.asked = replace(self.asked, columns={**self.asked.columns, "audio": layout.audio})
                    self._rows = Rows(self.asked, self.account, _Sounds(self.find, layout.rate))
                row = 0
                for group in table.groups:
                    if self._naming is None:
                        self._naming = _naming(group, layout, table, self.asked, self.account)
                    for item in self._of_group(shard, table, group, row):
                        yield as_stored(item, self.account)
                    row += group.rows

    def _of_group(self, shard: Shard, table: Table, group: Group, row: int) -> Iterator[Item]:
        """The items of a group; where only some are wanted, first its texts alone."""
        assert self._rows is not None
        if self.wanted is None:
            lines = self._lines(shard, table, group, row, texts=self.texts)
            yield from self._rows.items(lines)
            return
        before = self._number
        chosen = set[str]()
        for line in self._lines(shard, table, group, row, texts=True):
            item = self._rows.item(line)
            if item is not None and item.entry.id in self.wanted:
                chosen.add(line.where)
        if not chosen:
            return
        self._number = before
        for line in self._lines(shard, table, group, row, texts=False):
            if line.where in chosen:
                yield from self._rows.items([line])

    def _lines(self, shard: Shard, table: Table, group: Group, row: int, *, texts: bool) -> Iterator[Line]:
        """The rows of a group, whose audio is a cell."""
        layout, naming = self._layout, self._naming
        assert layout is not None
        assert naming is not None
        unread = texts and table.is_parquet
        stored = layout.stored is not None and (not unread or group.stored(layout.stored))
        columns = (
            [*layout.others, *([layout.path] if layout.path else ())] if unread else [layout.audio, *layout.others]
        )
        for batch in (group.texts if unread else group.batches)(columns):
            others = batch.select(list(layout.others)).to_pylist() if layout.others else [{}] * batch.num_rows
            if unread and layout.path is None:
                cells: Iterator[Cell] = iter([Cell(stored=stored)] * batch.num_rows)
            else:
                cells = cells_of(batch.column(layout.audio), texts=texts, stored=stored)
            for cell, values in zip(cells, others, strict=True):
                for name, names in layout.labels.items():
                    at = values[name]
                    values[name] = names[at] if isinstance(at, int) and 0 <= at < len(names) else None
                named = _Named(cell, naming.name(cell, self._number))
                yield Line(f"{shard.name}, row {row}", {layout.audio: named, **values})
                row += 1
                self._number += 1


@dataclass(frozen=True, slots=True)
class _Named:
    """A cell, and what its utterance is called where the row has no id."""

    cell: Cell
    name: str


@dataclass(frozen=True, slots=True)
class _Sounds:
    """See `benchmarks.own.rows.Sounds`."""

    find: FindFile
    rate: int | None
    seen: bool = True

    def audio(self, line: Line, cell: object) -> Audio:
        assert isinstance(cell, _Named)
        return audio_of(line, cell.cell, self.find, self.rate)

    def name(self, line: Line, cell: object) -> str:
        assert isinstance(cell, _Named)
        return cell.name


def _naming(group: Group, layout: Layout, table: Table, asked: Asked, account: Account) -> Naming:
    """How utterances without an id are called, by the first rows."""
    paths: list[str | None] = []
    if layout.path is not None:
        for batch in group.texts([layout.path] if table.is_parquet else [layout.audio]):
            paths += [cell.path for cell in cells_of(batch.column(layout.audio), texts=True)]
            if len(paths) >= LOOKED_AT:
                break
    by_file = bool(paths) and all(paths) and len({id_of(path or "") for path in paths}) == len(paths)
    if "id" not in asked.columns and not any(plain(name) in NAMES["id"] for name in layout.others):
        account.note(f"ids are {'the file names of the audio' if by_file else 'the numbers of the rows, from 000000'}")
    return Naming(by_file=by_file)
