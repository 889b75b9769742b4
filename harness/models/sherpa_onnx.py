"""Models in ONNX through sherpa-onnx: ``sherpa-onnx:FOLDER``, as its model zoo has them.

Source: https://k2-fsa.github.io/sherpa/onnx. Which of its recognizers a folder is for follows from its files, or from
``--model-option kind=``. Each clip is a stream that is decoded by itself. Recognizers that are told a language are made
once for each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.devices import kind_of
from harness.errors import ModelError, UsageError
from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model, ModelOption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "sherpa-onnx:"
KINDS: dict[str, tuple[str, ...]] = {
    "transducer": ("encoder", "decoder", "joiner"),
    "nemo_transducer": ("encoder", "decoder", "joiner"),
    "whisper": ("encoder", "decoder"),
    "nemo_ctc": ("model",),
    "zipformer_ctc": ("model",),
    "sense_voice": ("model",),
    "paraformer": ("model",),
}
"""What it can be told to be, and the networks that stand in the folder for each."""
LANGUAGE = {"whisper", "sense_voice"}
"""Kinds that are told a clip's language."""
WINDOW = 30.0
"""Seconds of Whisper, after which the engine cuts in silence."""
PROVIDERS = {"cpu": "cpu", "cuda": "cuda", "mps": "coreml"}


def load(name: str, options: LoadOptions) -> Model:
    """Loads a folder.

    Raises:
        UsageError: there is none, or its files do not say of what kind it is.
        ModelError: a file is missing.
    """
    folder = _engine.local(name, PREFIX, "FOLDER")
    kind = options.option("kind") or _kind(name, folder)
    make = _maker(kind, folder, provider=PROVIDERS[kind_of(options.device)])
    recognizer = cache(make if kind in LANGUAGE else lambda _language: make(""))

    def hear(waveform: NDArray[np.float32], language: str) -> str:
        engine = recognizer(language if kind in LANGUAGE else "")
        stream = engine.create_stream()
        stream.accept_waveform(16_000, _engine.filled(waveform))
        engine.decode_stream(stream)
        return str(stream.result.text).strip()

    longest = WINDOW if kind == "whisper" else None
    note = f"{kind} in sherpa-onnx"
    return _engine.one_by_one(hear, name, _engine.revision_of(folder), max_seconds=longest, note=note)


def _kind(name: str, folder: Path) -> str:
    """What the files are for; a network alone may be for several."""
    there = {part for part in ("encoder", "decoder", "joiner") if _network(folder, part)}
    if there >= {"encoder", "decoder", "joiner"}:
        return "transducer"
    if there >= {"encoder", "decoder"}:
        return "whisper"
    raise UsageError(f"{name} may be of several kinds; say --model-option kind=, one of {', '.join(KINDS)}")


def _network(folder: Path, part: str) -> Path | None:
    """The file of a network, such as ``base.en-encoder.int8.onnx``; the one that is not quantized where both are."""
    found = sorted(folder.glob(f"*{part}*.onnx"), key=lambda path: ("int8" in path.name, path.name))
    return found[0] if found else None


def _maker(kind: str, folder: Path, provider: str) -> Callable[[str], Any]:
    """Makes the recognizer for a language."""
    import sherpa_onnx

    files: dict[str, str] = {}
    for part in (*KINDS[kind], "tokens"):
        path = next(iter(sorted(folder.glob("*tokens.txt"))), None) if part == "tokens" else _network(folder, part)
        if path is None:
            raise ModelError(
                f"{folder} has no {'*tokens.txt' if part == 'tokens' else f'*{part}*.onnx'}, as {kind} needs"
            )
        files["paraformer" if (kind, part) == ("paraformer", "model") else part] = str(path)
    more: dict[str, Any] = {"provider": provider, "num_threads": 2}
    if kind == "nemo_transducer":
        more["model_type"] = "nemo_transducer"
    maker: Callable[..., Any] = getattr(
        sherpa_onnx.OfflineRecognizer, f"from_{'transducer' if kind == 'nemo_transducer' else kind}"
    )
    return lambda language: maker(**files, **more, **({"language": language} if kind in LANGUAGE else {}))


ADAPTER = Adapter(
    name="sherpa-onnx",
    summary="sherpa-onnx:FOLDER, models in ONNX (Zipformer, NeMo, Whisper, SenseVoice, Paraformer) through sherpa-onnx",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    identify=_engine.identify(PREFIX),
    tried="a tiny random NeMo CTC model in the engine; a stand-in for its other kinds",
    options=(ModelOption("kind", "which of the engine's recognizers, where the files do not say it", tuple(KINDS)),),
    requires=("sherpa_onnx",),
    packages=frozenset({"sherpa-onnx"}),
    extra="sherpa-onnx",
)
