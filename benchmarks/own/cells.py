"""What the cells of an audio column hold: encoded bytes, a path or samples, in all ways that Arrow tables have."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.dataset import Audio
from benchmarks.own.places import id_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.sources.tables import Line

FindFile = Callable[["Line", str], Path]
"""The file that a cell's path names. Raises DataError where it may not be read, or is not there."""

RATES = ("sampling_rate", "sample_rate", "samplerate", "rate", "sr")
"""What the rate of samples is called, in the cell or in a column of the row."""
SAMPLES = ("array", "samples", "waveform", "audio", "speech", "input_values", "data")
"""What samples are called, as a field of the cell or as a column."""
PATHS = ("path", "file_name", "filename", "file")
"""What a cell's path is called."""
HIGHEST_RATE = 1_000_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One audio cell."""

    data: bytes | None = None
    """Encoded."""
    path: str | None = None
    """As it stands there."""
    samples: Any = None
    """A pyarrow list of numbers, or of one such list a channel."""
    rate: object = None
    """Of the samples, where the cell says it."""
    stored: bool = False
    """Whether the audio is in the table, and was left unread since only texts were asked for."""


def cells_of(column: Any, *, texts: bool = False, stored: bool = False) -> Iterator[Cell]:
    """The cells of an Arrow array.

    Args:
        column: of any type that audio has.
        texts: whether audio is left unread.
        stored: whether there is audio that is not even in the array.
    """
    import pyarrow as pa
    import pyarrow.types as kinds

    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kinds.is_struct(column.type):
        yield from _of_structs(column, texts=texts, stored=stored)
    elif is_text(column.type):
        yield from (Cell(path=one.as_py()) for one in column)
    elif texts:
        yield from (Cell(stored=valid) for valid in column.is_valid().to_pylist())
    elif is_bytes(column.type):
        yield from (Cell(data=one.as_py()) for one in column)
    else:
        yield from (Cell(samples=one.values) for one in column)


def _of_structs(column: Any, *, texts: bool, stored: bool) -> Iterator[Cell]:
    """``{bytes, path}`` and ``{array, sampling_rate}``."""
    data, path, rate = _named(column, ("bytes",)), _named(column, PATHS), _named(column, RATES)
    samples = _named(column, SAMPLES) if data is None else None
    held = samples if data is None else data
    # Asked of the column: a scalar of a struct or of bytes would be a copy of the audio.
    there = [stored] * len(column) if held is None else held.is_valid().to_pylist()
    for at, valid in enumerate(column.is_valid().to_pylist()):
        if not valid:
            yield Cell()
            continue
        named = None if path is None else path[at].as_py()
        if texts:
            yield Cell(path=named, stored=there[at])
            continue
        yield Cell(
            data=None if data is None else data[at].as_py(),
            path=named,
            samples=None if samples is None else samples[at].values,
            rate=None if rate is None else rate[at].as_py(),
        )


def _named(column: Any, names: tuple[str, ...]) -> Any:
    """The first field of a struct with one of the names; None where there is none."""
    found = next((name for name in names if column.type.get_field_index(name) >= 0), None)
    return None if found is None else column.field(found)


def is_audio(kind: Any) -> bool:
    """Whether a struct's Arrow type is one that audio has."""
    import pyarrow.types as kinds

    if not kinds.is_struct(kind):
        return False
    fields = {one.name: one.type for one in kind}
    encoded = is_bytes(fields["bytes"]) if "bytes" in fields else False
    path = any(is_text(fields[name]) for name in PATHS[:1] if name in fields)
    samples = any(name in fields and is_samples(fields[name]) for name in SAMPLES)
    return encoded or path or (samples and any(name in fields for name in RATES))


def is_samples(kind: Any) -> bool:
    """Whether an Arrow type is a list of numbers, or a list of such lists."""
    import pyarrow.types as kinds

    for _ in range(2):
        if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
            kind = kind.value_type
            if kinds.is_floating(kind) or kinds.is_signed_integer(kind):
                return True
    return False


def is_bytes(kind: Any) -> bool:
    """Whether an Arrow type is one of bytes."""
    import pyarrow.types as kinds

    binary = (kinds.is_binary, kinds.is_large_binary, kinds.is_binary_view, kinds.is_fixed_size_binary)
    return any(one(kind) for one in binary)


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is one of text."""
    import pyarrow.types as kinds

    return any(one(kind) for one in (kinds.is_string, kinds.is_large_string, kinds.is_string_view))


@dataclass(slots=True)
class Naming:
    """What utterances without an id are called: the file name of their audio, or the number of their row.

    One rule for tables on the disk and on the hub, whose later rows are not known when the first are named: file names
    where those of the first rows differ. A later one that was there before is told apart by its row.
    """

    by_file: bool
    _first: dict[str, int] = field(default_factory=dict)

    def name(self, cell: Cell, number: int) -> str:
        """A name of its own for each row, the same whenever the data is read.

        Args:
            cell: the audio.
            number: of the row, from 0, over all files.
        """
        if not self.by_file or not cell.path:
            return f"{number:06d}"
        name = id_of(cell.path)
        return name if self._first.setdefault(name, number) == number else f"{name}#{number:06d}"


def audio_of(line: Line, cell: Cell, find: FindFile, rate: int | None = None) -> Audio:
    """The audio of a cell.

    Args:
        line: the row.
        cell: its audio.
        find: what finds the file of a path.
        rate: of samples, where the table's schema states it.

    Raises:
        DataError: it is none; the message names the row and what the cell holds.
    """
    if cell.stored:
        return Audio(origin=line.where)
    if cell.data is None and cell.samples is not None:
        stated = next((one for one in (cell.rate, *map(line.values.get, RATES), rate) if one is not None), None)
        return Audio(origin=line.where, data=_wav(line, cell.samples, stated))
    if cell.data is None and cell.path:
        path = find(line, cell.path)
        return Audio(origin=str(path), path=path)
    # A row without audio becomes an utterance that fails to decode: recorded and counted, not dropped.
    return Audio(origin=line.where, data=cell.data or b"")


def _wav(line: Line, samples: Any, rate: object) -> bytes:
    """Samples as a WAV file that holds them as they are: 16-bit numbers, or floats of 32 bits."""
    import numpy as np
    import soundfile

    if not isinstance(rate, int) or isinstance(rate, bool) or not 0 < rate <= HIGHEST_RATE:
        said = "nothing says their rate" if rate is None else f"their rate is {str(rate)[:40]!r}"
        raise line.error(f"the audio is samples, and {said}: add a column sampling_rate with samples a second")
    numbers = _numbers(line, samples)
    if np.issubdtype(numbers.dtype, np.integer):
        if numbers.size and (numbers.min() < -(1 << 15) or numbers.max() >= 1 << 15):
            raise line.error("the audio is whole numbers of more than 16 bits; store floats from -1 to 1")
        numbers, subtype = numbers.astype(np.int16), "PCM_16"
    else:
        with np.errstate(over="ignore"):
            numbers, subtype = numbers.astype(np.float32), "FLOAT"
        if not np.isfinite(numbers).all():
            raise line.error("the audio is samples, of which some are no numbers (NaN, or infinite)")
    buffer = io.BytesIO()
    soundfile.write(buffer, numbers, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


def _numbers(line: Line, samples: Any) -> Any:
    """Samples, shape ``[frames]`` or ``[frames, channels]``."""
    import numpy as np
    import pyarrow.types as kinds

    if kinds.is_floating(samples.type) or kinds.is_integer(samples.type):
        if samples.null_count:
            raise line.error("the audio is samples, of which some are missing (null)")
        return samples.to_numpy(zero_copy_only=False)
    rows = [one.values.to_numpy(zero_copy_only=False) for one in samples if one.is_valid]
    if len({len(row) for row in rows}) != 1 or len(rows) != len(samples):
        raise line.error("the audio is lists of samples that are not equally long, one a channel")
    table = np.stack(rows)
    return table.T if table.shape[0] < table.shape[1] else table
