"""`--perturb` to conditions: ``noise:snr=10,5,kind=white`` is two of them.

    NAME[:VALUES]     values by name (snr=10,5) or without one, which belong to the first parameter (codec:g711,mp3@32k)

Each combination of values is a condition of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from harness.errors import UsageError, unknown_name
from harness.perturb.registry import perturbations

if TYPE_CHECKING:
    from harness.perturb.base import Parameter, Perturbation, Value


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is done to every utterance."""

    perturbation: Perturbation
    values: tuple[tuple[str, Value], ...]
    """Each parameter with its value, in the perturbation's order."""

    @property
    def text(self) -> str:
        """As `--perturb` takes it, with every value that is not empty."""
        said = ",".join(f"{name}={_shown(value)}" for name, value in self.values if value != "")
        return f"{self.perturbation.name}:{said}"

    @property
    def label(self) -> str:
        """As it stands in a benchmark's name."""
        return self.perturbation.name + self.perturbation.label(dict(self.values))

    def seconds(self, seconds: float) -> float:
        """How long a clip of some seconds becomes."""
        return self.perturbation.seconds(seconds, dict(self.values))


def read_conditions(specs: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions that some specs mean, in their order.

    Raises:
        UsageError: one cannot be meant, or two mean the same; the message says what would work.
    """
    found: dict[str, Condition] = {}
    for spec in specs:
        for one in _conditions(spec):
            if one.label in found:
                raise UsageError(f"--perturb {spec}: {one.label} is there twice; leave one out")
            one.perturbation.check(dict(one.values))
            found[one.label] = one
    return tuple(found.values())


@functools.lru_cache(maxsize=1024)
def read_condition(text: str) -> Condition:
    """The one condition that a text means, as `Condition.text` writes it.

    Raises:
        UsageError: it cannot be meant.
    """
    (condition,) = _conditions(text)
    return condition


def _conditions(spec: str) -> list[Condition]:
    """All that one spec means."""
    name, colon, rest = spec.partition(":")
    known = perturbations()
    if not name.strip():
        raise UsageError(f"--perturb {spec!r}: it has no name; give one of {', '.join(known)}, {_such_as(known)}")
    if name.strip().lower() not in known:
        raise UsageError(f"--perturb {spec}: {unknown_name('perturbation', name, known)}; {_such_as(known)}")
    one = known[name.strip().lower()]
    given = _given(spec, one, rest) if rest.strip() or colon else {}
    lists: list[list[tuple[str, Value]]] = []
    for parameter in one.parameters:
        texts = given.get(parameter.name)
        if texts is None and parameter.default is None:
            raise UsageError(f"--perturb {spec}: it lacks {parameter.name}; such as {one.example}")
        values = [parameter.default] if texts is None else [_value(spec, one, parameter, text) for text in texts]
        lists.append([(parameter.name, value) for value in values if value is not None])
    return [Condition(one, values) for values in product(*lists)]


def _given(spec: str, one: Perturbation, rest: str) -> dict[str, list[str]]:
    """The texts of each parameter that is named."""
    names = [parameter.name for parameter in one.parameters]
    given: dict[str, list[str]] = {}
    at = names[0]
    for part in rest.split(","):
        name, equals, text = part.partition("=")
        if equals:
            at = name.strip().lower()
            if at not in names:
                knows = f"{one.name} knows {', '.join(names)}, such as {one.example}"
                raise UsageError(f"--perturb {spec}: {name.strip()!r} is none of its values; {knows}")
            if at in given:
                raise UsageError(f"--perturb {spec}: {at} is there twice; give one list, such as {one.example}")
        value = text if equals else part
        if not value.strip():
            raise UsageError(f"--perturb {spec}: a value of {at} is empty; such as {one.example}")
        given.setdefault(at, []).append(value.strip())
    return given


def _value(spec: str, one: Perturbation, parameter: Parameter, text: str) -> Value:
    try:
        return parameter.read(text)
    except ValueError as error:
        raise UsageError(f"--perturb {spec}: {text!r}: give {error}; such as {one.example}") from None


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _such_as(known: dict[str, Perturbation]) -> str:
    return f"such as {', '.join(one.example for one in list(known.values())[:3])}"
