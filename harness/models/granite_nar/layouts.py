"""The three layouts in which the checkpoint was published, recognized by their tensors and renamed to layout B.

- A (April 2026): the editor is `llm.`, and the token head has one class more, class 0 being its blank.
- B (from May 2026): the layout of `GraniteNar`.
- C (the conversion for the transformers library): `model.` before everything, other names in the projector, no norms'
  weights there (they are the identity), and perhaps the tied head once more.
"""

import re
from collections.abc import Iterable

from harness.errors import ModelError

_STARTS = {"llm.model.": "A", "language_model.model.": "B", "model.language_model.": "C"}
_FROM_A = ((r"^llm\.", "language_model."),)
_FROM_C = (
    (r"^model\.language_model\.", "language_model.model."),
    (r"^model\.out_bpe\.", "encoder.out_bpe."),
    (r"^model\.encoder\.", "encoder."),
    (r"^model\.projector\.proj\.", "projector.layer_projector."),
    (r"^model\.projector\.qformer\.linear\.", "projector.out_linear."),
    (r"^model\.projector\.qformer\.queries$", "projector.query"),
    (r"^model\.projector\.qformer\.pos_emb$", "projector.window_positions"),
    (r"^model\.projector\.(qformer\.layers\.\d+\.)cross_attn\.", r"projector.\1cross_attention."),
    (r"^model\.projector\.", "projector."),
)
_NORMS = re.compile(r"^projector\.(layer_norms\.\d+|out_norm|qformer\.layers\.\d+\.(attn|mlp)_norm)\.(weight|bias)$")
TIED = frozenset({"lm_head.weight", "language_model.lm_head.weight", "llm.lm_head.weight"})
"""The editor's head where a file stores it although it is the embedding."""


def layout_of(names: Iterable[str]) -> str:
    """``A``, ``B`` or ``C``.

    Raises:
        ModelError: these are the tensors of something else.
    """
    for name in names:
        for start, layout in _STARTS.items():
            if name.startswith(start):
                return layout
    raise ModelError(
        "the checkpoint is no granite_speech_nar: it has no tensors under llm.model, language_model.model or"
        " model.language_model"
    )


def renamed(name: str, layout: str) -> str:
    """The name in layout B of a tensor of another layout."""
    for pattern, replacement in {"A": _FROM_A, "B": (), "C": _FROM_C}[layout]:
        name, changed = re.subn(pattern, replacement, name)
        if changed:
            break
    return name


def identity_norm(name: str) -> float | None:
    """What fills a norm of the projector that layout C leaves out: 1 or 0; None for tensors that are no such norm."""
    if not _NORMS.match(name):
        return None
    return 1.0 if name.endswith(".weight") else 0.0
