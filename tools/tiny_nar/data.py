"""Batches of prepared features, and the editor's exercises: drafts that are blank or wrong in known places."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.models.granite_nar.packing import PackedLengths
from tools.tiny_nar.speech import WORDS

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

WORD_IDS = {word: number for number, word in enumerate(WORDS)}
PAD, BLANK = len(WORDS), len(WORDS) + 1
VOCABULARY = len(WORDS) + 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Some clips."""

    features: Tensor
    """float32 ``[frames, 160]``."""
    frames: PackedLengths
    words: list[NDArray[np.int64]]
    """Token ids of each clip."""


class Prepared:
    """What `prepare` wrote to a folder."""

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text())
        self.features = np.load(folder / "features.npy", mmap_mode="r")
        self.lengths = np.array(index["lengths"], np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.words = [np.array([WORD_IDS[word] for word in words.split()], np.int64) for words in index["words"]]

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, chosen: NDArray[np.int64], augment: np.random.Generator | None = None) -> Batch:
        """Some clips; where `augment` is given, some mel bands and moments of each are masked."""
        clips = [np.array(self.features[self.starts[i] : self.starts[i + 1]], np.float32) for i in chosen]
        if augment is not None:
            for clip in clips:
                masked(clip, augment)
        return Batch(
            torch.from_numpy(np.concatenate(clips)),
            PackedLengths(self.lengths[chosen]),
            [self.words[i] for i in chosen],
        )

    def order(self, seconds: float, chance: np.random.Generator) -> list[NDArray[np.int64]]:
        """All clips in random order, in batches of about so many seconds."""
        order = chance.permutation(len(self))
        ends = np.cumsum(self.lengths[order]) / 50
        cuts = np.searchsorted(ends, np.arange(seconds, ends[-1], seconds))
        return [piece for piece in np.split(order, cuts) if len(piece) > 1]


def masked(clip: NDArray[np.float32], chance: np.random.Generator) -> None:
    """Masks up to two mel bands and two moments of features ``[frames, 160]`` with their mean, in place."""
    mean = float(clip.mean())
    for _ in range(int(chance.integers(0, 3))):
        width = int(chance.integers(1, 12))
        low = int(chance.integers(0, 80 - width))
        clip[:, low : low + width] = mean
        clip[:, 80 + low : 80 + low + width] = mean
    for _ in range(int(chance.integers(0, 3))):
        width = int(chance.integers(1, 7))
        if len(clip) > 4 * width:
            start = int(chance.integers(0, len(clip) - width))
            clip[start : start + width] = mean


@dataclass(frozen=True, slots=True)
class Exercise:
    """One clip's slots with what each should become."""

    slots: NDArray[np.int64]
    target: NDArray[np.int64]
    place: NDArray[np.int64]
    """Which word of the clip a slot is to say; -1 for none."""


def exercise(
    words: NDArray[np.int64], chance: random.Random, *, blanked: float, replaced: float, moved: float
) -> Exercise:
    """A damaged draft whose repair is known slot by slot.

    Args:
        words: the true token ids.
        chance: where the damage is drawn from.
        blanked: share of tokens that are blank, in the slot where they belong.
        replaced: share of tokens that are another.
        moved: share of tokens that are missing, and of places where one is too many.
    """
    slots, target, place = [BLANK], [BLANK], [-1]
    before = -1
    for number, word in enumerate(words.tolist()):
        after = words[number + 1] if number + 1 < len(words) else -1
        roll = chance.random()
        # A missing token is put back in a blank slot; that needs a free slot, and neighbors that do not merge with it.
        if roll < moved and target[-1] == BLANK and word not in (before, after):
            target[-1] = word
            place[-1] = number
            before = word
            continue
        if chance.random() < moved:
            slots += [chance.randrange(len(WORDS)), BLANK]
            target += [BLANK, BLANK]
            place += [-1, -1]
        roll = chance.random()
        shown = word
        if roll < blanked:
            shown = BLANK
        elif roll < blanked + replaced:
            shown = chance.choice([other for other in range(len(WORDS)) if other != word])
        slots += [shown, BLANK]
        target += [word, BLANK]
        place += [number, -1]
        before = word
    missing = 8 - len(slots)
    slots += [BLANK] * missing
    target += [BLANK] * missing
    place += [-1] * missing
    return Exercise(np.array(slots, np.int64), np.array(target, np.int64), np.array(place, np.int64))


def replaced_at_random(draft: NDArray[np.int64], share: float, chance: random.Random) -> NDArray[np.int64]:
    """A draft with a share of its tokens replaced by others."""
    wrong = draft.copy()
    for place, token in enumerate(draft.tolist()):
        if chance.random() < share:
            wrong[place] = chance.choice([other for other in range(len(WORDS) - 1) if other != token])
    return wrong
