"""Layouts of known corpora, of any corpus: LibriSpeech, MLS, LJ Speech, Common Voice, VCTK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.own.recognize import recognize
from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path


def test_librispeech(tmp_path: Path) -> None:
    root = tmp_path / "LibriSpeech"
    for name in ("test-clean/12/34/12-34-0000.flac", "test-clean/12/34/12-34-0002.flac", "dev-other/5/6/5-6-0000.flac"):
        tone(root / name)
    write(root / "test-clean/12/34/12-34.trans.txt", "12-34-0000 HELLO  THERE", "12-34-0001 LOST")
    write(root / "dev-other/5/6/5-6.trans.txt", "5-6-0000 OTHER")
    assert recognize(str(root)).name == "librispeech"
    refused(root, UsageError, r"several splits are in it \(dev-other, test-clean\): choose one with --split")
    expected = {"12-34-0000": "HELLO  THERE"}
    for found in (
        read(root, split="test-clean"),
        read(root / "test-clean"),
        read(root / "test-clean" / "12"),
        read(tmp_path, split="test-clean"),
    ):
        assert found.texts == expected
        assert found.utterances[0].session == "12"
        assert found.left_out == {"transcripts without audio": 1, "recordings without a transcript": 1}
    for name in ("a.wav", "b.flac", "notes.md"):
        tone(tmp_path / "else" / name) if name != "notes.md" else write(tmp_path / "else" / name, "no audio")
    assert read(tmp_path, split="test-clean").left_out["recordings in folders without a .trans.txt"] == 2
    write(root / "dev-other/5/6/5-6.trans.txt", "5-6-0000 OTHER", "5-6-0000 AGAIN")
    refused(root / "dev-other", DataError, "5-6.trans.txt, line 2: '5-6-0000' was there before")


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    tone(tmp_path / "far" / "9-8-0.wav")
    write(tmp_path / "far" / "9-8.trans.txt", "9-8-0 FAR")
    (tmp_path / "set" / "9").mkdir(parents=True)
    (tmp_path / "set" / "9" / "8").symlink_to(tmp_path / "far")
    (tmp_path / "set" / "9" / "round").symlink_to(tmp_path / "set")
    assert read(tmp_path / "set").texts == {"9-8-0": "FAR"}


def test_one_file_of_transcripts(tmp_path: Path) -> None:
    for name in ("1_2_3.flac", "4_5_6.opus.flac", "7_8_9.flac"):
        tone(tmp_path / "mls" / "test" / "audio" / name[0] / "2" / name)
    write(tmp_path / "mls" / "test" / "transcripts.txt", "1_2_3\tein wort", "4_5_6.opus\tzwei", "0_0_0\tfort")
    write(tmp_path / "mls" / "dev" / "transcripts.txt", "1_2_3\tdev")
    found = read(tmp_path / "mls")
    assert found.texts == {"1_2_3": "ein wort", "4_5_6.opus": "zwei"}
    assert [item.session for item in found.utterances] == ["1", "4"]
    assert found.left_out == {"transcripts without audio": 1, "recordings without a transcript": 1}
    assert list(found.account.notes) == ["split test is taken, of dev, test"]
    assert read(tmp_path / "mls" / "test" / "transcripts.txt").texts == found.texts
    tone(tmp_path / "jsut" / "wav" / "BASIC_1.wav")
    write(tmp_path / "jsut" / "transcript_utf8.txt", "BASIC_1:水を:飲む")
    assert read(tmp_path / "jsut").texts == {"BASIC_1": "水を:飲む"}
    assert recognize(str(tmp_path / "jsut")).name == "transcripts"


def test_a_text_beside_audio_of_its_name_is_no_file_of_transcripts(tmp_path: Path) -> None:
    tone(tmp_path / "transcript.wav")
    write(tmp_path / "transcript.txt", "hello there")
    assert recognize(str(tmp_path)).name == "folder"
    assert read(tmp_path).texts == {"transcript": "hello there"}


def test_a_text_called_transcript_is_no_file_of_transcripts(tmp_path: Path) -> None:
    tone(tmp_path / "call.wav")
    write(tmp_path / "transcript.txt", "hello there")
    assert recognize(str(tmp_path)).name == "folder"
    write(tmp_path / "transcript.txt", "call hello there")
    assert recognize(str(tmp_path)).name == "transcripts"
    assert read(tmp_path).texts == {"call": "hello there"}


def test_ljspeech(tmp_path: Path) -> None:
    for name in ("LJ001-0001", "LJ001-0002", "more"):
        tone(tmp_path / "wavs" / f"{name}.wav")
    write(tmp_path / "metadata.csv", 'LJ001-0001|in 1456 "he said|in fourteen', "LJ001-0002|two|two")
    found = read(tmp_path)
    assert found.texts == {"LJ001-0001": 'in 1456 "he said', "LJ001-0002": "two"}
    assert found.left_out == {"recordings without a transcript": 1}
    assert read(tmp_path / "metadata.csv", columns={"text": "normalized"}).texts["LJ001-0001"] == "in fourteen"
    refused(tmp_path, UsageError, "--text-column can only be normalized", columns={"text": "text"})
    write(tmp_path / "metadata.csv", "wavs/LJ001-0001.wav|two columns")
    assert read(tmp_path).texts == {"LJ001-0001": "two columns"}
    write(tmp_path / "metadata.csv", "LJ001-0001|a|b", "LJ001-0002|a")
    refused(tmp_path, DataError, r"metadata.csv, line 2: 2 fields between \|; expected id, text and perhaps")
    write(tmp_path / "metadata.csv", "LJ001-0001|a|b", "LJ9|a|b")
    refused(tmp_path, DataError, "metadata.csv, line 2: no audio file at .*wavs/LJ9.wav")
    write(tmp_path / "metadata.csv", "file_name,text", "wavs/LJ001-0001.wav,hello")
    assert recognize(str(tmp_path)).name == "manifest"


HEADER = "client_id\tpath\tsentence\tage\tgender\taccents\tlocale"


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """cv-corpus/{de,en} with clips of both kinds of name, and two splits of German."""
    root = tmp_path / "cv-corpus-9.0"
    for name in ("a.mp3.wav", "b.wav", "c.mp3"):
        tone(root / "de" / "clips" / name) if name.endswith("wav") else tone(root / "de" / "clips" / name, 0.5)
    write(
        root / "de" / "test.tsv",
        HEADER,
        'c1\tb.wav\tEr sagte "ja\ttwenties\tmale\t\tde',
        "c2\tc.mp3\tGut.\t\t\tÖsterreich\t",
        "c3\tc\tNein.\t\t\t\tde",
    )
    write(root / "de" / "dev.tsv", HEADER, "c1\tb.wav\tDev\t\t\t\tde")
    write(root / "de" / "reported.tsv", "sentence_id\tsentence\tlocale\treason")
    write(root / "de" / "clip_durations.tsv", "clip\tduration[ms]", "b.wav\t1000", "other.mp3\t9")
    return root


def test_common_voice(voices: Path) -> None:
    place = voices / "de" / "test.tsv"
    text = place.read_text(encoding="utf-8")
    refused(place, DataError, "test.tsv, line 4: the id 'c' occurs again")
    place.write_text("".join(text.splitlines(keepends=True)[:3]), encoding="utf-8")
    for found in (read(voices / "de"), read(voices), read(voices.parent), read(place)):
        assert found.texts == {"b": 'Er sagte "ja', "c": "Gut."}
        assert [item.session for item in found.utterances] == ["c1", "c2"]
        assert [dict(item.tags) for item in found.utterances] == [
            {"age": "twenties", "gender": "male"},
            {"accents": "Österreich"},
        ]
        assert [item.language for item in found.utterances] == ["de", "de"]
        assert found.utterances[0].duration == 1.0
        assert found.account.columns["client_id"] == "session"
    assert list(read(voices).account.notes) == ["split test is taken, of dev, test"]
    assert read(voices / "de", split="dev").texts == {"b": "Dev"}
    assert read(place, split="test").account.notes == read(place).account.notes == {}
    assert list(read(place, split="dev").account.notes) == ["--split dev chooses nothing: test is all there is"]
    refused(voices, UsageError, "no split 'train' in it; there are: dev, test", split="train")
    tone(voices / "en" / "clips" / "x.wav")
    write(voices / "en" / "validated.tsv", HEADER, "c9\tx.wav\tHello\t\t\t\t")
    assert read(voices / "en").texts == {"x": "Hello"}
    refused(voices, UsageError, r"several languages are in it \(de, en\): name the folder of one")
    assert read(voices, config="en").utterances[0].language == "en"


def test_clips_of_common_voice_that_were_converted(voices: Path) -> None:
    (voices / "de" / "clips" / "c.mp3").unlink()
    tone(voices / "de" / "clips" / "c.flac")
    write(voices / "de" / "test.tsv", HEADER, "c2\tc.mp3\tGut.\t\t\t\t")
    found = read(voices / "de")
    assert found.texts == {"c": "Gut."}
    assert "clips are .flac where the table has .mp3" in found.account.notes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c1\tb.wav\tx", "line 2: 3 fields where the header has 7"),
        ("c1\t\tx\t\t\t\tde", "line 2: path is empty"),
        ("c1\tgone.mp3\tx\t\t\t\tde", "line 2: no audio file at .*clips/gone.mp3"),
        ("c1\tb.wav\tx\t\t\t\txx", "line 2: language 'xx'"),
    ],
)
def test_faults_of_common_voice_name_the_line(voices: Path, line: str, message: str) -> None:
    write(voices / "de" / "test.tsv", HEADER, line)
    refused(voices / "de", DataError, f"test.tsv, {message}")


SPONTANEOUS = (
    "client_id\taudio_id\taudio_file\tduration_ms\tprompt_id\tprompt\ttranscription\tvotes\tage\tlanguage\tsplit"
)


def test_common_voices_spontaneous_speech(tmp_path: Path) -> None:
    root = tmp_path / "sps-corpus-1.0-de"
    for name in ("a.wav", "b.wav", "c.wav", "d.wav"):
        tone(root / "audios" / name)
    table = write(
        root / "ss-corpus-de.tsv",
        SPONTANEOUS,
        "c1\t1\ta.wav\t1000\t7\tWas isst du?\tAlso ich esse  gern.\t2\ttwenties\tde\ttest",
        "c2\t2\tb.wav\t\t7\tWas isst du?\tNichts.\t2\t\t\ttrain",
        "c2\t3\tc.wav\t1000\t8\tUnd dann?\t\t0\t\tde\t",
        "c3\t4\td.wav\t1000\t8\tUnd dann?\tSchlafen.\t0\t\tde\ttest",
    )
    write(root / "ss-reported-audios-de.tsv", "client_id\treason")
    for place in (root, table):
        found = read(place)
        assert found.texts == {"a": "Also ich esse gern.", "d": "Schlafen."}
        assert found.left_out == {"rows of other splits": 1, "answers that are not transcribed": 1}
        assert [(item.session, item.language, item.duration) for item in found.utterances] == [
            ("c1", "de", 1.0),
            ("c3", "de", 1.0),
        ]
        assert dict(found.utterances[0].tags) == {"age": "twenties", "prompt_id": "7", "split": "test"}
    assert read(root, split="train").texts == {"b": "Nichts."}
    refused(root, UsageError, "no split 'dev' in it; there are: test, train", split="dev")
    (root / "audios" / "d.wav").unlink()
    refused(root, DataError, r"ss-corpus-de.tsv, line 5: no audio file at .*audios/d.wav")


def test_vctk(tmp_path: Path) -> None:
    for name in ("p225_001_mic1", "p225_001_mic2", "p225_002_mic1", "p225_003_mic2", "p225_009_mic1"):
        tone(tmp_path / "wav48_silence_trimmed" / "p225" / f"{name}.flac")
    for number in (1, 2, 3, 4):
        write(tmp_path / "txt" / "p225" / f"p225_00{number}.txt", f" Please call  {number}.")
    write(
        tmp_path / "speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION", "225  23  F    English    Southern  England"
    )
    found = read(tmp_path)
    assert found.texts == {f"p225_00{number}": f"Please call {number}." for number in (1, 2, 3)}
    assert {item.session for item in found.utterances} == {"p225"}
    assert dict(found.utterances[0].tags) == {"age": "23", "gender": "F", "accent": "English"}
    assert found.spans(tmp_path)["p225_001"][0] == "wav48_silence_trimmed/p225/p225_001_mic1.flac"
    assert found.left_out == {
        "recordings of another microphone, or of the same name": 1,
        "recordings without a text": 1,
        "texts without audio": 1,
    }


def test_a_tree_of_texts_of_ones_own(tmp_path: Path) -> None:
    for name in ("calls/a", "b"):
        tone(tmp_path / "audio" / f"{name}.wav")
        write(tmp_path / "text" / f"{name}.txt", f"text of {name}")
    found = read(tmp_path)
    assert found.texts == {"b": "text of b", "calls/a": "text of calls/a"}
    assert {item.session for item in found.utterances} == {None}


def test_the_cases(shared: Path) -> None:
    expected = {"c0": "two one nine", "c1": "three five one", "c2": "three"}
    data = shared / "cases" / "data"
    for name in ("lj", "lj/metadata.csv", "cv", "cv/test.tsv"):
        assert read(data / name).texts == expected
    assert [item.session for item in read(data / "cv").utterances] == ["cl0", "cl1", "cl2"]


def test_real_librispeech(shared: Path) -> None:
    found = read(shared / "corpora" / "librispeech_test_other")
    assert len(found.utterances) == 70
    assert found.left_out == {}


def test_voxpopuli(tmp_path: Path) -> None:
    folder = tmp_path / "transcribed_data" / "de"
    first, second = "20090114-0900-PLENARY-3-de_20090114", "20100114-0900-PLENARY-5-de_1"
    tone(folder / "2009" / f"{first}.ogg.wav")
    tone(folder / "2009" / f"{first}.wav")
    tone(folder / "2010" / f"{second}.wav")
    header = "id\traw_text\tnormalized_text\tspeaker_id\tsplit\tgender\tis_gold_transcript\taccent"
    write(
        folder / "asr_test.tsv",
        header,
        f"{first}\tGuten Tag.\tguten tag\t12\ttest\tmale\tTrue\tNone",
        f"{second}\t\tja\t13\ttest\tfemale\tTrue\tNone",
        "gone\t\tnein\t13\ttest\tfemale\tTrue\tNone",
    )
    write(folder / "asr_dev.tsv", header)
    for found in (read(folder), read(tmp_path / "transcribed_data"), read(folder / "asr_test.tsv")):
        assert found.texts == {first: "Guten Tag.", second: "ja"}
        assert [item.session for item in found.utterances] == ["20090114-0900-PLENARY-3", "20100114-0900-PLENARY-5"]
        assert dict(found.utterances[0].tags) == {"gender": "male", "speaker": "12"}
        assert {item.language for item in found.utterances} == {"de"}
        assert found.left_out == {"transcripts without audio": 1}
    assert recognize(str(folder)).name == "voxpopuli"
    notes = read(folder / "asr_test.tsv", split="dev").account.notes
    assert "--split dev chooses nothing: test is all there is" in notes
    assert not [note for note in read(folder / "asr_test.tsv", split="test").account.notes if "--split" in note]
