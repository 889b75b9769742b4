"""Transcripts with times beside recordings: each segment once, with its speaker, channel and reason to be left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.own.recognize import recognize
from harness.audio import decode
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write
from tests.benchmarks.test_tiers import EAF

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with call.wav (4 s) and st.wav (4 s, two channels)."""
    tone(tmp_path / "call.wav", 4)
    tone(tmp_path / "st.wav", 4, channels=2)
    return tmp_path


def test_stm(folder: Path) -> None:
    path = write(
        folder / "set.stm",
        ";; a comment",
        "call 1 anna 0.0 1.0 <o,f0,female> hello there",
        "call 1 bert 0.5 1.5 <o,f0,male> so { colour / color } it is",
        "call 1 anna 1.5 2.0 ignore_time_segment_in_scoring",
        "call 1 anna 2.0 3.0 <o>",
        "call 1 inter_segment_gap 3.0 3.1 inter_segment_gap",
        "call 1 anna 0.5 2.5 again",
        "call 1 anna 3.0 3.0 nothing",
        "st A anna 0 1.5 left",
        "st B bert 0 1.5 right",
        "gone 1 anna 0 1 x",
    )
    for found in (read(path), read(folder)):
        assert found.texts == {
            "call_0.00_1.00": "hello there",
            "call_0.50_1.50": '[["so"], ["colour", "color"], ["it is"]]',
            "st_0.00_1.50": "left",
            "st_B_0.00_1.50": "right",
        }
        assert found.spans(folder) == {
            "call_0.00_1.00": ("call.wav", 0.0, 1.0, None),
            "call_0.50_1.50": ("call.wav", 0.5, 1.5, None),
            "st_0.00_1.50": ("st.wav", 0.0, 1.5, 0),
            "st_B_0.00_1.50": ("st.wav", 0.0, 1.5, 1),
        }
        assert [(item.session, item.tags["speaker"]) for item in found.utterances] == [
            ("call", "anna"),
            ("call", "bert"),
            ("st", "anna"),
            ("st", "bert"),
        ]
        assert found.left_out == {
            "segments marked to be ignored in scoring": 2,
            "segments without words": 1,
            "segments that end where they begin, or before": 1,
            "segments that overlap another one of the same speaker": 1,
            "segments whose recording is not there": 1,
        }
        assert "segments that begin while another speaker speaks, so that both are heard: 1" in found.account.notes
    assert [round(float(decode(item.audio).mean()), 1) for item in found.utterances] == [0.1, 0.1, 0.1, 0.2]


def test_channels_of_stm_are_told_by_the_file(folder: Path) -> None:
    """A file of one channel is heard as it is, whatever the side is called; one file a side is found by its name."""
    tone(folder / "c-B.wav", 2)
    path = write(folder / "set.stm", "call B x 0 1 one", "c B x 0 1 two", "st 2 x 0 1 three")
    assert read(path).spans(folder) == {
        "call_B": ("call.wav", 0.0, 1.0, None),
        "c_B": ("c-B.wav", 0.0, 1.0, None),
        "st_2": ("st.wav", 0.0, 1.0, 1),
    }
    write(path, "st 3 x 0 1 one")
    refused(path, DataError, "set.stm, 0 s of st_3: channel '3' of a recording with 2 channels")


def test_channels_that_count_from_0(folder: Path) -> None:
    """Where one is 0, the other one is the second; a SegLST may state them too."""
    path = write(folder / "set.stm", "st 0 ann 0 1 hi\nst 1 bob 0 1 you\n")
    assert [item.audio.channel for item in read(path).utterances] == [0, 1]
    rows = [
        {"session_id": "st", "start_time": at, "end_time": at + 1, "words": "x", "channel": 1 + at} for at in (0, 1)
    ]
    write(folder / "st.json", json.dumps(rows))
    assert [item.audio.channel for item in read(folder / "st.json").utterances] == [0, 1]
    write(folder / "st.json", json.dumps([row | {"channel": None} for row in rows]))
    assert [item.audio.channel for item in read(folder / "st.json").utterances] == [None, None]


def test_stm_beside_sph(tmp_path: Path) -> None:
    """TED-LIUM's layout: stm/ beside sph/."""
    tone(tmp_path / "sph" / "talk.wav", 2)
    path = write(
        tmp_path / "stm" / "talk.stm", "talk 1 anna 0 1 <o,f0,female> hello", "talk 1 anna 1 2 <o,f0,female> you"
    )
    for place in (path, tmp_path):
        assert read(place).texts == {"talk_0.00_1.00": "hello", "talk_1.00_2.00": "you"}


def test_ctm_is_the_whole_recording(folder: Path) -> None:
    write(folder / "a.ctm", "call 1 1.0 0.5 there 0.9", "call 1 0.0 0.5 hello", "st B 0 1 right")
    found = read(folder)
    assert found.texts == {"call": "hello there", "st_B": "right"}
    assert found.spans(folder) == {"call": ("call.wav", None, None, None), "st_B": ("st.wav", None, None, 1)}
    assert [item.duration for item in found.utterances] == [4.0, 4.0]


def test_seglst(folder: Path) -> None:
    rows = [
        {"session_id": "call", "speaker": "anna", "start_time": "0.25", "end_time": 1.5, "words": "one two"},
        {"session_id": "call", "speaker": "bert", "start_time": 2, "end_time": 3, "words": "three"},
    ]
    path = write(folder / "ref.json", json.dumps(rows))
    assert recognize(str(path)).name == "seglst"
    for place in (path, folder):
        assert read(place).texts == {"call_0.25_1.50": "one two", "call_2.00_3.00": "three"}
    write(path, json.dumps([{**rows[0], "words": "\ud800"}]))
    refused(path, DataError, r"ref.json, item 1: its id, text or tags hold a character that is not text")
    write(path, json.dumps([{**rows[0], "start_time": None}]))
    refused(path, DataError, "ref.json, item 1: no segment with session_id and words")


SRT = """1
00:00:00,500 --> 00:00:01,750
<i>Hello</i>
there

2
00:00:02,000 --> 00:00:03,000

3
00:00:03,000 --> 00:00:04,000 X1:1
bye
"""


def test_subtitles(folder: Path) -> None:
    write(folder / "call.de.srt", SRT)
    found = read(folder)
    assert found.texts == {"call_0.50_1.75": "Hello there", "call_3.00_4.00": "bye"}
    assert {item.language for item in found.utterances} == {"de"}
    assert found.left_out == {"segments without words": 1, "recordings without a transcript": 1}
    first, second = "00:00.500 --> 00:01.000 align:left", "01:00:02.000 --> 01:00:03.000"
    vtt = f"WEBVTT\n\nNOTE x\n\n{first}\n<v Anna Bell>Hi</v>\n\n{second}\nyou\n"
    write(folder / "call.vtt", vtt)
    found = read(folder)
    assert found.texts == {"call_0.50_1.00": "Hi", "call_3602.00_3603.00": "you"}
    assert dict(found.utterances[0].tags) == {"speaker": "Anna Bell"}
    assert found.left_out["files of transcripts in another form than vtt"] == 1
    write(folder / "call.vtt", "WEBVTT\n\n00:00.500 --> never\nx\n")
    refused(folder, DataError, "call.vtt, line 3: '00:00.500 --> never' are no times of a cue")


def test_subtitles_that_roll_up_are_counted(folder: Path) -> None:
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n + 2},000\nline {n}\n" for n in (0, 1, 2)]
    write(folder / "call.srt", *cues)
    found = read(folder / "call.srt")
    assert found.texts == {"call_0.00_2.00": "line 0", "call_2.00_4.00": "line 2"}
    assert found.left_out == {"segments that overlap another one of the same speaker": 1}


def grid(**tiers: list[tuple[float, float, str]]) -> str:
    """A TextGrid, short."""
    text = f'"ooTextFile"\n"TextGrid"\n0\n4\n<exists>\n{len(tiers)}\n'
    for name, intervals in tiers.items():
        text += f'"IntervalTier"\n"{name}"\n0\n4\n{len(intervals)}\n'
        text += "".join(f'{begin}\n{end}\n"{words}"\n' for begin, end, words in intervals)
    return text


def test_textgrid(folder: Path) -> None:
    anna, bert = [(0.0, 1.0, "hello  there"), (1.0, 4.0, "")], [(0.0, 2.0, ""), (2.0, 3.5, "yes")]
    path = write(folder / "call.TextGrid", grid(anna=anna, bert=bert, phones=[(0.0, 0.1, "h")]))
    found = read(path)
    assert found.texts == {"call_0.00_1.00": "hello there", "call_2.00_3.50": "yes"}
    assert [item.tags["speaker"] for item in found.utterances] == ["anna", "bert"]
    assert found.left_out == {"tiers that are not taken, or empty": 1, "segments without words": 2}
    assert list(found.account.notes) == [
        "tiers taken: anna, bert; not taken: phones (--text-column TIER takes another)"
    ]
    assert read(path, split="bert").texts == {"call": "yes"}
    refused(
        path,
        DataError,
        "no utterances in it.*passed over: tiers that are not taken, or empty: 3",
        columns={"text": "carl"},
    )


def test_a_textgrid_of_words_is_the_whole_recording(folder: Path) -> None:
    words = [(0.0, 0.5, "hello"), (0.5, 1.0, ""), (1.0, 1.5, "there")]
    write(folder / "call.TextGrid", grid(words=words, phones=[(0.0, 0.1, "h")]))
    found = read(folder / "call.TextGrid")
    assert found.texts == {"call": "hello there"}
    assert found.spans(folder) == {"call": ("call.wav", None, None, None)}
    assert "tiers of words are joined: each recording is heard whole" in found.account.notes


def test_eaf(folder: Path) -> None:
    write(folder / "call.eaf", EAF)
    found = read(folder)
    assert found.texts == {"call": "ja & nein"}
    assert found.spans(folder) == {"call": ("call.wav", 0.25, 1.5, None)}
    assert dict(found.utterances[0].tags) == {"speaker": "Anna"}
    assert found.left_out == {
        "tiers that are not taken, or empty": 1,
        "annotations without a time": 1,
        "recordings without a transcript": 1,
    }
    assert read(folder, split="en@A").texts == {"call": "yes and no"}


def test_what_is_recognized(folder: Path) -> None:
    path = write(folder / "call.TextGrid", grid(words=[(0.0, 0.5, "hello")]))
    assert recognize(str(folder)).name == "timed"
    write(folder / "call.txt", "hello")
    assert recognize(str(folder)).name == "folder", "a text beside each file says what was said; a grid is an alignment"
    assert recognize(str(path)).name == "timed"
    (folder / "call.txt").rename(folder / "call.TXT")
    assert recognize(str(folder)).name == "folder"
    (folder / "call.TXT").rename(folder / "call.txt")
    refused(write(folder / "x.srt", ""), DataError, "no utterances in it")
    refused(folder / "call.txt", UsageError, "no transcripts with times", form="timed")


@pytest.mark.parametrize(
    "links",
    [
        'MEDIA_URL="file:///C:/Users/anna/my%20call.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./my%20call.wav"',
        'MEDIA_URL="file:///somewhere/my call.wav" MIME_TYPE="audio/x-wav"',
        'MEDIA_URL="my&#32;call.mp4" MIME_TYPE="video/mp4"',
    ],
)
def test_an_eaf_links_to_a_recording_of_another_name(folder: Path, links: str) -> None:
    (folder / "call.wav").rename(folder / "my call.wav")
    header = f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR {links}/></HEADER><TIME_ORDER>'
    write(folder / "interview.eaf", EAF.replace("<TIME_ORDER>", header))
    found = read(folder)
    assert found.utterances
    assert {item.audio.path for item in found.utterances} == {folder / "my call.wav"}
    assert {item.session for item in found.utterances} == {"interview"}
    assert "recordings are those that the .eaf files link to" in found.account.notes
    assert "segments whose recording is not there" not in found.left_out


def test_an_eaf_links_to_a_recording_elsewhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = (folder / "call.wav").rename(tmp_path_factory.mktemp("elsewhere") / "c7.wav")
    header = f'<HEADER><MEDIA_DESCRIPTOR MEDIA_URL="{other.as_uri()}"/></HEADER><TIME_ORDER>'
    write(folder / "interview.eaf", EAF.replace("<TIME_ORDER>", header))
    assert {item.audio.path for item in read(folder).utterances} == {other}


@pytest.mark.parametrize("name", ["call.wav.srt", "call.wav.vtt", "call.wav.textgrid"])
def test_an_ending_of_audio_is_no_language(folder: Path, name: str) -> None:
    """``wav`` is Waka, by ISO 639-3."""
    grid = 'File type = "ooTextFile"\nObject class = "TextGrid"\n0 4 <exists> 1 "IntervalTier" "a" 0 4 1 0 1 "hello"'
    cue = "00:00:00.000 --> 00:00:01.000\nhello"
    texts = {"srt": f"1\n{cue}", "vtt": f"WEBVTT\n\n{cue}", "textgrid": grid}
    found = read(write(folder / name, texts[name.rpartition(".")[2]]))
    assert [(item.reference, item.language, item.session) for item in found.utterances] == [("hello", "en", "call")]
