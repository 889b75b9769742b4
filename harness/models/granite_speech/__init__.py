"""Granite Speech, autoregressive (`granite_speech`, `granite_speech_plus`): 4.1-2b and -plus, 4.0-1b and 3.3.

The project's own features and packed encoder, the library's projector and language model; no torchaudio, no remote
code. tasks says what each model can be asked for, loading reads checkpoints, network runs them, speculative verifies
drafts, tags reads what -plus writes between its words, model is what the runner sees. docs/granite_speech.md tells the
rest.
"""

from harness.models.base import Adapter, Listed, LoadOptions, Model, ModelOption
from harness.models.granite_speech.tasks import KNOWN, modes_of, task_of
from harness.models.versions import TORCH

MODE = ModelOption(
    name="mode",
    help="what to write; which a model has, it says; LANG is a language to translate into, as de",
    choices=("raw", "punctuated", "keywords", "speakers", "timestamps", "translate:", "translate-punctuated:"),
    default="raw",
)
DECODING = ModelOption(
    name="decoding",
    help="speculative: a CTC draft verified in one pass, as on the Open ASR leaderboard",
    choices=("greedy", "speculative"),
    default="greedy",
)


def load(name: str, options: LoadOptions) -> Model:
    """Loads a hub id or a local folder.

    Raises:
        UsageError, AccessError, ModelError: it cannot be had or asked, or is not a whole Granite Speech.
    """
    from harness.models.granite_speech.loading import NEEDED
    from harness.models.granite_speech.model import load_checkpoint
    from harness.models.hub import fetch

    if name in KNOWN:  # refused before gigabytes are fetched
        task_of(name, KNOWN[name], options.option("mode"), options.keywords, rows=options.row_keywords)
    return load_checkpoint(fetch(name, options.revision, files=NEEDED), options)


def listed() -> list[Listed]:
    """The known models, for `list models`."""
    return [
        Listed(
            name=name.rpartition("/")[2],
            summary=variant.summary,
            languages=variant.languages,
            hub=(name,),
            tried=variant.tried,
            asks=(f"mode={'|'.join(modes_of(variant))}", "decoding", "keywords") if len(variant.modes) > 1 else (),
        )
        for name, variant in KNOWN.items()
    ]


ADAPTER = Adapter(
    name="granite_speech",
    summary="Granite Speech 4.1, -plus, 4.0, 3.3: batch-invariant; word times, speakers, keywords, translation",
    load=load,
    model_types=("granite_speech", "granite_speech_plus"),
    requires=("torch", "transformers"),
    packages=TORCH,
    options=(MODE, DECODING),
    translation="mode=translate:{target}",
    keywords=True,
    row_keywords=True,
    listed=listed,
    tried="its models, below: random weights; not the published ones",
)
