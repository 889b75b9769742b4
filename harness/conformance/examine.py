"""All checks of a model, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.conformance.bench import Bench, Failed, Wrong
from harness.conformance.checks import ANSWERS, CHECKS, Subject, good, mend, transcribes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.models.base import Model
    from harness.records.conformance import Finding
    from harness.types import Clip

BATCH = 8
"""Clips a batch, at most."""


def examine(model: Model, clips: Sequence[Clip], identity: str | None = None) -> tuple[Subject, Iterator[Finding]]:
    """A model with clips: what is found out on the way, and the findings, each as soon as it is known."""
    subject = Subject(bench=Bench(model, BATCH), clips=list(clips), identity=identity)
    return subject, _findings(subject)


def _findings(subject: Subject) -> Iterator[Finding]:
    with subject.bench:
        wrong = subject.bench.model.wrong
        for check in CHECKS:
            try:
                yield from check(subject)
            except Wrong:  # it is named below; the model has no better answer to the others
                break
            except Failed as error:
                yield mend(check.__name__, str(error), "no stage may raise on such clips")
                if check is transcribes:
                    break
        for name, (holds, how) in ANSWERS.items():
            yield mend(name, wrong[name], how) if name in wrong else good(name, holds)
