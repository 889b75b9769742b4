"""``transcripts:FILE``: a "model" that looks up what somebody else's system wrote, so that it is scored by our rules.

FILE is JSON lines or CSV (a journal of ours; a leaderboard or NeMo manifest, whose ``pred_text`` is taken; or ``id``
and ``text``), NIST's trn (``words (id)``), Kaldi's text (``id words``), or a folder of such .jsonl and .trn files. A
clip is found by its id, or by the name of its file without folder and ending. No sound is listened to, and the speed
of such a run means nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks.files import whole
from benchmarks.own.places import id_of
from benchmarks.own.rows import segment_id
from benchmarks.sources.handwritten import DELIMITED, read_table
from benchmarks.sources.json_keys import loads
from harness.amounts import amount
from harness.errors import DataError, HarnessError, UsageError
from harness.models.base import Adapter, Model, ModelCard
from harness.scoring.interchange import read_kaldi_text, read_trn
from harness.types import Clip, Hypothesis

PREFIX = "transcripts:"

_ID_KEYS = (
    *("id", "utt_id", "utterance_id", "key", "audio_filepath", "audio_file", "audio", "file_name", "filename", "file"),
    "path",
)
_TEXT_KEYS = ("hypothesis", "pred_text", "hyp", "prediction")
_PLAIN_KEYS = ("text", "transcript", "transcription")
"""What a transcript is called where there is no reference beside it."""
_AUDIO_KEYS = ("audio_filepath", "audio_file", "audio")
_AUDIO_ENDING = re.compile(r"\.(wav|flac|mp3|ogg|opus|m4a|webm|sph|mp4|aac|wma)$", re.IGNORECASE)


_Table = dict[str, tuple[str | None, str]]
"""Transcripts by id; None stands for one that is not clear, with the reason."""


def _add(table: _Table, key: str, text: str | None, why: str) -> None:
    """Notes a transcript; one that contradicts an earlier one makes both unclear."""
    if key in table and table[key][0] != text:
        text, why = None, "it stands there more than once, with different transcripts"
    table[key] = text, why


class Transcripts(Model):
    """Texts by id, read once."""

    def __init__(self, name: str) -> None:
        if name == PREFIX:
            raise UsageError(f"which file? write --model {PREFIX}FILE")
        self._path = Path(name.removeprefix(PREFIX)).expanduser()
        self._by_id: _Table = {}
        self._by_stem: _Table = {}
        contents = _contents(self._path)
        for path, content in contents.items():
            for key, text, why in _entries(path, content):
                _add(self._by_id, key, text, why)
                _add(self._by_stem, _stem(key), text, why)
        if not self._by_id:
            raise DataError(f"{self._path} holds no transcripts")
        self.card = ModelCard(
            id=name,
            revision=_revision(contents),
            batch_invariant=True,
            note="transcripts that were written before; nothing is listened to, and speed means nothing",
        )

    def features(self, clips: Sequence[Clip]) -> list[str]:
        """The ids."""
        return [clip.id for clip in clips]

    def infer(self, features: Sequence[str]) -> list[str]:
        """The transcripts.

        Raises:
            DataError: there is none for an id, or more than one.
        """
        return [self._look_up(key) for key in features]

    def text(self, output: Any) -> list[Hypothesis]:
        """One hypothesis a clip."""
        return [Hypothesis(text=text) for text in output]

    def _look_up(self, key: str) -> str:
        for table, name in ((self._by_id, key), (self._by_stem, _stem(key))):
            if name in table:
                text, why = table[name]
                if text is None:
                    raise DataError(f"{key} has no clear transcript in {self._path}: {why}")
                return text
        raise DataError(f"{key} is not in {self._path}, which holds {amount(len(self._by_id), 'transcript')}")


def _stem(key: str) -> str:
    """The last part of a path, without an audio file's ending; ids may contain dots."""
    return _AUDIO_ENDING.sub("", re.split(r"[/\\]", key)[-1])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"no file {str(path)!r}; write --model {PREFIX}FILE")
    found = sorted(file for file in path.iterdir() if file.suffix in {".jsonl", ".trn"})
    if not found:
        raise UsageError(f"{path} holds neither .jsonl nor .trn files with transcripts")
    return found


def _contents(path: Path) -> dict[Path, bytes]:
    """What the file, or each file of the folder, holds."""
    found = {}
    for file in _files(path):
        try:
            found[file] = whole(file)
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror}") from error
    return found


def _revision(contents: Mapping[Path, bytes]) -> str:
    return f"sha256:{hashlib.sha256(b''.join(contents.values())).hexdigest()[:16]}"


def _identify(name: str) -> str | None:
    """The revision of the file as it is now; None where it is gone: what was read from it may still be looked at."""
    try:
        return _revision(_contents(Path(name.removeprefix(PREFIX)).expanduser()))
    except HarnessError:
        return None


def _says_the_same(name: str, texts: Iterable[tuple[str, str]]) -> bool:
    """Whether the file has these transcripts, whatever else was added to it."""
    try:
        model = Transcripts(name)
        return all(model.infer([key]) == [text] for key, text in texts)
    except HarnessError:
        return False


def _entries(path: Path, content: bytes) -> Iterator[tuple[str, str | None, str]]:
    """Id, transcript, and why there is none, for each line."""
    if path.suffix.lower() not in {".jsonl", ".json", ".csv"} and not _has_header(path):
        texts = read_trn(path) if path.suffix == ".trn" else read_kaldi_text(path)
        yield from ((key, text, "") for key, text in texts.items())
        return
    rows = list(_rows(path, content))
    keys = [key for key in _TEXT_KEYS if any(key in row for _, row in rows)]
    if not keys and any(key in row for _, row in rows for key in _AUDIO_KEYS):
        raise DataError(f"{path} has no pred_text: its text is the reference, which would score as perfect")
    others = [key for key in _PLAIN_KEYS if any(key in row for _, row in rows)]
    column = keys[0] if keys else others[0] if others else "text"
    recordings = Counter(row.get("audio_filepath") for _, row in rows)
    for where, row in rows:
        key = next((value for name in _ID_KEYS if isinstance(value := row.get(name), str)), None)
        if key is None:
            raise DataError(f"{where}: no id; expected one of {', '.join(_ID_KEYS)}")
        text = row.get(column)
        if text is not None and not isinstance(text, str):
            raise DataError(f"{where}: {column} is a {type(text).__name__}, not text")
        why = str(row.get("error") or f"{where.rpartition(', ')[2]} of {path.name} has no {column}")
        begin = row.get("offset")
        cut = key == row.get("audio_filepath") and isinstance(begin, int | float) and begin > 0
        if not cut or recordings[key] == 1:
            yield key, text, why
        if cut:  # NeMo tells the segments of a recording by where they begin, and own data calls them so
            yield segment_id(id_of(key), float(cast("float", begin)), None), text, why


def _has_header(path: Path) -> bool:
    """Whether a file with tabs or bars is a table that names its columns, and not Kaldi's lines."""
    if path.suffix.lower() not in DELIMITED:
        return False
    try:
        first = next(read_table(path), None)
    except HarnessError:
        return False
    names = {name.lower() for name in first.values} if first is not None else set()
    return not names.isdisjoint(_ID_KEYS) and not names.isdisjoint((*_TEXT_KEYS, *_PLAIN_KEYS))


def _rows(path: Path, content: bytes) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Where each row stands, and what it holds; names of a CSV's columns in small letters."""
    if path.suffix.lower() in DELIMITED:
        for line in read_table(path):
            yield line.where, {name.lower(): value for name, value in line.values.items()}
        return
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: byte {error.start}") from error
    for number, text in enumerate(lines, start=1):
        if text.strip():
            yield f"{path}, line {number}", _row(f"{path}, line {number}", text)


def _row(where: str, line: str) -> dict[str, object]:
    try:
        row = loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: a {type(row).__name__}, not a JSON object")
    return row


ADAPTER = Adapter(
    name="transcripts",
    tried="files of every kind",
    summary="transcripts:FILE looks up what another system wrote, by utterance id",
    accepts=lambda name: name.startswith(PREFIX),
    load=lambda name, _options: Transcripts(name),
    translation="",
    devices=("cpu",),
    identify=_identify,
    says_the_same=_says_the_same,
)
