"""From run folders, saved baselines and predictions of others to the Sides that the gate compares."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, UsageError
from harness.gate import baseline as baselines
from harness.gate.findings import Benchmark, Side, Unit
from harness.scoring.predictions import read_systems
from harness.scoring.profiles import DEFAULT_PROFILE, get_profile
from harness.scoring.score import count_predictions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.scoring.predictions import Predictions, System
    from harness.scoring.profiles import Profile


def read_side(paths: Sequence[Path], measure: str, profile: str | None = None, language: str | None = None) -> Side:
    """One side of the gate.

    Args:
        paths: a run folder, a saved baseline or predictions of others; further ones are repeats, read for speed only.
        measure: ``rtfx`` or ``rtfx_end_to_end``.
        profile: rules to score under; None takes those that the run was made for.
        language: overrides what file names say.

    Raises:
        UsageError: a path holds no run, or more than one.
        DataError: a file is broken.
    """
    with _opened(paths[0]) as folder:
        system = _one_system(folder, paths[0], language)
        saved = baselines.read_speeds(folder) if folder != paths[0] else {}
        own = _profile_of(system)
        rules = get_profile(profile or own or DEFAULT_PROFILE)
        found = {one.benchmark: _benchmark(one, system, rules) for one in system.benchmarks}
    rtfx = saved.get(measure) or [*_rtfx(system, measure)]
    for path in paths[1:]:
        with _opened(path) as folder:
            again = _one_system(folder, path, language)
            if (again.model, again.suite) != (system.model, system.suite):
                raise UsageError(f"{path} is no repeat of {paths[0]}: it is {again.model} on {again.suite}")
            rtfx += _rtfx(again, measure)
    record = system.run or {}
    return Side(
        name=str(paths[0]),
        model=system.model,
        suite=system.suite,
        profile=profile or own,
        complete=system.run is None or bool(record.get("complete")),
        benchmarks={**_without_journal(record, found), **found},
        rtfx=tuple(rtfx),
        hardware=hardware(record),
    )


def hardware(record: Mapping[str, Any]) -> str | None:
    """What the run was computed on, as one text to compare: accelerators if any, else the processor and its cores."""
    facts = (record.get("environment") or {}).get("hardware") or {}
    keys = ("accelerators", "accelerator") if facts.get("accelerator") else ("cpu", "cores")
    shown = [str(facts[key]) for key in keys if facts.get(key) is not None]
    return ", ".join(shown) or None


def speeds(paths: Sequence[Path]) -> dict[str, list[float]]:
    """Both RTFx of each of several runs, as `baseline.save` stores them."""
    result: dict[str, list[float]] = {}
    for measure in ("rtfx", "rtfx_end_to_end"):
        result[measure] = [value for path in paths for value in _rtfx(_one_system(path, path, None), measure)]
    return result


@contextmanager
def _opened(path: Path) -> Iterator[Path]:
    """A path as something that `read_systems` reads: saved baselines are unpacked."""
    if path.is_file() and path.suffix == baselines.SUFFIX:
        with baselines.opened(path) as folder:
            yield folder
    else:
        yield path


def _one_system(folder: Path, shown: Path, language: str | None) -> System:
    try:
        systems = read_systems([folder], language)
    except DataError as error:  # of a saved baseline, which is unpacked somewhere
        raise DataError(str(error).replace(str(folder), str(shown))) from error
    if len(systems) != 1:
        names = ", ".join(sorted(system.model for system in systems)[:4])
        raise UsageError(f"{shown} holds {len(systems)} systems ({names}); the gate takes one, give its own path")
    return systems[0]


def _profile_of(system: System) -> str | None:
    """The profile that a run says it was made for; None for predictions of others."""
    stored = (system.run or {}).get("profile")
    return stored if isinstance(stored, str) else None


def _benchmark(predictions: Predictions, system: System, rules: Profile) -> Benchmark:
    record = system.run or {}
    fact = (record.get("benchmarks") or {}).get(predictions.benchmark) or {}
    score_empty = (record.get("settings") or {}).get("on_error") == "score-empty"
    scored = count_predictions(predictions, rules, score_empty=score_empty)
    failed = 0 if score_empty else sum(row.hypothesis is None for row in predictions.rows)
    units = [
        Unit(row.id, row.reference, row.hypothesis or "", row.session, counts)
        for row, counts in zip(scored.units.rows, scored.kept(), strict=True)
    ]
    return Benchmark(
        name=predictions.benchmark,
        units=units,
        expected=fact.get("expected"),
        utterances=len(predictions.rows),
        failed=failed,
        revision=fact.get("revision"),
        drift=tuple(fact.get("drift") or ()),
    )


def _without_journal(record: Mapping[str, Any], found: Mapping[str, Benchmark]) -> dict[str, Benchmark]:
    """Benchmarks that run.json or the suite names but that have no journal yet: not begun, so not complete."""
    from benchmarks.registry import suites

    suite = suites().get(str(record.get("suite")))
    names = [*(suite.benchmarks if suite else ()), *(record.get("benchmarks") or {})]
    return {name: Benchmark(name=name, units=()) for name in names if name not in found} if record else {}


def _rtfx(system: System, measure: str) -> list[float]:
    """RTFx over all benchmarks, one for each repeat: total over total. Empty where a benchmark has none."""
    entries = [fact.get("speed") or {} for fact in ((system.run or {}).get("benchmarks") or {}).values()]
    repeats = [(speed.get("repeats") or {}).get(measure) or [] for speed in entries]
    heard = [float(speed.get("seconds_heard") or 0.0) for speed in entries]
    if entries and min(map(len, repeats)) > 1 and min(heard) > 0:
        return [
            sum(heard) / sum(seconds / rtfx for seconds, rtfx in zip(heard, each, strict=True))
            for each in zip(*repeats, strict=False)
        ]
    return _single_rtfx(system, measure)


def _single_rtfx(system: System, measure: str) -> list[float]:
    """RTFx of a run that was not repeated."""
    heard = spent = 0.0
    keys = ("seconds_heard_clean", "seconds_counted") if measure == "rtfx" else ("seconds_heard", "seconds_wall")
    for fact in ((system.run or {}).get("benchmarks") or {}).values():
        speed = fact.get("speed") or {}
        one, other = speed.get(keys[0], speed.get("seconds_heard")), speed.get(keys[1])
        if not one or not other:
            return []
        heard, spent = heard + one, spent + other
    return [heard / spent] if spent else []
