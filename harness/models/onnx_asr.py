"""Models in ONNX through onnx-asr: ``onnx-asr:FOLDER`` or ``onnx-asr:NAME``, a name that onnx-asr fetches.

Source: https://github.com/istupakov/onnx-asr. A folder's config.json says which of the engine's types it is, or
``--model-option kind=``. Each clip is a call of its own: what a batch's padding does to the network is the network's
affair. The engine's documentation gives 20 to 30 s as the longest clip of most models: longer ones are cut at pauses.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.devices import kind_of
from harness.errors import UsageError
from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model, ModelOption
from harness.models.hub import read_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "onnx-asr:"
LONGEST = 30.0
"""Seconds."""
TOLD = ("whisper", "nemo-conformer-aed", "canary")
"""Kinds and names that are told a clip's language."""
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}


def load(name: str, options: LoadOptions) -> Model:
    """Loads a folder, or what the engine fetches by name.

    Raises:
        UsageError: no name, no such folder, or one that does not say of what kind it is.
        ModelError: config.json cannot be read.
    """
    what = _engine.folder_or_name(name, PREFIX, "FOLDER or NAME")
    folder = what if isinstance(what, Path) else None
    kind = options.option("kind") or (str(what) if folder is None else str(_stated(folder, name)))

    import onnx_asr

    engine: Any = onnx_asr.load_model(
        kind,
        folder,
        quantization=options.option("quantization"),
        providers=[PROVIDERS[kind_of(options.device)]],
    )
    told = any(part in kind for part in TOLD)

    def hear(waveform: NDArray[np.float32], language: str) -> str:
        more = {"language": language} if told else {}
        return str(engine.recognize(_engine.filled(waveform), sample_rate=16_000, **more)).strip()

    revision = _engine.revision_of(folder) if folder else f"onnx-asr {_engine.version('onnx-asr')}: {what}"
    return _engine.one_by_one(hear, name, revision, max_seconds=LONGEST, note=kind)


def _stated(folder: Path, name: str) -> object:
    kind = read_json(folder / "config.json").get("model_type") if (folder / "config.json").is_file() else None
    if kind is None:
        raise UsageError(
            f"{name} does not say of what kind it is; --model-option kind=nemo-conformer-ctc, whisper, ..."
        )
    return kind


ADAPTER = Adapter(
    name="onnx-asr",
    summary="onnx-asr:FOLDER or onnx-asr:NAME, models in ONNX (Parakeet, Canary, GigaAM, Whisper, ...) in onnx-asr",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    identify=_engine.identify(PREFIX),
    tried="a tiny random NeMo CTC model in the engine; a stand-in for its other kinds",
    options=(
        ModelOption("kind", "the engine's type of the model, where its config.json does not say it"),
        ModelOption("quantization", "which of the folder's files, such as int8"),
    ),
    requires=("onnx_asr", "onnxruntime"),
    packages=frozenset({"onnx-asr", "onnxruntime"}),
    extra="onnx-asr",
)
