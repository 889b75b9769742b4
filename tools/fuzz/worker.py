"""One case after another in a forked process: what was said, how it ended, how long it took, and the most it held."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tools.fuzz.cases import Case, make

SECONDS = 10.0
"""Of the processor for one case: beyond that it hangs."""
WAIT = 30 * SECONDS
"""On the clock, where others may be using the processor: beyond that it waits for what does not come."""
BYTES = 512 << 20
"""Of memory that a case may take, beside what its process holds already."""
ADDRESSES = 12 << 30
"""Of address space, so that a bomb is an error here and not the end of the machine."""
GOOD_STATUS = {0, 2, 4, 5}
"""What every verb may end with; `gate` and `data check` also with 1 and 3."""
DRAWN = 20
"""Of so many reports one has its plots."""
DISK = 64 << 20
"""Of one file that is written."""


_RAW = re.compile(r"[^\n]{0,40}[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069][^\n]{0,40}")
_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)
"""What a terminal, or a CI runner, obeys."""


class Hang(BaseException):
    """Not an `Exception`: nobody catches it on the way."""


@dataclass(frozen=True)
class Result:
    """What became of a case."""

    number: int
    verb: str
    outcome: str
    """``exit N``, or a fault: ``internal``, ``hang``, ``memory``, ``control``, ``lines``, ``status N``, ``died``."""
    words: list[str]
    told: str = ""
    """What is wrong, in the program's own words."""
    seconds: float = 0.0
    """On the clock."""
    mib: int = 0
    """Of memory, beside what its process held before."""
    processor: float = 0.0
    """Seconds of it, which others on the machine do not make more."""

    @property
    def bad(self) -> bool:
        """Whether it is a fault."""
        return not self.outcome.startswith("exit ")

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def limit() -> None:
    """Takes from this process what no case needs: network, gigabytes, a terminal."""
    os.environ.update(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1", ASR_HARNESS_CACHE="", COLUMNS="80")
    os.environ.pop("GITHUB_STEP_SUMMARY", None)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise OSError(101, "Network is unreachable")

    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, refuse)


def try_case(number: int, seed: int) -> Result:
    """Makes a case and calls the program with it, in this process."""
    place = Path(tempfile.mkdtemp(prefix="fuzz"))
    folder = place / "a" / "b"
    folder.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        case = make(number, seed, folder)
        return call(case)
    finally:
        os.chdir(before)
        shutil.rmtree(os.fsencode(place), ignore_errors=True)


def call(case: Case) -> Result:
    """Calls the program in the folder where this process is."""
    from harness.cli import main

    written = io.BytesIO(), io.BytesIO()
    out, errors = (io.TextIOWrapper(each, encoding="utf-8", write_through=True) for each in written)
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(case.stdin), encoding="utf-8"), out, errors
    _forget_peak()
    held = _peak()
    begin, used, escaped, status = time.monotonic(), time.process_time(), "", -1
    try:
        with _alarm(), _small_disk(), _pictures(drawn=case.number % DRAWN == 0):
            status = int(main(case.words))
    except Hang:
        escaped = "hang"
    except SystemExit as error:  # argparse's --help and --version
        status = error.code if isinstance(error.code, int) else -1
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        escaped = f"internal {type(error).__name__}: {error}"
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    seconds, used, mib = time.monotonic() - begin, time.process_time() - used, (_peak() - held) >> 20
    said = [each.getvalue().decode("utf-8", "replace") for each in written]
    outcome, what = _judged(case, status, escaped, (said[0], said[1]), mib)
    return Result(case.number, case.verb, outcome, case.words, what[:500], round(seconds, 2), mib, round(used, 2))


def _judged(case: Case, status: int, escaped: str, told: tuple[str, str], mib: int) -> tuple[str, str]:
    """What is wrong, or how it ended."""
    out, errors = told
    allowed = GOOD_STATUS | ({1, 3} if case.verb in {"gate", "data"} else set())
    complaints = [line for line in errors.splitlines() if line.startswith(("error: ", "failed: "))]
    texts = [errors] if case.verb == "normalize" else [out, errors]  # whose output is the data
    raw = next((found[0] for text in texts for found in _RAW.finditer(text)), "")
    commands = "--github" not in case.words and any(_COMMAND.search(text) for text in texts)
    debug = "--debug" in case.words
    checks = (
        (bool(escaped), escaped.partition(" ")[0], escaped),
        ("internal error" in errors or ("Traceback" in errors and not debug), "internal", errors[-400:]),
        (mib > BYTES >> 20, "memory", f"{mib} MiB"),
        (status not in allowed, f"status {status}", errors[-400:]),
        (bool(raw) or commands, "control", repr(raw)),
        (status in {2, 4, 5} and not debug and not complaints, "lines", errors[-400:]),
    )
    return next(((name, what) for wrong, name, what in checks if wrong), (f"exit {status}", ""))


@contextmanager
def _alarm() -> Iterator[None]:
    """Ends what takes more than `SECONDS` of this process's time, or waits for longer than `WAIT` on the clock."""

    def ring(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Hang

    signals = ((signal.SIGPROF, signal.ITIMER_PROF, SECONDS), (signal.SIGALRM, signal.ITIMER_REAL, WAIT))
    for number, timer, seconds in signals:
        signal.signal(number, ring)
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for _, timer, _ in signals:
            signal.setitimer(timer, 0)


@contextmanager
def _pictures(*, drawn: bool) -> Iterator[None]:
    """Most reports are made without their plots, which take a hundred times as long as all else."""
    from harness.reporting import report

    whole = vars(report)["_plots"]
    if not drawn:
        vars(report)["_plots"] = lambda *_: ([], [])
    try:
        yield
    finally:
        vars(report)["_plots"] = whole


@contextmanager
def _small_disk() -> Iterator[None]:
    """No file grows beyond `DISK`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _forget_peak() -> None:
    with suppress(OSError):  # as far as the system lets itself be asked
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """Bytes that this process held at most since it was asked to forget."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) << 10 if found else 0
