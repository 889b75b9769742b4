"""Plants faults in the program, one at a time, and counts how many the tests find.

    python -m tools.plant_faults --count 60 --seed 1 --jobs 2 --paths harness/scoring harness/runner
    python -m tools.plant_faults ... --log faults.jsonl           goes on where it was stopped
    python -m tools.plant_faults ... --log faults.jsonl --retry   runs again only what survived
    python -m tools.plant_faults ... --list                       only says which faults it would plant

Which faults is drawn by the seed (`tools.mutations`), not chosen by hand. The working tree is copied, once a worker,
and only the copies are changed. A fault in `harness/scoring/ties.py` is looked for by the tests in
`tests/harness/scoring`: first `test_ties.py`, then those that import the module, then the rest, the quickest first.
Found is what makes one of them fail, or take several times as long as without the fault.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutations import Fault, chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
PATHS = ("harness/scoring", "harness/runner", "harness/gating", "harness/reporting", "benchmarks/sources")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "--import-mode=importlib")
PATIENCE = 4.0
"""How many times as long as without a fault, and half a minute, a test, and all of them, may take."""
MEMORY_SHARE = 0.5
"""Of the machine's memory, for the tests of all workers: a fault may well allocate for ever."""


RUNNING: set[subprocess.Popen[bytes]] = set()
"""What is to be ended where this program is stopped; each has a session of its own, which Ctrl-C does not reach."""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and those that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True, slots=True)
class Tree:
    """A copy of the working tree, for one worker."""

    root: Path

    @staticmethod
    def of(source: Path, into: Path) -> Tree:
        """Copies what git knows or would add: no build outputs, no runs."""
        listed = subprocess.run(
            ["git", "-C", str(source), "ls-files", "-coz", "--exclude-standard"], capture_output=True, check=True
        ).stdout
        for name in filter(None, listed.decode().split("\0")):
            if (source / name).is_file():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, into / name)
        return Tree(into)

    def pytest(self, arguments: Sequence[str], seconds: float) -> int:
        """The exit status of pytest; -1 where it took too long."""
        environment = os.environ | {
            # A changed file may have the size and the second of the one before it: no compiled file is trusted.
            "PYTHONDONTWRITEBYTECODE": "1",
            "ASR_TEST_DATA": os.environ.get("ASR_TEST_DATA", str(ROOT.parent / "shared")),
            "OMP_NUM_THREADS": "1",
        }
        kibibytes = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024)
        process = subprocess.Popen(
            ["sh", "-c", f'ulimit -d {kibibytes}; exec "$@"', "sh", *PYTEST, *arguments],
            cwd=self.root,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            RUNNING.discard(process)
            _kill(process)


@dataclass(slots=True)
class Baseline:
    """What the tests do without a fault."""

    seconds: dict[str, float] = field(default_factory=dict)
    """How long each file of tests takes."""
    slowest: dict[str, float] = field(default_factory=dict)
    """How long the slowest test of each takes."""
    failing: set[str] = field(default_factory=set)
    """Tests that fail by themselves; they find nothing and are left out."""

    def measure(self, tree: Tree, files: Iterable[str]) -> None:
        """Runs these files as they are."""
        report = tree.root / "baseline.xml"
        tree.pytest([*files, f"--junitxml={report}", "-o", "junit_family=xunit1"], 3600)
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it
            file = case.get("file")
            if file is None:  # a file that cannot be collected
                continue
            seconds = float(case.get("time", 0))
            self.seconds[file] = self.seconds.get(file, 0.0) + seconds
            self.slowest[file] = max(self.slowest.get(file, 0.0), seconds)
            if case.find("failure") is not None or case.find("error") is not None:
                inner = case.get("classname", "").removeprefix(file.removesuffix(".py").replace("/", "."))
                self.failing.add("::".join([file, *filter(None, inner.split(".")), case.get("name", "")]))
        report.unlink()


def tests_of(root: Path, module: str, seconds: Mapping[str, float]) -> list[str]:
    """The files of tests that are asked about a fault in a module, the likeliest to find it first.

    The folder is the one that mirrors the module's, or the next above it that has tests.

    Args:
        root: where `tests` lies.
        module: path of the module from there.
        seconds: what each file takes: of files that are as likely the quickest comes first.
    """
    folder = root / "tests" / Path(module).parent
    while not list(folder.glob("test_*.py")) and folder != root:
        folder = folder.parent
    stem, dotted = Path(module).stem, module.removesuffix(".py").replace("/", ".")
    parent, _, last = dotted.rpartition(".")
    imports = re.compile(rf"{re.escape(dotted)}\b|from {re.escape(parent)} import [^\n]*\b{last}\b")

    def rank(name: str) -> tuple[int, float, str]:
        if Path(name).stem == f"test_{stem}":
            place = 0
        elif stem in Path(name).stem:
            place = 1
        else:
            place = 2 if imports.search((root / name).read_text(encoding="utf-8")) else 3
        return place, seconds.get(name, 0.0), name

    return sorted((path.relative_to(root).as_posix() for path in folder.glob("test_*.py")), key=rank)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said about one fault."""

    path: str
    fault: Fault
    found: bool
    seconds: float
    how: str
    """What ended it: ``failed``, ``took too long`` or ``passed``."""

    @property
    def id(self) -> str:
        """Names the fault in a log; the same source and seed give the same."""
        return _id(self.path, self.fault)


def _id(path: str, fault: Fault) -> str:
    return f"{path}:{fault.line}:{fault.start}:{fault.kind}:{fault.text}"


def tried(tree: Tree, path: str, fault: Fault, baseline: Baseline) -> Outcome:
    """Plants one fault in a copy, asks the tests, and takes it out again."""
    file = tree.root / path
    whole, times = file.read_bytes(), file.stat()
    files = tests_of(tree.root, path, baseline.seconds)
    skipped = [f"--deselect={test}" for test in sorted(baseline.failing)]
    limit = PATIENCE * sum(baseline.seconds.get(name, 0.0) for name in files) + 30
    for_one = PATIENCE * max((baseline.slowest.get(name, 0.0) for name in files), default=0.0) + 30
    begin = time.monotonic()
    try:
        file.write_bytes(fault.planted(whole))
        status = tree.pytest(["-x", f"--timeout={for_one:.0f}", *skipped, *files], limit)
    finally:
        file.write_bytes(whole)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    how = {0: "passed", 5: "passed", -1: "took too long"}.get(status, "failed")
    return Outcome(path, fault, how != "passed", time.monotonic() - begin, how)


def difference(path: str, fault: Fault, source: bytes) -> str:
    """What the fault changes, as lines of a diff."""
    before, after = source.decode().splitlines(), fault.planted(source).decode().splitlines()
    lines = list(difflib.unified_diff(before, after, path, path, lineterm="", n=0))
    return "\n".join(f"    {line}" for line in lines[3:])


def sources(paths: Sequence[str]) -> dict[str, bytes]:
    """The files of these files and folders, by their path from the root."""
    return {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for path in paths
        for file in ([ROOT / path] if path.endswith(".py") else sorted((ROOT / path).rglob("*.py")))
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line; the exit status is 0 whatever survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", nargs="+", default=PATHS, metavar="PATH", help="files and folders to plant them in")
    parser.add_argument("--count", type=int, default=60, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="copies of the tree, and tests at a time")
    parser.add_argument("--log", type=Path, metavar="FILE", help="keeps each outcome, to go on from")
    parser.add_argument("--retry", action="store_true", help="run again what survived according to the log")
    parser.add_argument("--list", action="store_true", help="say which faults, and run nothing")
    args = parser.parse_args(arguments)
    files = sources(args.paths)
    faults = list(islice(chosen(files, args.seed), args.count))
    if args.list:
        for path, fault in faults:
            print(f"{path}:{fault.line} {fault.kind}\n{difference(path, fault, files[path])}")
        return 0
    begin = time.monotonic()
    known = _logged(args.log, again=args.retry)
    found = {id_: known[id_] for id_ in (_id(*each) for each in faults) if id_ in known}
    todo = [each for each in faults if _id(*each) not in known]
    for outcome in _all(todo, args.jobs):
        found[outcome.id] = outcome.found
        word = "found" if outcome.found else "SURVIVED"
        print(
            f"[{len(found)}/{len(faults)}] {word} {outcome.path}:{outcome.fault.line} {outcome.fault.kind} "
            f"({outcome.how}, {outcome.seconds:.0f} s)\n{difference(outcome.path, outcome.fault, files[outcome.path])}",
            flush=True,
        )
        if args.log:
            with args.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"fault": outcome.id, "found": outcome.found}) + "\n")
    survived = [id_ for id_, was in found.items() if not was]
    hits, seconds = len(found) - len(survived), time.monotonic() - begin
    print(f"score: {hits} of {len(found)} faults found, {len(survived)} survived; {seconds / 60:.1f} minutes")
    print(json.dumps({"seed": args.seed, "planted": len(found), "found": hits, "survived": survived}))
    return 0


def _logged(log: Path | None, *, again: bool) -> dict[str, bool]:
    """What earlier runs of this command found out."""
    if log is None or not log.is_file():
        return {}
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    last = {line["fault"]: bool(line["found"]) for line in lines}
    return {id_: was for id_, was in last.items() if was or not again}


def _all(faults: Sequence[tuple[str, Fault]], jobs: int) -> Iterable[Outcome]:
    """Tries all faults, as many at a time as there are copies; yields them as they come."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, ThreadPoolExecutor(jobs) as pool:
        trees: queue.Queue[Tree] = queue.Queue()
        for number in range(jobs):
            trees.put(Tree.of(ROOT, Path(folder) / str(number) / "tree"))
        baseline = Baseline()

        def measured(files: Sequence[str]) -> None:
            tree = trees.get()
            try:
                baseline.measure(tree, files)
            finally:
                trees.put(tree)

        def one(path: str, fault: Fault) -> Outcome:
            tree = trees.get()
            try:
                return tried(tree, path, fault, baseline)
            finally:
                trees.put(tree)

        folders = {tuple(sorted(tests_of(ROOT, path, {}))) for path, _ in faults}
        print(f"{len(faults)} faults; first the tests of {len(folders)} folders without any", flush=True)
        try:
            for _ in pool.map(measured, sorted(folders)):
                pass
            for test in sorted(baseline.failing):
                print(f"left out, because it fails without a fault: {test}", flush=True)
            for done in as_completed([pool.submit(one, path, fault) for path, fault in faults]):
                yield done.result()
        finally:  # stopped: what waits is not begun, and what runs need not end by itself
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(RUNNING):
                _kill(process)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped; with --log the same command goes on where it was")
