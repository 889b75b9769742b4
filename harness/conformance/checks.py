"""The checks: what the runner relies on, each asked of a model at work, with what to mend where it does not hold."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from harness.conformance.bench import Bench, Failed
from harness.conformance.clips import LONG_SECONDS, long_clip, made_of
from harness.devices import allocated
from harness.records.conformance import Finding
from harness.runner.clock import Lap
from harness.types import SAMPLE_RATE, Clip

GROWTH = 4 << 20
"""Bytes that the process may hold more after each pass over the same clips."""

PASSES = 4
"""Such passes; the first may still allocate what is kept."""

HEARD = 0.5
"""The share of the letters of its parts that a long clip must have, or its end was not heard."""

LANGUAGES = 12
"""Languages of the card that are tried."""

_Pairs = Sequence[tuple[str, str, str]]
"""Id, text as it should be, text as it is."""


@dataclass(slots=True, kw_only=True)
class Subject:
    """What is examined, and what was found out on the way."""

    bench: Bench
    clips: list[Clip]
    identity: str | None = None
    """The revision that is told without loading."""
    texts: dict[str, str] = field(default_factory=dict)
    """Of each clip alone."""
    steady: bool = True
    """Whether the same call gives the same texts; where not, nothing that compares texts says anything."""
    invariant: bool = False
    """Whether no batch changed a text, so that what changes one later is something else."""
    alone: Lap = field(default_factory=Lap)
    """The time of each clip alone, warm."""
    together: Lap = field(default_factory=Lap)
    """The time of the same in batches."""

    def changed(self, texts: Mapping[str, str]) -> _Pairs:
        """What differs from the clips alone; nothing where that would say nothing."""
        if not self.steady:
            return []
        return [(name, self.texts[name], text) for name, text in texts.items() if self.texts.get(name, text) != text]


def good(check: str, said: str) -> Finding:
    """It holds."""
    return Finding(check=check, state="good", said=said)


def mend(check: str, said: str, how: str) -> Finding:
    """It does not."""
    return Finding(check=check, state="mend", said=said, how=how)


def note(check: str, said: str) -> Finding:
    """It is something to know."""
    return Finding(check=check, state="note", said=said)


def _shown(pairs: _Pairs) -> str:
    """How many clips changed, and the first of them."""
    name, before, after = pairs[0]
    return f"{len(pairs)} of the texts changed, such as {name}: {before[:40]!r} became {after[:40]!r}"


def card(subject: Subject) -> Iterator[Finding]:
    """What the card states, and whether it is what is told without loading."""
    stated = subject.bench.model.card
    if stated.revision is None:
        how = "set card.revision: a version or a digest of the weights, by which runs are told apart"
        yield mend("card", "no revision", how)
    elif subject.identity is not None and subject.identity != stated.revision:
        said = f"revision {stated.revision!r}, but Adapter.identify says {subject.identity!r}"
        yield mend("card", said, "let both be of the same files, or leave identify out")
    else:
        yield good("card", f"revision {stated.revision}")
    lacking = [name for name in ("parameters", "languages", "license") if not getattr(stated, name)]
    if lacking:
        yield note("card", f"does not state {', '.join(lacking)}: reports leave them out")


def transcribes(subject: Subject) -> Iterator[Finding]:
    """Each clip alone. Nothing else is asked of a model that cannot."""
    for clip in subject.clips:
        subject.texts |= subject.bench.heard([[clip]])
    said = {text.strip() for text in subject.texts.values()}
    if len(said) == 1 and len(subject.texts) > 1:
        yield note("transcribes", f"the same for every clip: {said.pop()[:40]!r}; what follows can show little")
    else:
        yield good("transcribes", f"{len(subject.texts)} clips, each alone")


def determinism(subject: Subject) -> Iterator[Finding]:
    """The same again; it is warm now, so this pass is timed."""
    pairs = subject.changed(subject.bench.heard(([clip] for clip in subject.clips), subject.alone))
    subject.steady = not pairs
    if pairs:
        how = "sample nothing: temperature 0, no dropout (eval mode), a seed of its own for each call if it must"
        yield mend("determinism", f"the same call again: {_shown(pairs)}", how)
    else:
        yield good("determinism", "the same call gives the same texts")


def batching(subject: Subject) -> Iterator[Finding]:
    """In batches, in reversed ones, and with batches prepared ahead of the network, as in a run."""
    bench, clips = subject.bench, subject.clips
    if not subject.steady:
        yield note("batching", "not looked at: the same call gives other texts")
        return
    batches = bench.batches(clips)
    texts = bench.heard(batches, subject.together)
    pairs = subject.changed(texts)
    names = {name for name, _, _ in pairs}
    if pairs and sorted(texts[name] for name in names) == sorted(subject.texts[name] for name in names):
        yield mend(
            "order", f"in a batch: {_shown(pairs)}", "give hypotheses in the order of the clips: undo any sorting"
        )
        return
    backwards = subject.changed(bench.heard([list(reversed(batch)) for batch in batches]))
    found = pairs or backwards
    subject.invariant = not found
    promised = bench.model.card.batch_invariant
    if found and promised:
        how = "mask what is padded, or run clips of equal length together, or take batch_invariant off the card"
        yield mend("batching", f"alone and in a batch: {_shown(found)}", how)
    elif found:
        yield note("batching", f"texts depend on the batch, as the card admits: {_shown(found)}")
    elif bench.most == 1:
        yield good("batching", "takes one clip at a time")
    else:
        more = "" if promised else "; card.batch_invariant may say so, where it holds for every batch"
        yield good("batching", f"alone, in batches of {bench.most} and reversed: the same texts{more}")


def overlap(subject: Subject) -> Iterator[Finding]:
    """Two batches under way, stage by stage: what one leaves in the model the other would find."""
    if not subject.steady:
        return
    half = min(subject.bench.most, len(subject.clips) // 2)
    batches = subject.clips[:half], subject.clips[-half:]
    texts = subject.bench.heard(batches)
    works = [subject.bench.prepared(batch) for batch in batches]
    for work in works:
        subject.bench.run(work)
    mixed = {name: text for work in works for name, text in subject.bench.text(work).items()}
    pairs = [(name, texts[name], text) for name, text in mixed.items() if texts[name] != text]
    if pairs:
        how = "hand on what a stage makes as its value, not in an attribute: two batches are under way at a time"
        yield mend("overlap", f"with the next batch prepared ahead: {_shown(pairs)}", how)
    else:
        yield good("overlap", "the next batch may be prepared ahead")


def empty(subject: Subject) -> Iterator[Finding]:
    """A clip without samples, alone and among others."""
    nothing = made_of(subject.clips[0], "empty", np.zeros(0, np.float32))
    how = "give an empty text for a clip without samples, and leave it out of what the network gets"
    try:
        alone = subject.bench.heard([[nothing]])["empty"]
        batch = [subject.clips[0], nothing, *subject.clips[1:3]]
        texts = subject.bench.heard(subject.bench.batches(batch))
    except Failed as error:
        yield mend("empty", f"a clip without samples: {error}", how)
        return
    among = texts.pop("empty") if subject.invariant else ""
    said = alone.strip() or among.strip()
    pairs = subject.changed(texts) if subject.invariant else []
    if said:
        yield mend("empty", f"a clip without samples says {said[:40]!r}", how)
    elif pairs:
        yield mend("empty", f"with an empty clip in the batch: {_shown(pairs)}", how)
    else:
        yield good("empty", "a clip without samples says nothing, and changes no other")


def lengths(subject: Subject) -> Iterator[Finding]:
    """The shortest that there are, and a long one, whose end must be heard."""
    first, limit = subject.clips[0], subject.bench.model.card.max_seconds
    for samples in (1, SAMPLE_RATE // 100, SAMPLE_RATE // 10):
        try:
            subject.bench.heard([[made_of(first, "short", first.waveform[:samples])]])
        except Failed as error:
            how = "fill short clips up with silence to what the network needs"
            yield mend("short", f"a clip of {1000 * samples / SAMPLE_RATE:g} ms: {error}", how)
            break
    else:
        yield good("short", "clips of a sample, 10 ms and 100 ms")
    seconds = min(limit or LONG_SECONDS, LONG_SECONDS)
    clip, parts = long_clip(subject.clips, seconds)
    how = "state the longest clip that it takes as card.max_seconds: the runner cuts longer ones at pauses"
    try:
        letters = len("".join(subject.bench.heard([[clip]])["long"].split()))
    except Failed as error:
        yield mend("long", f"a clip of {seconds:g} s: {error}", how)
        return
    expected = len("".join("".join(subject.texts[part.id].split()) for part in parts))
    said = f"a clip of {seconds:g} s has {letters} letters, its parts alone {expected}"
    if letters >= HEARD * expected:
        yield good("long", said)
    elif limit is None:
        yield mend("long", said, how)
    else:  # nothing is cut that the card does not admit; the model itself stops early on what was put together
        yield note("long", f"{said}: it may stop early, within its limit of {limit:g} s")


def sounds(subject: Subject) -> Iterator[Finding]:
    """Silence, and a sample that is no number, which must not reach the other clips of its batch."""
    first = subject.clips[0]
    try:
        said = subject.bench.heard([[made_of(first, "silence", np.zeros(3 * SAMPLE_RATE, np.float32))]])["silence"]
    except Failed as error:
        yield mend("silence", f"3 s of silence: {error}", "divide by no loudness that may be 0")
    else:
        heard = said.strip()
        yield note("silence", f"3 s of it say {heard[:40]!r}") if heard else good("silence", "3 s of it say nothing")
    waveform = first.waveform.copy()
    waveform[len(waveform) // 2] = np.nan
    broken = made_of(first, "nan", waveform)
    how = "bring waveforms through harness.models._per_clip.finite, or refuse such a clip by name"
    try:
        subject.bench.heard([[broken]])
    except Failed as error:
        yield note("numbers", f"a sample that is no number: {error}")
        return
    try:
        texts = subject.bench.heard(subject.bench.batches([*subject.clips[1:3], broken]))
    except Failed as error:
        yield mend("numbers", f"a sample that is no number, in a batch: {error}", how)
        return
    texts.pop("nan")
    if subject.invariant and (pairs := subject.changed(texts)):
        yield mend("numbers", f"a sample that is no number, in another clip: {_shown(pairs)}", how)
    else:
        yield good("numbers", "a sample that is no number harms no other clip")


def languages(subject: Subject) -> Iterator[Finding]:
    """Every language of the card, and one that there is not."""
    stated, clip = subject.bench.model.card.languages, min(subject.clips, key=lambda one: one.duration)
    for language in stated[:LANGUAGES]:
        try:
            subject.bench.heard([[replace(clip, language=language)]])
        except Failed as error:
            how = "take it off card.languages, or map it to what the model calls it"
            yield mend("languages", f"{language} is on the card: {error}", how)
            return
    try:
        subject.bench.heard([[replace(clip, language="xx")]])
        other = "goes on with one that it does not know"
    except Failed as error:
        other = f"refuses one that it does not know: {error}"
    yield good("languages", f"{', '.join(stated[:LANGUAGES]) or 'none stated'}; {other}")


def memory(subject: Subject) -> Iterator[Finding]:
    """The same clips again and again: what the process holds must come to rest."""
    clips = sorted(subject.clips, key=lambda one: one.duration)[:4]
    held = [_held()]
    for _ in range(PASSES):
        subject.bench.heard([clip] for clip in clips)
        gc.collect()
        held.append(_held())
    if None in held:
        yield note("memory", "this system does not say what a process holds")
        return
    sizes = [size for size in held if size is not None]
    # The median: in one of the passes the allocator may take what is kept out of what it has in hand.
    growth = median(after - before for before, after in pairwise(sizes[1:]))
    if growth > GROWTH:
        said = f"{growth / 2**20:,.0f} MiB more after each pass over the same {len(clips)} clips"
        yield mend("memory", said, "keep nothing of a batch: no lists of outputs, no graph (torch.inference_mode)")
    else:
        yield good("memory", f"at rest after {PASSES} passes over the same clips")


def _held() -> int | None:
    """Bytes that this process holds, on the host and on CUDA devices."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") + allocated()


CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    card,
    transcribes,
    determinism,
    batching,
    overlap,
    empty,
    lengths,
    sounds,
    languages,
    memory,
)
"""In this order."""
ANSWERS: dict[str, tuple[str, str]] = {
    "count": ("one hypothesis a clip", "give as many hypotheses as there were clips, in a list"),
    "text": ("texts that a file can hold", "decode with errors='replace', and give a Hypothesis"),
    "times": ("word times lie in their clip, in order", "count from the clip's beginning, in seconds, in order"),
    "input": ("waveforms are left as they are", "copy a waveform before changing it: other stages hear it too"),
}
"""What is looked at in every answer: what holds, and how to mend what does not."""
