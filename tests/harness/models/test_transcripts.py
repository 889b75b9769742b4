from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.models.base import LoadOptions
from harness.models.registry import load_model
from harness.scoring.interchange import write_trn
from harness.types import Clip


def _ask(path: Path, *ids: str) -> list[str]:
    model = load_model(f"transcripts:{path}", LoadOptions())
    clips = [Clip(id=key, language="en", waveform=np.zeros(0, np.float32)) for key in ids]
    return [made.text for made in model.text(model.infer(model.transfer(model.features(clips))))]


def _lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FORMS = {
    "ours.jsonl": _lines({"id": "a-1", "reference": "no", "hypothesis": "one two"}, {"id": "b.2", "hypothesis": ""}),
    "leaderboard.jsonl": _lines(
        {"audio_filepath": "/data/x/a-1.flac", "text": "no", "pred_text": "one two", "duration": 1.0},
        {"audio_filepath": "b.2", "text": "no", "pred_text": ""},
    ),
    "plain.jsonl": "\ufeff" + _lines({"id": "a-1", "text": "one two"}, {"id": "b.2", "text": ""}),
    "nist.trn": "one two (a-1)\n(b.2)\n\n",
    "kaldi.txt": "a-1 one two\nb.2\n",
    "tabs.tsv": "a-1\tone two\nb.2\t\n",
    "table.tsv": "ID\tHypothesis\na-1\tone two\nb.2\t\n",
    "table.csv": "id,reference,hypothesis\na-1,no,one two\nb.2,,\n",
    "vendor.csv": "file;transcript\n/data/a-1.wav;one two\nb.2;\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str, tmp_path: Path) -> None:
    (tmp_path / form).write_text(FORMS[form], encoding="utf-8")
    assert _ask(tmp_path / form, "b.2", "a-1", "b.2") == ["", "one two", ""]
    assert _ask(tmp_path / form, "elsewhere/a-1.wav") == ["one two"]
    with pytest.raises(DataError, match=r"^c-3 is not in .*, which holds 2 transcripts$"):
        _ask(tmp_path / form, "a-1", "c-3")


def test_trn_files_of_ours_are_decoded(tmp_path: Path) -> None:
    write_trn(tmp_path / "x.trn", [("a/b.wav", "he said (so) 50%")])
    assert _ask(tmp_path / "x.trn", "a/b.wav", "b") == ["he said (so) 50%"] * 2


def test_a_folder_is_all_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(_lines({"id": "a", "text": "one"}, {"id": "same", "text": "x"}))
    (tmp_path / "two.jsonl").write_text(_lines({"id": "b", "text": "two"}, {"id": "same", "text": "x"}))
    (tmp_path / "three.trn").write_text("three (c)\n")
    (tmp_path / "README.txt").write_text("not a transcript\n")
    assert _ask(tmp_path, "a", "b", "c", "same") == ["one", "two", "three", "x"]
    with pytest.raises(DataError, match="not is not in"):
        _ask(tmp_path, "not")


def test_two_transcripts_of_an_id_are_not_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(_lines({"id": "a", "text": "one"}, {"id": "a", "text": "two"}, {"id": "b", "text": "three"}))
    assert _ask(path, "b") == ["three"]
    with pytest.raises(DataError, match=r"a has no clear transcript in .*: it stands there more than once"):
        _ask(path, "a")
    path.write_text(_lines({"id": "p/a.wav", "text": "one"}, {"id": "q/a.wav", "text": "two"}))
    assert _ask(path, "p/a.wav", "q/a.wav") == ["one", "two"]
    with pytest.raises(DataError, match="more than once"):
        _ask(path, "a")


def test_rows_without_a_transcript_fail_for_their_clip_only(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        _lines({"id": "a", "hypothesis": "one"}, {"id": "b", "error": "out of memory"}, {"id": "c", "hypothesis": None})
    )
    assert _ask(path, "a") == ["one"]
    with pytest.raises(DataError, match=r"b has no clear transcript in .*: out of memory"):
        _ask(path, "b")
    with pytest.raises(DataError, match=r"c has no clear transcript in .*: line 3 of x\.jsonl has no hypothesis"):
        _ask(path, "c")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", b"", "holds no transcripts"),
        ("x.jsonl", b"{\n", "line 1: not JSON"),
        ("x.jsonl", b'{"id": "a", "text": "b"}\n[1]\n', "line 2: a list, not a JSON object"),
        ("x.jsonl", b'{"text": "b"}\n', "line 1: no id; expected one of id,"),
        ("x.jsonl", b'{"id": "a", "pred_text": 3}\n', "line 1: pred_text is a int, not text"),
        ("x.jsonl", b'{"audio_filepath": "a", "text": "b"}\n', "its text is the reference"),
        ("x.jsonl", b"\xff\xfe\n", "is not UTF-8 text: byte 0"),
        ("x.trn", b"words without an id\n", "line 1: no label in parentheses at its end"),
        ("x.trn", b"one (a)\ntwo (a)\n", "line 2: 'a' was there before"),
        ("x.txt", b"\xff one\n", "is not UTF-8 (byte 0)"),
    ],
)
def test_files_that_are_wrong(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as failure:
        _ask(tmp_path / name, "a")
    assert said in str(failure.value)


def test_places_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        _ask(tmp_path / "nothing.jsonl", "a")
    with pytest.raises(UsageError, match="write --model transcripts:FILE"):
        load_model("transcripts:", LoadOptions())
    with pytest.raises(UsageError, match=r"holds neither \.jsonl nor \.trn files"):
        _ask(tmp_path, "a")


def test_the_card_names_the_contents(tmp_path: Path) -> None:
    path = tmp_path / "x.trn"
    path.write_text("one (a)\n")
    first = load_model(f"transcripts:{path}", LoadOptions()).card
    path.write_text("two (a)\n")
    second = load_model(f"transcripts:{path}", LoadOptions()).card
    assert first.id == second.id == f"transcripts:{path}"
    assert first.revision != second.revision
    assert first.parameters is None


def test_nemo_tells_segments_by_where_they_begin(tmp_path: Path) -> None:
    """The ids are those of own data: of the first segment that of the recording, of the others with their beginning."""
    rows = [
        {"audio_filepath": "x/long.wav", "offset": offset, "duration": 1, "text": "no", "pred_text": f"from {offset}"}
        for offset in (0, 1.5, 3_600.125)
    ]
    rows.append({"audio_filepath": "one.wav", "offset": 0.2, "text": "no", "pred_text": "once"})
    (tmp_path / "nemo.json").write_text(_lines(*rows), encoding="utf-8")
    names = ["x/long", "x/long_1.5", "x/long_3600.125", "one_0.2", "one"]
    assert _ask(tmp_path / "nemo.json", *names) == ["from 0", "from 1.5", "from 3600.125", "once", "once"]


def test_a_csv_of_audio_and_text_alone_is_a_reference(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("audio,text\na.wav,one\n")
    with pytest.raises(DataError, match=r"x\.csv has no pred_text: its text is the reference"):
        _ask(tmp_path / "x.csv", "a")
    (tmp_path / "x.csv").write_text("name,hypothesis\na,one\n")
    with pytest.raises(DataError, match=r"x\.csv, line 2: no id; expected one of id, utt_id"):
        _ask(tmp_path / "x.csv", "a")
