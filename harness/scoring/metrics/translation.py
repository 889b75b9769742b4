"""Translation quality: BLEU, chrF++ and TER, equal to sacrebleu's corpus scores."""

import functools
from collections.abc import Sequence

from harness.scoring import translation
from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances
from harness.scoring.translation import Kind


def _count(
    utterances: Utterances, _profile: object, _language: str, *, kind: Kind
) -> Sequence[Parts | None] | Absent | None:
    target = next((one.row.target for one in utterances if one.row.target), None)
    if target is None:
        return Absent("they are transcripts, no translations")
    if why := translation.lacking(kind, target):
        return Absent(why)
    hypotheses = [one.row.hypothesis or "" for one in utterances]
    return translation.statistics(kind, hypotheses, [one.row.reference for one in utterances], target)


def _declared(kind: Kind, title: str, meaning: str, better: str, unit: str = "0 to 100") -> Metric:
    return Metric(
        name=kind,
        title=title,
        meaning=meaning,
        count=functools.partial(_count, kind=kind),
        value=functools.partial(translation.score, kind),
        unit=unit,
        better="lower" if better == "lower" else "higher",
        column=True,
        resampled=True,
        always=lambda facts: facts.translated,
        signature=functools.partial(translation.signature, kind),
    )


BLEU = _declared(
    "bleu", "BLEU", "sacrebleu's BLEU of the corpus, 0 to 100 (Papineni et al., 2002; Post, 2018)", "higher"
)
CHRF = _declared("chrf", "chrF++", "sacrebleu's chrF++ of the corpus, 0 to 100 (Popović, 2017)", "higher")
TER = _declared(
    "ter",
    "TER",
    "sacrebleu's translation edit rate, edits for 100 reference words, may exceed 100 (Snover et al., 2006)",
    "lower",
    "lower is better",
)
