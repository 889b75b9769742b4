"""The library: what `import harness` offers. docs/library.md shows all of it at work.

Nothing is written unless a folder is named, nothing is printed, no process-wide state is touched, and what goes wrong
is an exception of `harness.errors`.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from benchmarks.languages import primary_subtag
from harness.config import Settings
from harness.devices import AUTO
from harness.errors import UsageError, unknown_name
from harness.gating.against import decide_early, gate_against
from harness.gating.decide import decide
from harness.gating.policy import read_policy
from harness.gating.sides import Side, as_side, measured_rtfx
from harness.records.journal import Line
from harness.records.policy import Policy
from harness.records.run import RUN_FILE
from harness.request import asked_of, what_to_run
from harness.scoring.comparison import compare_systems
from harness.scoring.details import describe
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.labels import labels
from harness.scoring.metrics import get_metric, measure
from harness.scoring.per_utterance import utterance_scores
from harness.scoring.predictions import Predictions, System, read_run, read_systems
from harness.scoring.profile_files import get_profile
from harness.scoring.profiles import Profile
from harness.scoring.resolve import resolve_profile
from harness.scoring.score import score_counted
from harness.scoring.scored import Scored, count_predictions

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.dataset import Dataset
    from benchmarks.registry import Suite
    from harness.models.base import Model
    from harness.records.comparison import Comparison
    from harness.records.decision import Decision
    from harness.records.details import Details
    from harness.records.run import RunRecord
    from harness.records.scores import BenchmarkScore, Scores


class Run:
    """One model on one or more benchmarks: what it wrote, and what that is worth under a profile.

    Args:
        system: the model and its predictions.
        profile: the rules to score under.
    """

    def __init__(self, system: System, profile: Profile) -> None:
        self.system = system
        """The model and its predictions, utterance by utterance."""
        self.profile = profile

    def __repr__(self) -> str:
        names = ", ".join(f"{one.benchmark} ({one.language})" for one in self.system.benchmarks)
        kind, rate = ("CER", self.cer) if self.wer is None else ("WER", self.wer)
        translated = any(one.target is not None for one in self.system.benchmarks)
        unknown = "translations, which have no error rate" if translated else "WER not known"
        shown = unknown if rate is None else f"{kind} {100 * rate:.2f} %"
        return f"Run({self.model!r} on {names or 'nothing'}, profile {self.profile.name}, {shown})"

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.system.model

    @property
    def record(self) -> RunRecord | None:
        """How the run was made; None for predictions of others."""
        return self.system.run

    @functools.cached_property
    def scored(self) -> list[Scored]:
        """Each benchmark, counted."""
        return [count_predictions(one, self.profile) for one in self.system.benchmarks]

    @functools.cached_property
    def scores(self) -> Scores:
        """What scores.json holds."""
        return score_counted(self.system, self.profile, self.scored)

    @property
    def benchmarks(self) -> Mapping[str, BenchmarkScore]:
        """The score of each benchmark, by name."""
        return {one.benchmark: one for one in self.scores.benchmarks}

    @property
    def complete(self) -> bool:
        """Whether every utterance of every benchmark that belongs there is scored."""
        return self.scores.complete

    @property
    def wer(self) -> float | None:
        """Word error rate as a fraction: of the one benchmark, or the average of several; None where there is none."""
        entries = self.scores.benchmarks
        return entries[0].wer if len(entries) == 1 else self.scores.average.wer

    @property
    def cer(self) -> float | None:
        """Character error rate as a fraction, of the one benchmark that there is; None where there are several."""
        if len(self.scored) != 1:
            return None
        (one,) = self.scored
        found = measure(get_metric("cer"), one.utterances(), self.profile, one.language)
        return None if found is None else found.value

    @property
    def errors(self) -> ErrorCounts:
        """Hits, substitutions, deletions and insertions over all benchmarks."""
        return sum((counts for one in self.scored for counts in one.kept()), ErrorCounts())

    def details(self, benchmark: str | None = None) -> Details:
        """All metrics, slices, confusions, flags and findings of a benchmark.

        Raises:
            UsageError: there is no such benchmark, or several and none was named.
        """
        held = {one.units.benchmark: one for one in self.scored}
        if benchmark is None and len(held) != 1:
            raise UsageError(f"name one of the benchmarks: {', '.join(held) or 'there are none'}")
        name = benchmark if benchmark is not None else next(iter(held))
        if name not in held:
            raise unknown_name("benchmark", name, held)
        return describe(held[name])

    def with_profile(self, profile: str | Path | Profile) -> Run:
        """The same predictions under other rules.

        Raises:
            UsageError: there is no profile of that name.
        """
        return Run(self.system, _profile(profile) or self.profile)

    def to_pandas(self, rows: Literal["benchmark", "utterance"] = "benchmark") -> pd.DataFrame:
        """A data frame with one row a benchmark, or an utterance (or session of chunks). Rates are fractions.

        Raises:
            UsageError: `rows` is something else.
        """
        import pandas as pd

        if rows == "benchmark":
            return pd.DataFrame([_benchmark_row(self, one) for one in self.scores.benchmarks])
        if rows == "utterance":
            found = (row for one in self.scored for row in utterance_scores(self.model, one))
            return (
                pd.DataFrame([msgspec.structs.asdict(row) for row in found])
                .drop(columns="format")
                .rename(columns={"rate": "wer"})
            )
        raise UsageError(f"rows={rows!r}: give 'benchmark' or 'utterance'")


_COUNTS = ("hits", "substitutions", "deletions", "insertions")


def _benchmark_row(run: Run, one: BenchmarkScore) -> dict[str, object]:
    interval, errors = one.interval, one.errors
    return {
        "model": run.model,
        "suite": run.scores.suite,
        "benchmark": one.benchmark,
        "language": one.language,
        "profile": run.profile.name,
        "utterances": one.utterances,
        "failed": one.failed,
        "words": one.words,
        **{name: errors and getattr(errors, name) for name in _COUNTS},
        "wer": one.wer,
        "cer": one.cer,
        "low": interval and interval.low,
        "high": interval and interval.high,
        "sessions": interval and interval.sessions,
        "audio_seconds": one.audio_seconds,
        "rtfx": one.speed.rtfx,
        "rtfx_end_to_end": one.speed.rtfx_end_to_end,
        "served": one.speed.served and one.speed.served.concurrency,
    }


def evaluate(
    what: str | Path | Suite | Dataset | Sequence[str | Path],
    model: str | Model | Callable[..., object],
    *,
    out: str | Path | None = None,
    language: str | None = None,
    columns: Mapping[str, str] | None = None,
    split: str | None = None,
    config: str | None = None,
    form: str | None = None,
    profile: str | Path | Profile | None = None,
    limit: int | None = None,
    settings: Settings | None = None,
    progress: bool = False,
) -> Run:
    """Run a model on a suite, or on data of your own, and score it.

    Args:
        what: a suite by name or by its .toml file, a manifest, folder or address (``hf://org/set``) of your own or a
            list of them, a `Suite`, or a `Dataset`.
        model: a name (as `--model` takes it), a `Model`, or a function ``f(waveform, language) -> str`` or
            ``f(clips) -> list[str]``.
        out: folder for runs: they can be gone on with, and are answered from their journals when they are complete.
            None keeps everything in memory.
        language: of data of your own that does not say it; English where nothing does.
        columns: of data of your own whose columns have other names than is known: ``{"text": "said"}``.
        split: of data of your own that has several: ``test``.
        config: of a hub's repository that has several.
        form: what data of your own is, where that is not recognized.
        profile: rules to score under; None takes the suite's.
        limit: a seeded sample of so many utterances a benchmark.
        settings: everything else that the command line offers.
        progress: show on stderr how it goes.

    Returns:
        What the model wrote and its scores. Failed utterances are failed there, and the run is not complete.

    Raises:
        HarnessError: whatever ends a run: `UsageError`, `DataError`, `ModelError`, `RunError`.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise UsageError(f"limit={limit!r}: give a whole number of utterances from 1")
    chosen = settings or Settings()
    if out is not None:
        chosen = replace(chosen, out=Path(out))
    if limit is not None:
        chosen = replace(chosen, limit=limit)
    asked = asked_of(
        language=language,
        columns=columns or {},
        split=split,
        config=config,
        form=form,
        root=chosen.root,
        streaming=chosen.streaming,
        target=chosen.target,
    )
    rules, (suite, datasets) = _profile(profile), what_to_run(what, asked=asked)
    system = _evaluated(suite, datasets, model, chosen, kept=out is not None, bars=progress)
    return Run(system, rules or resolve_profile(system))


def _evaluated(
    suite: Suite,
    datasets: Sequence[Dataset],
    model: str | Model | Callable[..., object],
    settings: Settings,
    *,
    kept: bool,
    bars: bool,
) -> System:
    """What one model wrote, all of it in memory."""
    from harness.models.custom import tells_itself_apart, wrap
    from harness.models.registry import check_model
    from harness.perturb.suite import under_conditions
    from harness.progress import progress
    from harness.runner.folder import run_folder
    from harness.runner.placing import placed
    from harness.runner.run import Run as Work
    from harness.runner.stages import Stop

    if isinstance(model, str):
        name, load, revision = model, None, check_model(model)
    else:
        certain, made = tells_itself_apart(model), wrap(model)
        name, load, revision = made.card.id, lambda _options: made, made.card.revision
        if settings.device == AUTO:  # it was made where its maker wanted it; nothing is moved
            settings = replace(settings, device="cpu")
        asked_for = under_conditions(suite, datasets, settings.perturb, settings.seed)
        there = run_folder(settings.out, placed(*asked_for, settings.out)[0].name, settings.name or name)
        if kept and not certain and not settings.fresh and (there / RUN_FILE).exists():
            raise UsageError(
                f"{there} holds a run of a {name}, and nothing tells whether it was this one (a lambda, a closure, an "
                "object with state); give another out=, Settings(fresh=True), or a Model whose card states a revision"
            )
    settings = replace(settings, revision=settings.revision or revision)
    with contextlib.ExitStack() as stack:
        if not kept:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="asr-harness"))
            settings = replace(settings, out=Path(folder))
        reporter = stack.enter_context(progress(quiet=not bars))
        work = Work(
            suite=suite,
            datasets=datasets,
            model_name=name,
            settings=settings,
            reporter=reporter,
            stop=Stop(),
            load=load,
        )
        work.execute()
        if not kept:
            return replace(read_run(work.folder), folder=None)
        from harness.reporting.report import write_scores

        write_scores(work.folder)
        return read_run(work.folder)


def score(
    references: Iterable[str],
    hypotheses: Iterable[str | None],
    *,
    language: str = "en",
    profile: str | Path | Profile | None = None,
    ids: Iterable[object] | None = None,
    sessions: Iterable[object | None] | None = None,
    name: str = "texts",
) -> Run:
    """Score texts against their references.

    Args:
        references: what was said, as it is written: the profile's rules normalize it.
        hypotheses: what a model wrote, in the same order; None where it failed.
        language: of both, such as ``en``, ``de`` or ``zh-CN``.
        profile: rules by name, by the path of a TOML file, or as an object; None is the default of predictions of
            others (`harness.scoring.profiles.default_profile`).
        ids: names of the utterances; their place from 0 where none are given.
        sessions: speaker, meeting or call of each utterance: what intervals take as independent.
        name: what to call the benchmark.

    Raises:
        UsageError: the lists are of different length, or the language or profile does not exist.
    """
    if isinstance(references, str) or isinstance(hypotheses, str):
        raise UsageError("references and hypotheses are lists of texts, not one text: put it into a list")
    said, written = list(references), list(hypotheses)
    names, units = (None if values is None else list(values) for values in (ids, sessions))
    for what, values in (("hypotheses", written), ("ids", names), ("sessions", units)):
        if values is not None and len(values) != len(said):
            raise UsageError(f"references: {len(said):,}, {what}: {len(values):,}; one of each is needed")
    rules, spoken = _profile(profile), primary_subtag(str(language))
    rows = [
        Line(
            id=str(at if names is None else names[at]),
            language=spoken,
            reference=_text(reference, "reference", at),
            hypothesis=None if text is None else _text(text, "hypothesis", at),
            error="no hypothesis" if text is None else None,
            session=None if units is None or units[at] is None else str(units[at]),
        )
        for at, (reference, text) in enumerate(zip(said, written, strict=True))
    ]
    predictions = Predictions(benchmark=name, language=spoken, rows=rows, source=Path(name))
    system = System(model="hypotheses", benchmarks=[predictions])
    return Run(system, rules or resolve_profile(system))


def _text(value: object, what: str, at: int) -> str:
    if isinstance(value, str):
        return value
    raise UsageError(f"{what} {at} is not a text but {type(value).__name__}")


def load(path: str | Path, *, language: str | None = None, profile: str | Path | Profile | None = None) -> Run:
    """A run of ours (a folder), or predictions of others (a file, or a folder of one model's files).

    Args:
        path: where it is.
        language: of predictions of others whose file names do not say it.
        profile: rules to score under; None takes those of the suite, or the default.

    Raises:
        UsageError: there is nothing to score, or more than one model.
        DataError: a file is not what it should be.
    """
    if not str(path):
        raise UsageError("the path is empty; give that of a run or of predictions")
    systems = read_systems([path], language)
    if len(systems) != 1:
        names = ", ".join(labels(systems)[:4])
        raise UsageError(f"{path} holds {len(systems)} models ({names}); give the path of one")
    return Run(systems[0], _profile(profile) or resolve_profile(systems[0]))


def compare(*runs: Run, profile: str | Path | Profile | None = None) -> Comparison:
    """Is the difference between systems real? Paired on the same utterances, with intervals, tests and ties.

    Args:
        runs: two or more.
        profile: rules to score all of them under; None takes theirs, which must be the same.

    Raises:
        UsageError: fewer than two, different rules, or not the same utterances and references.
    """
    for run in runs:
        _check(run)
    if len(runs) < 2:
        raise UsageError(f"there is nothing to compare {runs[0].model if runs else 'with'}: give two runs or more")
    chosen = _profile(profile)
    rules = dict.fromkeys(run.profile for run in runs)
    if chosen is None and len(rules) > 1:
        raise UsageError(f"the runs are scored under {', '.join(one.name for one in rules)}; choose one with profile=")
    return compare_systems([run.system for run in runs], chosen or runs[0].profile)


def gate(
    run: Run,
    baseline: Run | str | Path,
    policy: Policy | str | Path | None = None,
    *,
    candidate_of: str | None = None,
    early: bool = False,
) -> Decision:
    """Pass or fail a run against a baseline; docs/gate.md says how it decides.

    Args:
        run: what is judged, under its profile.
        baseline: a run, or the path of one, of a saved baseline or of a folder of them; ``published`` for the published
            figures of the model.
        policy: margins and tiers, or the path of a TOML file that states them; None is the default one.
        candidate_of: the model whose baseline it is held against, where the run's has another name.
        early: whether a run that was stopped early is a FAIL, where its lines show that the complete run would be.

    Raises:
        UsageError: there is no such baseline, it is not of `candidate_of`, or the policy says what no policy knows.
        DataError: a file is broken.
    """
    _check(run)
    asked = policy if isinstance(policy, Policy) else read_policy(None if policy is None else Path(policy))
    judged = _side(run, "run", asked)
    if isinstance(baseline, Run):
        if candidate_of not in {None, baseline.model, baseline.system.name}:
            raise UsageError(f"candidate_of={candidate_of!r}: the baseline is of {baseline.model!r}; leave it out")
        return (decide_early if early else decide)(judged, _side(baseline, "baseline", asked), asked)
    if not isinstance(baseline, str | Path):
        raise UsageError(f"a baseline is a Run or a path, not a {type(baseline).__name__}")
    return gate_against(judged, [Path(baseline)], asked, candidate_of=candidate_of, early=early)


def _side(run: Run, name: str, policy: Policy) -> Side:
    measured = measured_rtfx(run.system, policy.speed.measure)
    return as_side(str(run.system.folder or name), run.system, run.profile, run.scored, measured)


def _check(run: object) -> None:
    if not isinstance(run, Run):
        raise UsageError(f"expected a Run (of evaluate, score or load), not a {type(run).__name__}")


def _profile(profile: str | Path | Profile | None) -> Profile | None:
    if isinstance(profile, Profile | None):
        return profile
    return get_profile(str(profile))
