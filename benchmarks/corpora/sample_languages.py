"""The `sample_languages` suite's six data sets: a few seconds of recorded speech a language that come with the project.

What each recording is, who made it and under which terms is in `sample_languages_audio/NOTICE`;
`tools/rebuild_sample_languages.py` makes the files anew from the packages that carry the recordings.
"""

from benchmarks.dataset import Dataset
from benchmarks.sources.embedded import embedded_source

FOLDER = "sample_languages_audio"
MANIFEST_SHA256 = "ff725ed12d35f99b42471c4280f54c6419f3369c813db8ab3857a1ced2d10ffa"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file: what was measured is known to the bit."""

PROMPTS, WORDS = "CC-BY-SA-3.0", "GPL-2.0-or-later"
_NOTES = {
    PROMPTS: "Telephone prompts of Asterisk, one speaker, 8 kHz.",
    WORDS: "Single words of KTuberling, one after another with silence between, one speaker: an example, no measure.",
}


def _dataset(language: str, title: str, terms: str, *, rows: int, hours: float, words: int) -> Dataset:
    """The benchmark of a language."""
    name = f"sample_{language}"
    return Dataset(
        name=name,
        title=f"Sample: {title}",
        language=language,
        license=terms,
        rows=rows,
        hours=hours,
        words=words,
        notes=_NOTES[terms],
        sources=(embedded_source(FOLDER, MANIFEST_SHA256, tag="license", benchmark=name),),
    )


GERMAN = _dataset("de", "German", WORDS, rows=2, hours=0.00304, words=12)
SPANISH = _dataset("es", "Spanish", PROMPTS, rows=2, hours=0.00242, words=19)
FRENCH = _dataset("fr", "French", PROMPTS, rows=3, hours=0.0027, words=26)
ITALIAN = _dataset("it", "Italian", PROMPTS, rows=3, hours=0.00288, words=28)
DUTCH = _dataset("nl", "Dutch", WORDS, rows=2, hours=0.00252, words=9)
PORTUGUESE = _dataset("pt", "Portuguese", WORDS, rows=2, hours=0.00266, words=9)
ALL = (GERMAN, SPANISH, FRENCH, ITALIAN, DUTCH, PORTUGUESE)
"""In the order of the suite."""
