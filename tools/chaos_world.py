"""What chaos disturbs: data, models, a process that runs them, and how that goes in peace."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UTTERANCES = 60
PATIENCE = 120.0
"""Seconds after which a process hangs."""
CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tools.chaos_world import apply
apply(json.loads(sys.argv[2]))
from harness.cli import main
sys.exit(main(sys.argv[3:]))
"""
"""What a process of chaos is: the program, after its own machine was made worse."""


@dataclass
class Work:
    """A command that is run and disturbed."""

    name: str
    words: list[str]
    benchmark: str
    weight: int
    utterances: int
    data: Path
    """Folder of the audio that it reads."""
    calm: Outcome | None = None


@dataclass(frozen=True)
class Outcome:
    """What a whole run says."""

    texts: Mapping[str, tuple[str, str | None]]
    """Reference and transcript by id."""
    scores: object


@dataclass
class Child:
    """A process of the program."""

    process: subprocess.Popen[bytes]
    errors: Path
    file_limit: int | None = None
    """Bytes that any file of it may have, its standard error too."""
    since: float = field(default_factory=time.monotonic)

    @property
    def outcome(self) -> str:
        """How it ended, in a word."""
        code = self.process.returncode
        return "running" if code is None else f"exit {code}" if code >= 0 else signal.Signals(-code).name

    def told(self) -> str:
        """What it wrote on standard error."""
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> int:
        """Its status. What does not come back is killed, and is a hang."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise TimeoutError(f"it hangs; it said: {self.told()[-300:]}") from None


def make_world(place: Path, wanted: Sequence[str]) -> list[Work]:
    """Data and commands. Paths are absolute: every process starts in the same folder."""
    import numpy as np
    import soundfile

    from tools.made_up import WORDS  # not above: what a child does before the program is imported stays small

    random, data = Random(0), place / "data"
    data.mkdir(exist_ok=True)
    rows, said = [], []
    vocabulary = [*WORDS[:10], "lamp"]
    for at in range(UTTERANCES):
        name = f"u{at:02}"
        soundfile.write(data / f"{name}.wav", np.full(1600 + 80 * (at % 9), at / 100, np.float32), 16_000)
        words = random.choices(vocabulary, k=random.randint(3, 9))
        rows.append({"audio": f"{name}.wav", "id": name, "text": " ".join(words), "session": f"s{at % 7}"})
        said.append({"id": name, "pred_text": " ".join(words[: len(words) - at % 3])})
    for file, lines in (("manifest.jsonl", rows), ("said.jsonl", said)):
        (data / file).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    own = ["--data", str(data / "manifest.jsonl"), "--model", f"transcripts:{data / 'said.jsonl'}", "--batch-size", "4"]
    nar = ["--suite", "digits", "--limit", "24", "--model", "tiny-nar", "--batch-size", "4", "--device", "cpu"]
    benchmark = "data_data"
    works = [
        Work("transcripts", own, benchmark, 16, UTTERANCES, data),
        Work("tiny-nar", nar, "digits", 1, 24, data),
        Work("ray", [*own, "--engine", "ray", "--ray-workers", "2"], benchmark, 1, UTTERANCES, data),
    ]
    here = importlib.util.find_spec("ray") is not None
    return [work for work in works if work.name in wanted and (here or work.name != "ray")]


def start(
    work: Work,
    out: Path,
    *flags: str,
    plan: Mapping[str, Any] | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> Child:
    """Starts the program on a work, in a session of its own.

    Args:
        work: the command.
        out: the folder of its runs.
        flags: further ones.
        plan: what `apply` does to the process.
        stdout: where it writes; None is nowhere.
        stderr: likewise; None is a file of its own.
    """
    place = work.data.parent / "errors"
    place.mkdir(exist_ok=True)
    errors = place / f"{work.name}.{time.monotonic_ns()}.err"
    command = [sys.executable, "-B", "-c", CHILD, str(ROOT), json.dumps(dict(plan or {})), *work.words]
    command += ["--out", str(out), "--json", *flags]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "ASR_HARNESS_CACHE": ""}
    environment["PYTHONPATH"] = str(ROOT)  # Ray's workers too are of this checkout, whatever is installed
    with errors.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=work.data,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if stdout is None else stdout,
            stderr=file if stderr is None else stderr,
            start_new_session=True,
        )
    return Child(process, errors, dict(plan or {}).get("limits", {}).get("FSIZE"))


def apply(plan: Mapping[str, Any]) -> None:
    """In the process, before the program is: limits, a slow disk, so that there is a middle, clocks that jump."""
    for name, value in plan.get("limits", {}).items():
        which = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(which, (value, resource.getrlimit(which)[1] if name == "CPU" else value))
    if seconds := plan.get("slow"):
        from harness.runner.journal import JournalFile

        whole: Callable[..., None] = JournalFile.append

        def append(self: JournalFile, lines: Any) -> None:
            time.sleep(seconds)
            whole(self, lines)

        JournalFile.append = append  # type: ignore[method-assign]
    if jumps := plan.get("jumps"):
        _jump(Random(jumps))
    from harness.reporting import report

    vars(report)["_plots"] = lambda *_: ([], [])  # they take longer than all else, and are made again from the records


def _jump(random: Random) -> None:
    """Clocks of the day jump to and fro, those that only go on jump ahead, as where a machine slept."""
    import datetime as dt

    offset = {"day": 0.0, "on": 0.0}
    clocks = {name: getattr(time, name) for name in ("time", "monotonic", "perf_counter")}

    def moved(name: str) -> Callable[[], float]:
        def read() -> float:
            if random.random() < 0.02:
                offset["day"] = random.choice((-1, 1)) * random.choice((1.0, 3600.0, 86_400.0, 3e8))
                offset["on"] += random.choice((0.0, 0.5, 3600.0))
            return float(clocks[name]()) + offset["day" if name == "time" else "on"]

        return read

    for name in clocks:
        setattr(time, name, moved(name))

    class Moved(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Moved:
            return cls.fromtimestamp(time.time(), tz)

    for name in ("run", "stretches"):
        vars(importlib.import_module(f"harness.runner.{name}"))["datetime"] = Moved


def folder_of(out: Path) -> Path | None:
    """The run's folder below `out`; None before there is one."""
    found = [path.parent for path in sorted(out.glob("*/*/.lock")) if path.parent.parent.name != "report"]
    return found[0] if found else None


def outcome_of(work: Work, folder: Path) -> Outcome:
    """What a whole run says, its speed apart."""
    from harness.records.journal import read_journal

    lines = read_journal(folder / f"{work.benchmark}.jsonl").lines
    return Outcome(
        {line.id: (line.reference, line.hypothesis) for line in lines}, _without_speed(folder / "scores.json")
    )


def _without_speed(path: Path) -> object:
    """The scores, without what a clock says, or where they lie."""
    kept = {"speed", "folder", "path", "time", "source"}

    def without(found: Any) -> Any:
        if isinstance(found, dict):
            return {key: without(value) for key, value in found.items() if key not in kept and "rtfx" not in key}
        return [without(value) for value in found] if isinstance(found, list) else found

    return without(json.loads(path.read_text(encoding="utf-8")))


def peace(work: Work, out: Path) -> Outcome:
    """The run without any disturbance.

    Raises:
        RuntimeError: even so it does not end well.
    """
    child = start(work, out)
    if child.wait() != 0:
        raise RuntimeError(f"{work.name}: {child.outcome} in peace: {child.told()}")
    folder = folder_of(out)
    assert folder is not None
    found = outcome_of(work, folder)
    if len(found.texts) != work.utterances:
        raise RuntimeError(f"{work.name}: {len(found.texts)} utterances in peace")
    return found
