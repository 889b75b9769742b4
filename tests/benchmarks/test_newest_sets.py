"""The newest sets, from a hub on loopback: what is read, and what is refused in one line."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.corpora import coraal
from benchmarks.corpora.monsoon import ZONES
from benchmarks.dataset import Request, open_dataset
from benchmarks.registry import datasets, get_dataset
from harness.errors import AccessError, DataError
from tests.benchmarks import newest_layouts
from tests.benchmarks.hub_server import SHA, Hub
from tests.benchmarks.layouts import content_hash, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.dataset import Utterance
    from tests.benchmarks.corpus_layouts import Built

BOARD = "hf-audio/open-asr-leaderboard"
MULTILINGUAL = "hf-audio/open-asr-leaderboard-multilingual-datasets"
ON_HUB: dict[str, tuple[Callable[[], Built], tuple[str, ...]]] = {
    "monsoon_en_in": (lambda: newest_layouts.monsoon("en_IN"), ("VoiceArena/Monsoon_en_IN_test",)),
    "monsoon_hi": (lambda: newest_layouts.monsoon("hi"), ("VoiceArena/Monsoon_hi_test",)),
    "urgent2024": (lambda: newest_layouts.urgent("urgent2024"), (BOARD,)),
    "urgent2024_clean": (lambda: newest_layouts.urgent("urgent2024_clean"), (BOARD,)),
    "coraal_dca": (lambda: newest_layouts.coraal("DCA"), ("bezzam/coraal",)),
    "fleurs_hy": (newest_layouts.fleurs_hy, ("google/fleurs", "Metric-AI/fleurs-corrections")),
    "mcv_hy": (newest_layouts.common_voice_26_hy, (MULTILINGUAL,)),
}


def read(name: str, request: Request) -> list[Utterance]:
    return list(open_dataset(get_dataset(name), request))


@pytest.mark.parametrize("name", ON_HUB)
def test_the_hub_gives_what_a_copy_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    build, names = ON_HUB[name]
    built = build()
    files = {}
    for repo, (path, rows) in zip(names, built.parquet.items(), strict=True):
        data = write_parquet(tmp_path / "made.parquet", rows).read_bytes()
        files[repo] = {"main": {path.partition("/")[2]: data}}
    importlib.import_module("huggingface_hub.constants")
    notes: dict[str, str] = {}
    with Hub(repos=files) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        from_hub = read(name, Request(note=notes.__setitem__))
    assert {item.id: item.reference for item in from_hub} == built.expected
    assert notes["revision"] == SHA["main"]
    assert notes["source"] == get_dataset(name).sources[0].name
    copied = read(name, Request(root=built.write_parquet(tmp_path / "copy")))
    assert content_hash(copied) == content_hash(from_hub)


def test_monsoon_knows_its_speakers_and_zones(tmp_path: Path) -> None:
    found = read("monsoon_en_in", Request(root=newest_layouts.monsoon("en_IN").write_parquet(tmp_path)))
    assert [item.session for item in found] == ["spk_0", "spk_0", "spk_1"]
    assert dict(found[0].tags) == {"gender": "female", "native_state": "Tamil Nadu", "zone": "south"}
    assert {item.language for item in found} == {"en"}
    assert len(ZONES) == 34
    assert set(ZONES.values()) == {"north", "central", "east", "west", "south", "northeast"}


def test_a_lattice_is_a_reference_that_scoring_reads(tmp_path: Path) -> None:
    from harness.scoring import lattice

    built = newest_layouts.monsoon("hi")
    (rows,) = built.parquet.values()
    rows[1]["lattice"] = [["तो"], ["बैंक"]]
    found = read("monsoon_hi", Request(root=built.write_parquet(tmp_path)))
    assert [lattice.parse(item.reference) for item in found[:2]] == [newest_layouts.LATTICE, [["तो"], ["बैंक"]]]
    assert {item.language for item in found} == {"hi"}


@pytest.mark.parametrize("value", [[[]], [], "text", '[["a"], []]', '[["a", 1]]'])
def test_a_lattice_that_is_none_is_an_error(tmp_path: Path, value: object) -> None:
    built = newest_layouts.monsoon("hi")
    (rows,) = built.parquet.values()
    for row in rows:
        row["lattice"] = value
    with pytest.raises(DataError, match="does not have the form of VoiceArena/Monsoon_hi_test default/test"):
        read("monsoon_hi", Request(root=built.write_parquet(tmp_path)))


def test_noise_is_a_slice(tmp_path: Path) -> None:
    found = read("urgent2024", Request(root=newest_layouts.urgent("urgent2024").write_parquet(tmp_path)))
    assert [dict(item.tags) for item in found] == [
        {"snr_db": "under 0"},
        {"snr_db": "10 to 15"},
        {"snr_db": "20 and more"},
    ]
    clean = read("urgent2024_clean", Request(root=newest_layouts.urgent("urgent2024_clean").write_parquet(tmp_path)))
    assert [item.id for item in clean] == [item.id for item in found]
    assert all(not item.tags for item in clean)


def test_an_interview_in_the_words_of_its_release(tmp_path: Path) -> None:
    (found,) = read("coraal_atl", Request(root=newest_layouts.coraal("ATL").write_release(tmp_path)))
    assert (found.id, found.session) == ("ATL_se0_ag1_f_01_1", "ATL_se0_ag1_f_01")
    assert found.reference == newest_layouts.SAID
    assert [dataset.rows for dataset in coraal.CORAAL] == [14, 74, None, None, None, None, None, None]


FIX = {"file_name": "1234567890.wav", "original_transcription": "another text", "corrected_transcription": "Այո։"}


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        (FIX, "the reference of '1234567890' is not the text that was corrected"),
        ({**FIX, "file_name": "7.wav"}, "1 corrections fit no recording, the first is '7'"),
        ({**FIX, "corrected_transcription": ""}, "a row has no corrected_transcription"),
    ],
)
def test_a_correction_that_does_not_fit_stops(tmp_path: Path, fix: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read("fleurs_hy", Request(root=newest_layouts.fleurs_hy((fix,)).write_parquet(tmp_path)))


def test_armenian_without_its_corrections_is_not_read(tmp_path: Path) -> None:
    built = newest_layouts.fleurs_hy()
    del built.parquet["Metric-AI--fleurs-corrections/data/test-00000-of-00001.parquet"]
    with pytest.raises(AccessError, match="looked for a copy of Metric-AI/fleurs-corrections"):
        read("fleurs_hy", Request(root=built.write_parquet(tmp_path)))


def test_private_sets_are_known_for_predictions_only() -> None:
    dataset = get_dataset("voice_arena_private_hi")
    assert (dataset.language, dataset.sources, dataset.license, dataset.rows) == ("hi", (), None, None)
    with pytest.raises(AccessError, match="has no source of audio: it is known for scoring predictions of others"):
        read("voice_arena_private_hi", Request())


def test_predictions_of_others_are_recognized(tmp_path: Path) -> None:
    from harness.scoring.predictions import read_systems

    rows = {
        "VoiceArena-Monsoon_hi_test__test": json.dumps([["हाँ", "हां"]], ensure_ascii=False),
        "bezzam-coraal_ATL_test": "so",
    }
    for part, text in rows.items():
        line = json.dumps({"audio_filepath": "ATL_se0_ag1_f_01_1", "text": text, "pred_text": "हां"}, ensure_ascii=False)
        (tmp_path / f"MODEL_a-b_DATASET_{part}.jsonl").write_text(line + "\n", encoding="utf-8")
    (system,) = read_systems([tmp_path])
    found = {one.benchmark: (one.language, one.language_stated, one.rows[0].session) for one in system.benchmarks}
    assert found == {"monsoon_hi": ("hi", True, None), "coraal_atl": ("en", True, "ATL_se0_ag1_f_01")}


def test_what_published_tables_call_a_set_is_one_set() -> None:
    columns = [column for dataset in datasets().values() for column in dataset.columns]
    assert len(columns) == len(set(columns))
    sheet = {
        "AMI-Cleaned": "ami_cleaned",
        "Earnings22-Cleaned-AA-chunked": "earnings22_chunked",
        "Gigaspeech-Cleaned": "gigaspeech_cleaned",
        "LS Clean": "librispeech_test_clean",
        "LS Other": "librispeech_test_other",
        "SPGISpeech": "spgispeech",
        "URGENT2024": "urgent2024",
        "Voice Arena Monsoon": "monsoon_en_in",
        "Voxpopuli-AA-Cleaned": "voxpopuli_cleaned_aa",
    }
    for column, name in sheet.items():
        assert f"{column} WER" in get_dataset(name).columns
    for column in ("nl_covost", "nl_mls", "nl_fleurs", "hy_fleurs", "hy_mcv", "hi_monsoon"):
        assert column in columns
