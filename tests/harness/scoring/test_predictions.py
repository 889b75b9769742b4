"""What is read, and what is said about files that are wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, HarnessError, UsageError
from harness.scoring.file_names import model_and_data
from harness.scoring.pairing import read_apart
from harness.scoring.predictions import read_systems

NAME = "MODEL_some-model_DATASET_hf-audio-esb-datasets-test-only-sorted_librispeech_test.clean.jsonl"
GOOD: dict[str, Any] = {"audio_filepath": "1.flac", "duration": 2.5, "time": 0.1, "text": "a b", "pred_text": "a c"}


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_run(folder: Path, rows: list[dict[str, Any]], **fact: object) -> Path:
    run = {
        "suite": "data_x",
        "profile": "card@2026-04",
        "model": {"id": "org/model"},
        "settings": {},
        "complete": True,
        "benchmarks": {"mine": {"language": "en", "expected": len(rows), **fact}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    write(folder / "mine.jsonl", *rows)
    return folder


def test_a_leaderboard_manifest(tmp_path: Path) -> None:
    (system,) = read_systems([write(tmp_path / NAME, GOOD)])
    assert (system.model, system.suite, system.run, system.folder) == ("some-model", None, None, None)
    (one,) = system.benchmarks
    assert (one.benchmark, one.language, one.ours) == ("librispeech_test_clean", "en", False)
    (row,) = one.rows
    assert (row.id, row.reference, row.hypothesis, row.duration, row.time) == ("1.flac", "a b", "a c", 2.5, 0.1)


def test_a_nemo_manifest_needs_no_times_and_no_special_name(tmp_path: Path) -> None:
    (system,) = read_systems([write(tmp_path / "parakeet.json", {"text": "ein", "pred_text": "ein"})], "de")
    assert system.model == "parakeet"
    assert (system.benchmarks[0].benchmark, system.benchmarks[0].language) == ("parakeet", "de")
    assert system.benchmarks[0].rows[0].duration is None


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("MODEL_x_DATASET_common_voice_17_0_ja_test.jsonl", "ja"),
        ("MODEL_x_DATASET_mls_german_test.jsonl", "de"),
        ("fleurs_cmn_hans_cn.jsonl", "zh"),
        ("aishell_zh-cn.jsonl", "zh"),
    ],
)
def test_a_known_corpus_says_its_language_in_the_file_name(tmp_path: Path, name: str, language: str) -> None:
    (one,) = read_systems([write(tmp_path / name, GOOD)])[0].benchmarks
    assert (one.language, one.language_stated) == (language, True)


@pytest.mark.parametrize(
    "stem", ["calls_uk", "gemma-3n-e4b-it", "latency_100ms", "he_said", "MODEL_x_DATASET_a_german"]
)
def test_letters_in_a_name_are_no_language(tmp_path: Path, stem: str) -> None:
    path = write(tmp_path / f"{stem}.jsonl", GOOD)
    (one,) = read_systems([path])[0].benchmarks
    assert (one.language, one.language_stated) == ("en", False)
    (one,) = read_systems([path], "German")[0].benchmarks
    assert (one.language, one.language_stated) == ("de", True)


def test_rows_that_say_their_language_are_a_benchmark_for_each(tmp_path: Path) -> None:
    rows = [GOOD | {"lang": spoken} for spoken in ("eng", "de_DE", "English", "", "deu")]
    path = write(tmp_path / "mine.jsonl", *rows)
    found = [
        (one.benchmark, one.language, one.language_stated, one.part_of, len(one.rows))
        for one in read_systems([path])[0].benchmarks
    ]
    assert found == [("mine_de", "de", True, "mine", 2), ("mine_en", "en", False, "mine", 3)]
    (one,) = read_systems([path], "fr")[0].benchmarks
    assert (one.benchmark, one.language, len(one.rows)) == ("mine", "fr", 5)
    (one,) = read_systems([write(tmp_path / "all.jsonl", *rows[1:2], *rows[4:])])[0].benchmarks
    assert (one.benchmark, one.language, one.language_stated, one.part_of) == ("all", "de", True, None)


@pytest.mark.parametrize(
    ("name", "said"), [("mine", ["en"]), ("fleurs_en_us", ["en", ""]), ("fleurs_en_us", ["de", "en", ""])]
)
def test_english_is_stated_by_each_row_or_by_the_file(tmp_path: Path, name: str, said: list[str]) -> None:
    path = write(tmp_path / f"{name}.jsonl", *(GOOD | {"lang": spoken} for spoken in said))
    assert {one.language: one.language_stated for one in read_systems([path])[0].benchmarks} == {
        spoken: True for spoken in said if spoken
    }


def test_a_row_s_language_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine\.jsonl, line 2: lang 'xx' is no language that is known; give a code"):
        read_systems([write(tmp_path / "mine.jsonl", GOOD, GOOD | {"lang": "xx"})])


def test_speakers_of_others_are_sessions(tmp_path: Path) -> None:
    rows = [GOOD | {"speaker": 7}, GOOD | {"speaker": "a", "session": "b"}, GOOD | {"session": ""}, GOOD]
    (one,) = read_systems([write(tmp_path / "mine.jsonl", *rows)])[0].benchmarks
    assert [row.session for row in one.rows] == ["7", "b", None, None]


def test_names_that_hold_the_markers_of_names() -> None:
    assert model_and_data("MODEL_a_b-c_DATASET_d_e") == ("a_b-c", "d_e")
    assert model_and_data("free") == ("free", "free")


def test_models_whose_names_contain_each_other_stay_apart(tmp_path: Path) -> None:
    """The official scorer finds rows by substring and prints one model with the other's figures."""
    data = "DATASET_x_librispeech_test.clean.jsonl"
    write(tmp_path / f"MODEL_nvidia-canary-1b_{data}", GOOD)
    write(tmp_path / f"MODEL_nvidia-canary-1b-flash_{data}", GOOD, GOOD)
    found = {system.model: len(system.benchmarks[0].rows) for system in read_systems([tmp_path])}
    assert found == {"nvidia-canary-1b": 1, "nvidia-canary-1b-flash": 2}


def test_folders_are_searched_to_any_depth_and_files_given_twice_are_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "some-model" / "deep" / NAME, GOOD)
    assert len(read_systems([tmp_path, path, tmp_path / "some-model"])) == 1


def test_two_files_of_one_model_and_benchmark_are_named_both(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a" / NAME, GOOD), write(tmp_path / "b" / NAME, GOOD)
    with pytest.raises(UsageError) as raised:
        read_systems([tmp_path])
    assert str(first) in str(raised.value)
    assert str(second) in str(raised.value)


BAD: list[tuple[str, bytes, str]] = [
    ("malformed", b'{"text": "a", "pred_text": \n', "line 1: not a JSON object"),
    ("second line", json.dumps(GOOD).encode() + b"\n{]\n", "line 2: not a JSON object"),
    ("a list", b"[1]\n", "line 1: not a JSON object but list"),
    ("no prediction", b'{"text": "a"}\n', "line 1: no 'pred_text'"),
    ("no reference", b'{"pred_text": "a"}\n', "line 1: no 'text'"),
    ("a number", b'{"text": "a", "pred_text": 3}\n', "line 1: 'pred_text' must be text, not 3"),
    ("null reference", b'{"text": null, "pred_text": ""}\n', "line 1: 'text' must be text"),
    ("latin-1", '{"text": "\xe9", "pred_text": ""}\n'.encode("latin-1"), "is not UTF-8 (byte 10)"),
    ("utf-16", '{"text": "a", "pred_text": ""}\n'.encode("utf-16"), "is not UTF-8 (byte 0)"),
    ("empty", b"", "is empty"),
    ("blank", b"\n \n", "is empty"),
    ("duration", b'{"text": "a", "pred_text": "", "duration": "3"}\n', "'duration' must be seconds"),
    ("nan", b'{"text": "a", "pred_text": "", "duration": NaN}\n', "'duration' must be seconds"),
    ("negative", b'{"text": "a", "pred_text": "", "time": -1}\n', "'time' must be seconds"),
    ("half a chunk", b'{"text": "a", "pred_text": "", "parent_id": "x"}\n', "both parent_id and chunk_index"),
    ("chunk", b'{"text": "a", "pred_text": "", "parent_id": "x", "chunk_index": "0"}\n', "'chunk_index' must be"),
    ("deep", b"[" * 100_000 + b"\n", "line 1: not a JSON object"),
    ("binary", b"PK\x03\x04\xff\xfe", "is not UTF-8 (byte 4)"),
]


@pytest.mark.parametrize(("content", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        read_systems([path])
    assert str(path) in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n")
    assert len(read_systems([path])[0].benchmarks[0].rows) == 1


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / NAME
    line = json.dumps(GOOD).encode() + b"\n"
    path.write_bytes(line + b"\n \n" + line)
    assert len(read_systems([path])[0].benchmarks[0].rows) == 2


def test_sessions_are_told_from_ids_where_the_data_set_says_how(tmp_path: Path) -> None:
    """LibriSpeech's ids begin with the speaker."""
    rows = [GOOD | {"audio_filepath": name} for name in ("1089-134686-0001.flac", "121-3-0.flac", "odd")]
    (system,) = read_systems([write(tmp_path / NAME, *rows)])
    assert [row.session for row in system.benchmarks[0].rows] == ["1089", "121", None]


def test_chunks_of_a_file_say_their_place(tmp_path: Path) -> None:
    rows = [GOOD | {"parent_id": "p", "chunk_index": at} for at in (0, 1)]
    (system,) = read_systems([write(tmp_path / "mine.jsonl", *rows)])
    assert [(row.parent_id, row.chunk_index) for row in system.benchmarks[0].rows] == [("p", 0), ("p", 1)]


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(json.dumps(GOOD | {"text": "a\u2028b\x85c"}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_systems([path])[0].benchmarks[0].rows[0].reference == "a\u2028b\x85c"


def test_paths_with_nothing_in_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        read_systems([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="nothing to score"):
        read_systems([tmp_path])


def test_a_report_among_the_runs_is_passed_over(tmp_path: Path) -> None:
    """A shell's * names it with them; the sample's own command leaves one beside its runs."""
    runs, report = tmp_path / "runs", tmp_path / "report"
    for folder in (runs, report):
        folder.mkdir()
        (folder / "table.json").write_text("{}")
    write(runs / NAME, GOOD)  # a report was written into the folder of its own runs
    assert [system.model for system in read_systems([report, runs])] == ["some-model"]
    assert [system.model for system in read_apart([runs, report])] == ["some-model"]
    with pytest.raises(UsageError, match="nothing to score"):
        read_systems([report])


def test_a_null_prediction_is_a_failed_utterance(tmp_path: Path) -> None:
    (row,) = read_systems([write(tmp_path / NAME, GOOD | {"pred_text": None})])[0].benchmarks[0].rows
    assert row.hypothesis is None
    assert row.error == "no transcript (pred_text is null)"


ROW = {"id": "u1", "language": "en", "session": "s", "duration": 1.0, "reference": "a b", "hypothesis": "a b"}


def test_a_run_of_ours(tmp_path: Path) -> None:
    failed = {"id": "u2", "reference": "c", "error": "too short", "tags": {"accent": "scottish"}}
    (system,) = read_systems([write_run(tmp_path / "run", [ROW, failed])])
    assert (system.model, system.suite, system.folder) == ("org/model", "data_x", tmp_path / "run")
    (one,) = system.benchmarks
    assert one.ours
    assert [row.hypothesis for row in one.rows] == ["a b", None]
    assert (one.rows[0].session, one.rows[1].error, one.rows[1].tags) == ("s", "too short", {"accent": "scottish"})


def test_the_language_of_a_run_is_its_utterances_unless_another_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path, [ROW, ROW | {"id": "u2", "language": ""}], language="de")
    found = [(one.benchmark, one.language, one.part_of) for one in read_systems([folder])[0].benchmarks]
    assert found == [("mine_de", "de", "mine"), ("mine_en", "en", "mine")]
    (one,) = read_systems([folder], "fr_FR")[0].benchmarks
    assert (one.benchmark, one.language, one.language_stated) == ("mine", "fr", True)
    assert not read_systems([write_run(tmp_path, [ROW], language_stated=False)])[0].benchmarks[0].language_stated


def test_a_torn_last_line_of_a_journal_is_left_out(tmp_path: Path) -> None:
    folder = write_run(tmp_path, [ROW])
    with (folder / "mine.jsonl").open("a") as journal:
        journal.write('{"id": "u2", "refer')
    assert [row.id for row in read_systems([folder])[0].benchmarks[0].rows] == ["u1"]


def test_an_error_that_was_tried_again_is_replaced_and_a_transcript_never(tmp_path: Path) -> None:
    error = {"id": "u1", "reference": "a b", "error": "lost"}
    (system,) = read_systems([write_run(tmp_path / "retried", [error, ROW])])
    assert [row.hypothesis for row in system.benchmarks[0].rows] == ["a b"]
    with pytest.raises(DataError, match="'u1' stands there twice"):
        read_systems([write_run(tmp_path / "doubled", [ROW, ROW])])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "expected object, got array"),
        ("{}", "object missing required field model"),
        ('{"model": 3, "benchmarks": {}}', "model: expected object, got int"),
        ('{"model": {"id": "x"}}', "object missing required field benchmarks"),
    ],
)
def test_a_broken_run_json_is_named(tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match=rf"{re.escape(str(tmp_path / 'run.json'))}:? {what}"):
        read_systems([tmp_path])


@pytest.mark.parametrize(
    "row",
    [
        {"id": "u", "reference": "a"},
        {"id": "u", "reference": "a", "hypothesis": "a", "error": "x"},
        {"id": 3, "reference": "a", "hypothesis": "a"},
        {"id": "u", "reference": "a", "hypothesis": "a", "tags": [1]},
    ],
)
def test_a_broken_journal_line_is_named(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(HarnessError, match=r"mine\.jsonl, line 1: "):
        read_systems([write_run(tmp_path, [row])])
