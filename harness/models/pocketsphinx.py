"""PocketSphinx with the English model of its own package: hidden Markov models and a trigram, no neural network.

Source: https://github.com/cmusphinx/pocketsphinx. A decoder adapts its cepstral mean while it listens, and keeps it:
the same clip after another one has another transcript (4 of 14 clips of LibriSpeech test-other, read forwards and
backwards). So its features are reset before each clip, which gives what a new decoder gives, and the mean is taken
over the whole clip.
"""

from dataclasses import replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from harness.models._per_clip import PerClipModel
from harness.models.base import Adapter, ModelCard

NAME = "pocketsphinx"

CARD = ModelCard(
    id=NAME,
    languages=("en",),
    license="BSD-2-Clause",
    batch_invariant=True,
    max_batch=1,
    note="hidden Markov models, generic US English model of the package; runs on the CPU",
)


class PocketSphinx(PerClipModel):
    """The package's decoder with its default search: three passes, US English dictionary and trigram."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self.card = replace(CARD, revision=_revision())
        self._decoder = Decoder(loglevel="FATAL")

    def transcribe(self, waveform: NDArray[np.float32]) -> str:
        """The best path's words, lower case, without the dictionary's marks of variants and fillers."""
        samples = np.clip(np.rint(waveform * 32768.0), -32768, 32767).astype("<i2")
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else str(hypothesis.hypstr)


def _revision() -> str:
    return f"pocketsphinx {version('pocketsphinx')}"


ADAPTER = Adapter(
    name=NAME,
    summary="PocketSphinx, English, hidden Markov models; its model comes with the package",
    accepts=lambda name: name == NAME,
    load=lambda _name, _options: PocketSphinx(),
    devices=("cpu",),
    card=CARD,
    tried="its own weights, on real speech",
    identify=lambda _name: _revision(),
    requires=("pocketsphinx",),
    packages=frozenset({"pocketsphinx"}),
    extra="sample",
)
