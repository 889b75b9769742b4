"""The servers that `--serve` knows, each a declaration. What was not run here says so in docs/serving.md."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError, unknown_name

HOST = "127.0.0.1"
"""No other machine can reach what is started here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A program that serves a model behind /v1/audio/transcriptions."""

    name: str
    """What `--serve` takes."""
    find: Callable[[], Sequence[str] | None]
    """The beginning of its command line; None where it is not installed."""
    arguments: Callable[[str, int], Sequence[str]]
    """The rest of it, for a model and a port."""
    install: str
    """What to type where it is not installed."""
    documentation: str
    """Where its command line is described."""
    health: str = "/health"
    """A path that answers 200 once it can be asked."""

    def command(self, model: str, port: int, extra: Sequence[str] = ()) -> list[str]:
        """Its whole command line; `extra` is added at the end.

        Raises:
            UsageError: it is not installed.
        """
        program = self.find()
        if program is None:
            raise UsageError(f"--serve {self.name}: {self.name} is not installed here; to install: {self.install}")
        return [*program, *self.arguments(model, port), *extra]


def _program(name: str) -> Callable[[], Sequence[str] | None]:
    """A program beside this Python, whose environment may not be activated, or on the PATH."""

    def find() -> Sequence[str] | None:
        found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        return None if found is None else [found]

    return find


def _module(name: str, entry: str) -> Callable[[], Sequence[str] | None]:
    """A module of this Python that is run as a program."""
    return lambda: None if importlib.util.find_spec(name) is None else [sys.executable, "-m", entry]


SERVERS: dict[str, Server] = {
    server.name: server
    for server in (
        Server(
            name="vllm",
            find=_program("vllm"),
            arguments=lambda model, port: [
                *("serve", model, "--host", HOST, "--port", str(port), "--served-model-name", model)
            ],
            install="pip install 'vllm[audio]', in an environment of its own, on a machine with a GPU",
            documentation="https://docs.vllm.ai/en/latest/cli/serve/",
        ),
        Server(
            name="sglang",
            find=_module("sglang", "sglang.launch_server"),
            arguments=lambda model, port: [
                *("--model-path", model, "--host", HOST, "--port", str(port), "--served-model-name", model)
            ],
            install="pip install sglang, in this environment, on a machine with a GPU",
            documentation="https://docs.sglang.ai/advanced_features/server_arguments.html",
        ),
        Server(
            name="open-asr-server",
            find=_program("open-asr-server"),
            arguments=lambda model, port: ["serve", "--host", HOST, "--port", str(port), "--preload", model],
            install="pip install -c constraints.txt '.[serve,sample]'",
            documentation="https://github.com/codyw912/open-asr-server",
            health="/v1/models",  # it has no other; it listens once the model is loaded
        ),
    )
}
"""By name."""


def get_server(name: str) -> Server:
    """The server of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in SERVERS:
        raise unknown_name("server", name, SERVERS)
    return SERVERS[name]
