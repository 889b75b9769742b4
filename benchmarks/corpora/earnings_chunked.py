"""Earnings-22 cleaned by Artificial Analysis, cut into chunks that share the one reference of their call."""

from functools import partial

from benchmarks.dataset import Dataset, Source
from benchmarks.sources.chunks import read

CHUNKS = "ArtificialAnalysis/Earnings22-Cleaned-AA-chunked"
PARENTS = "ArtificialAnalysis/Earnings22-Cleaned-AA"

EARNINGS22_CHUNKED = Dataset(
    name="earnings22_chunked",
    title="Earnings-22 cleaned by Artificial Analysis, chunks of six calls",
    language="en",
    license="Apache-2.0",
    sources=(Source(kind="hub", where=f"{CHUNKS} default/test", open=partial(read, CHUNKS, PARENTS)),),
    rows=341,
    hours=1.9169,
    url=f"https://huggingface.co/datasets/{PARENTS}",
    session_pattern=r"(?:^|/)(\d{7}(?:_trimmed)?)",
    file_patterns=(
        r"earnings22[_-]cleaned[_-]aa[_-]chunked(_default)?(_test)?",
        r"(?<![a-z])earnings22_chunked(_test)?",
    ),
    columns=("Earnings22-Cleaned-AA-chunked WER",),
    notes="341 chunks of at most 30 s, in order and without overlap, of 6 calls of 875 to 1,340 s. The chunks of a "
    "call are joined in order before they are scored against its one reference; a missing chunk is an error. "
    "The session is the call.",
    missing="original: made by Artificial Analysis, in its repositories only",
)
