"""What the gate asks of a run, as a TOML file of at most twenty lines. docs/gate.md explains every key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, get_args

from harness.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Inconclusive = Literal["inconclusive", "pass", "fail"]
"""What an INCONCLUSIVE comparison of a `must` does to the exit status: 3, nothing, or 1."""

Measure = Literal["rtfx", "rtfx_end_to_end"]


class Tier(Enum):
    """How much depends on a comparison."""

    MUST = "must"
    """FAIL ends with exit status 1, INCONCLUSIVE as the policy says."""
    SHOULD = "should"
    """FAIL ends with exit status 3: somebody has to look. INCONCLUSIVE changes nothing."""
    INFORMATIVE = "informative"
    """Shown only."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one comparison is held to."""

    margin: float
    """By how much it may get worse: a fraction of reference words for WER, of the baseline's RTFx for speed."""
    tier: Tier = Tier.MUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All that the gate asks."""

    wer: Rule = Rule(0.001)
    """Each benchmark that is not named."""
    benchmarks: Mapping[str, Rule] = field(default_factory=dict)
    """Benchmarks with rules of their own."""
    average: Rule = Rule(0.001)
    """The plain mean over the benchmarks."""
    speed: Rule = Rule(0.1)
    """RTFx over the whole run."""
    measure: Measure = "rtfx"
    """Which RTFx `speed` is about."""
    alpha: float = 0.05
    """Intervals hold the true difference with probability 1 - alpha."""
    inconclusive: Inconclusive = "inconclusive"

    def rule(self, benchmark: str) -> Rule:
        """What a benchmark is held to."""
        return self.benchmarks.get(benchmark, self.wer)


def read_policy(path: Path | None) -> Policy:
    """The policy of a file; the default one where no file is given.

    Raises:
        UsageError: the file cannot be read, or says something that no policy knows.
    """
    if path is None:
        return Policy()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"policy {path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
    except ValueError as error:
        message = f"policy {path} is not TOML: {error}"
        raise UsageError(message) from None
    return parse_policy(raw, str(path))


def parse_policy(raw: Mapping[str, Any], where: str) -> Policy:
    """The policy that a TOML document states.

    Args:
        raw: the document. Margins of WER are in points (percent absolute) there, and speed's is a share of 1.
        where: what to call it in messages.

    Raises:
        UsageError: names the key that is not right.
    """
    _known(raw, {"wer", "average", "speed", "alpha", "inconclusive"}, where)
    wer, speed = _table(raw, "wer", where), _table(raw, "speed", where)
    _known(wer, {"margin", "tier", "benchmarks"}, f"{where}, [wer]")
    _known(speed, {"margin", "tier", "measure"}, f"{where}, [speed]")
    usual = _rule(wer, Policy().wer, f"{where}, [wer]", unit=0.01)
    own: dict[str, Rule] = {}
    for name, stated in _table(wer, "benchmarks", f"{where}, [wer]").items():
        place = f"{where}, [wer.benchmarks.{name}]"
        if not isinstance(stated, dict):
            message = f"{place} must be a table with margin and tier"
            raise UsageError(message)
        _known(stated, {"margin", "tier"}, place)
        own[name] = _rule(stated, usual, place, unit=0.01)
    average = _table(raw, "average", where)
    _known(average, {"margin", "tier"}, f"{where}, [average]")
    alpha = raw.get("alpha", 0.05)
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not 0 < alpha < 0.5:
        message = f"{where}: alpha must be a number between 0 and 0.5, not {alpha!r}"
        raise UsageError(message)
    return Policy(
        wer=usual,
        benchmarks=own,
        average=_rule(average, usual, f"{where}, [average]", unit=0.01),
        speed=_rule(speed, Policy().speed, f"{where}, [speed]", unit=1),
        measure=_choice(speed, "measure", get_args(Measure), "rtfx", f"{where}, [speed]"),
        alpha=float(alpha),
        inconclusive=_choice(raw, "inconclusive", get_args(Inconclusive), "inconclusive", where),
    )


def _rule(raw: Mapping[str, Any], usual: Rule, where: str, unit: float) -> Rule:
    margin = raw.get("margin", usual.margin / unit)
    if isinstance(margin, bool) or not isinstance(margin, (int, float)) or not 0 <= margin < 1 / unit:
        message = f"{where}: margin must be a number from 0 to {1 / unit:g}, not {margin!r}"
        raise UsageError(message)
    return Rule(margin * unit, Tier(_choice(raw, "tier", [tier.value for tier in Tier], usual.tier.value, where)))


def _known(raw: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in raw:
        if key not in keys:
            raise unknown_name(f"key of a policy ({where})", key, keys)


def _table(raw: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = raw.get(key, {})
    if not isinstance(found, dict):
        message = f"{where}: {key} must be a table, not {found!r}"
        raise UsageError(message)
    return found


def _choice(raw: Mapping[str, Any], key: str, choices: Any, usual: str, where: str) -> Any:
    found = raw.get(key, usual)
    if found not in choices:
        raise unknown_name(f"{key} ({where})", str(found), choices)
    return found
