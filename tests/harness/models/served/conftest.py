"""Stand-in servers and clips for tests of served models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest

from harness.models.served.messages import Call
from harness.types import SAMPLE_RATE, Clip
from tests.harness.models.served.standin import HEARD, Asked, Reply, StandIn

Start = Callable[..., StandIn]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a stand-in that answers as it is told; it is stopped after the test."""
    with ExitStack() as stack:

        def begin(reply: Callable[[Asked], Reply] | Reply = HEARD, port: int = 0) -> StandIn:
            return stack.enter_context(StandIn(reply, port))

        yield begin


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "HARNESS_API_KEY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def clip(seconds: float = 0.5, name: str = "c1", language: str = "en") -> Clip:
    """A clip of noise, at 16 bits."""
    samples = np.random.default_rng(5).integers(-3000, 3000, int(seconds * SAMPLE_RATE))
    return Clip(id=name, language=language, waveform=(samples / 32768).astype(np.float32))


def call(seconds: float = 2.0, language: str | None = "en") -> Call:
    """A call whose audio is no audio."""
    return Call(id="c1", seconds=seconds, language=language, audio=b"fLaC-bytes", format="flac")
