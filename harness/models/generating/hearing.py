"""Processors of models that see and hear, made with ears alone: their parts for images and videos need torchvision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.models._transformers import load_part, one_line, quiet
from harness.models.generating.family import Parts

if TYPE_CHECKING:
    from harness.models.hub import Checkpoint

_EARS = ("feature_extractor", "audio_processor")


def without_sight(name: str) -> Callable[[Checkpoint], Parts]:
    """Loads the processor of that class of transformers, with None where its parts for images and videos would be."""

    def loads(checkpoint: Checkpoint) -> Parts:
        import transformers

        tokenizer = load_part(transformers.AutoTokenizer, checkpoint)
        extractor = load_part(transformers.AutoFeatureExtractor, checkpoint)
        kind: Any = getattr(transformers, name)
        have = {"tokenizer": tokenizer, **dict.fromkeys(_EARS, extractor)}
        hearing = type(name, (kind,), {"check_argument_for_proper_class": _nothing_missing})
        parts = [have.get(part) for part in kind.get_attributes()]
        try:
            with quiet():
                stated, more = kind.get_processor_dict(checkpoint.folder, local_files_only=True)
                processor = hearing.from_args_and_dict(parts, stated, **more)  # type: ignore[attr-defined]
                processor.chat_template = processor.chat_template or tokenizer.chat_template
        except Exception as error:
            raise ModelError(f"no usable Processor in {checkpoint.folder}: {one_line(error)}") from error
        return Parts(processor=processor, tokenizer=tokenizer, extractor=extractor)

    return loads


def _nothing_missing(_processor: Any, _part: str, _given: Any) -> None:
    """The library's check refuses a processor that lacks a part."""
