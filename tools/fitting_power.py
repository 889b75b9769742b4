"""How often `fitting` says of simulated systems that they fit the reference: a control that does, and honest ones.

    python -m tools.fitting_power --sets 200 --texts ../shared/corpora

Each time a set is drawn from real transcripts (manifest.jsonl with ``text``), and an annotator makes errors in it:
words are exchanged for others that sound like them, left out, or added. An honest system errs at its own rate, three
times as often where the annotator erred, and there in the very same way in three of ten cases, by chance besides; one
that leans does so in five of ten. The control has memorized the reference: where the annotator erred it writes the same
nine times in ten. Each is judged alone, and beside four honest systems.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from harness.records.journal import Line
from harness.scoring.fitting.judging import SystemJudged, fitting, judge
from harness.scoring.predictions import Predictions
from harness.scoring.profiles import built_in_profile
from harness.scoring.scored import count_predictions

PROFILE = built_in_profile("verbatim")
SESSIONS = 25
ANNOTATOR = 0.03
"""Words that the annotator got wrong."""
HARDER = 3.0
"""How much more often a system errs where the annotator did."""
LEAN, LEANING = 0.3, 0.5
"""Of its errors there, those that are the annotator's for a common reason: a dull sound, a likelier word."""
MEMORIZED = 0.9
RATES = (0.01, 0.03, 0.1, 0.2, 0.4, 0.6)
PANEL = (0.03, 0.06, 0.12, 0.25)
"""Word error rates of the systems and of those beside them."""

Draw = np.random.Generator


@dataclass(frozen=True, slots=True)
class Set:
    """Utterances with what was said, and what the annotator made of each word."""

    said: list[list[str]]
    written: list[list[str]]
    """Of each word what stands in the reference: itself, another, nothing, or itself and another."""
    vocabulary: list[str]


def texts_of(folder: Path) -> list[list[str]]:
    """Words of the English transcripts of five words and more below a folder."""
    found = []
    for manifest in sorted(folder.glob("*/manifest.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            words = "".join(sign if sign.isalpha() or sign == "'" else " " for sign in row["text"].lower()).split()
            if row.get("language", "en") == "en" and len(words) >= 5:
                found.append(words)
    return found


def wrong(draw: Draw, word: str, vocabulary: Sequence[str]) -> str:
    """What somebody writes who gets a word wrong: often one of the few that sound like it."""
    kind = draw.random()
    if kind < 0.2:
        return ""
    other = vocabulary[(hash_of(word) + int(draw.geometric(0.4))) % len(vocabulary)]
    return f"{word} {other}" if kind < 0.3 else other


def hash_of(word: str) -> int:
    """A place for a word that is the same in every process."""
    return int.from_bytes(word.encode()[:6], "big")


def draw_set(draw: Draw, texts: Sequence[list[str]], utterances: int) -> Set:
    """So many of the texts, with an annotator's errors."""
    vocabulary = sorted({word for text in texts for word in text})
    said = [texts[at] for at in draw.integers(0, len(texts), utterances)]
    written = [[wrong(draw, word, vocabulary) if draw.random() < ANNOTATOR else word for word in text] for text in said]
    return Set(said, written, vocabulary)


def honest(draw: Draw, data: Set, rate: float, lean: float = LEAN) -> list[str]:
    """What a system writes that hears: of each utterance."""
    out = []
    for words, written in zip(data.said, data.written, strict=True):
        row = []
        for word, other in zip(words, written, strict=True):
            chance = min(0.9, rate * HARDER) if other != word else rate
            if draw.random() >= chance:
                row.append(word)
            elif other != word and draw.random() < lean:
                row.append(other)
            else:
                row.append(wrong(draw, word, data.vocabulary))
        out.append(" ".join(" ".join(row).split()))
    return out


def memorizing(draw: Draw, data: Set, rate: float) -> list[str]:
    """What a system writes that knows the references, and hears what it does not remember."""
    out = []
    for words, written in zip(data.said, data.written, strict=True):
        row = []
        for word, other in zip(words, written, strict=True):
            if other != word and draw.random() < MEMORIZED:
                row.append(other)
            else:
                row.append(wrong(draw, word, data.vocabulary) if draw.random() < rate else word)
        out.append(" ".join(" ".join(row).split()))
    return out


def judged(data: Set, hypotheses: Sequence[str]) -> SystemJudged:
    """The system as `fitting` sees it."""
    rows = [
        Line(
            id=str(at),
            reference=" ".join(" ".join(written).split()),
            corrected=" ".join(words),
            hypothesis=text,
            session=f"s{at % SESSIONS}",
        )
        for at, (words, written, text) in enumerate(zip(data.said, data.written, hypotheses, strict=True))
    ]
    held = Predictions(benchmark="made", language="en", rows=rows, source=Path("made"))
    scored = count_predictions(held, PROFILE)
    return judge(scored.utterances(), PROFILE, "en")


Simulated = Callable[[Draw, Set, float], list[str]]
SYSTEMS: dict[str, Simulated] = {"control": memorizing, "honest": honest, "leaning": partial(honest, lean=LEANING)}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of so many sets, how often a system is said to fit (True), not to (False), and nothing can be told (None)."""

    alone: Counter[bool | None]
    beside: Counter[bool | None]
    places: list[int]
    """Of each set, the places where what the system wrote is wrong by the correction: the fewest of what is judged."""


def simulate(
    texts: Sequence[list[str]],
    system: Simulated,
    rates: Sequence[float],
    *,
    times: int,
    utterances: int,
    seed: int = 0,
    panel: Sequence[float] = (),
) -> list[Verdicts]:
    """What is said of a system at each error rate, alone and beside honest ones of the panel's rates."""
    found = [Verdicts(Counter({True: 0}), Counter({True: 0}), []) for _ in rates]
    for at in range(times):
        draw = np.random.default_rng((seed, at))
        data = draw_set(draw, texts, utterances)
        others = [judged(data, honest(draw, data, other)) for other in panel]
        for rate, verdicts in zip(rates, found, strict=True):
            one = judged(data, system(np.random.default_rng((seed, at, round(1000 * rate))), data, rate))
            alone = fitting(one)
            verdicts.alone[alone.fits] += 1
            verdicts.places.append(alone.original + alone.neither)
            if others:
                verdicts.beside[fitting(one, others).fits] += 1
    return found


def main() -> None:
    """Prints the table of docs/scoring.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=200, help="sets drawn for each system")
    parser.add_argument("--utterances", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=Path, default=Path("../shared/corpora"), help="folder of manifests")
    parser.add_argument("--system", choices=SYSTEMS, action="append", help="this one only")
    args = parser.parse_args()
    texts = texts_of(args.texts)
    print(f"{args.sets} sets of {args.utterances} utterances each, of {len(texts):,} real texts, {SESSIONS} sessions")
    print(f"{'said to fit:':12} {'WER':>5} {'alone':>6} {'beside others':>14} {'wrong places':>13}")
    for name in args.system or SYSTEMS:
        given = {"times": args.sets, "utterances": args.utterances, "seed": args.seed}
        for rate, found in zip(RATES, simulate(texts, SYSTEMS[name], RATES, panel=PANEL, **given), strict=True):
            counts = f"{found.alone[True]:>6} {found.beside[True]:>14} {np.median(found.places):>13.0f}"
            print(f"{name:12} {100 * rate:>4.0f}% {counts}", flush=True)


if __name__ == "__main__":
    main()
