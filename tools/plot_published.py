"""The README's plot: published models of the leaderboard, those that this program runs among them.

python -m tools.plot_published                       # writes docs/images/published_rtfx_wer.png
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.registry import get_suite
from harness.models.registry import adapters
from harness.reporting.against import published_points
from harness.reporting.scatter import rtfx_wer

if TYPE_CHECKING:
    from harness.reporting.drawing import Point

SUITE, PROFILE = "open_asr@2026-04", "leaderboard@2026-04"
MODELS = 40
STEM = Path(__file__).resolve().parents[1] / "docs" / "images" / "published_rtfx_wer"


def points() -> list[Point]:
    """The published models of lowest average WER whose speed is published too; a star behind those that run here."""
    known = [one for one in published_points(SUITE, PROFILE, [], get_suite(SUITE).benchmarks) if one.rtfx]
    best = sorted(known, key=lambda one: one.wer or 0.0)[:MODELS]
    here = runs_here()
    return [replace(one, model=f"{one.model} *" if one.model in here else one.model) for one in best]


def runs_here() -> set[str]:
    """Ids on the hub that an adapter of this program is written for."""
    every = adapters().values()
    cards = {one.card.id for one in every if one.card is not None}
    return cards | {name for one in every for listed in one.listed() for name in listed.hub}


def main() -> None:
    """Draws it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=STEM, help="without an ending (default %(default)s)")
    args = parser.parse_args()
    found = points()
    ours = sum(one.model.endswith(" *") for one in found)
    caption = (
        f"Published figures, not measured here: average of {SUITE} under {PROFILE}, RTFx of their sources' hardware; "
        f"the {len(found)} models of lowest WER. *: one of the {ours} that this program runs."
    )
    for path in rtfx_wer(found, args.out, title="Published models: speed against accuracy", caption=caption):
        if path.suffix == ".png" or args.out != STEM:
            print(path)
        else:
            path.unlink()


if __name__ == "__main__":
    main()
