"""Many families in ggml, through transcribe.cpp: ``transcribe.cpp:FILE.gguf``.

Source: https://github.com/handy-computer/transcribe.cpp and its Python package's own documentation. Each clip is a call
of its own. What the model cannot do (a language, a vocabulary) is refused, where the engine would only warn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from harness.devices import kind_of
from harness.errors import ModelError, UsageError
from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model
from harness.types import Hypothesis, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "transcribe.cpp:"
MAGIC = b"GGUF"
BACKENDS: dict[str, Literal["cpu", "cuda", "metal"]] = {"cpu": "cpu", "cuda": "cuda", "mps": "metal"}


def load(name: str, options: LoadOptions) -> Model:
    """Loads a file.

    Raises:
        UsageError: there is none, or the model cannot be asked for what the user wants.
        ModelError: it is not of this engine's format.
    """
    path = _engine.local(name, PREFIX, "FILE.gguf")
    _engine.check_magic(path, MAGIC, "a GGUF file of transcribe.cpp")

    import transcribe_cpp

    model = transcribe_cpp.Model(path, backend=BACKENDS[kind_of(options.device)])
    able = model.capabilities
    if options.keywords and not model.supports("vocabulary"):
        raise UsageError(f"--keywords: {name} takes no vocabulary; leave them out")
    timed = options.option("timestamps") == "word"
    if timed and able.max_timestamp_kind not in {"word", "token"}:
        raise UsageError(f"--model-option timestamps=word: {name} has none ({able.max_timestamp_kind})")
    session: Any = model.session()

    def hear(waveform: NDArray[np.float32], language: str) -> Hypothesis:
        if able.languages and language not in able.languages:
            raise ModelError(f"{name} does not know the language {language!r}")
        found = session.run(
            _engine.filled(waveform),
            language=language if able.languages else None,
            timestamps="word" if timed else "none",
            vocabulary=options.keywords or None,
        )
        words = tuple(Word(word.text.strip(), word.t0_ms / 1000, word.t1_ms / 1000) for word in found.words)
        return Hypothesis(text=found.text.strip(), words=words if timed else None)

    return _engine.one_by_one(
        hear,
        name,
        _engine.revision_of(path),
        languages=tuple(able.languages),
        max_seconds=able.max_audio_ms / 1000 if able.max_audio_ms else None,
        note=f"{model.arch} {model.variant} in transcribe.cpp",
    )


ADAPTER = Adapter(
    name="transcribe.cpp",
    summary="transcribe.cpp:FILE.gguf, many families in ggml through transcribe-cpp",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    identify=_engine.identify(PREFIX),
    options=(_engine.TIMESTAMPS,),
    keywords=True,
    requires=("transcribe_cpp",),
    packages=frozenset({"transcribe-cpp"}),
    extra="transcribe-cpp",
)
