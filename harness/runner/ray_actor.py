"""What Ray starts on a node. It looks at the program that is installed there before anything of it is loaded.

Ray is sent this module as it is here (`Cluster`), and not its name as of all others, since a node may have another
version of this program, or none: what it would make of our messages, or of this very class, nobody can say.
Nothing of ours may be used here but where the programs are known to be the same, and nothing at all be imported on top
that is not Python's own.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("harness", "benchmarks")
"""The packages that are this program."""


class Program(NamedTuple):
    """Which program a process would load."""

    place: str
    """The folder that it lies in; empty where there is none."""
    version: str
    """As it says itself."""
    sources: str
    """Digest of the names and contents of its own files of Python."""

    def differs(self, other: Program) -> bool:
        """Whether two nodes run other code, wherever it lies."""
        return (self.version, self.sources) != (other.version, other.sources)

    def __str__(self) -> str:
        """Such as ``0.3.0 (sources 1a2b3c4d5e6f, in /srv/asr)``."""
        return f"{self.version} (sources {self.sources[:12]}, in {self.place})" if self.place else "none"


def program() -> Program:
    """The program that this process loads, or has loaded. Takes 20 ms."""
    found = {part: importlib.util.find_spec(part) for part in PARTS}
    folders = {part: Path(spec.origin).parent for part, spec in found.items() if spec is not None and spec.origin}
    if PARTS[0] not in folders:
        return Program("", "none", "")
    digest = hashlib.sha256()
    for part, folder in folders.items():
        for path in sorted(folder.rglob("*.py")):
            name = f"{part}/{path.relative_to(folder).as_posix()}"
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    try:
        from harness import version

        stated = version.VERSION
    except Exception:  # noqa: BLE001 - whatever is there
        stated = "of an unknown version"
    return Program(str(folders[PARTS[0]].parent), stated, digest.hexdigest())


class Actor:
    """A worker that can say where in the cluster it is, and by which program it would work."""

    def __init__(self, expected: Program, prepared: bytes) -> None:
        """Loads nothing yet.

        Args:
            expected: the driver's.
            prepared: makes the worker, which only the same program can read.
        """
        self._expected, self._prepared = tuple(expected), prepared
        self._worker: Any = None
        self._others: dict[int, Any] = {}
        """Whom it hands work on to."""

    def place(self) -> tuple[str, str, dict[str, str], tuple[str, ...]]:
        """The node's address, ``gpu 0`` or ``cpu``, the versions of packages that matter, and the program.

        Answers as soon as the process is there. Where the program is another one no packages are named.
        """
        ray: Any = importlib.import_module("ray")
        own = program()
        packages: dict[str, str] = {}
        if not own.differs(Program(*self._expected)):
            from harness import environment

            packages = environment.packages()
        gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
        return ray.util.get_node_ip_address(), f"gpu {','.join(gpus)}" if gpus else "cpu", packages, tuple(own)

    def load(self) -> Any:
        """As `Worker.load`."""
        make: Callable[[], Any] = pickle.loads(self._prepared)  # noqa: S301 - our driver's
        self._worker = make()
        return self._worker.load()

    def add(self, pieces: bytes) -> None:
        """As `Worker.add`. Bytes are what a message costs the least for, and go on as they came."""
        self._worker.add(pickle.loads(pieces))  # noqa: S301 - our driver's

    def meet(self, number: int, other: Any) -> None:
        """Learns of a worker whom it is to hand work on to, and is connected to it by the time there is some."""
        self._others[number] = other
        other.met.remote()

    def met(self) -> None:
        """Answers who is connecting."""

    def hold(self, chunk: bytes) -> None:
        """As `Worker.hold`."""
        self._worker.hold(chunk)

    def begin(self, order: bytes) -> None:
        """Gives each of its group the first share that it makes of what it holds. Returns as `pass_on`."""
        shares: dict[int, bytes] = self._worker.first_shares(order)
        own = shares.pop(next(iter(shares)))
        self.pass_on(shares, own)

    def pass_on(self, others: dict[int, bytes], own: bytes) -> None:
        """As `add`, with the work of others, which goes first. Returns when all have theirs, or are lost."""
        ray: Any = importlib.import_module("ray")
        given = [self._others[number].add.remote(pieces) for number, pieces in others.items()]
        self.add(own)
        ray.wait(given, num_returns=len(given))

    def written(self) -> Any:
        """As `Worker.written`."""
        return self._worker.written()

    def transcribe(self, clips: Any) -> Any:
        """As `Worker.transcribe`."""
        return self._worker.transcribe(clips)
