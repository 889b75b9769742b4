"""URGENT 2024, the challenge's non-blind test (Zhang et al., 2024): degraded clips, and the same ones clean."""

from typing import Any

from benchmarks.dataset import Dataset, Entry, Row
from benchmarks.sources.hub import leaderboard_entry, leaderboard_source


def hub_entry(row: Row) -> Entry:
    """A row: dataset, text, id (``fileid_N``), audio_length_s, and snr_db where the clip is degraded."""
    entry = leaderboard_entry(row)
    ratio = row.get("snr_db")
    tags = {} if ratio is None else {"snr_db": _level(float(ratio))}
    return Entry(id=entry.id, reference=entry.reference, duration=entry.duration, tags=tags)


def _level(ratio: float) -> str:
    """A ratio of signal to noise as a class that is worth a slice, in steps of 5 dB; outside of 0 to 20 the ends."""
    low = max(-5, min(20, int(ratio // 5) * 5))
    return "under 0" if low < 0 else "20 and more" if low == 20 else f"{low} to {low + 5}"


def _dataset(name: str, title: str, **facts: Any) -> Dataset:
    return Dataset(
        name=name,
        title=title,
        language="en",
        license="CC-BY-NC-SA-4.0",
        sources=(leaderboard_source(name, entry=hub_entry),),
        hours=1.92,
        url="https://huggingface.co/datasets/urgent-challenge/urgent2024_official",
        citation="Zhang et al., URGENT Challenge: Universality, Robustness, and Generalizability for Speech "
        "Enhancement, Interspeech 2024",
        missing="original: prepared for the leaderboard, in its repository only",
        **facts,
    )


NOISY = _dataset(
    "urgent2024",
    "URGENT 2024, noisy",
    file_patterns=(r"(?<![a-z])urgent2024(_nonblind)?(_test)?",),
    columns=("URGENT2024 WER",),
    notes="About 1,000 clips of Common Voice, LibriTTS, VCTK and YouTube with noise, reverberation, limited bandwidth "
    "or clipping; paired by id with urgent2024_clean. Text is cased and punctuated, or (YouTube) neither. Eight "
    "references are known to be wrong: fileid_419, 422, 832, 841 (twice), 880, 885, 966. In no average of the board. "
    "Of its parts' licenses the strictest is stated, as third parties have it.",
)
CLEAN = _dataset(
    "urgent2024_clean",
    "URGENT 2024, clean",
    file_patterns=(r"(?<![a-z])urgent2024(_nonblind)?_clean(_test)?",),
    columns=("URGENT2024-Clean WER",),
    notes="The clips of urgent2024 before they were degraded; paired by id.",
)
