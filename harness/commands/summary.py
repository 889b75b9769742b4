"""What ends a run: scores.json, the table, the plot, and what to do next."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from harness.records.codec import write
from harness.records.run import read_run_record
from harness.reporting.table import results_table
from harness.scoring.predictions import read_systems
from harness.scoring.profiles import get_profile
from harness.scoring.score import score_system
from harness.version import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.records.run import RunRecord

FORMS = {"md": "markdown", "csv": "csv", "tex": "latex", "json": "json", "html": "html"}
"""The forms in which the table is written, by file suffix."""


def write_scores(folder: Path) -> dict[str, Any]:
    """Scores a run and writes its scores.json.

    Returns:
        The content of scores.json.
    """
    (system,) = read_systems([folder])
    assert system.run is not None
    score: dict[str, Any] = score_system(system, get_profile(system.run["profile"]))
    write(folder / "scores.json", score)
    return score


def finish(folders: Sequence[Path], scores: Sequence[dict[str, Any]], *, as_json: bool, quiet: bool) -> None:
    """Prints the table over the models of a run; writes it and the plot into the suite's report folder."""
    runs = [read_run_record(folder) for folder in folders]
    table = results_table(scores, [system.run for system in read_systems(folders)])
    report = folders[0].parent / "report"
    report.mkdir(exist_ok=True)
    for suffix, form in FORMS.items():
        (report / f"table.{suffix}").write_text(table.render(form), encoding="utf-8")
    plots = _plot(scores, report)
    print(json.dumps(list(scores), ensure_ascii=False, indent=1) if as_json else table.render("terminal"))
    if not quiet:
        for line in _next(folders, runs, report, plots):
            print(line, file=sys.stderr)


def _plot(scores: Sequence[dict[str, Any]], report: Path) -> list[Path]:
    """The RTFx-WER plot of the models that have both."""
    from harness.reporting.drawing import Point
    from harness.reporting.scatter import rtfx_wer

    points = [
        Point(score["model"], score["average"]["wer"], score["average"]["speed"]["rtfx"])
        for score in scores
        if score["average"]["wer"] is not None
    ]
    if not points:
        return []
    caption = f"suite {scores[0]['suite']}, profile {scores[0]['profile']['name']}"
    return rtfx_wer(points, report / "rtfx_wer", caption=caption)


def _audits(run: RunRecord) -> Iterator[str]:
    """What `--audit-batching` found, one line a benchmark."""
    for name, entry in run.benchmarks.items():
        audit = entry.audit
        if audit is not None:
            yield (
                f"batching: of {audit.utterances} utterances of {name} changed: {audit.alone.changed} alone, "
                f"{audit.reversed.changed} in reversed order, {audit.one_batch.changed} in one batch"
            )


def _next(folders: Sequence[Path], runs: Sequence[RunRecord], report: Path, plots: Sequence[Path]) -> list[str]:
    """What failed, where everything lies, and what one would do next."""
    lines = []
    for folder, run in zip(folders, runs, strict=True):
        lines += [
            f"failed: {entry.failed} of {entry.expected} utterances of {name}; "
            f"why: grep '\"error\"' {folder / name}.jsonl; to try them again: --retry-failed"
            for name, entry in run.benchmarks.items()
            if entry.failed
        ]
        lines += _audits(run)
    lines.append(f"journals and scores: {', '.join(map(str, folders))}")
    lines.append(f"table{' and plot' if plots else ''}: {report}")
    if len(folders) > 1:
        lines.append(f"next: {program()} compare {' '.join(map(str, folders[:2]))}")
    return lines
