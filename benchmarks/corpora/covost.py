"""CoVoST 2 test sets (Wang, Wu and Pino, 2020): Common Voice, translated by professionals into English and from it."""

from functools import partial

from benchmarks.dataset import Dataset, Entry, Row
from benchmarks.sources.hub import hub_source
from benchmarks.sources.pairing import stem

NAMES = {
    "ca": "Catalan",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
}
CONFIGS = {"zh": "zh-CN"}
INTO_ENGLISH = ("ca", "de", "es", "fr", "it", "ja", "nl", "pt", "ru", "zh")
FROM_ENGLISH = ("ca", "de", "ja", "zh")
"""Of its 21 and 15 directions, those of languages that models here know by their cards."""


def hub_entry(row: Row) -> Entry:
    """A row of fixie-ai/covost2: client_id, file or id, sentence, translation."""
    name = str(row.get("id") or row.get("file") or row.get("audio_path") or f"sample_{row['row_number']}")
    session = row.get("client_id")
    return Entry(
        id=stem(name.replace("\\", "/").rpartition("/")[2]),
        reference=row["translation"],
        session=None if session is None else str(session),
        tags={"source": str(row["sentence"])} if row.get("sentence") else {},
    )


def _dataset(spoken: str, target: str) -> Dataset:
    """The benchmark of one direction."""
    code, into = (CONFIGS.get(one, one) for one in (spoken, target))
    return Dataset(
        name=f"covost2_{spoken}_{target}",
        title=f"CoVoST 2, {NAMES[spoken]} to {NAMES[target]}",
        language=spoken,
        target=target,
        license="CC0-1.0",
        sources=(hub_source("fixie-ai/covost2", f"{code}_{into}", entry=hub_entry, language=spoken),),
        url="https://github.com/facebookresearch/covost",
        citation="Wang, Wu and Pino, CoVoST 2 and Massively Multilingual Speech-to-Text Translation, 2020",
        file_patterns=(rf"(?<![a-z])covost[_-]?2[_-]{code}[_-]{into}(?![a-z])(_test)?",),
        notes="Translations of Common Voice 4's prompts: references are translations, the prompt is the tag source, "
        "the session is the volunteer. The hub's copy is a third party's, with the audio; its rows were not seen here.",
        missing="original: its translations are tables beside Common Voice 4, which is no longer offered",
    )


COVOST = (*map(partial(_dataset, target="en"), INTO_ENGLISH), *map(partial(_dataset, "en"), FROM_ENGLISH))
