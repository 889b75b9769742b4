"""Writes tables as the hub and its libraries have them, of short clips that are made here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from benchmarks.dataset import Request, Utterance, open_dataset
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 8_000


def samples(number: int, least: int = 800) -> Any:
    """16-bit noise of its own for each number, a tenth of a second long and more, shape ``[frames]``."""
    draw = np.random.default_rng(number)
    return draw.integers(-20_000, 20_000, least + 80 * number, dtype=np.int16)


def clip(number: int, kind: str = "FLAC", least: int = 800) -> bytes:
    """The samples of a number as an encoded file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples(number, least), RATE, format=kind)
    return buffer.getvalue()


def row(number: int, least: int = 800, **more: Any) -> dict[str, Any]:
    """A row as the hub has it."""
    return {
        "audio": {"bytes": clip(number, least=least), "path": f"c{number:02d}.flac"},
        "text": f"words of {number}",
        **more,
    }


def parquet(rows: Sequence[dict[str, Any]], row_group: int = 4, schema: Any = None, **how: Any) -> bytes:
    """Rows as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema), buffer, row_group_size=row_group, **how)
    return buffer.getvalue()


def arrow(rows: Sequence[dict[str, Any]], schema: Any = None, *, stream: bool = True, batch: int = 4) -> bytes:
    """Rows as an Arrow file: a stream, as ``save_to_disk`` writes it, or with a footer, as feather."""
    import pyarrow as pa

    table = pa.Table.from_pylist(list(rows), schema)
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)
    return bytes(sink.getvalue())


def write(path: Path, data: bytes | str) -> Path:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(place: str | Path, asked: Asked | None = None, request: Request | None = None) -> list[Utterance]:
    """The utterances of own data."""
    return list(open_dataset(own_dataset(place, asked), request or Request()))


def told(found: Sequence[Utterance]) -> list[tuple[str, str]]:
    """Ids and references."""
    return [(item.id, item.reference) for item in found]


def heard(item: Utterance) -> Any:
    """The samples of an utterance as a list of 16-bit numbers, or of a list of them a frame."""
    with item.audio.open() as file:
        data, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE
    return np.rint(data * 32_768).astype(int).tolist()
