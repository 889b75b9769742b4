"""Which packages' versions can change what a family of models writes; the one place that says so.

A run is not gone on with by other versions of these, unless `--mix-packages` says so (`harness.runner.stretches`).
"""

from __future__ import annotations

AUDIO = frozenset({"av", "numpy", "soundfile", "soxr"})
"""What decodes, resamples and levels the audio of every model."""
TORCH = frozenset({"flash-attn", "tokenizers", "torch", "transformers"})
FASTER_WHISPER = frozenset({"av", "ctranslate2", "faster-whisper", "onnxruntime", "tokenizers"})
NOT_IN_TRANSCRIPTS = frozenset(
    {"datasets", "huggingface_hub", "jiwer", "kaldialign", "num2words", "whisper-normalizer"}
)
"""Packages that no transcript depends on."""

BY_FAMILY = {
    "ctc": TORCH,
    "generating": TORCH,
    "granite_nar": TORCH,
    "granite_speech": TORCH,
    "hama": frozenset({"hama", "onnxruntime", "tokenizers"}),
    "mlx": frozenset({"mlx-whisper"}),
    "moonshine-voice": frozenset({"moonshine-voice"}),
    "nemo": TORCH | {"nemo-toolkit"},
    "onnx-asr": frozenset({"onnx-asr", "onnxruntime"}),
    "pocketsphinx": frozenset({"pocketsphinx"}),
    "remote_code": TORCH,
    "sherpa-onnx": frozenset({"sherpa-onnx"}),
    "tiny-nar": TORCH,
    "transcribe.cpp": frozenset({"transcribe-cpp"}),
    "whisper": TORCH,
    "whisper-base": FASTER_WHISPER,
    "whisper-ct2": FASTER_WHISPER,
    "whisper-tiny.en": FASTER_WHISPER,
    "whisper.cpp": frozenset({"pywhispercpp"}),
}
"""By the name of the adapter, besides `AUDIO`."""


def changes_transcripts(package: str, family: str | None, *, served: bool = False) -> bool:
    """Whether another version of a package can change what a model of the family writes.

    Args:
        package: its name, one of `harness.environment.PACKAGES`.
        family: the adapter's name; of one that is not listed (code of the user's own) any package can. None: unknown.
        served: whether a server computes it, to which only the audio that is sent is ours.
    """
    if package in NOT_IN_TRANSCRIPTS or family == "transcripts":
        return False
    if package in AUDIO or (family not in BY_FAMILY and not served):
        return True
    return not served and package in BY_FAMILY[family or ""]
