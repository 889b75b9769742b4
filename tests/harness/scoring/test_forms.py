"""Which form a file has: by its ending, its content, and for plain text by both files of a pair."""

import gzip
from pathlib import Path

import pytest

from benchmarks.sources.text_files import read_content
from harness.errors import DataError, UsageError
from harness.scoring.forms import FORMS, form_of, plain_form, stem


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.jsonl", "{}", "jsonl"),
        ("a.jsonl.gz", "{}", "jsonl"),
        ("a.json", '{"text": ""}', "jsonl"),
        ("a.json", '[{"text": ""}]', "json"),
        ("a.json", '[{"session_id": "a", "words": ""}]', "seglst"),
        ("a.json", "[]", "json"),
        ("a.csv", "x", "csv"),
        ("a.TSV", "x", "tsv"),
        ("a.trn", "x", "trn"),
        ("a.stm", "x", "stm"),
        ("a.ctm", "x", "ctm"),
        ("a.srt", "x", "srt"),
        ("a.vtt", "x", "vtt"),
        ("a.txt", "WEBVTT\n\n", "vtt"),
        ("a.txt", "1\n00:00:01,000 --> 00:00:02,000\nhi\n", "srt"),
        ("a.txt", "hello (spk-1)\n;; a comment\nyes (spk-2)\n", "trn"),
        ("a", '{"text": ""}', "jsonl"),
        ("a.txt", "hello (spk-1)\nyes\n", None),
        ("text", "u1 hello", None),
        ("a.txt", "", None),
    ],
)
def test_ending_and_content_tell(name: str, content: str, form: str | None) -> None:
    assert form_of(Path(name), content) == form
    assert all(form_of(Path(name), content, asked) == asked for asked in FORMS)


def test_a_broken_array_is_named() -> None:
    with pytest.raises(DataError, match=r"a\.json: not a JSON array"):
        form_of(Path("a.json"), "[{")


def pair(reference: str, hypothesis: str) -> str:
    return plain_form((Path("ref"), reference), (Path("hyp"), hypothesis))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "form"),
    [
        ("u1 a b\nu2 c\n", "u2 c\nu1 a\n", "kaldi"),
        ("u1 a\nu2 c\n", "u2 c\n", "kaldi"),
        ("anna a\nbert c\n", "bert c\n", None),  # ids that look like words, or lines of which one is missing
        ("one two\nthree four\n", "one two\nthree four\n\n", None),
        ("a-1 one two\na-2 three\n", "a-1 one two\na-1 one two\n", "kaldi"),  # an id stands there twice
        ("a-1 one two\na-2 three four\n", "one two\nthree four\n", None),
        ("10 bottles of beer\n9 bottles of beer\n", "10 bottles of beer\n9 bottles of beer\n", None),
        ("the cat\nthe dog\n", "the cat\nthe dog", "lines"),
        ("9 a\nb c\n", "9 b\nd c\n", "lines"),
        ("a b\n\nc\n", "a\n\nc\n", None),
        ("the cat\na dog\n", "the cat\na dog\n", None),
        ("the cat\nis the dog\n", "the cat\nis the dog\n", "lines"),  # where a first word stands elsewhere
        ("a-1 x\na-2 x\nb x\n", "a-1 x\na-2 x\nb x\n", "kaldi"),
        ("a b\nc d\n", "x\n", None),
        ("25 a\n30 b\n", "26 a\n30 b\n", None),  # ids that do not fit, or texts that begin with numbers
        ("u1 a\nu2 b\n", "u1 a\nu9 b\nu3 c\n", "kaldi"),
    ],
)
def test_plain_text_is_what_both_files_can_be(reference: str, hypothesis: str, form: str | None) -> None:
    if form is not None:
        assert pair(reference, hypothesis) == form
        return
    with pytest.raises(UsageError, match=r"hyp and ref: .*; say --format kaldi or --format lines"):
        pair(reference, hypothesis)


def test_a_transcript_with_ids_is_not_parallel_to_a_reference_without() -> None:
    with pytest.raises(
        UsageError, match=r"hyp: its lines begin with ids \('u1'\), those of ref do not; .* --format lines"
    ):
        pair("one two\nthree one\n", "u1 one two\nu2 three one\n")
    assert pair("one covid nineteen\n", "covid-19\n") == "lines"
    assert pair("9a two\nthree one\n", "9a two\n3b one\n") == "lines"
    assert pair("one two\nthree one\n", "1st two\n1st one\n") == "lines"
    assert pair("one two\nthree one\n", "1st two\nthree one\n") == "lines"


def test_packed_and_broken_files(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfhello", mtime=0))
    assert read_content(path) == "hello"
    for data, said in (
        (gzip.compress(b"hello", mtime=0)[:-9], "cannot read"),
        (b"\x1f\x8bnot gzip", "cannot read"),
        (b"a\xff", r"is not UTF-8 \(byte 1\)"),
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=said):
            read_content(path)
    with pytest.raises(DataError, match="cannot read"):
        read_content(tmp_path)


def test_names_without_the_ending_of_the_form() -> None:
    found = [stem(Path(name)) for name in ("a.b.jsonl", "a.trn.gz", "a.txt", "a.v2", "a", "whisper-tiny.en")]
    assert found == ["a.b", "a", "a", "a.v2", "a", "whisper-tiny.en"]
