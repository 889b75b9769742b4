"""Granite Speech NAR (`granite_speech_nar`): a transcript in a fixed number of passes, by editing a CTC draft.

A native implementation: no remote code, no package beside torch, safetensors and tokenizers. One file a component:
config, features, encoder, projector, editor, decode, network; packing is how batches are packed, attention its
backends, layouts and loading read checkpoints, model is what the runner sees. docs/granite_nar.md tells the rest.
"""

from dataclasses import replace

from harness.models.base import Adapter, LoadOptions, Model, ModelCard, ModelOption
from harness.models.versions import TORCH

MODEL_ID = "ibm-granite/granite-speech-4.1-2b-nar"
REVISION = "a1e3416e25ce29ab3852778e54fa8b3bd59c4bf2"
"""Of June 2026, unless `--revision` says otherwise. The leaderboard's is 99a4df9007ac5682f9daa093fb7008ff606e9a5d."""

SECOND_VALUES = 1_050_000
"""As `perf/roofline.py` counts them at full size with the kernels that take most, rounded up."""

CARD = ModelCard(
    id=MODEL_ID,
    revision=REVISION,
    parameters=2_254_569_820,
    languages=("en", "fr", "de", "es", "pt"),
    license="Apache-2.0",
    max_seconds=227.0,
    non_autoregressive=True,
    batch_invariant=True,
    packs=True,
    second_values=SECOND_VALUES,
)


EDITING_STEPS = ModelOption(
    name="editing_steps",
    help="passes of the editor, each on what the last one said; 1 is what was published",
    default="1",
)


KERNELS = ModelOption(
    name="kernels",
    help="fused: half of the kernels; triton: and one of its own; compiled: and torch.compile; not timed on a GPU yet",
    choices=("plain", "fused", "triton", "compiled"),
    default="plain",
)


PRODUCTS = ModelOption(
    name="products",
    help="fp8: 8-bit products, which change transcripts; results of their own name, to be held against the others'",
    choices=("dtype", "fp8"),
    default="dtype",
    named=("fp8",),
)


def load(name: str, options: LoadOptions) -> Model:
    """Loads a hub id or a local folder.

    Raises:
        UsageError, AccessError, ModelError: it cannot be had, or is not a whole granite_speech_nar.
    """
    from harness.models.granite_nar.model import load_checkpoint
    from harness.models.hub import fetch

    return load_checkpoint(fetch(name, options.revision), options)


ADAPTER = Adapter(
    name="granite_nar",
    summary="Granite Speech NAR: edits a CTC draft in one pass; native, batch-invariant",
    accepts=lambda name: name == MODEL_ID,
    load=load,
    model_types=("granite_speech_nar", "nle"),
    expects=lambda card, _folder, _itemsize: replace(card, packs=True, second_values=SECOND_VALUES),
    options=(EDITING_STEPS, KERNELS, PRODUCTS),
    card=CARD,
    tried="random weights, tiny and full size, and tiny-nar's trained ones; not the published ones",
    packages=TORCH,
)
