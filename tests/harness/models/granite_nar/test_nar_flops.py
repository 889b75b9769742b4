"""Operations of the full-size network, on the meta device: nothing is computed, no weight is made."""

from pathlib import Path

import numpy as np
import pytest

from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.flops import flops
from perf.granite_nar import LENGTHS, SCALED_DOWN
from perf.granite_nar import flops as by_formula

FULL = GraniteNarConfig()


def lengths() -> list[float]:
    """Every 524th of LibriSpeech test-clean's clips, by length."""
    return sorted(float(line) for line in Path(LENGTHS).read_text().split())[262::524]


def test_a_second_of_read_english_takes_104_gflop() -> None:
    seconds = lengths()
    counted = sum(flops(FULL, each) for each in seconds) / sum(seconds)
    assert counted == pytest.approx(104e9, rel=0.02)


@pytest.mark.parametrize("config", [FULL, SCALED_DOWN.check()], ids=["full", "small"])
def test_what_is_counted_is_what_the_formula_says(config: GraniteNarConfig) -> None:
    """Two a multiply-add of every product, written out by hand; blocks of attention that are not full, and text that is
    rounded to whole tokens, are the difference."""
    for seconds in (4.0, 16.0) if config is not FULL else (8.0,):
        assert flops(config, seconds) == pytest.approx(by_formula(config, np.array([seconds])), rel=0.02)


def test_the_editor_s_second_step_costs_the_editor_again() -> None:
    once, twice = flops(FULL, 8.0), flops(FULL, 8.0, steps=2)
    assert twice - once == pytest.approx(51.6e9 * 8, rel=0.05)  # editor and its head, of 104
