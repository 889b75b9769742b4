"""A server under way: started when it is needed, healthy before it is asked, stopped in the end, its log kept."""

from __future__ import annotations

import http.client
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import Interrupted, RunError
from harness.records.codec import cannot_write
from harness.serving import guard
from harness.serving.servers import HOST, Server

LOG_FILE = "server.log"
LAST_LINES = 12
"""Lines of its log that are shown where it died."""
POLL_SECONDS = 0.2
"""Between two looks at whether it is healthy."""


@dataclass(slots=True, kw_only=True)
class Managed:
    """One server for one model. As a context it is stopped at the end, however that comes."""

    server: Server
    name: str
    """What the model behind it is called."""
    model: str
    """What the server calls it."""
    extra: Sequence[str] = ()
    """Arguments of the user's for its command line."""
    grace: float = 10.0
    """Seconds between asking it to end and ending it."""
    timeout: float = 900.0
    """Seconds that it may take until it is healthy."""
    say: Callable[[str], None]
    """Is told the command, and when it is healthy."""
    cancelled: Callable[[], bool] = lambda: False
    """Whether the user wants no more of it."""
    log: Path = field(init=False, default=Path(LOG_FILE))
    command: list[str] = field(init=False, default_factory=list)
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)
    _url: str = field(init=False, default="")

    def start(self, folder: Path) -> str:
        """Starts it, once, and waits until it is healthy.

        Args:
            folder: where its log is kept; made if needed.

        Returns:
            The name under which our client finds it: ``openai:URL#MODEL``.

        Raises:
            UsageError: it is not installed.
            RunError: it died, or was not healthy in time.
            Interrupted: the user stopped the run meanwhile.
        """
        if self._process is None:
            port = free_port()
            self.command = self.server.command(self.model, port, self.extra)
            self.log = folder / LOG_FILE
            self.say(f"starting: {shlex.join(self.command)} (log: {self.log})")
            self._process = self._launched(folder)
            begin = time.monotonic()
            self._wait_until_healthy(port, begin + self.timeout)
            self.say(f"{self.server.name} is healthy after {time.monotonic() - begin:.1f} s")
            self._url = f"http://{HOST}:{port}/v1"
        return f"openai:{self._url}#{self.model}"

    def check(self, patience: float = 0.0) -> None:
        """Says so where it died.

        Args:
            patience: seconds that it may take until that is known.

        Raises:
            RunError: it did; the end of its log is shown before.
        """
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        if (status := self._process.poll()) is not None:
            for line in self._last_lines():
                self.say(f"  | {line}")
            raise RunError(
                f"{self.server.name} ended with status {status}; its log: {self.log}; what was done is journalled, and "
                "the same command starts it again and goes on"
            )

    def stop(self) -> None:
        """Ends it and all that it started."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(self.grace + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launched(self, folder: Path) -> subprocess.Popen[bytes]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self.log.open("ab") as log:
                log.write(f"$ {shlex.join(self.command)}\n".encode())
                log.flush()
                guarded = [sys.executable, "-I", guard.__file__, f"{self.grace:g}", *self.command]
                # In a session of its own, so that Ctrl-C reaches us and not it: we end it when we are ready to.
                return subprocess.Popen(guarded, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        except OSError as error:
            raise cannot_write(self.log, error) from None

    def _wait_until_healthy(self, port: int, deadline: float) -> None:
        while not self._healthy(port):
            self.check()
            if self.cancelled():
                raise Interrupted(f"stopped while {self.server.name} was starting; the same command begins again")
            if time.monotonic() > deadline:
                for line in self._last_lines():
                    self.say(f"  | {line}")
                raise RunError(
                    f"{self.server.name} was not healthy after {self.timeout:g} s; its log: {self.log}; give it longer "
                    "with --serve-timeout"
                )
            time.sleep(POLL_SECONDS)

    def _healthy(self, port: int) -> bool:
        """Whether it answers; no proxy is between us and this machine."""
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", self.server.health)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_lines(self) -> list[str]:
        """The end of its log; nothing in it may steer the terminal."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return ["".join(one if one.isprintable() else " " for one in line) for line in lines[-LAST_LINES:]]


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
