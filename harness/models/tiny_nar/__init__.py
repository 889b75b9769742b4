"""tiny-nar: Granite Speech NAR's architecture and file format at 3.6 million parameters, trained here on spoken digits.

It is there so that tests and examples have a model that really transcribes. It knows eleven English words (zero to nine
and oh) and nothing else. `tools/tiny_nar` makes it; `checkpoint/README.md` tells from what, and how good it is. The
README is part of the checkpoint's revision, by which runs are told apart, so that it keeps the names of its day.
"""

from dataclasses import replace
from pathlib import Path

from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.models.granite_nar import EDITING_STEPS, KERNELS, PRODUCTS
from harness.models.hub import folder_revision
from harness.models.versions import TORCH

NAME = "tiny-nar"
FOLDER = Path(__file__).parent / "checkpoint"

CARD = ModelCard(
    id=NAME,
    parameters=3_606_989,
    languages=("en",),
    license="CC-BY-SA-4.0",
    max_seconds=56.0,
    non_autoregressive=True,
    batch_invariant=True,
    packs=True,
    note="knows English digits only; trained by this project",
)


def load(name: str, options: LoadOptions) -> Model:  # noqa: ARG001 - there is just one
    """Loads the checkpoint that comes with the project."""
    from harness.models.granite_nar.model import load_checkpoint
    from harness.models.hub import fetch

    return load_checkpoint(replace(fetch(str(FOLDER)), name=NAME), options, note=CARD.note)


ADAPTER = Adapter(
    name=NAME,
    summary="3.6 M parameters in Granite Speech NAR's architecture, for tests and examples: English digits",
    accepts=lambda name: name == NAME,
    load=load,
    options=(EDITING_STEPS, KERNELS, PRODUCTS),
    card=CARD,
    tried="its own weights, on real speech: spoken digits",
    identify=lambda _name: folder_revision(FOLDER),
    packages=TORCH,
)
