"""What the command line says of a server that is to be started."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError, UsageError
from harness.flags import check, flag
from harness.serving.managed import Managed
from harness.serving.servers import get_server

if TYPE_CHECKING:
    from harness.models.base import LoadOptions, Model

SERVE = "a server of your own (docs/serving.md)"
"""The heading of the help."""
DEATH_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """Which server, and how."""

    serve: Literal["vllm", "sglang", "open-asr-server"] | None = flag(
        None, SERVE, "start this server for --model, run through it, stop it"
    )
    serve_args: str | None = flag(None, SERVE, "more of its command line, as one word after =", "'--FLAG VALUE'")
    serve_timeout: float = flag(
        900.0,
        SERVE,
        "it may take so long until it is healthy",
        "S",
        rule=(lambda seconds: 0 < seconds < sys.float_info.max, "give a positive number of seconds"),
    )

    def __post_init__(self) -> None:
        """Refuses what cannot be meant."""
        check(self)
        if self.serve is None and self.serve_args is not None:
            raise UsageError("--serve-args is for a server that is started here; add --serve NAME, or leave it out")

    def name(self, model: str) -> str:
        """What the model is called; the server's port, which differs each time, is no part of it."""
        return model if self.serve is None else f"{self.serve}:{model}"

    @contextmanager
    def through(
        self, model: str, folder: Path, say: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Iterator[Callable[[LoadOptions], Model] | None]:
        """How the model is loaded for a run in this folder: None where it needs no server of ours.

        The server is started when the model is loaded, which it is not where nothing is left to do; it ends with this.

        Raises:
            RunError: the server died; what it did to the run is not the user's to puzzle out.
        """
        managed = self.managed(model, say, cancelled)
        if managed is None:
            yield None
            return
        with managed:
            try:
                yield lambda options: _load(managed.start(folder), options)
            except HarnessError:
                managed.check(patience=DEATH_SECONDS)  # a lost connection is seen before the death that it is of
                raise

    def managed(
        self, model: str, say: Callable[[str], None], cancelled: Callable[[], bool] = lambda: False
    ) -> Managed | None:
        """The server for a model, not started yet; None where none was asked for.

        Raises:
            UsageError: it is not installed, or `serve_args` cannot be read.
        """
        if self.serve is None:
            return None
        try:
            extra = shlex.split(self.serve_args or "")
        except ValueError as error:
            raise UsageError(f"--serve-args {self.serve_args!r}: {error}") from None
        server = get_server(self.serve)
        server.command(model, 0)  # whether it is installed is said before any data is read
        return Managed(
            server=server,
            name=self.name(model),
            model=model,
            extra=extra,
            timeout=self.serve_timeout,
            say=say,
            cancelled=cancelled,
        )


def _load(name: str, options: LoadOptions) -> Model:
    from harness.models.registry import load_model

    return load_model(name, options)
