"""What GPUs can do at most: dense matrix products of the data sheets, without sparsity, in 1e12 operations a second."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peak:
    """One kind of GPU."""

    name: str
    """What its name holds, as torch writes it, beside maker, series and memory."""
    half: float | None
    """bfloat16 with accumulation in float32; None where it has no units for it."""
    single: float
    """float32 without TF32, which is how float32 is run here."""
    source: str
    """Where it stands."""


_HOPPER, _AMPERE = "NVIDIA H100 data sheet", "NVIDIA A100 data sheet"
_ADA = "NVIDIA Ada GPU architecture white paper"

PEAKS = (
    Peak("H200 NVL", 835.5, 60.0, "NVIDIA H200 data sheet"),
    Peak("H200", 989.5, 67.0, "NVIDIA H200 data sheet"),
    Peak("GH200", 989.5, 67.0, "NVIDIA GH200 data sheet"),
    Peak("H100 NVL", 835.5, 60.0, _HOPPER),
    Peak("H100 PCIe", 756.5, 51.0, _HOPPER),
    Peak("H100", 989.5, 67.0, _HOPPER),
    Peak("A100", 312.0, 19.5, _AMPERE),
    Peak("L40S", 362.0, 91.6, "NVIDIA L40S data sheet"),
    Peak("L40", 181.0, 90.5, "NVIDIA L40 data sheet"),
    Peak("L4", 121.0, 30.3, "NVIDIA L4 data sheet"),
    Peak("RTX 6000 Ada", 364.2, 91.1, _ADA),
    Peak("RTX 4090", 165.2, 82.6, _ADA),
    Peak("RTX A6000", 154.8, 38.7, "NVIDIA Ampere GA102 GPU architecture white paper"),
    Peak("RTX 3090", 71.0, 35.6, "NVIDIA Ampere GA102 GPU architecture white paper"),
    Peak("A10", 125.0, 31.2, "NVIDIA A10 data sheet"),
    Peak("T4", None, 8.1, "NVIDIA T4 data sheet"),
)
"""GPUs whose data sheets state it, the longer of two names first."""

_BESIDE = re.compile(r"NVIDIA|GeForce|Tesla|Generation|\d+GB|HBM\w*|SXM\d?|PCIE?", re.IGNORECASE)


def peak_of(accelerator: str | None, dtype: str) -> tuple[float, str] | None:
    """Peak in 1e12 operations a second and who states it; None where it is not known.

    Args:
        accelerator: the GPU's name as torch writes it, such as ``NVIDIA H100 80GB HBM3``.
        dtype: ``bfloat16`` or ``float32``.
    """
    words = set((accelerator or "").replace("-", " ").split())
    for one in PEAKS:
        named = set(one.name.split())
        # Any other word, as in "RTX 4090 D", makes it another GPU.
        if named <= words and all(_BESIDE.fullmatch(word) for word in words - named):
            value = one.half if dtype == "bfloat16" else one.single
            return None if value is None else (value, f"{one.source}, dense {dtype}")
    return None
