"""What a foreign file's name says: model, benchmark, language.

The leaderboard writes ``MODEL_<model>_DATASET_<data set>.jsonl`` with ``/`` turned into ``-``, which cannot be undone
with certainty; so a model is called what the file calls it. Benchmarks are found by the patterns that each data set
declares; a file that means none of them is a benchmark of its own, called after the file.
"""

import re
import tomllib
from importlib.resources import files

from harness.errors import UsageError

_NAME = re.compile(r"^MODEL_(?P<model>.+?)_DATASET_(?P<data>.+)$")
_WORD = re.compile(r"[a-z]+")

_LANGUAGES = tomllib.loads((files(__package__) / "languages.toml").read_text(encoding="utf-8"))
_LANGUAGE_NAMES: dict[str, str] = _LANGUAGES["names"]


def model_and_data(stem: str) -> tuple[str, str]:
    """The model and the data-set part of a file's name without its ending.

    A name of another form, such as that of a NeMo manifest, is both.
    """
    match = _NAME.match(stem)
    return (match["model"], match["data"]) if match else (stem, stem)


def primary_subtag(language: str) -> str:
    """A language as users write it (``en``, ``de_DE``, ``German``) as BCP-47 primary subtag.

    Raises:
        UsageError: it is not a language code.
    """
    subtag = re.split(r"[-_]", language.strip().lower())[0]
    subtag = _LANGUAGE_NAMES.get(subtag, subtag)
    if not re.fullmatch(r"[a-z]{2,3}", subtag):
        raise UsageError(f"--language {language!r} is not a language code; give one such as en, de or zh")
    return subtag


def benchmark_of(data: str) -> tuple[str, str, str | None]:
    """The benchmark that the data-set part of a file name means.

    Returns:
        Its id, its language, and the pattern that finds the session in an utterance's id, where there is one.
    """
    from benchmarks.registry import identify

    dataset = identify(data)
    if dataset is not None:
        return dataset.name, dataset.language, dataset.session_pattern
    return data, _language_in(data), None


def _language_in(data: str) -> str:
    """The last language that is named in a file name; English where there is none."""
    for word in reversed(_WORD.findall(data.lower())):
        code = _LANGUAGE_NAMES.get(word, word)
        if code in _LANGUAGES["codes"]:
            return str(code)
    return "en"
