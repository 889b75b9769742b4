"""What an Arrow table's schema says: which column is the audio, which others are read, what numbers stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.own.cells import SAMPLES, is_audio, is_bytes, is_samples, is_text
from benchmarks.own.columns import NAMES, listed, plain
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from benchmarks.own.form import Account, Asked


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are for."""

    audio: str
    others: tuple[str, ...]
    """What is read of a row besides its audio: texts, numbers, lists of words."""
    path: str | None
    """What Parquet calls the audio's path, where it has one."""
    stored: str | None
    """What Parquet calls its encoded bytes or its samples, where it has any."""
    labels: Mapping[str, Sequence[str]]
    """Columns that hold numbers of names (``ClassLabel``), and the names."""
    rate: int | None
    """Of samples, where the schema states it."""


def layout_of(schema: Any, asked: Asked, account: Account, where: str) -> Layout:
    """What the columns of a table are for, by what the user said, what its writer stated, and their names.

    Args:
        schema: of Arrow.
        asked: names given by the user win.
        account: told which columns are not read.
        where: the table, for messages.

    Raises:
        UsageError: it has several columns of audio.
        DataError: it has none.
    """
    features = _features(schema)
    kinds = {field.name: _storage(field.type) for field in schema}
    audio = _audio(kinds, features, asked, where)
    others = []
    for name, kind in kinds.items():
        if name == audio:
            continue
        if _is_read(kind):
            others.append(name)
        else:
            account.columns.setdefault(name, "not used")
    fields = {one.name: one.type for one in kinds[audio]} if is_audio(kinds[audio]) else {}
    held = _held(fields)
    feature = features.get(audio)
    rate = feature.get("sampling_rate") if isinstance(feature, dict) else None
    return Layout(
        audio=audio,
        others=tuple(others),
        path=f"{audio}.path" if "path" in fields else audio if is_text(kinds[audio]) else None,
        stored=f"{audio}.{held}" if held else None if fields or is_text(kinds[audio]) else audio,
        labels={name: names for name in others if (names := _label_names(features.get(name)))},
        rate=rate if isinstance(rate, int) and not isinstance(rate, bool) else None,
    )


def _held(fields: Mapping[str, Any]) -> str | None:
    """The field of a struct that holds bytes or samples; one of nothing but nulls may have no type."""
    if "bytes" in fields:
        return "bytes" if is_bytes(fields["bytes"]) else None
    return next((name for name in SAMPLES if name in fields and is_samples(fields[name])), None)


def _audio(kinds: Mapping[str, Any], features: Mapping[str, Any], asked: Asked, where: str) -> str:
    """The column of the audio."""
    named = asked.columns.get("audio")
    if named is not None:
        kind = kinds.get(named)
        if kind is None:
            raise UsageError(f"{where}: no column {named!r}; there are {listed(list(kinds))}")
        if not (is_audio(kind) or is_bytes(kind) or is_text(kind) or is_samples(kind)):
            raise UsageError(f"{where}: the column {named!r} holds {kind}, not audio; there are {listed(list(kinds))}")
        return named
    for candidates in _candidates(kinds, features):
        if len(candidates) > 1:
            raise UsageError(f"{where}: several columns of audio; say which, with --audio-column: {listed(candidates)}")
        if candidates:
            return candidates[0]
    path = _by_name(name for name, kind in kinds.items() if is_text(kind))
    if path is None:
        msg = f"{where}: no column of audio among {listed(list(kinds))}; name one with --audio-column"
        raise DataError(msg)
    return path


def _candidates(kinds: Mapping[str, Any], features: Mapping[str, Any]) -> list[list[str]]:
    """Columns that may be the audio, the surest first: stated to be, of its form, bytes, samples by their name."""
    stated = [name for name in kinds if _type_of(features.get(name)) == "Audio"]
    others = {name: kind for name, kind in kinds.items() if _type_of(features.get(name)) in {"", "Value", "Sequence"}}
    return [
        stated,
        [name for name, kind in others.items() if is_audio(kind)],
        [name for name, kind in others.items() if is_bytes(kind)],
        [name for name, kind in others.items() if is_samples(kind) and plain(name) in {*SAMPLES, *NAMES["audio"]}],
    ]


def _by_name(names: Any) -> str | None:
    """The column whose name says that it holds paths, the likeliest."""
    places = {name: NAMES["audio"].index(plain(name)) for name in names if plain(name) in NAMES["audio"]}
    return min(places, key=lambda name: places[name], default=None)


def _features(schema: Any) -> Mapping[str, Any]:
    """What the `datasets` library states of the columns, in the schema's metadata; nothing where another wrote it."""
    try:
        stated = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = stated["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _type_of(feature: Any) -> str:
    """``Audio``, ``Image``, ``Value``; empty where it is not stated."""
    kind = feature.get("_type") if isinstance(feature, dict) else None
    return kind if isinstance(kind, str) else ""


def _label_names(feature: Any) -> list[str]:
    """The names that numbers stand for; none where they are just numbers."""
    names = feature.get("names") if _type_of(feature) == "ClassLabel" else None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


def _storage(kind: Any) -> Any:
    """A type without what extensions and dictionaries put around it."""
    import pyarrow as pa
    import pyarrow.types as kinds

    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.value_type if kinds.is_dictionary(kind) else kind


def _is_read(kind: Any) -> bool:
    """Whether what a column holds may be of use: a text, a number, or a list of texts."""
    import pyarrow.types as kinds

    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return is_text(kind.value_type)
    return is_text(kind) or kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)
