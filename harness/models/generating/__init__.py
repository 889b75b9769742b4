"""Models of transformers that generate their transcripts token by token: one adapter, one declaration a family.

family says what a declaration holds, families/ has them, catalog finds them; model is what they share, collate puts
clips together that were prepared alone, limits ends each at its own limit; guess declares what nobody has declared.
"""

from harness.models.base import Adapter, Listed, LoadOptions, Model, ModelOption
from harness.models.generating import catalog
from harness.models.generating.family import Asked
from harness.models.versions import TORCH

_OPTIONS = (
    ModelOption(name="prompt", help="the instruction, or what the audio is about, for families that read one"),
    ModelOption(name="punctuation", help="whether to write punctuation and capitals", choices=("yes", "no")),
    ModelOption(name="translate", help="the language to translate into, as en or de"),
    ModelOption(
        name="lookahead", help="frames that a streaming model hears ahead; 13 is 1.12 s", choices=("13", "6", "1", "0")
    ),
    ModelOption(name="cache", help="how keys and values are kept", choices=("dynamic", "static"), default="dynamic"),
    ModelOption(name="locale", help="in place of each clip's language: such as en-GB, or auto"),
)


def _asked(options: LoadOptions) -> Asked:
    punctuation, lookahead = options.option("punctuation"), options.option("lookahead")
    return Asked(
        keywords=options.keywords,
        prompt=options.option("prompt"),
        punctuation=None if punctuation is None else punctuation == "yes",
        translate=options.option("translate"),
        lookahead=None if lookahead is None else int(lookahead),
        locale=options.option("locale"),
        static_cache=options.option("cache") == "static",
    )


def load(name: str, options: LoadOptions) -> Model:
    """Loads a hub id or a local folder.

    Raises:
        UsageError: a package is missing, or the family cannot be asked for what the user wants.
        AccessError, ModelError: the checkpoint cannot be had, or is not whole.
    """
    from harness.models.generating.guess import guessed
    from harness.models.generating.model import Generating
    from harness.models.hub import FILES, fetch, read_config

    config = read_config(name, options.revision)
    family = (
        guessed(name, config) if options.family == "guess" else catalog.named(options.family or str(config.model_type))
    )
    catalog.check_needs(name, family)
    asked = catalog.check_asked(name, family, _asked(options))
    files = FILES if family.lora is None else (*FILES, f"{family.lora}/*")
    return Generating(fetch(name, options.revision, files=files), family, options, asked)


def listed() -> list[Listed]:
    """The families, for `list models`."""
    return [
        Listed(
            name=one.name,
            summary=one.summary,
            languages=tuple(one.languages),
            hub=one.hub,
            needs=tuple(one.needs),
            asks=one.asks,
            tried=one.tried,
        )
        for one in catalog.families().values()
    ]


ADAPTER = Adapter(
    name="generating",
    translation="translate={target}",
    summary="generating models of transformers, greedy, one transcript a clip whatever its batch",
    load=load,
    model_types=tuple(kind for family in catalog.families().values() for kind in family.model_types),
    requires=("torch", "transformers"),
    packages=TORCH,
    options=_OPTIONS,
    keywords=True,
    tried="its families, below",
    listed=listed,
)
