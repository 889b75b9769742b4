"""Any Whisper in CTranslate2's format, in a folder, through faster-whisper: what its users have on their disks."""

import json
import struct
from pathlib import Path

from harness.errors import ModelError, UsageError
from harness.models._engine import revision_of
from harness.models._faster_whisper import LONG_FORM, PACKAGES, FasterWhisper
from harness.models._whisper_options import whisper_options
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.models.hub import read_json

SPEC = "WhisperSpec"
"""What the head of model.bin says of a Whisper."""

FILES = ("model.bin", "config.json", "tokenizer.json")
"""What the folder must hold; a vocabulary and a preprocessor_config.json are read where they are there."""

_TOLD = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")
"""Labels that must be the same for tokenizer and model."""


def spec_of(folder: Path) -> str | None:
    """What a model of CTranslate2 in the folder is, such as ``WhisperSpec``; None where there is none."""
    try:
        with (folder / "model.bin").open("rb") as file:
            version, length = struct.unpack("<IH", file.read(6))
            name = file.read(length)
        return name[:-1].decode("ascii") if version < 100 and name.endswith(b"Spec\0") else None
    except (OSError, struct.error, UnicodeDecodeError):
        return None


def check(name: str) -> str | None:
    """Raises where the folder lacks something, or holds another kind of model."""
    folder = Path(name).expanduser()
    if (spec := spec_of(folder)) != SPEC:
        raise UsageError(f"{name} holds a model of CTranslate2 of the kind {spec}; here only {SPEC} is run")
    for file in FILES:
        if not (folder / file).is_file():
            raise UsageError(f"{name} has no {file}; a Whisper of CTranslate2 needs {', '.join(FILES)}")
    return None


def load(name: str, options: LoadOptions) -> Model:
    """The model of the folder.

    Raises:
        UsageError: it is another kind of model, or the device or precision is not there.
        ModelError: a file is broken, or the tokenizer is another model's.
    """
    check(name)
    folder = Path(name).expanduser()
    multilingual = bool(read_json(folder / "config.json").get("lang_ids"))
    _check_tokenizer(folder)
    card = ModelCard(
        id=name,
        revision=revision_of(folder),
        note=f"CTranslate2 through faster-whisper{'' if multilingual else ', English'}; greedy, temperature 0",
    )
    return FasterWhisper(folder, card, options)


def _check_tokenizer(folder: Path) -> None:
    """Raises where tokenizer.json numbers its labels otherwise than the model's vocabulary, where there is one."""
    added = read_json(folder / "tokenizer.json").get("added_tokens")
    numbered = {each["content"]: each["id"] for each in added} if isinstance(added, list) else {}
    vocabulary = _vocabulary(folder)
    for label in _TOLD:
        if label not in numbered:
            raise ModelError(f"{folder}: tokenizer.json has no {label}: it is not a Whisper's")
        place = numbered[label]
        if vocabulary and (place >= len(vocabulary) or vocabulary[place] != label):
            raise ModelError(
                f"{folder}: tokenizer.json has {label} as {place}, the vocabulary has not: another model's"
            )


def _vocabulary(folder: Path) -> list[str]:
    """The labels of vocabulary.json or vocabulary.txt in their order; none where there is neither."""
    try:
        if (folder / "vocabulary.json").is_file():
            return list(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))
        if (folder / "vocabulary.txt").is_file():
            return (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: the vocabulary cannot be read: {error}") from error
    return []


ADAPTER = Adapter(
    name="whisper-ct2",
    summary="any Whisper in CTranslate2's format in a folder, through faster-whisper",
    accepts=lambda name: spec_of(Path(name).expanduser()) is not None,
    load=load,
    options=whisper_options(LONG_FORM),
    translation="task=translate",
    translates_into=("en",),
    keywords=True,
    devices=("cuda", "cpu"),
    tried="tiny random weights, against faster-whisper alone",
    identify=lambda name: revision_of(Path(name).expanduser()),
    requires=("faster_whisper",),
    packages=PACKAGES,
    extra="sample",
    check=check,
)
