"""The promise of one transcript a clip, for every family that a checkpoint can be built of: through the registry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.models.generating.catalog import families, family_of
from harness.types import SAMPLE_RATE, Clip
from tests.harness.models.generating.alone import alone
from tests.harness.models.generating.checkpoints import BUILDERS
from tests.harness.models.generating.clips import clips
from tests.harness.models.generating.loaded import load, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMPTY = Clip(id="empty", language="en", waveform=np.zeros(0, np.float32))


def truth(family: str, folder: Path, clip: Clip, shortest: float) -> str:
    """What the library makes of the clip alone, which is filled up as the family declares where it is too short."""
    if not len(clip.waveform):
        return ""
    lacking = max(0, round(shortest * SAMPLE_RATE) - len(clip.waveform))
    return alone(family, folder, np.pad(clip.waveform, (0, lacking)), clip.language)


def test_all_declared_families_are_tried() -> None:
    declared = {kind for family in families().values() if family.tried for kind in family.model_types}
    assert {family.name for family in families().values() if not family.tried} == {"gemma3n"}  # see checkpoints.py
    assert declared <= set(BUILDERS)
    assert len(declared & set(BUILDERS)) >= 24


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_a_transcript_is_the_librarys_alone_whatever_the_batch(family: str, tiny: Callable[[str], Path]) -> None:
    folder, declared = tiny(family), family_of(family)
    assert declared is not None
    model = load(folder)
    assert model.card.batch_invariant
    some = clips()
    other = next((code for code in ("de", "ja") if code in declared.languages), "en")
    for place in (3, 5, 6):
        some[place] = replace(some[place], language=other)
    some.insert(2, EMPTY)
    expected = [truth(family, folder, clip, declared.shortest) for clip in some]
    assert [texts(model, [clip])[0] for clip in some] == expected
    assert texts(model, some[:4]) + texts(model, some[4:]) == expected
    assert texts(model, some[::-1]) == expected[::-1]
    assert expected[2] == ""
    model.close()
