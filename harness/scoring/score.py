"""From counted predictions to scores.json (DESIGN section 5): counts, rates, intervals, speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.records.scores import Average, AverageSpeed, BenchmarkScore, Scores
from harness.records.speed import Speed
from harness.records.statistics import MetricValue
from harness.records.stored import mapped
from harness.scoring.average import Averaging, averaging
from harness.scoring.large import errors_and_words, total_of
from harness.scoring.profiles import LANGUAGES_WITHOUT_SPACES, Profile
from harness.scoring.scored import Scored, count_systems
from harness.scoring.sessions import total

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.records.journal import Line
    from harness.records.run import BenchmarkRecord
    from harness.records.statistics import Interval
    from harness.scoring.predictions import System


_OF_TRANSCRIPTS = "they are translations, which are right in many ways: ask for bleu, chrf or ter"


def score_systems(
    systems: Sequence[System],
    profiles: Sequence[Profile],
    *,
    workers: int = 1,
    cached: bool = False,
    metrics: Collection[str] = (),
) -> list[Scores]:
    """Score several models at once; as `harness.scoring.scored.count_systems`, then `score_counted`."""
    counted = count_systems(systems, profiles, workers=workers, cached=cached)
    return [score_counted(*each, metrics) for each in zip(systems, profiles, counted, strict=True)]


def score_counted(system: System, profile: Profile, scored: Sequence[Scored], metrics: Collection[str] = ()) -> Scores:
    """The content of scores.json of one model, from its benchmarks counted under the profile.

    Args:
        system: the model's predictions.
        profile: the rules.
        scored: its benchmarks, counted.
        metrics: names of metrics to add (`harness.scoring.metrics`).
    """
    facts = system.run.benchmarks if system.run is not None else {}
    entries = tuple(_benchmark(one, facts.get(one.units.measured_as), metrics) for one in scored)
    complete = _is_complete(system, entries)
    return Scores(
        suite=system.suite,
        name=system.run.name if system.run is not None else None,
        model=system.model,
        profile=profile.record(),
        complete=complete,
        benchmarks=entries,
        average=_average(
            scored, entries, averaging([system.suite], rounded=profile.round_before_average), complete=complete
        ),
    )


def _benchmark(scored: Scored, fact: BenchmarkRecord | None, asked: Collection[str]) -> BenchmarkScore:
    measured = _metrics(scored, asked)
    units, kept = scored.units, scored.kept()
    counts = total_of(kept)
    by_character = scored.profile.by_character(units.language)
    interval, lost, facts = interval_of(scored), scored.losses, scored.facts
    if scored.target is not None:
        return _translated(scored, fact, measured)
    return BenchmarkScore(
        benchmark=units.benchmark,
        language=units.language,
        language_stated=units.language_stated,
        part_of=None if fact is None else units.part_of,
        metric="cer" if by_character else "wer",
        utterances=len(scored.predictions.rows),
        failed=scored.failed,
        dropped_references=scored.empty_references if units.ours else 0,
        empty_references=scored.empty_references,
        scored_as_written=scored.as_written,
        words=None if by_character else counts.words,
        errors=None if by_character else counts,
        wer=None if by_character else counts.rate,
        characters=counts.words if by_character else None,
        character_errors=counts.errors if by_character else None,
        cer=counts.rate if by_character else None,
        draft_wer=measured["draft_wer"].value if "draft_wer" in measured else None,
        wer_interval=None if by_character else interval,
        cer_interval=interval if by_character else None,
        unit=facts.unit,
        letters_without_marks=lost.letters,
        typographic_apostrophes=lost.apostrophes,
        warnings=(*_warnings(scored), *lost.messages(scored.profile.name)),
        audio_seconds=facts.seconds,
        speed=_speed(scored, fact),
        metrics=measured,
    )


def _translated(scored: Scored, fact: BenchmarkRecord | None, measured: dict[str, MetricValue]) -> BenchmarkScore:
    """A benchmark of translations, which are right in many ways: there are no word errors."""
    units, facts = scored.units, scored.facts
    return BenchmarkScore(
        benchmark=units.benchmark,
        language=units.language,
        language_stated=units.language_stated,
        part_of=None if fact is None else units.part_of,
        metric="bleu",
        target=scored.target,
        utterances=len(scored.predictions.rows),
        failed=scored.failed,
        dropped_references=0,
        empty_references=_blank(units.rows),
        scored_as_written=0,
        words=None,
        errors=None,
        wer=None,
        characters=None,
        character_errors=None,
        cer=None,
        draft_wer=None,
        wer_interval=None,
        cer_interval=None,
        unit=facts.unit,
        warnings=_of_translations(scored),
        audio_seconds=facts.seconds,
        speed=_speed(scored, fact),
        metrics=measured,
    )


def _of_translations(scored: Scored) -> tuple[str, ...]:
    """What is to be known of the rows that were scored, or were not."""
    rows = scored.units.rows
    blank = _blank(rows)
    said = [f"{blank:,} of {len(rows):,} translations are empty: whatever is written there counts against it"]
    return (*filter(None, [scored.predictions.left_out]), *(said if blank else ()))


def _blank(rows: Sequence[Line]) -> int:
    """References of translations that say nothing; these are scored as they are written, whatever a profile drops."""
    return sum(not row.reference.strip() for row in rows)


def _metrics(scored: Scored, asked: Collection[str]) -> dict[str, MetricValue]:
    """The metrics that were asked for, and those that are always there, as far as the benchmark has them."""
    from harness.scoring.metrics import get_metric, measure_all, metrics

    # Of a language that has words, but is scored by characters, both are stated.
    both = scored.profile.by_character(scored.language) and scored.language not in LANGUAGES_WITHOUT_SPACES
    wanted = {*asked, *(["wer"] if both else ())}
    chosen = [one for one in metrics().values() if one.name in wanted or one.always(scored.facts)]
    chosen += [get_metric(name) for name in asked if "@" in name]
    if scored.target is None:
        return measure_all(chosen, scored, scored.utterances() if chosen else ())
    translated = [one for one in chosen if one.resampled]
    others = {one.name: MetricValue(value=None, reason=_OF_TRANSCRIPTS) for one in chosen if not one.resampled}
    return measure_all(translated, scored, scored.utterances() if translated else ()) | {
        name: value for name, value in others.items() if name in asked
    }


def _warnings(scored: Scored) -> tuple[str, ...]:
    """Why the run looks broken, as far as counts tell, and what was not scored as it should be; mostly empty."""
    from harness.scoring.diagnosis import diagnose_counts

    rows = scored.units.rows
    ids = mapped(rows, lambda row: row.id)
    warnings = [finding.message for finding in diagnose_counts(ids, scored.kept())]
    if not scored.units.ours and (twice := len(ids) - len(set(ids))):  # a journal of ours with such an id is refused
        again = next(name for name, count in Counter(ids).items() if count > 1)
        warnings.append(f"{twice} of {len(ids)} rows have an id that stands before, as {again!r}: all are counted")
    if scored.as_written:
        warnings.append(
            f"{scored.as_written} of {len(rows)} rows scored as they are written: the normalizer cannot read them"
        )
    return tuple(warnings)


def interval_of(scored: Scored) -> Interval | None:
    """The interval of a benchmark's rate over its sessions."""
    from harness.scoring.intervals import wer_interval

    return wer_interval(*columns_of(scored))


def columns_of(scored: Scored) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str | None]]:
    """Errors, words and session of each row."""
    return *errors_and_words(scored.kept()), scored.facts.sessions


def _speed(scored: Scored, fact: BenchmarkRecord | None) -> Speed:
    """What the run measured, of a part the whole's.

    For predictions of others total audio over total time, where every row has both.
    """
    if fact is not None:
        return fact.speed or Speed()
    audio, spent = scored.facts.audio, scored.facts.spent
    return Speed(rtfx=audio / spent if audio and spent else None, audio_seconds=audio, seconds_counted=spent)


def _is_complete(system: System, entries: Sequence[BenchmarkScore]) -> bool:
    """Whether every utterance of every benchmark that belongs there is scored."""
    from benchmarks.registry import known_suite

    scores_empty = system.run is not None and system.run.scores_empty
    if any(entry.failed for entry in entries) and not scores_empty:
        return False
    suite = known_suite(system.suite)
    if system.run is None:
        return suite is None or not suite.lacks({entry.benchmark for entry in entries})
    present: Counter[str] = Counter()
    for one, entry in zip(system.benchmarks, entries, strict=True):
        present[one.measured_as] += entry.utterances
    facts = system.run.benchmarks
    if any(fact.expected not in {None, present.get(name)} for name, fact in facts.items()):
        return False
    return set(suite.benchmarks if suite else facts) <= set(present) and system.run.complete is not False


def _average(
    scored: Sequence[Scored], entries: Sequence[BenchmarkScore], over: Averaging, *, complete: bool
) -> Average:
    """The mean over benchmarks; null where it is incomplete, or words are counted in some and characters in others.

    A run that is whole has a speed all the same, also where nothing is said and there is no rate.
    """
    from harness.scoring.intervals import average_interval

    kinds = {entry.metric for entry in entries}
    rate = over.rate({entry.benchmark: entry.rate for entry in entries}) if complete and len(kinds) == 1 else None
    speed = suite_speed(speeds_of(entries), over.seconds) if complete or kinds == {"bleu"} else AverageSpeed()
    if rate is None:
        return Average(rounded=over.rounded, speed=speed)
    weights = over.weights([entry.benchmark for entry in entries])
    interval = average_interval([columns_of(one) for one in scored], weights=weights)
    if kinds == {"cer"}:
        return Average(cer=rate, cer_interval=interval, rounded=over.rounded, speed=speed)
    return Average(wer=rate, wer_interval=interval, rounded=over.rounded, speed=speed)


def speeds_of(entries: Iterable[BenchmarkScore]) -> dict[str, Speed]:
    """The speed of each benchmark that was measured; parts in several languages were measured as one."""
    return {entry.measured_as: entry.speed for entry in entries}


def total_speed(speeds: Collection[Speed]) -> AverageSpeed:
    """Audio over seconds spent, summed over benchmarks; `rtfx` over undisturbed batches on both sides.

    Of a run that went on with another machine only what was measured on the last one counts: no speed is of two.
    """
    speeds = [one for one in speeds if not one.elsewhere]
    return AverageSpeed(
        rtfx=_ratio((speed.counted_audio, speed.seconds_counted) for speed in speeds),
        rtfx_end_to_end=_ratio((speed.audio_seconds, speed.seconds_wall) for speed in speeds),
        rtfx_leaderboard=_ratio((one.audio_seconds_leaderboard, one.seconds_counted_leaderboard) for one in speeds),
    )


def suite_speed(speeds: Mapping[str, Speed], seconds: Mapping[str, float]) -> AverageSpeed:
    """The speed over a suite's benchmarks, `rtfx` pooled as the suite says where it does.

    Args:
        speeds: by benchmark.
        seconds: audio of each benchmark by which `rtfx` is pooled, as far as it was measured: their sum over the sum of
            what each takes at its own speed. Empty: by the audio that was measured.
    """
    found = total_speed(speeds.values())
    if not seconds:
        return found
    known = ((seconds[name], rtfx_of(one)) for name, one in speeds.items() if name in seconds and not one.elsewhere)
    return replace(found, rtfx=_ratio((audio, audio / rate) for audio, rate in known if rate))


def rtfx_of(speed: Speed) -> float | None:
    """What a benchmark's clock says, or what follows from its totals."""
    return speed.rtfx or _ratio([(speed.counted_audio, speed.seconds_counted)])


def _ratio(audio_and_seconds: Iterable[tuple[float | None, float | None]]) -> float | None:
    over, under = map(total, tuple(zip(*audio_and_seconds, strict=True)) or ((), ()))
    return over / under if over and under else None
