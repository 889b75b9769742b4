"""What a hub or a leaderboard wants of a run: the leaderboard's CSV rows, `.eval_results` YAML, a card's model-index.

All of it is made of scores and run.json. Only a complete run of the whole data, scored under its suite's own rules, is
written: such files are pasted where nobody sees conditions. For the others the reason is told.
Formats: `scripts/data` of the leaderboard's repository, and huggingface_hub, whose own classes build and parse them.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.registry import datasets, get_suite, suites
from harness.errors import DataError, UsageError
from harness.perturb.names import MARK
from harness.records.codec import write_text
from harness.reporting.escape import csv_cell
from harness.scoring.average import averaging
from harness.scoring.profile_files import get_profile
from harness.scoring.score import rtfx_of, speeds_of, suite_speed
from harness.secret_values import hide

if TYPE_CHECKING:
    from benchmarks.suite import Suite
    from harness.records.run import ModelRecord, RunRecord
    from harness.records.scores import Scores

_NAMES: dict[str, dict[str, str]] = tomllib.loads((files(__package__) / "leaderboard.toml").read_text(encoding="utf-8"))
HEADERS = _NAMES["headers"]
"""The leaderboard's own header for each suite that it has a table for."""
LEADERBOARD = "hf-audio/open-asr-leaderboard"
"""The data set that `.eval_results/open_asr_leaderboard.yaml` speaks of."""
TASKS = _NAMES["tasks"]
"""Its task of each benchmark."""
EVAL_RESULTS_PATH = ".eval_results/open_asr_leaderboard.yaml"
"""Where the file belongs in a model's repository."""
FOLDER = "hub"
"""Where in a report the files lie."""
ASR_TASK = "automatic-speech-recognition"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_HUB_SOURCE = re.compile(r"hub:(?P<repo>\S+) (?P<config>\S+)/(?P<split>\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A model's scores on a suite, checked: complete, whole, and under the suite's own rules."""

    model: str
    suite: Suite
    wers: Mapping[str, float]
    """Percent with two decimals, by benchmark."""
    average: float
    """Percent: mean of `wers` where the rules round before they average, else of the unrounded rates."""
    rtfx: float | None
    """Of all benchmarks together, pooled as the suite says."""
    speeds: Mapping[str, float]
    """RTFx by benchmark, where it is known and one of the model."""
    run: RunRecord | None
    """run.json; None where the predictions are somebody else's."""

    @property
    def card(self) -> ModelRecord | None:
        """What run.json states about the model."""
        return self.run.model if self.run else None

    def source(self, benchmark: str) -> tuple[str | None, str | None]:
        """Where the data of a benchmark came from, and its revision."""
        stated = self.run.benchmarks.get(benchmark) if self.run else None
        return (stated.source, stated.revision) if stated else (None, None)


def checked(scores: Scores, run: RunRecord | None = None) -> Result:
    """A result that may be published; `run` is its run.json.

    Raises:
        UsageError: the scores are incomplete, of a part of the data, of other data, or under other rules than the
            suite's; the message says what to do.
    """
    model, profile = scores.model, scores.profile.name
    if not scores.suite:
        raise UsageError(f"{model}: the predictions belong to no suite")
    if MARK in scores.suite:
        raise UsageError(f"{model}: ran under conditions too; such files are made of a run without --perturb")
    found = get_suite(scores.suite)
    if profile != found.profile:
        what = f"scored under {profile}, but {found.name} is under {found.profile}"
        raise UsageError(f"{model}: {what}; score it with that --profile")
    entries = {entry.benchmark: entry for entry in scores.benchmarks}
    missing = [benchmark for benchmark in found.benchmarks if benchmark not in entries]
    if missing or not scores.complete:
        what = f"has no {', '.join(missing)}" if missing else "has failed or missing utterances"
        raise UsageError(f"{model}: {found.name} {what}; finish it by running the same command again")
    if run is not None and run.limit is not None:
        raise UsageError(f"{model}: ran on a sample of the data (--limit); run it without")
    drift = [line for fact in (run.benchmarks.values() if run else ()) for line in fact.drift or ()]
    if drift:
        raise UsageError(f"{model}: ran on other data than is stated ({drift[0]}); it is not comparable")
    held = [entries[benchmark] for benchmark in found.benchmarks]
    rates = {entry.benchmark: entry.wer for entry in held if entry.wer is not None}
    over = averaging([found.name], rounded=get_profile(profile).round_before_average)
    average = over.rate({entry.benchmark: entry.wer for entry in held})
    if average is None:
        empty = next(entry.benchmark for entry in held if entry.wer is None)
        raise UsageError(f"{model}: {empty} has no word error rate")
    wers = {benchmark: round(100 * rate, 2) for benchmark, rate in rates.items()}
    # What a server does is no speed of the model: the leaderboard states none for APIs.
    measured = {} if run is not None and run.served else speeds_of(held)
    return Result(
        model=model,
        suite=found,
        wers=wers,
        average=100 * average,
        rtfx=suite_speed(measured, over.seconds).rtfx,
        speeds={name: rate for name, one in measured.items() if (rate := rtfx_of(one)) is not None},
        run=run,
    )


def leaderboard_csv(results: Sequence[Result]) -> str:
    """The leaderboard's own table: its header, and a row for each model.

    What a run does not know (encoder, decoder, CORAAL) is an empty cell.

    Raises:
        UsageError: the results are of several suites, or of one that the leaderboard has no table for.
    """
    names = {result.suite.name for result in results}
    if len(names) != 1:
        raise UsageError(f"one table is of one suite, not of {', '.join(sorted(names)) or 'none'}")
    (suite,) = names
    if suite not in HEADERS:
        raise UsageError(f"the leaderboard has no table for {suite}; it has for {', '.join(HEADERS)}")
    header, unknown = HEADERS[suite].split(","), _NAMES["unknown"].get(suite, "")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cells[column] for column in header] for cells in (_cells(one, unknown) for one in results))
    return text.getvalue()


def _cells(result: Result, unknown: str) -> dict[str, str]:
    """All that the leaderboard's tables say of a model, by their columns."""
    card, average, model = result.card, f"{result.average:.10g}", csv_cell(result.model)
    size = f"{card.parameters / 1e9:.10g}" if card and card.parameters is not None else unknown
    known = {name: datasets()[name].columns for name in result.wers}
    speeds = {name: f"{result.speeds[name]:.4f}" if name in result.speeds else "" for name in known}
    return {
        **{column: f"{result.wers[name]:.10g}" for name, columns in known.items() for column in columns},
        **{f"{one.removesuffix(' WER')} RTFx": speeds[name] for name, columns in known.items() for one in columns},
        **dict.fromkeys(("model", "model_id"), model),
        "RTFx": unknown if result.rtfx is None else f"{result.rtfx:.2f}",
        "License": csv_cell((card and card.license) or ""),
        **dict.fromkeys(("Size (B)", "Model size (B)"), size),
        "# Languages": str(len(card.languages or ()) or "") if card else "",
        **dict.fromkeys(("Encoder", "Decoder", "Training data disclosure", "coraal_avg"), ""),
        "Avg. WER": f"{round(result.average, 2):.10g}",
        **dict.fromkeys(("avg", "Avg", "Average", "Avg (without CORAAL)"), average),
    }


def eval_results_yaml(result: Result, *, date: str) -> str:
    """The text of `.eval_results/open_asr_leaderboard.yaml`, for the model's repository.

    Each entry's notes state suite, rules, data and hardware. The speed is left out where it is not known, and a
    benchmark for which the leaderboard's task is not known (`TASKS`) is named in a comment. `date` (YYYY-MM-DD) is the
    day of the run.

    Raises:
        UsageError: another suite, or not a date.
    """
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    if not result.suite.name.startswith("open_asr@"):
        raise UsageError(f"{EVAL_RESULTS_PATH} is for suite open_asr, not for {result.suite.name}")
    if not _DATE.fullmatch(date):
        raise UsageError(f"date {date!r} is not YYYY-MM-DD")

    def entry(task: str, value: float, *notes: str | None) -> EvalResultEntry:
        rules = (result.suite.name, f"rules {result.suite.profile}", *notes)
        return EvalResultEntry(
            dataset_id=LEADERBOARD,
            task_id=task,
            value=value,
            date=date,
            notes="; ".join(note for note in rules if note),
        )

    entries = [entry("mean_wer", round(result.average, 2))]
    if result.rtfx is not None:
        entries.append(entry("rtfx", round(result.rtfx, 2), result.run.hardware if result.run else None))
    for benchmark, wer in result.wers.items():
        if benchmark in TASKS:
            source, revision = result.source(benchmark)
            data = f"data {source}" + (f" at {revision}" if revision else "") if source else None
            entries.append(entry(TASKS[benchmark], wer, data))
    text: str = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True, width=1000)
    unnamed = [benchmark for benchmark in result.wers if benchmark not in TASKS]
    return f"# without {', '.join(unnamed)}: no task is known for them\n{text}" if unnamed else text


def model_index(result: Result) -> str:
    """The `model-index` of a model card: YAML for the block between the ``---`` lines at its head.

    The data set is the hub's repository that the run read, or the benchmark's id where it read another copy.

    Raises:
        DataError: huggingface_hub does not read back what was written.
    """
    import yaml
    from huggingface_hub import ModelCardData
    from huggingface_hub.repocard_data import EvalResult, model_index_to_eval_results

    known, found = datasets(), []
    for benchmark, wer in result.wers.items():
        source, revision = result.source(benchmark)
        hub = _HUB_SOURCE.fullmatch(source or "")
        found.append(
            EvalResult(
                task_type=ASR_TASK,
                task_name="Automatic Speech Recognition",
                dataset_type=hub["repo"] if hub else benchmark,
                dataset_name=known[benchmark].title,
                dataset_config=hub["config"] if hub else None,
                dataset_split=hub["split"] if hub else None,
                dataset_revision=revision if hub else None,
                dataset_args={"language": known[benchmark].language},
                metric_type="wer",
                metric_name=f"WER ({result.suite.profile})",
                metric_value=wer,
            )
        )
    name = result.model.rpartition("/")[2]
    text: str = ModelCardData(model_name=name, eval_results=found).to_yaml()
    read_name, read = model_index_to_eval_results(yaml.safe_load(text)["model-index"])
    if read_name != name or sorted(map(repr, read)) != sorted(map(repr, found)):
        raise DataError(f"{result.model}: huggingface_hub does not read the model-index back that it wrote")
    return text + "\n"


def write_hub_files(
    scores: Sequence[Scores], runs: Sequence[RunRecord | None], out: Path, names: Sequence[str] | None = None
) -> tuple[list[Path], list[str]]:
    """Writes what the hub wants of each run that may be published; predictions of others have no run.json and no files.

    Args:
        scores: of each system.
        runs: the run.json of each, or None.
        out: the report's folder.
        names: what tells the systems apart; the models' names unless said. Where two runs are of one model, each has a
            folder by this name.

    Returns:
        The files written, and one line for each run that has none, saying why.
    """
    files: list[Path] = []
    reasons: list[str] = []
    by_suite: dict[str, list[Result]] = {}
    models = [score.model for score in scores]
    for name, score, run in zip(names or models, scores, runs, strict=True):
        if run is None or run.suite not in suites():  # the hub knows nothing of somebody's own data
            continue
        try:
            result = checked(score, run)
            texts = {"model-index.yaml": model_index(result)}
            if result.suite.name.startswith("open_asr@"):
                texts[EVAL_RESULTS_PATH] = eval_results_yaml(result, date=(run.started or "")[:10])
        except UsageError as error:
            why = str(error).removeprefix(f"{score.model}: ")
            reasons.append(f"no files for the hub: {name}: {why}")
            continue
        by_suite.setdefault(result.suite.name, []).append(result)
        place = result.model if models.count(result.model) == 1 else name
        folder = out / FOLDER / place.strip("/").replace("/", "--")
        files += [_write(folder / name, text) for name, text in texts.items()]
    for suite, results in by_suite.items():
        if suite in HEADERS:
            files.append(_write(out / FOLDER / f"leaderboard_{suite}.csv", leaderboard_csv(results)))
    return files, reasons


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, hide(text))
    return path
