"""A fingerprint of what is heard, which gain, a codec, a filter and a cut at either end leave nearly as it is.

After Haitsma and Kalker, "A highly robust audio fingerprinting system" (ISMIR 2002): 32 bits a frame, each the sign of
how the difference of two neighboring bands changes in time. Spectra are averaged over 0.4 s, so that it does not matter
where frames begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 512
"""Frames of a clip that have bits: 16 s."""
BITS_FROM, BITS_TO = 250.0, 3000.0
"""Hertz of the bands: what a telephone carries, too."""
SMOOTH = 6
"""Frames over which bands are averaged on either side."""


def bits_of(bands: NDArray[np.float32], active: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """The bits of each frame but the first, 0 where nothing is heard.

    Args:
        bands: power in 33 bands, shape ``[frames, 33]``.
        active: whether each frame is heard.
    """
    if len(bands) < 2:
        return np.zeros(0, np.uint32)
    kernel = np.hanning(2 * SMOOTH + 3)[1:-1]
    padded = np.pad(np.sqrt(np.maximum(bands, 0)).astype(np.float64), ((SMOOTH, SMOOTH), (0, 0)))
    smooth = sum(weight * padded[at : at + len(bands)] for at, weight in enumerate(kernel))
    across = np.diff(smooth, axis=1)
    signs = np.diff(across, axis=0) > 0
    words = (signs[:, :32] * (np.uint64(1) << np.arange(32, dtype=np.uint64))).sum(axis=1).astype(np.uint32)
    return np.where(active[1 : len(words) + 1], words, 0).astype(np.uint32)
