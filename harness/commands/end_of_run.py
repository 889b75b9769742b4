"""What ends a run: the report over its models, their table on the screen, and what to do next."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.amounts import amount
from harness.devices import kind_of
from harness.records.journal import read_journal
from harness.records.run import RUN_FILE, RunRecord
from harness.records.scores import Scores
from harness.reporting.costs import Costs, energy_cell
from harness.reporting.report import Wishes, Written, write_report, write_scores
from harness.scoring.predictions import read_run
from harness.scoring.resolve import common_profile
from harness.streams import put_json, tell
from harness.version import program

WAITED_SHARE = 0.1
"""Of the time of a benchmark: where an accelerator waited longer for the host, the end of the run says for what."""

__all__ = ["finish", "write_scores"]


def finish(
    folders: Sequence[Path], scores: Sequence[Scores], *, as_json: bool, quiet: bool, costs: Costs | None = None
) -> None:
    """Writes the report over the models of a run into the suite's folder, and prints its table."""
    systems = [read_run(folder) for folder in folders]
    out = folders[0].parent / "report"
    written = write_report(systems, common_profile(systems), out, Wishes(costs=costs, beside=_beside(folders)))
    tables = "\n".join(table.render("terminal") for table in written.shown)
    if as_json:
        put_json(scores)
    else:
        print(tables, end="")
    for line in _next(folders, [system.run for system in systems if system.run is not None], written):
        if not quiet or line.startswith("failed: "):  # it is why the status is not 0
            tell(line)


def _beside(folders: Sequence[Path]) -> list[str]:
    """The folders of further runs of the suite; what `--fresh` set aside is none."""
    known = {folder.name for folder in folders}
    found = sorted(path.parent.name for path in folders[0].parent.glob(f"*/{RUN_FILE}") if not path.parent.is_symlink())
    return [name for name in found if name not in known and not re.search(r"\.old\d+$", name)]


def _first(folder: Path, benchmark: str) -> str:
    """The first utterance that failed, and why."""
    lines = (line for line in read_journal(folder / f"{benchmark}.jsonl").lines if line.error is not None)
    return next((f"{line.id}: {line.error}" for line in lines), "not in the journal")


def _audits(run: RunRecord) -> Iterator[str]:
    """What `--audit-batching` found, one line a benchmark."""
    for name, entry in run.benchmarks.items():
        if (audit := entry.audit) is not None:
            yield (
                f"batching: of {amount(audit.utterances, 'utterance')} of {name} changed: {audit.alone.changed} alone, "
                f"{audit.reversed.changed} in reversed order, {audit.one_batch.changed} in one batch"
            )


def _odd_audio(run: RunRecord) -> Iterator[str]:
    """What is odd about audio that was decoded, one line a kind."""
    for name, entry in run.benchmarks.items():
        for kind, found in (entry.audio_warnings or {}).items():
            yield f"audio: {kind.replace('_', ' ')} in {found.utterances} of {name}, the first is {found.first}"


def _servers(run: RunRecord) -> Iterator[str]:
    """What servers did, one line a benchmark."""
    for name, entry in run.benchmarks.items():
        served = entry.speed.served if entry.speed is not None else None
        if served is None:
            continue
        latency = [
            f"{value:.2f}" if value is not None else "-"
            for value in (served.latency_p50, served.latency_p95, served.latency_p99)
        ]
        first = f", to the first token {served.first_token_p50:.2f}" if served.first_token_p50 is not None else ""
        cost = f", {served.cost:.4f} USD" if served.cost is not None else ""
        yield (
            f"server: {amount(served.requests, 'request')} for {name}, {served.concurrency} at once, "
            f"{served.retries} tried again; seconds to the answer, p50 {latency[0]}, p95 {latency[1]}, p99 {latency[2]}"
            f"{first}{cost}"
        )


def _waits(run: RunRecord) -> Iterator[str]:
    """Where an accelerator waited for the host: for how much of the time, and mostly for what."""
    device = str(run.settings.get("device") or "cpu")
    for name, entry in run.benchmarks.items():
        speed = entry.speed
        if kind_of(device) == "cpu" or speed is None or speed.served is not None or speed.waits is None:
            continue
        waited = speed.seconds_waited or 0.0
        worked = (speed.seconds_wall or 0.0) - (speed.seconds_warmup or 0.0)
        if waited > WAITED_SHARE * worked > 0:
            yield f"waited: {device} for {waited / worked:.0%} of the time of {name}, mostly for {speed.waits.cause}"


def _energy(run: RunRecord) -> Iterator[str]:
    """What the run drew, or why nobody knows."""
    cell = energy_cell(run)
    if cell.number is not None:
        yield f"energy: {cell.number:.3g} Wh for an hour of audio" + "".join(f" ({note})" for note in cell.notes)
    elif any(entry.energy is not None for entry in run.benchmarks.values()):
        yield cell.notes[0]


def _next(folders: Sequence[Path], runs: Sequence[RunRecord], written: Written) -> list[str]:
    """What failed, what was cut, where everything lies, and what one would do next."""
    lines = []
    for folder, run in zip(folders, runs, strict=True):
        lines += [
            f"failed: {entry.failed} of {amount(entry.expected or 0, 'utterance')} of {name}, "
            f"the first is {_first(folder, name)}; "
            f"all: grep '\"error\"' {folder / name}.jsonl; to try them again: --retry-failed"
            for name, entry in run.benchmarks.items()
            if entry.failed
        ]
        if run.early is None:
            lines += [
                f"failed: {name} is not complete in {folder}/run.json, and nothing that was asked for runs it; "
                "to start over: --fresh"
                for name, entry in run.benchmarks.items()
                if not entry.complete and not entry.failed
            ]
        lines += [
            f"cut: {amount(entry.speed.limited, 'transcript')} of {name} stopped by the limit of tokens; "
            f"which: grep '\"limited\"' {folder / name}.jsonl"
            for name, entry in run.benchmarks.items()
            if entry.speed is not None and entry.speed.limited
        ]
        lines += [
            f"malformed: {amount(entry.speed.malformed, 'transcript')} of {name} with signs of time or speaker that "
            f"could not be read, or without some; the text is kept; which: grep '\"malformed\"' {folder / name}.jsonl"
            for name, entry in run.benchmarks.items()
            if entry.speed is not None and entry.speed.malformed
        ]
        lines += _odd_audio(run)
        lines += _audits(run)
        lines += _servers(run)
        lines += _waits(run)
    lines += dict.fromkeys(line for run in runs for line in _energy(run))  # that of a machine without counters once
    lines.append(f"journals and scores: {', '.join(map(str, folders))}")
    lines.append(f"tables, plots and page: {written.files[0]}")
    if len(folders) > 1:
        lines.append(f"next: {program()} compare {' '.join(map(str, folders[:2]))}")
    return lines
