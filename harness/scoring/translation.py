"""BLEU, chrF++ and TER as sacrebleu counts them: what a segment adds, and the score of the sums."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from typing import Any, Literal

Kind = Literal["bleu", "chrf", "ter"]

ASIAN = frozenset({"zh", "ja", "ko"})
"""Languages whose text is not split at spaces: for BLEU by tokenizers of their own, for TER by character."""
MECAB = {"ja": "MeCab", "ko": "mecab_ko"}
"""Modules that BLEU of a language needs."""


def lacking(kind: Kind, language: str) -> str | None:
    """Why translations into a language have no such score here; None where they have: BLEU alone needs a tokenizer."""
    if importlib.util.find_spec("sacrebleu") is None:
        return "sacrebleu is not installed: pip install -c constraints.txt '.[translation]'"
    module = MECAB.get(language)
    if kind == "bleu" and module is not None and importlib.util.find_spec(module) is None:
        return f"BLEU of {language} needs {module}: pip install 'sacrebleu[{language}]'"
    return None


@functools.cache
def _metric(kind: Kind, language: str) -> Any:
    """The object of sacrebleu, with its defaults but for the tokenizers of languages without spaces."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    if kind == "bleu":
        return BLEU(trg_lang=language if language in ASIAN else "")
    if kind == "chrf":
        return CHRF(word_order=2)
    asian = language in {"zh", "ja", "ko"}
    return TER(normalized=asian, asian_support=asian)


def statistics(
    kind: Kind, hypotheses: Sequence[str], references: Sequence[str], language: str
) -> list[tuple[float, ...]]:
    """What each segment adds to a corpus score, from which `score` follows.

    Args:
        kind: of the score.
        hypotheses: translations as they are written.
        references: one for each.
        language: of both.
    """
    if not hypotheses:
        return []
    found = _metric(kind, language)._extract_corpus_statistics(list(hypotheses), [list(references)])
    return [tuple(map(float, each)) for each in found]


def score(kind: Kind, sums: Sequence[float]) -> float | None:
    """The corpus score of sacrebleu, 0 to 100, of what segments added up to; None of no segment."""
    if not any(sums):
        return None
    whole = [value if kind == "ter" else int(value) for value in sums]
    return float(_metric(kind, "")._compute_score_from_stats(whole).score)


def signature(kind: Kind, language: str) -> str:
    """The signature of a score with one reference, as sacrebleu writes it, which makes it comparable."""
    metric = _metric(kind, language)
    metric.corpus_score(["a"], [["a"]])  # only then it knows how many references there are
    return str(metric.get_signature())
