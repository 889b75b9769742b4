"""The leaderboard's private sets: nobody outside has their audio, and they are known for scoring predictions only."""

from benchmarks.dataset import Dataset

_SETS = (
    ("appen_scripted_us", "en", 1.45, r"appen_scripted_filtered__american"),
    ("appen_scripted_au", "en", 1.42, r"appen_scripted_filtered__australian"),
    ("appen_scripted_ca", "en", 1.53, r"appen_scripted_filtered__canadian"),
    ("appen_scripted_in", "en", 1.02, r"appen_scripted_filtered__indian"),
    ("appen_conversational_us003", "en", 1.64, r"appen_conversational_segmented_filtered__american_003"),
    ("appen_conversational_us004", "en", 1.65, r"appen_conversational_segmented_filtered__american_004"),
    ("appen_conversational_in", "en", 1.37, r"appen_conversational_segmented_filtered__indian"),
    ("dataocean_scripted_us", "en", 2.43, r"dataocean_scripted_filtered__en_US"),
    ("dataocean_scripted_gb", "en", 2.43, r"dataocean_scripted_filtered__en_GB"),
    ("dataocean_conversational_us", "en", 8.82, r"dataocean_conversational_segmented_filtered__en_US"),
    ("dataocean_conversational_gb", "en", 5.96, r"dataocean_conversational_segmented_filtered__en_GB"),
    ("voice_arena_private_en", "en", 5.58, r"HF_English_Private_Set"),
    ("voice_arena_private_hi", "hi", 4.47, r"HF_Hindi_Private_Set"),
)
"""Id, language, hours, and what the leaderboard's file names call it."""


def _dataset(name: str, language: str, hours: float, part: str) -> Dataset:
    """The benchmark of one set."""
    return Dataset(
        name=name,
        title=f"{name.replace('_', ' ')} (private)",
        language=language,
        license=None,
        sources=(),
        hours=hours,
        url="https://huggingface.co/spaces/hf-audio/open_asr_leaderboard",
        file_patterns=(rf"{part}(_?_test)?",),
        notes="Part of the leaderboard's own averages since July 2026, which nobody outside can compute.",
        missing="audio: not published; known for scoring predictions",
    )


PRIVATE = tuple(_dataset(*facts) for facts in _SETS)
