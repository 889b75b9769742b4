"""Feature extractors of transformers on the device, where they can run there and give the same.

Log-mel spectrograms take a processor's thread longer than a GPU takes for the network behind them. An extractor whose
call takes ``device`` is tried when the model is loaded, on noise: where it fails there, or gives other values than on
the processor, the processor goes on making features, and the model's note says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

TOLERANCE = 1e-3
"""Of a value: features are of the order of 1, and the library promises 1e-5 for Whisper's before they are scaled."""


class DeviceExtractor:
    """Called like the extractor that it holds.

    Args:
        extractor: of transformers, or one that is called alike.
        device: of the network.
    """

    def __init__(self, extractor: Any, device: torch.device) -> None:
        self._extractor = extractor
        self._more: dict[str, str] = {}
        self.note = ""
        """Why features are not made on the device though the extractor could be asked to; else empty."""
        if device.type == "cuda" and "device" in inspect.signature(extractor.__call__).parameters:
            more = {"device": str(device)}
            reason = self._why_not(more)
            self._more = {} if reason else more
            self.note = f"features are made on the processor, for {reason}" if reason else ""

    @property
    def on_device(self) -> bool:
        """Whether features are made there."""
        return bool(self._more)

    def __call__(self, waveforms: Sequence[NDArray[np.float32]], **options: Any) -> Mapping[str, Any]:
        """What the network takes, of waveforms float32 ``[samples]``."""
        made: Mapping[str, Any] = self._extractor(waveforms, **options, **self._more)
        return made

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of it is asked of the extractor."""
        if name == "_extractor":  # of a copy that is not made yet
            raise AttributeError(name)
        return getattr(self._extractor, name)

    def _why_not(self, more: dict[str, str]) -> str:
        generator = np.random.default_rng(0)
        noise = [generator.normal(0, 0.1, SAMPLE_RATE + 77).astype(np.float32)]
        options = {"sampling_rate": SAMPLE_RATE, "return_tensors": "pt", "return_attention_mask": True}
        here = self._extractor(noise, **options)
        try:
            there = self._extractor(noise, **options, **more)
            for name, expected in here.items():
                got = there[name].cpu()
                if got.shape != expected.shape:
                    return f"there {name} is of shape {list(got.shape)}, not {list(expected.shape)}"
                off = float((got.double() - expected.double()).abs().max())
                if not off <= TOLERANCE:
                    return f"there {name} differs by {off:.2g}"
        except Exception as error:  # noqa: BLE001 - an extractor may raise anything on a device that it does not know
            return f"there they fail ({type(error).__name__}: {' '.join(str(error).split())[:150]})"
        return ""
