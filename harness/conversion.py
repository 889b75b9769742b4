"""Own data written as our manifest, or as Parquet: the same ids, references and samples, in one form."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.dataset import Request, open_dataset
from benchmarks.own.columns import NAMES, plain
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.amounts import amount
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.dataset import Audio, Dataset, Utterance

GROUP = 100
"""Rows of a row group of Parquet: what lies in memory at a time."""
MOST_FLAC_CHANNELS = 8
LONGEST_NAME = 100
_TAKEN = {name for names in NAMES.values() for name in names}

Row = dict[str, Any]
"""A row of a manifest."""


def convert(dataset: Dataset, to: str, out: Path, *, copy_audio: bool, relative: bool) -> Path:
    """Writes own data in another form.

    Args:
        dataset: of own data.
        to: ``manifest`` or ``parquet``.
        out: the file to write, or a folder for it, which must not be there yet.
        copy_audio: whether audio is written beside the manifest, segments and channels cut; Parquet holds it anyway.
        relative: whether paths in the manifest are from its folder.

    Returns:
        The file that was written.

    Raises:
        UsageError: there is something at `out`, or audio inside of an archive is not copied.
        DataError: the data cannot be read, or what was written does not read as the same.
    """
    endings = (".jsonl",) if to == "manifest" else (".parquet",)
    file = out if out.suffix.lower() in endings else out / f"manifest{endings[0]}"
    if file.exists():
        raise UsageError(f"--out {file}: there is something already; name another place")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if to == "manifest":
            count = _write_manifest(dataset, file, copy_audio=copy_audio, relative=relative)
        else:
            count = _write_parquet(dataset, file)
    except OSError as error:
        raise UsageError(f"--out {file}: cannot be written ({error.strerror or error})") from None
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    _check(file, count)
    return file


def _check(file: Path, count: int) -> None:
    """What was written must read as so many utterances: a text may be one that a manifest takes for missing."""
    from benchmarks.own.dataset import own_dataset

    found = sum(1 for _ in open_dataset(own_dataset(file), Request(lengths=False)))
    if found != count:
        raise DataError(
            f"{file}: {amount(count, 'utterance was', 'utterances were')} written, and {found:,} read back; report this"
        )


def _rows(dataset: Dataset, *, lengths: bool = True) -> Iterator[tuple[Utterance, Row]]:
    """Each utterance, and its row but for the audio; `lengths` as in `Request`."""
    for one in open_dataset(dataset, Request(lengths=lengths)):
        row: Row = {"id": one.id, "text": one.reference}
        if dataset.language_stated or one.language != dataset.unsaid:
            row["language"] = one.language
        if one.session is not None:
            row["session"] = one.session
        if one.duration is not None:
            row["duration"] = one.duration
        if one.keywords:
            row["keywords"] = list(one.keywords)
        if one.turns:
            row["turns"] = [turn._asdict() for turn in one.turns]
        if one.words:
            row["words"] = [{"word": text, "start": start, "end": end} for text, start, end in one.words]
        if isinstance(one.audio.channel, str):  # of a file that keeps its channels
            row["channel"] = one.audio.channel
        # A tag that is called like a column of ours would be taken for one.
        tags = {f"tag_{name}" if plain(name) in _TAKEN else name: value for name, value in one.tags.items()}
        yield one, {**tags, **row}


def _write_manifest(dataset: Dataset, file: Path, *, copy_audio: bool, relative: bool) -> int:
    folder = file.parent.resolve()
    copies = _Copies(folder / f"{file.stem}_audio")
    count = 0
    with file.open("x", encoding="utf-8", errors="backslashreplace") as lines:  # half a pair, as JSON writes it
        for one, row in _rows(dataset):
            audio = one.audio
            if copy_audio:
                path, part = copies.write(one), {}
            elif audio.path is None or audio.size is not None:
                raise UsageError(f"{audio.origin}: audio that is no file of its own; write it out with --copy-audio")
            else:
                path, part = audio.path.resolve(), _part(audio)
            named = os.path.relpath(path, folder) if relative else str(path)
            timed = _by_recording(row, audio.start) if part.get("start") else {}
            lines.write(json.dumps({**row, **timed, "audio": named, **part}, ensure_ascii=False) + "\n")
            count += 1
    return count


def _by_recording(row: Row, start: float | None) -> Row:
    """Times of turns and words by the clock of the recording that an utterance is a part of."""

    def later(each: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: value + (start or 0.0) if key in {"start", "end"} and value is not None else value
            for key, value in each.items()
        }

    return {name: list(map(later, row[name])) for name in ("turns", "words") if name in row}


def _part(audio: Audio) -> Row:
    """What of its file an utterance is."""
    facts = {"start": audio.start, "end": audio.end, "channel": audio.channel}
    return {name: value for name, value in facts.items() if value is not None}


def _write_parquet(dataset: Dataset, file: Path) -> int:
    """With the hub's description of its columns, so that `datasets` decodes the audio."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = (name for _, row in _rows(dataset, lengths=False) for name in ("duration", *row))
    names = list(dict.fromkeys(map(_whole_text, columns)))
    kinds = {"duration": pa.float64(), "keywords": pa.list_(pa.string())}
    fields = [(name, kinds.get(name, pa.string())) for name in names]
    audio = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {name: {"dtype": "float64" if name == "duration" else "string", "_type": "Value"} for name in names}
    if "keywords" in features:
        features["keywords"] = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}  # type: ignore[dict-item]
    described = json.dumps({"info": {"features": {**features, "audio": {"_type": "Audio"}}}})
    schema = pa.schema([*fields, ("audio", audio)], metadata={"huggingface": described})
    count, group = 0, list[Row]()
    with pq.ParquetWriter(file, schema) as writer:
        for one, row in _rows(dataset):
            data, suffix = _encoded(one.audio)
            timed: Row = {name: json.dumps(row[name], ensure_ascii=False) for name in ("turns", "words") if name in row}
            said = {_whole_text(key): _whole_text(value) for key, value in {**row, **timed}.items()}
            group.append({**said, "audio": {"bytes": data, "path": _file_name(one.id) + suffix}})
            count += 1
            if len(group) == GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group.clear()
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
    return count


def _whole_text(value: Any) -> Any:
    """A text, alone or in a list, with half a pair of surrogates, which Parquet cannot have, as JSON writes it."""
    if isinstance(value, list):
        return [_whole_text(one) for one in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


@dataclass(slots=True)
class _Copies:
    """A folder of audio files, one for each utterance."""

    folder: Path
    _names: set[str] = field(default_factory=set)

    def write(self, one: Utterance) -> Path:
        """Writes the audio of an utterance, under a name like its id."""
        data, suffix = _encoded(one.audio)
        name = _file_name(one.id)
        if name.casefold() in self._names:
            name = f"{name}_{len(self._names)}"
        self._names.add(name.casefold())
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / (name + suffix)
        path.write_bytes(data)
        return path


def _file_name(name: str) -> str:
    """An id as a file's name."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:LONGEST_NAME] or "audio"


_MARKS = {b"fLaC": ".flac", b"RIFF": ".wav", b"OggS": ".ogg", b"ID3": ".mp3", b"FORM": ".aiff"}


def _encoded(audio: Audio) -> tuple[bytes, str]:
    """The file of an utterance, and its ending: as it is, or cut to the segment and channel that it is.

    Raises:
        DataError: it cannot be read, or as `harness.audio.hearing.hear`.
    """
    if audio.start is not None or audio.end is not None or isinstance(audio.channel, int):
        return _cut(audio)
    try:
        data = audio.read()
    except OSError as error:
        raise DataError(f"{audio.origin}: cannot be read ({error.strerror or error})") from None
    suffix = PurePosixPath(audio.origin).suffix.lower()
    if suffix not in AUDIO_ENDINGS:
        suffix = next((ending for mark, ending in _MARKS.items() if data.startswith(mark)), ".wav")
    return data, suffix


def _cut(audio: Audio) -> tuple[bytes, str]:
    """The stretch and channel that is heard, at the recording's own rate: FLAC, or WAV where only floats hold it."""
    import soundfile

    from harness.audio.hearing import listen

    blocks: list[NDArray[np.float32]] = []
    rates: list[int] = []
    channel = audio.channel if isinstance(audio.channel, int) else None

    def begin(rate: int, channels: int, _most: int | None) -> Any:
        if channel is not None and channel >= channels:
            raise DataError(f"{audio.origin}: channel {channel} is asked for, it has 0 to {channels - 1}")
        rates.append(rate)
        return lambda block: blocks.append(np.array(block if channel is None else block[:, channel : channel + 1]))

    listen(audio, begin)
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if not len(samples):
        raise DataError(f"{audio.origin}: no samples in it")
    file = io.BytesIO()
    if samples.shape[1] <= MOST_FLAC_CHANNELS:
        for bits, subtype in ((16, "PCM_16"), (24, "PCM_24")):
            whole = samples.astype(np.float64) * 2.0 ** (bits - 1)
            if (whole == np.round(whole)).all() and np.abs(whole).max() < 2.0 ** (bits - 1):
                numbers = whole.astype(np.int32) << (32 - bits)  # as libsndfile takes them
                soundfile.write(file, numbers, rates[0], format="FLAC", subtype=subtype)
                return file.getvalue(), ".flac"
    soundfile.write(file, samples, rates[0], format="WAV", subtype="FLOAT")
    return file.getvalue(), ".wav"
