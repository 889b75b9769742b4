"""Whether a place has a form is answered for whatever is called a place, cheaply and without an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.own.dataset import own_dataset
from benchmarks.own.recognize import forms, recognize
from harness.errors import UsageError
from tests.benchmarks.own.found import write

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ["", "\0", "x" * 5_000, "no/such/place", "x{9..1}.tar", "x{0..99999999999999}.tar", "a\nb.json", "\udce9.tar"]


@pytest.mark.parametrize("name", forms())
def test_no_place_makes_a_form_fail(name: str, tmp_path: Path) -> None:
    form = forms()[name]
    for place in PLACES:
        form.recognizes(place)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "round").symlink_to(tmp_path)
    endings = [
        "json",
        "jsonl",
        "jsonl.gz",
        "csv",
        "tsv",
        "tar",
        "tar.gz",
        "stm",
        "eaf",
        "TextGrid",
        "srt",
        "parquet",
        "arrow",
    ]
    contents = (b"", b"\0\xff" * 50, b"[" * 5_000, b"\x1f\x8b\x08", b'[{"session_id": 1}]', b"{}")
    for number, content in enumerate(contents):
        for ending in endings:
            (tmp_path / f"{number}.{ending}").write_bytes(content)
        for known in ("wav.scp", "text", "metadata.csv", "transcripts.txt", "cuts.jsonl", "tarred_audio_manifest.json"):
            (tmp_path / known).write_bytes(content)
        for path in (*sorted(tmp_path.iterdir()), tmp_path):
            assert form.recognizes(str(path)) in {True, False}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_place_is_refused_in_one_line(place: str) -> None:
    with pytest.raises(UsageError) as failure:
        own_dataset(place)
    assert "\n" not in str(failure.value)


def test_names_and_ranks_are_each_forms_own() -> None:
    every = list(forms().values())
    assert len({form.rank for form in every}) == len(every)
    assert len({form.title for form in every}) == len(every)
    assert list(forms()) == [form.name for form in sorted(every, key=lambda form: form.rank)]


def test_a_form_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.unknown", "hello")
    with pytest.raises(UsageError, match="not of a form that is known"):
        recognize(str(path))
    assert recognize(str(path), "kaldi").name == "kaldi"
    with pytest.raises(UsageError, match="no form called 'kaldy'; did you mean 'kaldi'"):
        recognize(str(path), "kaldy")
