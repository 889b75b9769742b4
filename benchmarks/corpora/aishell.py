"""AISHELL-1 test set (Bu et al., 2017): read Mandarin. It has no source of audio: for others' predictions."""

from benchmarks.dataset import Dataset

AISHELL1 = Dataset(
    name="aishell1",
    title="AISHELL-1 test",
    language="zh",
    license="Apache-2.0",
    sources=(),
    rows=7176,
    hours=10.0303,
    url="https://www.openslr.org/33",
    file_patterns=(r"(?<![a-z])aishell_?1?(_test)?(?![a-z0-9])",),
    missing="audio: known for scoring predictions of others",
    notes="Written without spaces: scored by characters.",
)
