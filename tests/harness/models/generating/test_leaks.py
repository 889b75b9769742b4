"""Whether padding leaks, in numbers: what a family says of it is what the logits of its first token say.

A text can stay the same by luck; logits cannot. A clip's own, beside longer ones, are compared with what they are
alone, and with how far those of another clip are away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.models.generating.model import Generating
from tests.harness.models.generating.checkpoints import BUILDERS
from tests.harness.models.generating.clips import clips, syllables
from tests.harness.models.generating.loaded import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.types import Clip

OTHERWISE = {"kyutai_speech_to_text", "nemotron3_5_asr", "nemotron_asr_streaming", "parakeet_rnnt", "parakeet_tdt"}
"""Their `generate` gives no logits; `test_every_family.py` and `test_transducers.py` compare their texts."""
SOME = [*clips()[1:], syllables(47_000, 9)]


def first_logits(model: Generating, some: Sequence[Clip]) -> list[Any]:
    """Of each clip's first token, all clips in as few calls as the family allows."""
    import torch

    found: dict[int, Any] = {}
    for call in model.features(some).calls:
        with torch.inference_mode():
            made = model._network.generate(
                **call.tensors,
                **model.family.extra,
                **model._told(call.clips[0].request),
                do_sample=False,
                max_new_tokens=call.begin + 1,
                output_logits=True,
                return_dict_in_generate=True,
            )
        found |= {one.place: row for one, row in zip(call.clips, made.logits[0], strict=True)}
    return [found[place] for place in range(len(some))]


@pytest.mark.parametrize("family", sorted(set(BUILDERS) - OTHERWISE))
def test_padding_leaks_where_the_family_says_so(family: str, tiny: Callable[[str], Path]) -> None:
    model = load(tiny(family))
    said = model.family.pads
    model.family = replace(model.family, pads=True)
    alone = [first_logits(model, [clip])[0] for clip in SOME]
    beside = first_logits(model, SOME)
    leak = max(float((one - other).abs().max()) for one, other in zip(alone, beside, strict=True))
    far = min(float((one - alone[0]).abs().max()) for one in alone[1:])
    assert far > 1e-3  # they hear
    assert (leak < 1e-3 * far) == said, f"{leak:.1e} of {far:.1e}"
