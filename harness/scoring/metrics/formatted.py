"""The error rate of transcripts as they are written: case, punctuation and numbers included."""

import unicodedata
from collections.abc import Sequence

from harness.scoring import lattice
from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES
from harness.scoring.written.references import lacks_capitals, lacks_punctuation


def _count(utterances: Utterances, _profile: object, language: str) -> Sequence[Parts | None] | Absent:
    from rapidfuzz.distance import Levenshtein

    references = [one.row.reference for one in utterances]
    reason = lacks_punctuation(references, language)
    spaced = language not in LANGUAGES_WITHOUT_SPACES
    if reason is None and spaced and any(letter.lower() != letter.upper() for text in references for letter in text):
        reason = lacks_capitals(references, language)
    if reason is not None:
        return Absent(reason)
    counted: list[Parts | None] = []
    for one in utterances:
        if lattice.parse(one.row.reference) is not None:
            counted.append(None)
            continue
        said, written = (
            unicodedata.normalize("NFC", text).split() for text in (one.row.reference, one.row.hypothesis or "")
        )
        if not spaced:
            said, written = list("".join(said)), list("".join(written))
        counted.append((Levenshtein.distance(said, written), len(said)))
    return counted


FORMATTED_WER = Metric(
    name="formatted_wer",
    title="formatted WER",
    meaning="word error rate of the texts as they are written, in NFC, where only white space does not count; of "
    "characters in languages without spaces",
    count=_count,
)
