"""Whisper in MLX, on Apple's GPUs: ``mlx:FOLDER`` or ``mlx:ORG/NAME``, weights as the hub's mlx-community has them.

Source: https://github.com/ml-explore/mlx-examples/tree/main/whisper. Greedy and at temperature 0 alone, each window
without the text before it. It was run in MLX's build for processors, never on such a GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.models import _engine
from harness.models.base import Adapter, LoadOptions, Model
from harness.types import Hypothesis, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "mlx:"


def load(name: str, options: LoadOptions) -> Model:
    """Says which model; the engine loads it with the first clip, and keeps it.

    Raises:
        UsageError: no name, or no such folder.
    """
    what = _engine.folder_or_name(name, PREFIX, "FOLDER or ORG/NAME")
    timed = options.option("timestamps") == "word"

    from mlx_whisper import transcribe

    def hear(waveform: NDArray[np.float32], language: str) -> Hypothesis:
        found = transcribe(
            _engine.filled(waveform),
            path_or_hf_repo=str(what),
            language=language,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=timed,
            fp16=options.dtype != "float32",
            verbose=None,
        )
        words = (word for segment in found["segments"] for word in segment.get("words", ())) if timed else ()
        placed = tuple(Word(word["word"].strip(), float(word["start"]), float(word["end"])) for word in words)
        return Hypothesis(text=str(found["text"]).strip(), words=placed if timed else None)

    revision = _engine.revision_of(what) if isinstance(what, Path) else None
    return _engine.one_by_one(hear, name, revision)


ADAPTER = Adapter(
    name="mlx",
    summary="mlx:FOLDER or mlx:ORG/NAME, Whisper on Apple's GPUs through mlx-whisper, greedy",
    accepts=lambda name: name.startswith(PREFIX),
    load=load,
    devices=("mps", "cpu"),
    identify=_engine.identify(PREFIX),
    tried="by hand, five clips: tiny.en's own weights, converted, in MLX's build for processors; never on Apple's GPU",
    options=(_engine.TIMESTAMPS,),
    requires=("mlx_whisper",),
    packages=frozenset({"mlx-whisper"}),
    extra="mlx",
)
