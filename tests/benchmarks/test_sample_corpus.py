"""The sample suite: what is stated is what is there, and damage to it is told."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from benchmarks.corpora import sample
from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import get_suite
from benchmarks.sources.embedded import audio_folder
from harness.errors import DataError

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset

LICENSES = {
    "sample_read": {"LicenseRef-PublicDomain", "MIT"},
    "sample_commands": {"BSD-2-Clause", "CC-BY-SA-3.0"},
}
BAD_AUDIO = Path(__file__).parents[1] / "data" / "bad_audio"


def manifest() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (audio_folder(sample.FOLDER) / "manifest.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("dataset", [sample.READ, sample.COMMANDS], ids=lambda dataset: dataset.name)
def test_stated_facts_are_the_files_facts(dataset: Dataset) -> None:
    notes: dict[str, str] = {}
    seconds, words, sessions, licenses = 0.0, 0, set(), set()
    rows = list(open_dataset(dataset, Request(note=notes.__setitem__)))
    for row in rows:
        samples, rate = soundfile.read(row.audio.open(), dtype="int16")
        assert samples.ndim == 1
        assert row.duration == pytest.approx(len(samples) / rate, abs=1e-6)
        assert np.abs(samples.astype(int)).max() > 1000, f"{row.id} is silent"
        seconds += len(samples) / rate
        words += len(row.reference.split())
        sessions.add(row.session)
        licenses.add(row.tags["license"])
    assert (len(rows), words) == (dataset.rows, dataset.words)
    assert dataset.hours == pytest.approx(seconds / 3600, abs=5e-6)
    assert len(sessions) == 4
    assert licenses == LICENSES[dataset.name] == set(str(dataset.license).split(" AND "))
    assert notes == {"source": "embedded:benchmarks/corpora/sample_audio", "revision": sample.MANIFEST_SHA256}


def test_the_suite_is_small_and_complete() -> None:
    lines, folder = manifest(), audio_folder(sample.FOLDER)
    assert get_suite("sample").benchmarks == ("sample_read", "sample_commands")
    assert {line["benchmark"] for line in lines} == set(get_suite("sample").benchmarks)
    assert sum(line["duration"] for line in lines) <= 120
    assert sum(path.stat().st_size for path in folder.glob("*.flac")) <= 3_000_000
    assert {path.name for path in folder.glob("*.flac")} == {line["audio"] for line in lines}
    assert {line["sample_rate"] for line in lines} == {8_000, 16_000, 48_000}
    assert {line["text"] for line in lines if not line["text"].strip()} == set()


def test_every_recording_has_its_provenance() -> None:
    notice = (audio_folder(sample.FOLDER) / "NOTICE").read_text()
    for line in manifest():
        source = line["source"]
        assert len(source["package_sha256"]) == len(source["file_sha256"]) == len(line["sha256"]) == 64
        group = line["id"].rsplit("_", 1)[0] + "_*.flac"
        prompts = "asterisk_*.flac" if line["id"].startswith("asterisk_") else group
        assert any(name in notice for name in (line["audio"], group, prompts)), f"NOTICE lacks {line['id']}"


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("austen_0880.flac", None, "No such file"),
        ("austen_0880.flac", b"fLaC", "other bytes than it was made with"),
        ("manifest.jsonl", None, "No such file"),
        ("manifest.jsonl", b"{}\n", "other bytes than it was made with"),
    ],
)
def test_damage_is_one_clear_error(
    name: str, damage: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sample_audio"
    shutil.copytree(audio_folder(sample.FOLDER), folder)
    (folder / name).unlink() if damage is None else (folder / name).write_bytes(damage)
    monkeypatch.setattr("benchmarks.sources.embedded.audio_folder", lambda _name: folder)
    with pytest.raises(DataError, match=message) as caught:
        list(open_dataset(sample.READ, Request()))
    assert name in str(caught.value)
    assert "install it again" in str(caught.value)


def test_bad_audio_is_as_bad_as_its_notice_says() -> None:
    sizes = {path.name: path.stat().st_size for path in BAD_AUDIO.glob("*.wav")}
    assert sizes == {"bad.wav": 44, "null.wav": 44, "awful.wav": 926, "evil.wav": 5044}
    for name in ("bad.wav", "evil.wav"):
        with pytest.raises(soundfile.LibsndfileError):
            soundfile.read(io.BytesIO((BAD_AUDIO / name).read_bytes()))
    assert soundfile.info(BAD_AUDIO / "null.wav").frames == 0
    assert soundfile.info(BAD_AUDIO / "awful.wav").samplerate == 1_092_676
