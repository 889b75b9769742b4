"""Counts errors on people never trained on: python -m tools.tiny_nar.evaluate --corpora FOLDER.

400 strings of 3 to 8 digits joined from the speakers george and lucas of the free spoken digit dataset, and the
digit strings of AN4's test split as they were spoken. Counted are errors of the draft, after editing, and after editing
drafts of which 20 % of the tokens were replaced at random (an editor that does not hear the audio keeps them).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rapidfuzz.distance import Levenshtein

from harness.models.base import LoadOptions
from harness.models.granite_nar.features import log_mel, pack_audio
from harness.models.registry import load_model
from tools.tiny_nar.data import WORD_IDS, replaced_at_random
from tools.tiny_nar.prepare import held_out_strings
from tools.tiny_nar.speech import an4_strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.models.granite_nar.network import GraniteNar
    from tools.tiny_nar.speech import Recording

DAMAGE = 0.2


@torch.inference_mode()
def counts(network: GraniteNar, recordings: Sequence[Recording]) -> dict[str, int]:
    """Errors (substitutions, deletions, insertions) of drafts and edited texts, damaged and not, and words."""
    chance = random.Random(5)
    found = dict.fromkeys(("strings", "words", "draft", "edited", "damaged_draft", "damaged_edited"), 0)
    for start in range(0, len(recordings), 50):
        some = recordings[start : start + 50]
        rows, frames = log_mel(
            pack_audio([each.waveform for each in some], network.config.features), network.config.features
        )
        encoded = network.encode(rows, frames)
        audio, tokens = network.projector(encoded.states, frames)
        drafts = network.draft(encoded, frames)
        damaged = [replaced_at_random(each, DAMAGE, chance) for each in drafts]
        said = {
            "draft": drafts,
            "edited": network.final(network.edit(audio, tokens, drafts)),
            "damaged_draft": damaged,
            "damaged_edited": network.final(network.edit(audio, tokens, damaged)),
        }
        for number, recording in enumerate(some):
            truth = [WORD_IDS[word] for word in recording.words]
            found["strings"] += 1
            found["words"] += len(truth)
            for name, texts in said.items():
                found[name] += Levenshtein.distance(truth, texts[number].tolist())
    return found


def main() -> None:
    """Prints a line a set, and one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--model", default="tiny-nar", help="tiny-nar, or the folder of another checkpoint")
    parser.add_argument("--strings", type=int, default=400)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = load_model(arguments.model, LoadOptions()).network  # type: ignore[attr-defined]
    sets = {
        "george and lucas": list(held_out_strings(arguments.corpora, arguments.strings, seed=7)),
        "an4 test": an4_strings(arguments.corpora, "test"),
    }
    results = {}
    for name, recordings in sets.items():
        results[name] = found = counts(network, recordings)
        words = found["words"]
        sys.stdout.write(
            f"{name}: {found['strings']} strings, {words} words; draft {found['draft']} errors"
            f" ({found['draft'] / words:.1%}), edited {found['edited']} ({found['edited'] / words:.1%});"
            f" {DAMAGE:.0%} of the draft replaced: {found['damaged_draft']} errors, edited {found['damaged_edited']}\n"
        )
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
