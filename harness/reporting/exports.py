"""What a report holds for the hub: files for a model's repository, and the leaderboard's own table.

Only results that may be published are written: whole runs of ours, on a suite, under its own rules. For the others the
reason is told, so that nobody wonders where the files are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.reporting.hub import (
    EVAL_RESULTS_PATH,
    HEADERS,
    Result,
    checked,
    eval_results_yaml,
    leaderboard_csv,
    model_index,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.records.run import RunRecord
    from harness.records.scores import Scores

FOLDER = "hub"
"""Where in the report the files lie."""


def write_hub_files(
    scores: Sequence[Scores], runs: Sequence[RunRecord | None], out: Path
) -> tuple[list[Path], list[str]]:
    """Writes what the hub wants of each run that may be published.

    Args:
        scores: of each model.
        runs: the run.json of each; predictions of others, which have none, are passed over.
        out: the report's folder.

    Returns:
        The files written, and one line for each run that has none, saying why.
    """
    files: list[Path] = []
    reasons: list[str] = []
    by_suite: dict[str, list[Result]] = {}
    for score, run in zip(scores, runs, strict=True):
        if run is None or not _is_of_a_suite(run):
            continue
        try:
            result = checked(score, run)
        except UsageError as error:
            reasons.append(f"no files for the hub: {error}")
            continue
        by_suite.setdefault(result.suite.name, []).append(result)
        folder = out / FOLDER / result.model.strip("/").replace("/", "--")
        files.append(_write(folder / "model-index.yaml", model_index(result)))
        if result.suite.name.startswith("open_asr@"):
            date = (run.started or "")[:10]
            files.append(_write(folder / EVAL_RESULTS_PATH, eval_results_yaml(result, date=date)))
    for suite, results in by_suite.items():
        if suite in HEADERS:
            files.append(_write(out / FOLDER / f"leaderboard_{suite}.csv", leaderboard_csv(results)))
    return files, reasons


def _is_of_a_suite(run: RunRecord) -> bool:
    """Whether the run is of a named suite: the hub knows nothing of somebody's own data."""
    from benchmarks.registry import suites

    return run.suite in suites()


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
