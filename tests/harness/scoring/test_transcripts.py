"""NIST trn and Kaldi text as predictions, from their files to `score` and `compare`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.errors import DataError, UsageError
from harness.scoring.interchange import write_trn
from harness.scoring.transcripts import read_transcripts
from harness.types import Turn

if TYPE_CHECKING:
    from pathlib import Path

LABELS = [f"s{session}-{index}" for session in range(6) for index in range(3)]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "set.ref.trn"
    write_trn(path, [(label, "one two three") for label in LABELS])
    return path


def test_trn_and_kaldi_text_are_systems(tmp_path: Path, reference: Path) -> None:
    first, second = tmp_path / "set.first.trn", tmp_path / "second"
    write_trn(first, [(label, "one two tree") for label in reversed(LABELS)])
    second.write_text("".join(f"{label} one two three\n" for label in LABELS[1:]), encoding="utf-8")
    one, other = read_transcripts(reference, [first, second], "de_DE")
    assert [(system.model, system.benchmarks[0].benchmark) for system in (one, other)] == [
        ("first", "set"),
        ("second", "set"),
    ]
    assert one.benchmarks[0].language == "de"
    rows = one.benchmarks[0].rows
    assert [row.id for row in rows] == LABELS
    assert (rows[4].reference, rows[4].hypothesis, rows[4].session) == ("one two three", "one two tree", "s1")
    failed = other.benchmarks[0].rows[0]
    assert (failed.hypothesis, failed.error) == (None, "no line in second")


@pytest.mark.parametrize("labels", [["utt-1", "utt-2"], ["a-1", "b-2"], ["a-1", "a-2", "b"], ["clip1", "clip2"]])
def test_labels_that_tell_no_session(tmp_path: Path, labels: list[str]) -> None:
    path = tmp_path / "text"
    path.write_text("".join(f"{label} x\n" for label in labels), encoding="utf-8")
    [system] = read_transcripts(path, [path])
    assert {row.session for row in system.benchmarks[0].rows} == {None}


def test_files_that_do_not_fit_are_refused(tmp_path: Path, reference: Path) -> None:
    stranger, empty = tmp_path / "stranger.trn", tmp_path / "empty.trn"
    write_trn(stranger, [("s0-0", "one"), ("x-1", "two"), ("x-2", "three")])
    with pytest.raises(DataError, match=r"stranger\.trn: 'x-1' and 1 more is not in .*set\.ref\.trn"):
        read_transcripts(reference, [stranger])
    write_trn(stranger, [("s0-0", "one"), ("x-1", "two")])
    with pytest.raises(DataError, match=r"stranger\.trn: 'x-1' is not in .*set\.ref\.trn"):
        read_transcripts(reference, [stranger])
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="is empty"):
        read_transcripts(reference, [empty])
    with pytest.raises(UsageError, match="given twice"):
        read_transcripts(reference, [reference, reference, reference])


def test_verbs_read_them(tmp_path: Path, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worse = tmp_path / "worse.trn"
    write_trn(worse, [(label, "one too three") for label in LABELS])
    assert main(["score", str(worse), "--reference", str(reference), "--profile", "verbatim", "--json"]) == 0
    [score] = json.loads(capsys.readouterr().out)
    [entry] = score["benchmarks"]
    assert (score["model"], entry["benchmark"], entry["unit"]) == ("worse", "set", "session")
    assert entry["errors"] == {"hits": 36, "substitutions": 18, "deletions": 0, "insertions": 0}
    assert entry["wer_interval"]["sessions"] == 6
    same = tmp_path / "same.trn"
    same.write_bytes(reference.read_bytes())
    arguments = [str(worse), str(same), "--reference", str(reference), "--profile", "verbatim"]
    assert main(["compare", *arguments]) == 0
    assert "B is better" in capsys.readouterr().out


def test_rows_that_say_their_language_are_scored_under_it(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,text,language\n1,\u0928\u092e,hi\n2,one,eng\n", encoding="utf-8")
    (tmp_path / "h.csv").write_text("id,text\n1,\u0928\u092e\n2,one\n", encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r.csv", [tmp_path / "h.csv"])
    assert [(one.benchmark, one.language, one.language_stated) for one in system.benchmarks] == [
        ("r_en", "en", True),
        ("r_hi", "hi", True),
    ]
    [system] = read_transcripts(tmp_path / "r.csv", [tmp_path / "h.csv"], "en")
    assert [(one.benchmark, len(one.rows)) for one in system.benchmarks] == [("r", 2)]


def test_lines_that_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("one two\nthree\n", encoding="utf-8")
    for content in ("\n\n", "\n\n\n\n"):
        (tmp_path / "h.txt").write_text(content, encoding="utf-8")
        [system] = read_transcripts(tmp_path / "r.txt", [tmp_path / "h.txt"], form="lines")
        assert [row.hypothesis for row in system.benchmarks[0].rows] == ["", ""]


def test_a_null_beside_a_reference_is_a_failed_utterance(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"id": "1", "text": "a"}\n', encoding="utf-8")
    (tmp_path / "h.jsonl").write_text('{"id": "1", "pred_text": null}\n', encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r.jsonl", [tmp_path / "h.jsonl"])
    assert system.benchmarks[0].rows[0].hypothesis is None


def test_columns_that_are_passed_over_are_told_of_either_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, written = tmp_path / "r.jsonl", tmp_path / "h.csv"
    said.write_text('{"id": "1", "text": "a b", "transcript": "c"}\n')
    written.write_text("id,pred_text,hypothesis,text\n1,a b,c,d\n")
    (system,) = read_transcripts(said, [written])
    assert [(row.reference, row.hypothesis) for row in system.benchmarks[0].rows] == [("a b", "a b")]
    passed = "which could be meant too, is passed over"
    assert capsys.readouterr().err.splitlines() == [
        f"r.jsonl: the column 'text' is taken; 'transcript', {passed}",
        f"h.csv: the column 'pred_text' is taken; 'hypothesis', {passed}",
    ]


def test_words_in_a_segment_that_is_not_scored_are_not_counted(tmp_path: Path) -> None:
    stm = "r1 1 spk1 0 5 <o> hello there\nr1 1 gap 5 7 <o> ignore_time_segment_in_scoring\nr1 1 spk1 7 9 <o> bye now\n"
    ctm = "r1 1 1 .2 hello\nr1 1 2 .2 there\nr1 1 5.5 .2 noise\nr1 1 7.5 .2 bye\nr1 1 8 .2 now\n"
    (tmp_path / "r.stm").write_text(stm, encoding="utf-8")
    (tmp_path / "h.ctm").write_text(ctm, encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r.stm", [tmp_path / "h.ctm"])
    assert [(row.reference, row.hypothesis) for row in system.benchmarks[0].rows] == [
        ("hello there", "hello there"),
        ("bye now", "bye now"),
    ]


CUES = "1\n00:00:00,000 --> 00:00:01,000\na b\n\n2\n00:00:01,000 --> 00:00:02,000\nc d\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b c d\n", "a b c d"),  # its first word is no id
        ("a b\n\nc\nd\n", "a b c d"),  # all lines are the recording
        ("r1 a b c d\n", "a b c d"),
        ("r0 x\nr1 a b c d\n", "a b c d"),
        ("utt_7 a b c d\n", "a b c d"),
        ("1999 a b\n", "1999 a b"),
    ],
)
def test_plain_text_beside_subtitles_is_the_recording(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r1.srt").write_text(CUES, encoding="utf-8")
    (tmp_path / "ref.txt").write_text(text, encoding="utf-8")
    [system] = read_transcripts(tmp_path / "ref.txt", [tmp_path / "r1.srt"])
    rows = {row.reference: row.hypothesis for row in system.benchmarks[0].rows}
    assert rows[said] == "a b c d"


def test_a_plain_transcript_of_subtitles(tmp_path: Path) -> None:
    (tmp_path / "r1.srt").write_text(CUES, encoding="utf-8")
    (tmp_path / "hyp.txt").write_text("a x\nc d\n", encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r1.srt", [tmp_path / "hyp.txt"])
    assert [(row.reference, row.hypothesis) for row in system.benchmarks[0].rows] == [("a b c d", "a x c d")]


def test_what_is_no_subtitles_is_refused(tmp_path: Path) -> None:
    broken, silent, reference = tmp_path / "r1.srt", tmp_path / "r1.vtt", tmp_path / "ref.txt"
    reference.write_text("a b\n", encoding="utf-8")
    broken.write_text("a b\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"r1\.srt: no subtitles; a cue of srt has a line of times"):
        read_transcripts(reference, [broken])
    silent.write_text("WEBVTT\n", encoding="utf-8")
    [system] = read_transcripts(reference, [silent])
    assert [row.hypothesis for row in system.benchmarks[0].rows] == [""]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "language"),
    [
        ("fleurs_hi_in.txt", "mine.txt", "hi"),
        ("fleurs_hi_in.ref.txt", "fleurs_de_de.txt", "hi"),
        ("ref.txt", "MODEL_m_DATASET_fleurs_hi_in.txt", "hi"),
        ("my_hi_set.txt", "hi.txt", None),
    ],
)
def test_a_corpus_s_file_name_says_the_language(
    tmp_path: Path, reference: str, hypothesis: str, language: str | None
) -> None:
    for name in (reference, hypothesis):
        (tmp_path / name).write_text("one two\nthree two\n", encoding="utf-8")
    paths = tmp_path / reference, [tmp_path / hypothesis]
    [system] = read_transcripts(*paths, form="lines")
    one = system.benchmarks[0]
    assert (one.language, one.language_stated) == (language or "en", language is not None)
    [system] = read_transcripts(*paths, "fr", form="lines")
    assert system.benchmarks[0].language == "fr"


# whole recordings


def test_segments_of_an_stm_that_are_others_are_scored_by_recording(tmp_path: Path) -> None:
    (tmp_path / "r.stm").write_text("m 1 A 0 1 a b\nm 1 B 1 2 c\n", encoding="utf-8")
    (tmp_path / "h.stm").write_text("m 1 x 0 1.5 a b\nm 1 y 1.4 2 d\n", encoding="utf-8")
    said: list[str] = []
    [system] = read_transcripts(tmp_path / "r.stm", [tmp_path / "h.stm"], say=said.append)
    [row] = system.benchmarks[0].rows
    assert (row.id, row.reference, row.hypothesis) == ("m", "a b c", "a b d")
    assert row.reference_turns == (Turn("A", "a b", 0.0, 1.0), Turn("B", "c", 1.0, 2.0))
    assert row.turns == (Turn("x", "a b", 0.0, 1.5), Turn("y", "d", 1.4, 2.0))
    assert said[0] == "h.stm: other segments than in r.stm, so that recordings are scored as a whole"
    (tmp_path / "h.stm").write_text("m 1 x 0 1 a b\nm 1 y 1 2 d\n", encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r.stm", [tmp_path / "h.stm"], say=said.append)
    assert [(row.hypothesis, row.turns) for row in system.benchmarks[0].rows] == [
        ("a b", (Turn("", "a b", 0.0, 1.0),)),
        ("d", (Turn("", "d", 1.0, 2.0),)),
    ]
    assert said[2] == "each segment is an utterance; --format meetings scores recordings, and who speaks in them"
    [system] = read_transcripts(tmp_path / "r.stm", [tmp_path / "h.stm"], form="meetings")
    assert [row.turns for row in system.benchmarks[0].rows] == [(Turn("x", "a b", 0.0, 1.0), Turn("y", "d", 1.0, 2.0))]


def test_what_has_whole_recordings_beside_an_stm_is_scored_by_recording(tmp_path: Path) -> None:
    """An RTTM tells who speaks when; a recognizer's JSON is the recording that it is called after."""
    (tmp_path / "r.stm").write_text("m 1 A 0 1 a b\n", encoding="utf-8")
    (tmp_path / "m.rttm").write_text("SPEAKER m 1 0 1.5 <NA> <NA> x <NA> <NA>\n", encoding="utf-8")
    found = {"segments": [{"start": 0, "end": 1, "text": " a b", "speaker": "SPEAKER_00", "words": [{"word": "a"}]}]}
    (tmp_path / "m.json").write_text(json.dumps(found), encoding="utf-8")
    rttm, recognizer = read_transcripts(tmp_path / "r.stm", [tmp_path / "m.rttm", tmp_path / "m.json"])
    for system in (rttm, recognizer):
        assert system.benchmarks[0].rows[0].reference_turns == (Turn("A", "a b", 0.0, 1.0),)
    assert rttm.benchmarks[0].rows[0].turns == (Turn("x", "", 0.0, 1.5),)
    assert recognizer.benchmarks[0].rows[0].turns == (Turn("SPEAKER_00", "a b", 0.0, 1.0),)


def test_channels_of_a_call_are_one_meeting(tmp_path: Path) -> None:
    """Of a ctm each channel is a speaker; words are turns up to a pause of half a second."""
    (tmp_path / "r.stm").write_text("c A ann 0 1 a b\nc B bob 1 2 c\n", encoding="utf-8")
    (tmp_path / "h.ctm").write_text("c B 1.0 0.5 c\nc A 0 0.4 a\nc A 0.5 0.4 b\nc A 3 0.5 d\n", encoding="utf-8")
    [system] = read_transcripts(tmp_path / "r.stm", [tmp_path / "h.ctm"], form="meetings")
    [row] = system.benchmarks[0].rows
    assert (row.id, row.reference, row.hypothesis) == ("c", "a b c", "a b c d")
    assert row.reference_turns == (Turn("ann", "a b", 0.0, 1.0), Turn("bob", "c", 1.0, 2.0))
    assert row.turns == (Turn("A", "a b", 0.0, 0.9), Turn("B", "c", 1.0, 1.5), Turn("A", "d", 3.0, 3.5))
    assert row.words is not None
    assert [word.text for word in row.words] == ["a", "b", "c", "d"]


def test_a_recording_without_times_is_no_meeting(tmp_path: Path) -> None:
    (tmp_path / "r.trn").write_text("a b (m)\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"--format meetings: .*r\.trn as trn has no recordings with times"):
        read_transcripts(tmp_path / "r.trn", [tmp_path / "r.trn"], form="meetings")


def test_a_folder_of_recordings_is_one_reference(tmp_path: Path) -> None:
    for folder, text in (("said", "a b"), ("one", "a x"), ("other", "a b")):
        (tmp_path / folder).mkdir()
        for name in "xy":
            content = f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n" if folder == "other" else text
            (tmp_path / folder / f"{name}.{'srt' if folder == 'other' else 'txt'}").write_text(content)
    one, other = read_transcripts(tmp_path / "said", [tmp_path / "one", tmp_path / "other"])
    assert [(row.id, row.hypothesis) for row in one.benchmarks[0].rows] == [("x", "a x"), ("y", "a x")]
    assert [(row.id, row.hypothesis) for row in other.benchmarks[0].rows] == [("x", "a b"), ("y", "a b")]
    assert other.benchmarks[0].rows[0].turns == (Turn("", "a b", 0.0, 1.0),)
    with pytest.raises(UsageError, match=r"is a file, and --reference .* a folder of recordings; give folders"):
        read_transcripts(tmp_path / "said", [tmp_path / "one" / "x.txt"])
    (tmp_path / "one" / "z.trn").write_text("a (q)\n")
    with pytest.raises(DataError, match=r"z\.trn is trn: a folder of references has recordings with times"):
        read_transcripts(tmp_path / "said", [tmp_path / "one"])
