"""Models in NVIDIA NeMo itself: ``nemo:FILE.nemo`` or ``nemo:ORG/NAME``, what `ASRModel.from_pretrained` takes.

Source: https://docs.nvidia.com/nemo-framework, speech recognition. Each clip is a call of its own: NeMo's batches are
padded, and several of its encoders normalize over the padding. Multi-task models (Canary) are told the clip's language.
Not run here: NeMo wants a torch of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model
from harness.models.versions import TORCH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "nemo:"


def load(name: str, options: LoadOptions) -> Model:
    """Loads a file, or what NeMo fetches by name.

    Raises:
        UsageError: no name, no such file, or a device that is not there.
    """
    what = _engine.after(name, PREFIX, "FILE.nemo or ORG/NAME")
    path = _engine.local(name, PREFIX, "FILE.nemo") if what.endswith(".nemo") else None

    import torch
    from nemo.collections.asr.models import ASRModel

    from harness.models._transformers import torch_device

    device = torch_device(options)
    made: Any = ASRModel.restore_from(str(path), map_location=device) if path else ASRModel.from_pretrained(what)
    network = made.to(device).to(getattr(torch, options.dtype)).eval()
    told = type(network).__name__ == "EncDecMultiTaskModel"

    def hear(waveform: NDArray[np.float32], language: str) -> str:
        more = {"source_lang": language, "target_lang": language, "task": "asr", "pnc": "yes"} if told else {}
        with torch.inference_mode():
            (found,) = network.transcribe([_engine.filled(waveform)], batch_size=1, verbose=False, **more)
        return str(getattr(found, "text", found)).strip()

    revision = _engine.revision_of(path) if path else None
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return _engine.one_by_one(hear, name, revision, parameters=parameters, note=f"{type(network).__name__} in NeMo")


ADAPTER = Adapter(
    name="nemo",
    summary="nemo:FILE.nemo or nemo:ORG/NAME, any ASRModel in NVIDIA NeMo itself",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    devices=("cuda", "cpu"),
    identify=_engine.identify(PREFIX),
    requires=("nemo",),
    packages=TORCH | {"nemo-toolkit"},
    extra="nemo",
)
