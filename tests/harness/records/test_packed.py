"""A run in one file: read by every verb, and no bomb, whatever its headers say."""

from __future__ import annotations

import json
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import main
from harness.errors import DataError
from harness.gating.baseline import file_name
from harness.records import packed
from harness.records.packed import opened


def bomb(path: Path, content: bytes, method: int = zipfile.ZIP_LZMA) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("run.json", content, method)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_what_unpacks_to_too_much_is_refused_before_it_does(tmp_path: Path, method: int) -> None:
    path = bomb(tmp_path / "b.zip", bytes(200 << 20), method)
    assert path.stat().st_size < 300_000
    with pytest.raises(DataError, match=r"b\.zip is not a baseline: it unpacks to too much"), opened(path):
        pass


def test_a_header_that_lies_about_the_size(tmp_path: Path) -> None:
    path = bomb(tmp_path / "b.zip", bytes(50 << 20), zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace(struct.pack("<I", 50 << 20), struct.pack("<I", 1000))
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"b\.zip is not a baseline"), opened(path):
        pass


def test_a_decoder_that_would_take_gigabytes(tmp_path: Path) -> None:
    path = bomb(tmp_path / "b.zip", b"{}")
    data = bytearray(path.read_bytes())
    at = data.index(b"run.json") + len("run.json")
    data[at + 5 : at + 9] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"unpacking run\.json would take 3,221,225,472 bytes of memory"), opened(path):
        pass


@pytest.mark.parametrize("name", ["../run.json", "/run.json", "a/run.json", "x.exe", "RUN.JSON"])
def test_what_does_not_belong_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(DataError, match=r"b.zip is not a baseline: it holds '"), opened(path):
        pass


def test_other_compressions(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match="packed by method 12"),
        opened(bomb(tmp_path / "b.zip", b"{}", zipfile.ZIP_BZIP2)),
    ):
        pass


def test_the_same_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("run.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("run.json", "[]")
    with pytest.raises(DataError) as error, opened(path):
        pass
    assert str(error.value) == f"{path} is not a baseline: it holds 'run.json' twice; save it anew"


def test_small_texts_may_repeat_themselves(tmp_path: Path) -> None:
    path = bomb(tmp_path / "b.zip", b"a" * packed.SMALL_BYTES)
    with opened(path) as folder:
        assert (folder / "run.json").stat().st_size == packed.SMALL_BYTES


NAMES = st.text(alphabet=st.sampled_from([*"ab/-%.:é_@ 中"]), min_size=1, max_size=8)


def test_a_folder_holds_baselines_and_other_zips(tmp_path: Path) -> None:
    saved, other, broken = (tmp_path / name for name in ("a.zip", "b.zip", "c.zip"))
    bomb(saved, b"{}")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("speech.wav", b"")
    broken.write_bytes(b"no zip")
    assert packed.packed_in(tmp_path) == [saved, broken]


@given(NAMES, NAMES)
def test_two_models_never_have_one_file(one: str, other: str) -> None:
    if one != other:
        assert file_name("s", one) != file_name("s", other)
    for name in (one, other):
        assert len(file_name("s", name).parts) == 2


def test_names_that_people_read() -> None:
    assert str(file_name("open_asr@2026-08", "ibm-granite/granite-speech-4.1-2b-nar")) == (
        "open_asr@2026-08/ibm-granite--granite-speech-4.1-2b-nar.zip"
    )
    assert str(file_name("s", "org--m")) == "s/org%2D%2Dm.zip"


def test_every_verb_reads_a_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(16_000, np.float32), 16_000)
    Path("m.jsonl").write_text(json.dumps({"audio": "a.wav", "id": "a", "text": "red blue"}) + "\n")
    Path("said.jsonl").write_text(json.dumps({"id": "a", "pred_text": "red"}) + "\n")
    assert main(["--data", "m.jsonl", "--model", "transcripts:said.jsonl", "--out", "o", "--quiet"]) == 0
    run = next(Path("o").rglob("run.json")).parent
    assert main(["baseline", "save", str(run), "--dir", "b"]) == 0
    [saved] = Path("b").rglob("*.zip")
    assert saved.name == "transcripts%3Asaid.jsonl.zip"
    older = saved.with_name("transcripts--said.jsonl.zip")
    capsys.readouterr()
    assert main(["score", str(saved), "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    assert (score["model"], score["average"]["wer"]) == ("transcripts:said.jsonl", 0.5)
    assert main(["compare", str(saved), str(run)]) == 0
    assert main(["report", str(saved), str(run), "--out", "r"]) == 0
    assert Path("r/index.html").is_file()
    assert main(["explain", str(saved)]) == 0
    capsys.readouterr()
    assert main(["score", "b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [score]
    assert main(["score", "o", "b", "--json"]) == 0
    assert [one["model"] for one in json.loads(capsys.readouterr().out)] == [score["model"]] * 2
    shutil.copytree(run, "both/run")
    shutil.copy(saved, "both")
    assert main(["score", "both", "--json"]) == 0, "a run and its baseline are not two systems"
    told = capsys.readouterr()
    assert [one["model"] for one in json.loads(told.out)] == [score["model"]]
    assert "both: left out 1 saved baselines" in told.err
    assert main(["gate", str(run), "--baseline", "b"]) == 0
    saved.rename(older)
    assert main(["gate", str(run), "--baseline", "b"]) == 0, "those of before are found"
    capsys.readouterr()
    Path("x.zip").write_bytes(b"no zip")
    assert main(["score", "x.zip"]) == 4
    assert capsys.readouterr().err.startswith("error: x.zip is not a baseline that can be read: ")


def test_a_file_of_very_many_members(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(packed.MOST_MEMBERS + 1):
            archive.writestr(f"a{number}.jsonl", b"")
    with (
        pytest.raises(DataError, match=r"b\.zip is not a baseline: it holds 5,001 files, more than 5,000$"),
        opened(path),
    ):
        pass
