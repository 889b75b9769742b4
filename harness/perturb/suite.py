"""A suite under conditions: each data set as it is, and once more under every condition, as a benchmark of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from harness.perturb.apply import with_seed
from harness.perturb.names import MARK, joined
from harness.perturb.spec import Condition, read_conditions

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset, Request, Utterance
    from benchmarks.registry import Suite

LONGEST = 60
"""Characters of conditions in the name of a folder."""

TAG = "condition"
"""The tag that each utterance under a condition has."""


def under_conditions(
    suite: Suite, datasets: Sequence[Dataset], specs: Sequence[str], seed: int
) -> tuple[Suite, Sequence[Dataset]]:
    """The suite with a benchmark for each data set and condition beside the clean ones; as it is without conditions.

    It has a name of its own, ``sample+noise@20dB_10dB``, and so a folder of its own: clean runs stay what they are.
    What the suite locks of a data set holds under every condition, as it is the same data.

    Args:
        suite: to be run.
        datasets: its data sets.
        specs: as `--perturb` takes them.
        seed: of what is drawn.

    Raises:
        UsageError: a spec cannot be meant.
    """
    conditions = read_conditions(specs)
    if not conditions:
        return suite, datasets
    found: list[Dataset] = []
    lock = dict(suite.lock)
    for one in datasets:
        every = [_under(one, condition, seed) for condition in conditions]
        found += [one, *every]
        if one.name in lock:
            lock |= {each.name: lock[one.name] for each in every}
    named = msgspec.structs.replace(
        suite,
        name=f"{suite.name}{MARK}{_together(conditions)}",
        aliases=(),
        benchmarks=tuple(one.name for one in found),
        lock=lock,
    )
    return named, found


def _under(dataset: Dataset, condition: Condition, seed: int) -> Dataset:
    """A data set whose utterances are heard under a condition."""
    opened = partial(_opened, with_seed(condition, seed), condition.label)
    sources = tuple(replace(one, open=partial(opened, one.open)) for one in dataset.sources)
    title = f"{dataset.title}, {condition.label}"
    return replace(dataset, name=joined(dataset.name, condition.label), title=title, sources=sources)


def _opened(
    stated: str, label: str, opens: Callable[[Request], Iterator[Utterance]], request: Request
) -> Iterator[Utterance]:
    """The utterances of a source, each under a condition."""
    for one in opens(request):
        yield replace(one, audio=replace(one.audio, condition=stated), tags={**one.tags, TAG: label})


def _together(conditions: Sequence[Condition]) -> str:
    """All conditions in a name: values of one series together, ``noise@20dB_10dB``; by a digest where that is long."""
    series: dict[str, list[str]] = {}
    for one in conditions:
        name, _, value = one.label.partition("@")
        series.setdefault(name, []).append(value)
    text = MARK.join(f"{name}@{'_'.join(values)}" for name, values in series.items())
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256("\0".join(one.text for one in conditions).encode()).hexdigest()[:8]
    return f"{len(conditions)}_conditions_{digest}"
