"""The sample suite's two data sets: real recorded English that comes with the project, in `sample_audio`.

What each recording is, who made it and under which terms is in `sample_audio/NOTICE`; `tools/rebuild_sample.py` makes
the files anew from the packages that carry the recordings.
"""

from typing import Any

from benchmarks.dataset import Dataset
from benchmarks.sources.embedded import embedded_source

FOLDER = "sample_audio"
MANIFEST_SHA256 = "be58ea2fe55de336d75da9f6ff0d1c199f2a7917f0ca8af0ef0e12a41f3398a6"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file: what was measured is known to the bit."""


def _dataset(name: str, **facts: Any) -> Dataset:
    """One of the two benchmarks."""
    source = embedded_source(FOLDER, MANIFEST_SHA256, tag="license", benchmark=name)
    return Dataset(name=name, language="en", sources=(source,), **facts)


READ = _dataset(
    "sample_read",
    title="Sample: sentences read aloud",
    license="LicenseRef-PublicDomain AND MIT",
    rows=13,
    hours=0.01758,
    words=174,
    notes=(
        "Four speakers: Sense and Sensibility and a sonnet of Shakespeare from LibriVox, A Tale of Two Cities, and "
        "Kennedy's inaugural address. 16 and 48 kHz. Austen's lines are lower case without punctuation."
    ),
)
COMMANDS = _dataset(
    "sample_commands",
    title="Sample: short phrases and telephone prompts",
    license="BSD-2-Clause AND CC-BY-SA-3.0",
    rows=14,
    hours=0.01192,
    words=110,
    notes=(
        "Playing cards, a command and a digit string of PocketSphinx's tests (16 kHz), and seven of Asterisk's prompts "
        "(8 kHz, Allison Smith). Numbers are spelled out in the former and digits in the latter. Who speaks the cards "
        "and the command is not known: each set of recordings counts as one session."
    ),
)
