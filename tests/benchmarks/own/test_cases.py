"""Small inputs that were read wrongly once, or refused, with what is right; they are not part of the project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import harness
from benchmarks.dataset import Request, open_dataset
from benchmarks.own.dataset import own_dataset
from harness.cli import main
from harness.errors import DataError


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    place = shared / "cases" / "data"
    if not place.is_dir():
        pytest.skip(f"no cases at {place}")
    return place


def ids(place: Path) -> list[str]:
    return [one.id for one in open_dataset(own_dataset(place), Request())]


def heard(place: Path) -> dict[str, str | None]:
    run = harness.evaluate(place, "tiny-nar")
    return {line.id: line.hypothesis for line in run.system.benchmarks[0].rows}


THREE = ["c0", "c1", "c2"]


def test_start_and_end_are_as_offset_and_duration(data: Path) -> None:
    rates = {name: harness.evaluate(data / "enc" / f"{name}.jsonl", "tiny-nar").wer for name in ("startend", "offdur")}
    assert rates == {"startend": 0.5, "offdur": 0.5}


def test_each_row_hears_its_channel(data: Path) -> None:
    assert heard(data / "enc" / "channel.jsonl") == {"ch0": "two one nine", "ch1": "three five one"}


NEMO = {
    **dict.fromkeys(("rel", "off0", "offnull", "list", "oneline", "dict", "shard", "durstr", "dur_neg1"), THREE),
    **dict.fromkeys(("lang", "audio_filename", "dur_only_shorter", "dur_ms", "off0_pred"), THREE),
    "durnone_offset": ["c0_0.2", "c1_0.2", "c2_0.2"],
    "start_end": ["se0", "se1", "se2"],
}


@pytest.mark.parametrize("name", NEMO)
def test_nemo_manifests_are_read(data: Path, name: str) -> None:
    assert ids(data / "nemo" / f"{name}.json") == NEMO[name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pathlist", "line 1: audio holds list, not text: give the path of one file"),
        ("negoffset", "line 1: offset is '-0.1', not a number of seconds"),
        ("dur_off_by_1s", r"line 3: duration is '-0.07300000000000001', not a number of seconds"),
    ],
)
def test_nemo_manifests_that_cannot_be_meant(data: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        own_dataset(data / "nemo" / f"{name}.json")


def test_nemo_knows_its_own_ids(data: Path) -> None:
    """What it wrote for a manifest is found by the ids that the manifest has."""
    found = harness.evaluate(data / "nemo" / "off0.json", f"transcripts:{data / 'nemo' / 'off0_pred.json'}")
    assert (found.wer, found.complete) == (0.0, True)


def test_offsets_without_duration_go_to_the_end(data: Path) -> None:
    found = list(open_dataset(own_dataset(data / "nemo" / "durnone_offset.json"), Request()))
    assert [(one.audio.start, one.audio.end) for one in found] == [(0.2, None)] * 3
    assert [one.duration for one in found] == [pytest.approx(whole - 0.2) for whole in (1.26425, 1.048, 0.377)]


STRAY = {"fold_dsstore": 2, "fold_ipynb": 1, "fold_readme": 2, "fold_m4a": 0}


@pytest.mark.parametrize("name", STRAY)
def test_folders_with_stray_files(data: Path, name: str) -> None:
    dataset = own_dataset(data / name)
    assert [one.id for one in open_dataset(dataset, Request())] == THREE
    assert dataset.account is not None
    assert sum(one.count for one in dataset.account.left_out.values()) == STRAY[name]


@pytest.mark.parametrize("name", ["English", "english", "en", "eng", "EN", "EN_us", "en-GB", "empty"])
def test_languages_as_people_write_them(data: Path, name: str) -> None:
    run = harness.evaluate(data / "lang" / f"l_{name}.jsonl", f"transcripts:{data / 'lang' / 'hyp.jsonl'}")
    assert run.with_profile("leaderboard@2026-04").wer == 0.3, "the rules of the day that the figure is of"
    assert run.wer == 0.0, "can't is cannot, and $20 is 20 dollars since"


@pytest.mark.parametrize("name", ["xx", "mul", "en_br"])
def test_languages_that_are_none(data: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"l_\w+.jsonl, line 1: language '.*' is no language that is known"):
        own_dataset(data / "lang" / f"l_{name}.jsonl")


def test_two_places_and_two_files_of_one_name(data: Path, tmp_path: Path) -> None:
    de, fr = (data / "same" / language / "test.csv" for language in ("de", "fr"))
    model = f"transcripts:{data / 'same' / 'hyp.jsonl'}"
    for place, rate in ((de, 0.0), (fr, 1.0), (de, 0.0)):
        assert harness.evaluate(place, model, out=tmp_path).wer == rate
    both = harness.evaluate([de, fr], model)
    assert {name: one.wer for name, one in both.benchmarks.items()} == {"data_de_test": 0.0, "data_fr_test": 1.0}


def test_symlinked_folders(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "fold_readme", tmp_path / "real")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "linked").symlink_to(tmp_path / "real", target_is_directory=True)
    shutil.copytree(data / "fold_dsstore", tmp_path / "all" / "sub")
    assert ids(tmp_path / "all") == ["sub/c0", "sub/c1", "sub/c2", "linked/c0", "linked/c1", "linked/c2"]


def test_a_text_that_is_null_is_left_out_and_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = data / "enc" / "nulltext.jsonl"
    assert main(["data", "verify", str(place)]) == 0
    assert (
        f"left out: rows without a text (null, NaN, or nan as pandas writes it): 1, the first is {place}, line 2"
        in (capsys.readouterr().err)
    )
    assert ids(data / "enc" / "hfaudio.jsonl") == ["c0"]
