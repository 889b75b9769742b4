"""The `digits` benchmark: digit strings in synthetic voices that tiny-nar was never trained on, in `digits_audio`.

It exists to show in seconds that the harness works from a fresh clone. It says nothing about recognition of people's
speech. `digits_audio/NOTICE` says how it was made.
"""

from __future__ import annotations

from benchmarks.dataset import Dataset
from benchmarks.sources.embedded import embedded_door

FOLDER = "digits_audio"
MANIFEST_SHA256 = "e4faeff275aefcd6d1941d94dd3b83e8c21f2b0206f03b67f0819c397b18e910"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file."""

DIGITS = Dataset(
    name="digits",
    title="Digit strings in synthetic voices",
    language="en",
    license="LicenseRef-CMU-Flite",
    doors=(embedded_door(FOLDER, MANIFEST_SHA256, tag="voice"),),
    rows=36,
    hours=0.02561,
    words=211,
    notes="Six voices of flite and eSpeak NG that tiny-nar was not trained on. A self-test, no measure of recognition.",
)
