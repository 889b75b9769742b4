"""Whisper in whisper.cpp, through pywhispercpp: ``whisper.cpp:FILE``, a ggml file of whisper.cpp's own format.

Source: https://github.com/absadiki/pywhispercpp. Greedy and at temperature 0 alone: the engine's fallback to higher
temperatures samples. Clips over 30 s are heard in windows, as the engine does, none of which is given the text before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.devices import kind_of
from harness.errors import ModelError
from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model, ModelOption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "whisper.cpp:"
MAGIC = b"lmgg"
"""What such a file begins with; the engine does not survive another one."""


def load(name: str, options: LoadOptions) -> Model:
    """Loads a file.

    Raises:
        UsageError: there is none.
        ModelError: it is not of this engine's format.
    """
    path = _engine.local(name, PREFIX, "ggml-NAME.bin")
    _engine.check_magic(path, MAGIC, "a ggml file of whisper.cpp (ggml-NAME.bin)")

    threads = options.whole("threads") or min(4, os.cpu_count() or 1)

    from pywhispercpp.model import Model as Engine

    engine = Engine(
        str(path),
        params_sampling_strategy=0,
        redirect_whispercpp_logs_to=None,
        context_params={"use_gpu": kind_of(options.device) != "cpu"},
        n_threads=threads,
        temperature=0.0,
        temperature_inc=0.0,
        no_context=True,
        print_progress=False,
        print_timestamps=False,
    )
    known = frozenset(engine.available_languages())

    def hear(waveform: NDArray[np.float32], language: str) -> str:
        if language not in known:
            raise ModelError(f"{name} does not know the language {language!r}")
        segments = engine.transcribe(_engine.filled(waveform), language=language)
        return "".join(segment.text for segment in segments).strip()

    return _engine.one_by_one(hear, name, _engine.revision_of(path))


ADAPTER = Adapter(
    name="whisper.cpp",
    summary="whisper.cpp:FILE, Whisper in ggml's format through pywhispercpp, greedy",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    identify=_engine.identify(PREFIX),
    tried="tiny.en's own weights, converted (tools/whisper_to_ggml.py): 4.95 % WER on the sample",
    options=(ModelOption("threads", "threads of the engine, 4 at most unless said; they wait for each other busily"),),
    requires=("pywhispercpp",),
    packages=frozenset({"pywhispercpp"}),
    extra="whisper-cpp",
)
