"""COMET of translations, where its package and weights are. Not run in this project: no weights were at hand."""

import functools
import importlib.util
import os
from collections.abc import Sequence
from typing import Any

from harness.scoring.metrics.base import Absent, Metric, Parts, Utterances

WEIGHTS = "COMET_MODEL"
"""The variable that names a checkpoint, or a model that the package fetches."""
SOURCES = ("source", "text", "source_text")
"""Tags of a row that hold what was spoken."""


@functools.cache
def _model(name: str) -> Any:
    from comet import download_model, load_from_checkpoint

    return load_from_checkpoint(name if os.path.exists(name) else download_model(name))  # noqa: PTH110


def _count(utterances: Utterances, _profile: object, _language: str) -> Sequence[Parts | None] | Absent:
    if not any(one.row.target for one in utterances):
        return Absent("they are transcripts, no translations")
    name = os.environ.get(WEIGHTS)
    if name is None or importlib.util.find_spec("comet") is None:
        return Absent(f"COMET needs its package (pip install '.[comet]') and {WEIGHTS}, which names its weights")
    sources = [next((one.row.tags[key] for key in SOURCES if key in one.row.tags), None) for one in utterances]
    if None in sources:
        return Absent("COMET reads the source text, which not every row has as a tag source or text")
    rows = [
        {"src": source, "mt": one.row.hypothesis or "", "ref": one.row.reference}
        for source, one in zip(sources, utterances, strict=True)
    ]
    scores = _model(name).predict(rows, batch_size=16, gpus=0, progress_bar=False).scores
    return [(float(score), 1.0) for score in scores]


COMET = Metric(
    name="comet",
    title="COMET",
    meaning="the mean of COMET's segment scores (Rei et al., 2020), by the weights that COMET_MODEL names",
    count=_count,
    value=lambda sums: sums[0] / sums[1] if sums[1] else None,
    unit="0 to 1",
    format=".4f",
    better="higher",
    resampled=True,
)
