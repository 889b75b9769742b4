"""The `digits` benchmark: digit strings in synthetic voices that tiny-nar was never trained on, in `digits_audio`.

It exists to show in seconds that the harness works from a fresh clone. It says nothing about recognition of people's
speech. `digits_audio/NOTICE` says how it was made.
"""

from benchmarks.dataset import Dataset
from benchmarks.sources.embedded import embedded_source

FOLDER = "digits_audio"
MANIFEST_SHA256 = "7c0264b06deec60a0a64e135142548c3e7de1bbfabd5512a08947f61a0352820"
"""Of manifest.jsonl, which has the SHA-256 of every FLAC file."""

DIGITS = Dataset(
    name="digits",
    title="Digit strings in synthetic voices",
    language="en",
    license="LicenseRef-CMU-Flite",
    sources=(embedded_source(FOLDER, MANIFEST_SHA256, tag="voice"),),
    rows=150,
    hours=0.04099,
    words=365,
    notes="Six voices that tiny-nar was not trained on, in noise. A self-test, no measure of recognition.",
)
