"""FLEURS pairs: speech of one language, and the same sentence of Wikipedia in another as its translation.

FLEURS is read from FLORES, whose sentences are translations of one another and have the same number in every language.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks.corpora.fleurs import CODES, NAMES, hub_entry, parse
from benchmarks.dataset import Dataset, Request, Source, Utterances
from benchmarks.sources.archive import PACKED, archive_source
from benchmarks.sources.hub import hub_source
from harness.errors import DataError

ALL_CODES = {**CODES, "en": "en_us", "ja": "ja_jp"}
ALL_NAMES = {**NAMES, "en": "English", "ja": "Japanese"}
PAIRS = (
    *((spoken, "en") for spoken in ("de", "es", "fr", "ja", "pt")),
    *(("en", target) for target in ("de", "es", "fr", "it", "ja", "pt", "zh")),
)
"""Directions that the Granite Speech cards name."""

Open = Callable[[Request], Utterances]


def _read(spoken: Open, translated: Open, request: Request) -> Utterances:
    """Utterances of one language with the sentences of another; those without a translation are left out.

    Raises:
        AccessError, DataError: as the sources; or no sentence has a translation.
    """
    texts = {
        one.tags["sentence"]: one.reference
        for one in translated(replace(request, audio=False, lengths=False, wanted=None, note=lambda _key, _value: None))
    }
    found = False
    for one in spoken(request):
        text = texts.get(one.tags["sentence"])
        if text is not None:
            found = True
            yield replace(one, reference=text, tags={**one.tags, "source": one.reference})
    if not found:
        raise DataError("FLEURS: no sentence of one language has the number of one of the other; get both copies again")


def _sources(language: str) -> tuple[Source, Source]:
    """The hub's copy and the original release of a language."""
    code = ALL_CODES[language]
    return (
        hub_source("google/fleurs", code, entry=hub_entry, language=language),
        archive_source(f"{code}.tar.gz", (code, rf"{code}{PACKED}"), partial(parse, language), locked=()),
    )


def _dataset(spoken: str, target: str) -> Dataset:
    """The benchmark of one direction."""
    sources = tuple(
        replace(one, where=f"{one.where} with {other.where}", open=partial(_read, one.open, other.open), state=_unknown)
        for one, other in zip(_sources(spoken), _sources(target), strict=True)
    )
    return Dataset(
        name=f"fleurs_{spoken}_{target}",
        title=f"FLEURS, {ALL_NAMES[spoken]} to {ALL_NAMES[target]}",
        language=spoken,
        target=target,
        license="CC-BY-4.0",
        sources=sources,
        url="https://huggingface.co/datasets/google/fleurs",
        citation="Conneau et al., FLEURS: Few-shot Learning Evaluation of Universal Representations of Speech, 2022",
        notes="References are the sentences of the other language, by their number in FLORES; what was read is the tag "
        "source. Nothing says who speaks: the utterance is the unit.",
    )


def _unknown(_request: Request) -> None:
    """What the data is now is told by its rows: there are two sources in one."""


FLEURS_PAIRS = tuple(_dataset(*pair) for pair in PAIRS)
