"""hama: a Conformer-CTC that hears English phonemes, and a small decoder that spells them. Weights in the package.

Source: https://github.com/hamanlp/hama. The speller reads 192 tokens (phonemes, and bars between words) and writes 192
letters at most, and says nothing of the rest: it is given groups of whole words instead. Groups of 45 tokens had the
lowest WER on 31 sentences of LJ Speech (45: 18.4 %; 20: 20.0 %; 190: 22.2 %; one word at a time: 25.3 %).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from harness.models._per_clip import PerClipModel
from harness.models.base import Adapter, ModelCard
from harness.types import SAMPLE_RATE

NAME = "hama"

GROUP = 45
"""The speller is given whole words of so many tokens together, or one longer word."""

CARD = ModelCard(
    id=NAME,
    parameters=9_304_031,  # asr_waveform.hama and p2g.hama, less the fixed mel filters and Fourier kernels
    languages=("en",),
    license="Apache-2.0",
    max_seconds=30.0,  # what comes after is not heard, and nothing says so
    batch_invariant=True,
    max_batch=1,
    note="phonemes are non-autoregressive (Conformer-CTC), their spelling is not; runs on the CPU",
)


class Hama(PerClipModel):
    """Both models of the package, in its own engine."""

    def __init__(self) -> None:
        from hama import ASRModel, P2GModel

        self.card = replace(CARD, revision=_revision())
        self._hear, self._spell = ASRModel(), P2GModel()

    def transcribe(self, waveform: NDArray[np.float32]) -> str:
        """What the speller makes of the phonemes, lower case."""
        words = filter(None, self._hear(waveform, SAMPLE_RATE).word_phoneme_text.split(" | "))
        spelled = (self._spell(" | ".join(group)).text for group in grouped(words, GROUP))
        return " ".join(text for text in spelled if text)


def grouped(words: Iterable[str], size: int) -> Iterator[list[str]]:
    """Neighboring words, each of phonemes with blanks between, in groups of `size` tokens at most, bars counted."""
    group: list[str] = []
    tokens = 0
    for word in words:
        more = len(word.split()) + 1  # and the bar before it
        if group and tokens + more > size:
            yield group
            group, tokens = [], 0
        group.append(word)
        tokens += more if tokens else more - 1
    if group:
        yield group


def _revision() -> str:
    return f"hama {version('hama')}"


ADAPTER = Adapter(
    name=NAME,
    summary="hama, English: Conformer-CTC phonemes and a speller, 22 MB; its weights come with the package",
    accepts=lambda name: name == NAME,
    load=lambda _name, _options: Hama(),
    devices=("cpu",),
    card=CARD,
    tried="its own weights, on real speech",
    identify=lambda _name: _revision(),
    requires=("hama",),
    packages=frozenset({"hama", "onnxruntime", "tokenizers"}),
    extra="sample",
)
