"""Token ids to text, with the checkpoint's tokenizer.json. It only decodes: a draft is never tokenized again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError


class Tokenizer:
    """The decoding half of a tokenizer.json.

    Args:
        path: of the file.
        vocabulary: classes of the model; the tokenizer must not have more.

    Raises:
        ModelError: the file is missing, broken, or of another vocabulary.
    """

    def __init__(self, path: Path, vocabulary: int) -> None:
        import tokenizers

        if not path.is_file():
            raise ModelError(f"{path.parent} has no {path.name}; a model folder needs it")
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # noqa: BLE001 - the library raises bare Exception for a broken file
            raise ModelError(f"{path} is no tokenizer: {error}") from None
        size = self._tokenizer.get_vocab_size(with_added_tokens=True)
        if size > vocabulary:
            raise ModelError(f"{path} has {size} tokens, but the model {vocabulary}; they do not belong together")

    def decode(self, ids: Sequence[NDArray[np.int64]]) -> list[str]:
        """Texts of some clips, without special tokens and without spaces at the ends."""
        texts = self._tokenizer.decode_batch([each.tolist() for each in ids], skip_special_tokens=True)
        return [text.strip() for text in texts]
