"""The LibriVox sentences of the sample are what their transcripts say, by the ear of two recognizers."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.corpora import sample
from benchmarks.dataset import Request, open_dataset
from harness.audio import load_clip
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.scoring.error_counts import ErrorCounts
from harness.scoring.profile_files import get_profile


@pytest.mark.parametrize(
    ("name", "module", "most"), [("whisper-tiny.en", "faster_whisper", 0.08), ("pocketsphinx", "pocketsphinx", 0.35)]
)
def test_recognizers_agree_on_the_librivox_sentences(name: str, module: str, most: float) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed (extra `sample`)")
    profile, counts, rows = get_profile("card@2026-04"), ErrorCounts(), 0
    model = load_model(name, LoadOptions())
    for utterance in open_dataset(sample.READ, Request()):
        if utterance.session in ("austen", "sonnet"):
            features = model.transfer(model.features([load_clip(utterance)]))
            (hypothesis,) = model.text(model.infer(features))
            counts += profile.count(utterance.reference, hypothesis.text, "en")
            rows += 1
    model.close()
    assert (rows, counts.words) == (5, 68)
    assert counts.rate is not None
    assert counts.rate < most
