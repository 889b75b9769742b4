"""The sample_languages suite: what is stated is what is there."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from benchmarks.corpora import sample_languages
from benchmarks.dataset import Dataset, Request, open_dataset
from benchmarks.registry import get_suite
from benchmarks.sources.embedded import audio_folder


@pytest.mark.parametrize("dataset", sample_languages.ALL, ids=lambda dataset: dataset.name)
def test_stated_facts_are_the_files_facts(dataset: Dataset) -> None:
    seconds, words = 0.0, 0
    rows = list(open_dataset(dataset, Request()))
    for row in rows:
        samples, rate = soundfile.read(row.audio.open(), dtype="int16")
        assert samples.ndim == 1
        assert row.duration == pytest.approx(len(samples) / rate, abs=1e-6)
        assert np.abs(samples.astype(int)).max() > 1000, f"{row.id} is silent"
        assert (row.language, row.tags["license"]) == (dataset.language, dataset.license)
        seconds += len(samples) / rate
        words += len(row.reference.split())
    assert (len(rows), words) == (dataset.rows, dataset.words)
    assert dataset.hours == pytest.approx(seconds / 3600, abs=5e-6)


def test_the_suite_is_small_complete_and_has_its_provenance() -> None:
    folder = audio_folder(sample_languages.FOLDER)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    suite = get_suite("sample_languages")
    assert suite.benchmarks == tuple(dataset.name for dataset in sample_languages.ALL)
    assert {line["benchmark"] for line in lines} == set(suite.benchmarks)
    assert sum(line["duration"] for line in lines) <= 60
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1_500_000
    assert {path.name for path in folder.glob("*.flac")} == {line["audio"] for line in lines}
    notice = (folder / "NOTICE").read_text(encoding="utf-8")
    for line in lines:
        assert all(
            len(digest) == 64 for digest in [line["source"]["package_sha256"], *line["source"]["files"].values()]
        )
        pattern = f"{line['language']}_{'words_' if '_words_' in line['id'] else ''}*.flac"
        assert pattern in notice, f"NOTICE lacks {line['id']}"
    assert (folder / "GPL-2.0.txt").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
