"""`--log wandb|mlflow|tensorboard`: what a finished run is worth, sent to a tracker. Thin, optional, imported late.

An export of run.json and scores.json. References and transcripts stay here unless they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import HarnessError, UsageError
from harness.records.codec import read
from harness.records.run import read_run_record
from harness.records.scores import Scores

Tracker = Literal["wandb", "mlflow", "tensorboard"]

PROJECT = "asr-harness"
"""What it is called there, unless the tracker's own environment variable says otherwise."""

_MODULES = {"wandb": "wandb", "mlflow": "mlflow", "tensorboard": "tensorboard"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is sent of a run."""

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    """Rates are fractions."""
    files: Sequence[Path]
    """Journals, with references and transcripts; none unless they were asked for."""
    folder: Path
    """Of the run."""


def check_installed(tracker: Tracker) -> None:
    """Refuses a tracker that is not installed, before anything is run.

    Raises:
        UsageError: says how to install it.
    """
    from importlib.util import find_spec

    if find_spec(_MODULES[tracker]) is None:
        how = f"pip install 'asr-harness[{tracker}]', or leave it out"
        raise UsageError(f"--log {tracker}: the package is not installed: {how}")


def export_of(folder: Path, *, transcripts: bool = False) -> Export:
    """What is sent of the run in a folder.

    Raises:
        DataError: run.json or scores.json is broken.
    """
    run, scores = read_run_record(folder), read(folder / "scores.json", Scores)
    parameters = {
        "suite": run.suite,
        "model": run.model.id,
        "revision": run.model.revision,
        "profile": scores.profile.name,
        "started": run.started,
        "version": run.version,
        "commit": run.environment.commit,
        "hardware": run.hardware,
        **{f"setting/{name}": value for name, value in run.settings.items()},
    }
    metrics = {
        "average/rate": scores.average.rate,
        "average/rtfx": scores.average.speed.rtfx,
        "average/rtfx_end_to_end": scores.average.speed.rtfx_end_to_end,
        "count/failed": float(sum(one.failed for one in scores.benchmarks)),
        "count/utterances": float(sum(one.utterances for one in scores.benchmarks)),
        **{f"{one.metric}/{one.benchmark}": one.rate for one in scores.benchmarks},
        **{f"rtfx/{one.benchmark}": one.speed.rtfx for one in scores.benchmarks},
    }
    journals = [folder / f"{name}.jsonl" for name in run.benchmarks] if transcripts else []
    return Export(
        name=run.name or run.model.id,
        parameters={name: str(value) for name, value in parameters.items() if value not in {None, ()}},
        metrics={name: value for name, value in metrics.items() if value is not None},
        files=[path for path in journals if path.is_file()],
        folder=folder,
    )


def send(tracker: Tracker, export: Export) -> str:
    """Sends it.

    Returns:
        One line: where it went, or why it did not. Whatever a tracker raises, the run is none the worse.
    """
    try:
        where = _SENDERS[tracker](export)
    except HarnessError:
        raise
    except Exception as error:  # noqa: BLE001 - a library of others, and perhaps its server
        return f"{tracker}: not logged: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return f"{tracker}: {export.name} logged to {where}"


def _tensorboard(export: Export) -> str:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.text.summary_v2 import text_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    place = export.folder.parent / "tensorboard" / export.folder.name
    writer = EventFileWriter(str(place))
    try:
        values = [Summary.Value(tag=name, simple_value=value) for name, value in export.metrics.items()]
        writer.add_event(Event(step=0, summary=Summary(value=values)))
        table = "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in export.parameters.items())
        writer.add_event(Event(step=0, summary=text_pb("run", table)))
        for path in export.files:
            text = path.read_text(encoding="utf-8", errors="backslashreplace")
            writer.add_event(Event(step=0, summary=text_pb(f"journal/{path.stem}", text)))
    finally:
        writer.close()
    return str(place)


def _mlflow(export: Export) -> str:
    from mlflow import MlflowClient

    where = os.environ.get("MLFLOW_TRACKING_URI")
    if where is None:
        where = Path("mlruns").resolve().as_uri()
        os.environ.setdefault(
            "MLFLOW_ALLOW_FILE_STORE", "true"
        )  # newer ones want a data base, which needs all of MLflow
    # A client of its own leaves the process's default, which somebody may use beside us, as it is.
    client, name = MlflowClient(tracking_uri=where), os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    known = client.get_experiment_by_name(name)
    held = client.create_run(known.experiment_id if known else client.create_experiment(name), run_name=export.name)
    identity = held.info.run_id
    for key, text in export.parameters.items():
        client.log_param(identity, key, text[:6000])
    for key, value in export.metrics.items():
        client.log_metric(identity, key, value)
    for path in export.files:
        client.log_artifact(identity, str(path))
    client.set_terminated(identity)
    return where


def _wandb(export: Export) -> str:
    import wandb

    project = os.environ.get("WANDB_PROJECT", PROJECT)
    silent = wandb.Settings(silent=True, console="off", save_code=False, disable_git=True)
    place = os.environ.get("WANDB_DIR", str(Path.cwd()))
    run = wandb.init(project=project, name=export.name, config=dict(export.parameters), settings=silent, dir=place)
    try:
        run.summary.update(dict(export.metrics))
        if export.files:
            artifact = wandb.Artifact("journals", type="journals")
            for path in export.files:
                artifact.add_file(str(path))
            run.log_artifact(artifact)
    finally:
        run.finish()
    return str(run.dir if run.offline else run.url)


_SENDERS: dict[Tracker, Callable[[Export], str]] = {"wandb": _wandb, "mlflow": _mlflow, "tensorboard": _tensorboard}
