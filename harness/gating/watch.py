"""The gate beside a run that goes on still: the baseline is known, and each look asks whether FAIL is certain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec.structs import replace

from harness.gating.early import Certain, Expected, certain, drawn_order, looks
from harness.gating.judge import unit_of_change
from harness.records.decision import Finding, Reason, Verdict
from harness.records.policy import Tier
from harness.records.run import EarlyRecord
from harness.scoring.counting import count_pairs
from harness.scoring.metrics import get_metric

if TYPE_CHECKING:
    from harness.gating.sides import Side
    from harness.records.journal import Line
    from harness.records.policy import Policy
    from harness.scoring.scored import Scored


class Row(Protocol):
    """An utterance of the data, without its audio."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def reference(self) -> str | None:
        """Its reference."""

    @property
    def is_chunk(self) -> bool:
        """Whether it is scored together with others."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One benchmark of a run, looked at while it goes on."""

    begun: EarlyRecord
    benchmark: str
    scored: Scored
    """The baseline's."""
    order: list[str]
    """Ids that can be compared, as they were drawn."""
    parts: list[set[str]]
    """Ids of all utterances, in the order in which they are to be run."""
    expected: Expected
    left_out: tuple[str, ...] = ()
    """Ids of those that cannot, since their references changed."""
    _errors: dict[str, int] = field(default_factory=dict)

    def claim(self, lines: Sequence[Line]) -> Certain | None:
        """Why FAIL is certain after these lines; what failed counts as without errors."""
        known = {line.id: line for line in lines}
        there = next((at for at, name in enumerate(self.order) if name not in known), len(self.order))
        new = [known[name] for name in self.order[:there] if name not in self._errors]
        texts = [(line.reference, line.hypothesis or "", self.scored.language) for line in new]
        for line, found in zip(new, count_pairs(texts, self.scored.profile), strict=True):
            nothing = line.hypothesis is None or found.dropped
            self._errors[line.id] = 0 if nothing else found.counts.errors
        return certain(self.expected, np.array([self._errors[name] for name in self.order[:there]], dtype=np.int64))

    def look(self, lines: Sequence[Line]) -> EarlyRecord | None:
        """The same, as run.json holds it."""
        found = self.claim(lines)
        if found is None:
            return None
        return replace(
            self.begun,
            verdict="FAIL",
            benchmark=self.benchmark,
            utterances=found.utterances,
            expected=len(self.order),
            left_out=self.left_out,
            least=found.least,
        )


@dataclass(frozen=True, slots=True)
class EarlyGate:
    """Holds a run against a baseline while it goes on."""

    baseline: Side
    policy: Policy
    profile: str
    """The rules of the run."""

    def begun(self, seed: int) -> EarlyRecord:
        """What run.json says of it from the beginning."""
        return EarlyRecord(seed=seed, baseline=self.baseline.name)

    def watch(self, benchmark: str, rows: Sequence[Row], seed: int) -> Watch | str:
        """Looks after a benchmark, or says why it has to be run to its end."""
        scored, rule = self.baseline.scored.get(benchmark), self.policy.rule(benchmark)
        why_not = self._why_not(scored, rule.tier, rows)
        if why_not is not None or scored is None:
            return why_not or "as the baseline has no transcript of it"
        known = {row.id: place for place, row in enumerate(scored.units.rows)}
        before = scored.units.rows
        same = [row.id for row in rows if before[known[row.id]].reference == row.reference]
        if len(rows) - len(same) > self.policy.changed_references * len(rows):
            return f"as {len(rows) - len(same):,} of {len(rows):,} references are not the baseline's"
        order = drawn_order(same, benchmark, seed)
        places = [known[name] for name in order]
        kept = scored.kept()
        counts = [kept[place] for place in places]
        must = sum(self.policy.rule(name).tier is Tier.MUST for name in self.baseline.scored)
        expected = Expected(
            np.array([one.errors for one in counts]),
            np.array([one.words for one in counts]),
            [before[place].session for place in places],
            rule.margin,
            self.policy.alpha / must,
        )
        ends = looks(len(order))
        parts = [set(order[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
        left_out = {row.id for row in rows}.difference(same)
        parts[-1] |= left_out
        return Watch(self.begun(seed), benchmark, scored, order, parts, expected, tuple(sorted(left_out)))

    def _why_not(self, scored: Scored | None, tier: Tier, rows: Sequence[Row]) -> str | None:
        """Why no FAIL of a benchmark can be certain before its end."""
        if self.baseline.profile.name != self.profile:
            return f"as the baseline is for profile {self.baseline.profile.name}, the run for {self.profile}"
        if scored is None or None in scored.counted:
            return "as the baseline has no transcript of " + ("it" if scored is None else "all of it")
        if tier is not Tier.MUST:
            return f"as its tier is {tier.value}, so that it alone makes no FAIL"
        if any(row.is_chunk for row in rows) or len(scored.units.rows) != len(scored.predictions.rows):
            return "as its sessions are scored as a whole"
        ids = [row.id for row in scored.units.rows]
        if len(set(ids)) != len(ids) or set(ids) != {row.id for row in rows}:
            return "as the baseline is of other utterances"
        return None


def early_findings(run: Side, baseline: Side, policy: Policy) -> Iterator[Finding]:
    """FAIL for each benchmark of which an incomplete run shows that the complete one would; found anew, from its lines.

    A run that was not made with `--gate-early` shows nothing: nobody knows in which order its utterances were taken.
    """
    made = run.system.run
    if made is None or made.complete or made.early is None:
        return
    gate = EarlyGate(baseline, policy, run.profile.name)
    for name, scored in run.scored.items():
        old = baseline.scored.get(name)
        if scored is None or old is None:
            continue
        lines = {line.id: line for line in scored.predictions.rows}
        references = {one.id: one.reference for one in old.units.rows} | dict.fromkeys(made.early.left_out)
        references |= {name: line.reference for name, line in lines.items()}
        rows = [_Known(one.id, references[one.id]) for one in old.units.rows]
        watch = gate.watch(name, rows, made.early.seed)
        found = None if isinstance(watch, str) else watch.claim(scored.predictions.rows)
        if found is None or isinstance(watch, str):
            continue
        metric = get_metric("cer" if old.profile.by_character(old.language) else "wer")
        points = f"{metric.scale * found.least:.2f} {unit_of_change(metric)}"
        message = f"certain after {found.utterances:,} of {len(watch.order):,} utterances, taken in a drawn order: "
        message += f"the complete run would be worse by more than {points}, its interval above the margin"
        yield Finding(
            subject=f"{name}: early",
            metric=metric.name,
            verdict=Verdict.FAIL,
            reason=Reason.COMPARED,
            message=message,
            tier=Tier.MUST,
            margin=policy.rule(name).margin,
            utterances=found.utterances,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    id: str
    reference: str | None
    """None where all that is known is that it is not the baseline's."""
    is_chunk: bool = False
