"""A process's way to a Ray cluster: what the user said about it, and connecting to it or starting one.

Ray is imported late: it is an extra, and takes half a second. Everything that it says to the terminal is switched off;
what a user should know is in our errors and in run.json.
"""

import importlib
import importlib.util
import logging
import os
import secrets
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RunError, UsageError
from harness.runner.journal import describe
from harness.runner.ray_folder import make_folder, rays, remove
from harness.secret_values import HUB, put_away

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Environment of Ray: it reports to nobody, and warns of nothing."""

ANSWER_SECONDS = 5.0
"""How long a cluster may take to answer at its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the user said about the cluster."""

    address: str | None = None
    """``HOST:PORT`` or ``auto``; None starts one on this machine."""
    workers: int | None = None
    """How many; None is as many as there is room for."""
    gpus: float = 0.0
    """GPUs of a worker; 0 where the model runs on CPUs."""
    cpus: int = 1
    """CPUs of a worker where the model runs on them."""

    @property
    def resources(self) -> dict[str, float]:
        """What a worker asks Ray for. One with a GPU asks for no CPU: there may be fewer of them than it thinks."""
        return {"num_gpus": self.gpus, "num_cpus": 0} if self.gpus else {"num_cpus": self.cpus}

    def fit(self, nodes: Sequence[dict[str, Any]]) -> int:
        """How many workers there is room for on nodes with these resources. A GPU's fraction is never of two GPUs."""
        if not self.gpus:
            return sum(int(node.get("CPU", 0) // self.cpus) for node in nodes)
        if self.gpus < 1:
            return sum(int(node.get("GPU", 0)) * int(1 / self.gpus + 1e-9) for node in nodes)
        return sum(int(node.get("GPU", 0) // self.gpus) for node in nodes)


def library() -> Any:
    """The library, of which only parts have types."""
    return importlib.import_module("ray")


def connect(share: Share) -> Path | None:
    """Connects this process to a cluster, or starts one here.

    Returns:
        The folder of the cluster that was started here, to be removed after it.

    Raises:
        UsageError: Ray is not installed, or the address is none.
        RunError: there is no cluster at that address, or none can be started.
    """
    if importlib.util.find_spec("ray") is None:
        msg = "--engine ray needs ray, not installed here; to install: pip install -c constraints.txt '.[ray]'"
        raise UsageError(msg)
    wanted = dict(QUIET)
    if share.address is None:  # nobody else may use ours; left to itself, Ray writes a token into the user's home
        wanted |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ.update({name: os.environ.get(name, value) for name, value in wanted.items()})
    folder: Path | None = None
    with _own_signals():
        ray = library()
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if share.address is None:
            folder = make_folder()
            cores = os.cpu_count() or 1
            asked = 0 if share.gpus else (share.workers or 0) * share.cpus
            options |= {"include_dashboard": False, "num_cpus": max(cores, asked), "_temp_dir": str(rays(folder))}
        elif share.address != "auto":
            _check_answers(share.address)
        try:
            with _no_stderr(), put_away(keep=HUB | {"RAY_AUTH_TOKEN"}):  # its processes inherit our environment
                ray.init(address=share.address or "local", **options)
        except Exception as error:  # noqa: BLE001 - Ray raises all kinds of things where it cannot connect
            if folder is not None:
                remove(folder)
                msg = f"Ray cannot be started here ({describe(error)}); leave out --engine ray"
            else:
                msg = (
                    f"--ray-address {share.address}: no cluster to be reached from here ({describe(error)}); run this "
                    "on one of its nodes, with RAY_AUTH_MODE=token if it asks for a token"
                )
            raise RunError(msg) from None
        # Ray prints what happens to its processes on our stdout, and has no setting against it.
        printing: Any = importlib.import_module("ray._private.worker")
        printing._worker_logs_enabled = False
    return folder


def _check_answers(address: str) -> None:
    """Ray tries for minutes to reach a cluster that is not there.

    Raises:
        UsageError: it is no address.
        RunError: nobody answers.
    """
    host, _, port = address.rpartition(":")
    how = "give the HOST:PORT of the cluster's head, or auto on one of its nodes"
    if not host or not port.isdecimal():
        raise UsageError(f"--ray-address {address}: not HOST:PORT; {how}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise RunError(f"--ray-address {address}: nobody answers ({error}); {how}") from None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keeps our handlers: Ray's for SIGTERM ends a run without finishing the batch in hand."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Keeps native code from writing to our terminal: until Ray is connected, its log has no other place."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
