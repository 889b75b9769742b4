"""Kaldi's and ESPnet's folders: plain paths, arks, segments, what other files say; no command is ever run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.audio import decode
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import RATE, read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """s5/data/test with three recordings of 1, 2 and 3 s in s5/wav."""
    for number, name in enumerate(("a", "b", "my c"), start=1):
        tone(tmp_path / "s5" / "wav" / f"{name}.wav", number)
    data = tmp_path / "s5" / "data" / "test"
    write(data / "wav.scp", "u1 wav/a.wav", "u2 wav/b.wav", 'u3 "wav/my c.wav"')
    write(data / "text", "u1 one", "u2", "u3 two  three ")
    return data


def test_a_folder_whose_paths_are_from_the_recipe(folder: Path) -> None:
    write(folder / "utt2spk", "u1 s1", "u2 s1", "u3 s2")
    write(folder / "spk2gender", "s1 f", "s2 m")
    write(folder / "utt2lang", "u1 German", "u2 de-AT", "u3 nld")
    found = read(folder)
    assert found.texts == {"u1": "one", "u2": "", "u3": "two  three"}
    assert [(item.session, dict(item.tags), item.language, item.duration) for item in found.utterances] == [
        ("s1", {"gender": "f"}, "de", 1.0),
        ("s1", {"gender": "f"}, "de", 2.0),
        ("s2", {"gender": "m"}, "nl", 3.0),
    ]
    recipe = folder.parents[1]
    assert found.spans(recipe)["u3"] == ("wav/my c.wav", None, None, None)
    assert list(found.account.notes) == [f"paths are taken from {recipe}"]
    assert found.left_out == {}
    assert read(folder / "wav.scp").texts == found.texts


def test_what_has_no_counterpart_is_counted(folder: Path) -> None:
    write(folder / "text", "u2 two", "u3 three", "u9 nine", "u8 eight")
    found = read(folder)
    assert found.texts == {"u2": "two", "u3": "three"}
    assert found.left_out == {"recordings without a transcript": 1, "transcripts without audio": 2}
    assert found.account.left_out["transcripts without audio"].first == f"{folder}/text, line 3"
    assert found.account.found == 5


def test_segments_of_recordings(folder: Path) -> None:
    write(folder / "wav.scp", "r1 wav/a.wav", "r2 wav/b.wav", "r3 wav/my c.wav")
    write(folder / "segments", "x1 r1 0 0.5", "x2 r1 0.5 -1", "x3 r3 1.25 2.5 1", "x4 r9 0 1", "x5 r1 0.1 0.2")
    write(folder / "text", "x1 a", "x2 b", "x3 c", "x4 d")
    write(folder / "utt2spk", *(f"x{number} x{number}" for number in range(1, 6)))
    found = read(folder)
    assert found.spans(folder.parents[1]) == {
        "x1": ("wav/a.wav", 0.0, 0.5, None),
        "x2": ("wav/a.wav", 0.5, None, None),
        "x3": ("wav/my c.wav", 1.25, 2.5, 1),
    }
    assert [item.session for item in found.utterances] == ["r1", "r1", "r3"]
    assert [item.duration for item in found.utterances] == [0.5, 0.5, 1.25]
    assert found.left_out == {
        "segments whose recording is not in wav.scp": 1,
        "segments without a transcript": 1,
        "transcripts without audio": 1,
        "recordings without a segment": 1,
    }
    assert "utt2spk gives each utterance a speaker of its own: who speaks is not known" in found.account.notes


def test_the_sides_of_a_call_are_its_channels_where_they_share_a_file(folder: Path) -> None:
    call = tone(folder / "call.wav", 2, channels=2)
    write(folder / "wav.scp", "c-A call.wav", "c-B call.wav", "d-B wav/b.wav")
    write(folder / "reco2file_and_channel", "c-A call A", "c-B call B", "d-B b B")
    write(folder / "segments", "x1 c-A 0 1", "x2 c-B 0 1", "x3 d-B 0 1")
    write(folder / "text", "x1 a", "x2 b", "x3 c")
    assert [item.audio.channel for item in read(folder).utterances] == [0, 1, None]
    for sides in ("12", "01"):
        write(folder / "reco2file_and_channel", f"c-A call {sides[0]}", f"c-B call {sides[1]}", "d-B b 2")
        assert [item.audio.channel for item in read(folder).utterances] == [0, 1, None]
    (folder / "segments").unlink()
    write(folder / "text", "c-A a", "c-B b", "d-B c")
    assert [item.audio.channel for item in read(folder).utterances] == [0, 1, None]
    call.unlink()
    refused(folder, DataError, r"wav.scp, line 1: no audio file at .*call.wav")


@pytest.mark.parametrize(
    ("one", "two", "channels"), [("A", "B", [0, 1]), ("1", "2", [0, 1]), ("0", "1", [0, 1]), ("2", "1", [1, 0])]
)
def test_one_side_of_a_call_is_heard_by_itself(folder: Path, one: str, two: str, channels: list[int]) -> None:
    tone(folder / "x.wav", 2, channels=2)
    tone(folder / "y.wav", 2, channels=2)
    write(folder / "wav.scp", "x-A x.wav", "y-B y.wav", "z wav/a.wav", "w y.wav")
    write(folder / "reco2file_and_channel", f"x-A x {one}", f"y-B y {two}", "z a B")
    write(folder / "text", "x-A a", "y-B b", "z c")
    found = read(folder)
    assert [item.audio.channel for item in found.utterances] == [*channels, None]
    assert "channels are taken from reco2file_and_channel" in found.account.notes
    heard = decode(found.utterances[0].audio)
    assert heard[8_000] == pytest.approx((channels[0] + 1) / 10, abs=1e-3), "tone() makes each channel as loud as that"


def test_audio_in_an_ark(folder: Path) -> None:
    """A WAV as Kaldi stores it, and what kaldiio writes of others: AUDIO, the length of the length, the length."""
    wav = (folder.parents[1] / "wav" / "a.wav").read_bytes()
    flac = tone(folder / "x.flac", 0.5).read_bytes()
    ark = b"u1 " + wav + b"u2 AUDIO\x02" + len(flac).to_bytes(2, "little") + flac + b"u3 \0BFM "
    (folder / "data.ark").write_bytes(ark)
    second = 3 + len(wav) + 3
    write(folder / "wav.scp", "u1 data.ark:3", f"u2 data.ark:{second}")
    found = read(folder)
    assert [len(decode(item.audio)) for item in found.utterances] == [16_000, 8_000]
    assert [(item.audio.offset, item.audio.size) for item in found.utterances] == [
        (3, len(wav)),
        (second + 8, len(flac)),
    ]
    third = second + 8 + len(flac) + 3
    for said, message in {
        f"data.ark:{third}": f"features, not audio at byte {third} of .*data.ark",
        "data.ark:1": "no audio at byte 1",
        "data.ark:99999999": "no audio at byte 99999999",
        "data.ark:3[0:10]": r"a part of a matrix \(\[0:10\]\) is no audio",
        "gone.ark:3": ".*gone.ark: cannot be read",
    }.items():
        write(folder / "wav.scp", "u2 wav/b.wav", f"u1 {said}")
        refused(folder, DataError, f"wav.scp, line 2: {message}")


@pytest.mark.parametrize("command", ["touch {} |", "cat wav/a.wav; touch {} |", "| touch {}", "touch {}|", "-"])
def test_commands_are_refused_and_never_run(folder: Path, command: str) -> None:
    mark = folder / "was-run"
    write(folder / "wav.scp", "u1 wav/a.wav", f"u2 {command.format(mark)}")
    refused(folder, DataError, r"wav.scp, line 2: a command instead of a file \('.*'\): commands of data are never run")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("wav.scp", ["u1 wav/a.wav", "u1 wav/b.wav"], "wav.scp, line 2: 'u1' was there before"),
        ("wav.scp", ["u1"], "wav.scp, line 1: no path of the audio of 'u1'"),
        ("wav.scp", ["u1 wav/gone.wav"], "wav.scp, line 1: no audio file at .*data/test/wav/gone.wav"),
        ("text", ["u1 x", "u1 y"], "text, line 2: 'u1' was there before"),
        ("text", ["u1 x\0y"], "text, line 1: a NUL"),
        ("segments", ["u1 u1 0"], "segments, line 1: 3 fields; expected utterance, recording, start, end"),
        ("segments", ["u1 u1 0 x"], "segments, line 1: the end is 'x', not a number of seconds"),
        ("segments", ["u1 u1 nan 1"], "segments, line 1: the start is 'nan'"),
        ("segments", ["u1 u1 1 1"], "segments, line 1: the segment ends at 1 s, where it begins at 1 s"),
        ("segments", ["u1 u1 0 1 C"], "segments, line 1: the channel is 'C', neither A, B nor a number"),
        ("segments", ["u1 u1 0 1e9"], "the segment of 'u1' is from 0.0 to 1000000000.0 seconds"),
        ("utt2lang", ["u1 xx"], "utt2lang, line 1: language 'xx' is no language that is known"),
        ("utt2dur", ["u1 long"], "utt2dur, line 1: the duration is 'long'"),
    ],
)
def test_faults_name_the_line(folder: Path, name: str, lines: list[str], message: str) -> None:
    write(folder / name, *lines)
    refused(folder, DataError, message)


def test_bytes_that_are_not_text(folder: Path) -> None:
    (folder / "text").write_bytes(b"u1 one\nu2 \xff\n")
    refused(folder, DataError, "text, line 2: not UTF-8 text")
    (folder / "text").unlink()
    refused(folder, DataError, "test: no file text beside wav.scp")


def test_several_folders_must_be_chosen_from(folder: Path) -> None:
    recipe = folder.parents[1]
    assert read(recipe).texts == {"u1": "one", "u2": "", "u3": "two  three"}, "the only one"
    dev = folder.parent / "dev"
    write(dev / "wav.scp", "d1 wav/a.wav")
    write(dev / "text", "d1 d")
    for place in (recipe, folder.parent):
        refused(place, UsageError, r"several splits are in it \(dev, test\): choose one with --split")
        refused(place, UsageError, "no split 'train' in it; there are: dev, test", split="train")
        assert read(place, split="dev").texts == {"d1": "d"}
    found = read(dev, split="test")
    assert found.texts == {"d1": "d"}, "what is no choice is not refused"
    assert "--split test chooses nothing: dev is all there is" in found.account.notes


def test_the_case(shared: Path) -> None:
    found = read(shared / "cases" / "data" / "kaldi")
    assert found.texts == {"utt0": "two one nine", "utt1": "three five one", "utt2": "three"}
    assert [len(decode(item.audio)) / RATE / 2 for item in found.utterances] == [1.264, 1.048, 0.377]
    assert {item.session for item in found.utterances} == {"spk"}
