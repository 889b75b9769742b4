"""Which form a file of texts has: told by its ending and its content, never by exclusion."""

import json
import re
from pathlib import Path
from typing import Literal, get_args

from harness.errors import DataError, UsageError

Form = Literal[
    "csv",
    "ctm",
    "eaf",
    "json",
    "jsonl",
    "kaldi",
    "lines",
    "meetings",
    "recognizer",
    "rttm",
    "seglst",
    "srt",
    "stm",
    "textgrid",
    "trn",
    "tsv",
    "vtt",
]
FORMS: tuple[Form, ...] = get_args(Form)
"""What `--format` takes; ``meetings`` is any form with times, each recording of which is one utterance."""

_WITHOUT_ENDING = frozenset({"json", "kaldi", "lines", "meetings", "recognizer", "seglst"})
_ENDINGS: dict[str, Form] = {f".{form}": form for form in FORMS if form not in _WITHOUT_ENDING}
TABLE_ENDINGS = (".jsonl", ".json", ".csv", ".tsv")
"""Of files that may have a reference and a transcript in a row."""
TEXT_ENDINGS = (".trn", ".stm", ".ctm", ".srt", ".vtt", ".txt", ".text", ".rttm", ".textgrid", ".eaf")
"""Of files that have texts of one side."""
_OF_ROWS = frozenset({"id", "utt_id", "utterance_id", "audio_filepath", "audio", "pred_text", "hypothesis", "hyp"})
_LABELLED = re.compile(r".*\([^()\s][^()]*\)\s*")
_CUE = re.compile(r"\d+:\d\d:\d\d[,.]\d+\s+-->", re.MULTILINE)


def ending(path: Path) -> str:
    """The ending that tells the form, in lower case: that of the unpacked file."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def stem(path: Path) -> str:
    """A file's name without the ending of its form."""
    name = path.name.removesuffix(".gz")
    last = Path(name).suffix
    return name.removesuffix(last) if last.lower() in {*_ENDINGS, ".json", ".txt"} else name


def form_of(path: Path, content: str, asked: Form | None = None) -> Form | None:
    """The form of a file; None is plain text, of which only another file can tell whether its lines begin with ids.

    Args:
        path: its name ends in the form's, where that is not ``.txt``, ``.text`` or nothing.
        content: of the whole file.
        asked: what the user said that it is; wins.

    Raises:
        DataError: the content is not what the ending says.
    """
    if asked is not None:
        return asked
    last = ending(path)
    begin = content.lstrip()[:1]
    if last == ".json" or (last not in _ENDINGS and begin in {"{", "["}):
        return _json_form(path, content, begin)
    if last in _ENDINGS:
        return _ENDINGS[last]
    if content.startswith("WEBVTT"):
        return "vtt"
    lines = [line for line in content.split("\n") if line.strip() and not line.startswith(";;")]
    if lines and lines[0].strip().isdecimal() and _CUE.search(content):
        return "srt"
    return "trn" if lines and all(map(_LABELLED.fullmatch, lines)) else None


def _json_form(path: Path, content: str, begin: str) -> Form:
    """Lines of objects, an array of predictions or of segments as meeteval writes them, or a recognizer's object."""
    if begin != "[":
        return "recognizer" if _is_recognizers(content) else "jsonl"
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a JSON array: {error}") from None
    first = found[0] if found else None
    return "seglst" if isinstance(first, dict) and "words" in first and "session_id" in first else "json"


def _is_recognizers(content: str) -> bool:
    """Whether it is one object with words or segments, and no row, which names its utterance or has both texts."""
    from benchmarks.sources.timed_rows import is_recognizers

    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return is_recognizers(found) and _OF_ROWS.isdisjoint(found)


def plain_form(reference: tuple[Path, str], hypothesis: tuple[Path, str]) -> Form:
    """What two files of plain text are: Kaldi's text, whose lines begin with ids, or parallel lines.

    Raises:
        UsageError: they can be both, or neither; the message names the flag that says which.
    """
    (where, _), (other, _) = reference, hypothesis
    said, written = (content.removesuffix("\n").split("\n") for _, content in (reference, hypothesis))
    ids, found = ([line.split(maxsplit=1)[0] for line in lines if line.strip()] for lines in (said, written))
    # The first words of texts stand elsewhere too, or again; ids do neither, and most of them hold a number.
    text = any(
        len(set(first)) < len(first) or not {word for line in lines for word in line.split()[1:]}.isdisjoint(first)
        for lines, first in ((said, ids), (written, found))
    )
    apart = {word for line in said for word in line.split()[1:]}.isdisjoint(ids)
    named = apart and 2 * sum(bool(re.search(r"[\d_]", one)) for one in ids) > len(ids)
    fitting, parallel = set(found) <= set(ids), len(said) == len(written)
    spoken = {word for line in said for word in line.split()}
    if not named and 1 < len(found) == len(spoken.union(found)) - len(spoken) and all(map(_like_id, found)):
        raise UsageError(
            f"{other}: its lines begin with ids ({found[0]!r}), those of {where} do not; give both with ids, or both "
            "without, or say --format lines if these are words"
        )
    numbers = parallel and all(one.isdecimal() for one in ids)
    if named and ((fitting and not numbers) or not parallel):
        return "kaldi"  # where ids do not fit or come twice, that is said with the first of them
    if parallel and not named and (text or not fitting):
        return "lines"
    what = f"their lines can begin with ids ({ids[0]!r}) or be parallel texts"
    if not parallel:
        what = f"{len(said)} and {len(written)} lines are not parallel, and do not begin with ids that fit"
    raise UsageError(f"{other} and {where}: {what}; say --format kaldi or --format lines")


def begins_with_ids(content: str, recording: str) -> bool:
    """Whether plain text beside subtitles is Kaldi's text: it names their recording, or all lines begin as ids do."""
    first = [line.split(maxsplit=1)[0] for line in content.split("\n") if line.strip()]
    return recording in first or all(map(_like_id, first))


def _like_id(word: str) -> bool:
    return re.search(r"[\d_]", word) is not None and not word.isdecimal()
