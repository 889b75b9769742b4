"""What each container states: its length, whether it is whole, and what is no container of audio at all."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmarks.containers import Kind, Statement, Window, recognize, state
from benchmarks.containers.flac import whole_samples
from benchmarks.containers.mpeg import adts_frame, frame
from benchmarks.containers.riff import is_open
from benchmarks.dataset import Audio
from benchmarks.sources.header import seconds
from tests.benchmarks.containers.ogg_pages import checked, places
from tests.harness.audio.forms import FORMS, LOSSLESS, encode, encoded, sized, speech, without_xing

SAMPLES = 52_640
"""Of the clip."""

CODED = {
    "wav ms adpcm": SAMPLES,
    "wav ima adpcm": 52_884,
    "mp3": SAMPLES,
    "wav g726": SAMPLES // 2,
    "wav mu-law": SAMPLES,
    "au mu-law": SAMPLES,
    "amr": SAMPLES // 2 + 80,
}
"""Frames that lossy forms state: whole blocks; AMR and G.726 are at 8 kHz."""

UNSTATED = {"ac3", "flv", "mpegts", "voc", "ogg flac"}
"""Forms that state no length that is read here."""


def stated(data: bytes) -> tuple[Kind, Statement]:
    with Window.over(data) as window:
        return state(window)


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_file_is_whole_and_states_its_length(form: str) -> None:
    kind, found = stated(encoded(form))
    assert kind.is_audio
    assert (found.cut, found.missing, found.wrong, found.beyond) == ("", 0, "", 0)
    if form in CODED:
        assert found.frames == CODED[form]
    elif form in LOSSLESS - UNSTATED - {"m4a alac", "mov pcm", "mkv"}:
        assert found.frames == SAMPLES
    elif form in UNSTATED:
        assert found.length is None
    else:
        assert found.length == pytest.approx(SAMPLES / 16_000, abs=0.11)  # an encoder's delay is in it
    if form in {"m4a", "m4a alac", "mov pcm", "mkv", "opus", "vorbis"}:
        assert found.length == pytest.approx(SAMPLES / 16_000, abs=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_cut_says_that_it_is(form: str) -> None:
    data = encoded(form)
    for share in (0.93, 0.5, 0.37):
        end = int(len(data) * share) | 1  # no size of a frame is odd but by chance
        _, found = stated(data[:end])
        assert found.cut or form in {"flac"}, (form, end)  # whose frames are known to who decodes them


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(samples: bytes, *, data: int | None = None, whole: int | None = None, after: bytes = b"") -> bytes:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
    size = len(samples) if data is None else data
    body = b"WAVE" + form + b"data" + struct.pack("<I", size) + samples + after
    return b"RIFF" + struct.pack("<I", len(body) if whole is None else whole) + body


SECOND = b"\1\2" * 16_000


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 36])
def test_a_size_that_the_writer_left_open_means_up_to_the_end(size: int) -> None:
    _, found = stated(wav(SECOND, data=size, whole=size))
    assert (found.frames, found.cut, found.wrong) == (16_000, "", "")
    assert bool(found.patches) is (size == 0)


def test_a_data_chunk_without_samples_is_empty_where_chunks_follow() -> None:
    _, found = stated(wav(b"", after=chunk(b"LIST", b"INFO" + b"x" * 40)))
    assert (found.frames, found.cut, found.patches) == (0, "", ())


@pytest.mark.parametrize(
    ("data", "missing", "wrong", "cut"),
    [
        (wav(SECOND, data=32_001), 1, "", ""),
        (wav(SECOND[:-1], data=32_000), 1, "", ""),
        (wav(SECOND, data=32_044), 0, "states 32044 bytes of samples, 32000 are there", ""),
        (wav(SECOND, data=32_036, whole=40_000), 0, "states 32036 bytes of samples, 32000 are there", ""),
        (wav(SECOND, data=64_000, whole=64_036), 0, "states 64000 bytes of samples, 32000 are there", ""),
        (wav(SECOND, data=128_000, whole=128_036), 0, "states 128000 bytes of samples, 32000 are there", ""),
        (wav(SECOND, data=40_000, whole=32_036), 0, "states 40000 bytes of samples, 32000 are there", ""),
        (wav(SECOND, data=40_000, whole=40_036), 0, "", "8000 of 40000 bytes are missing"),
        (wav(SECOND, data=32_016, whole=32_052), 16, "", ""),
        (wav(SECOND, data=32_018, whole=32_054), 0, "", "18 of 32018 bytes are missing"),
        (wav(SECOND, data=0xFFFFFF00, whole=32_036), 0, "", "4294935040 of 4294967040 bytes are missing"),
    ],
    ids=[
        "header a byte more",
        "a byte less",
        "counts its header",
        "counts all but eight bytes",
        "counted for two channels",
        "counted for wide samples",
        "the whole is right",
        "a fifth is missing",
        "eight samples are missing",
        "nine samples are missing",
        "absurd",
    ],
)
def test_a_wav_whose_header_is_wrong_is_told_from_one_that_is_cut(
    data: bytes, missing: int, wrong: str, cut: str
) -> None:
    _, found = stated(data)
    assert (found.missing, found.wrong, found.cut) == (missing, wrong, cut)


def test_sizes_that_are_wrong_are_told_in_other_containers_too() -> None:
    au, aiff = encoded("au"), encoded("aiff")
    doubled = (2 * 2 * SAMPLES).to_bytes(4, "big")
    assert stated(au[:8] + doubled + au[12:])[1].wrong == "states 210560 bytes of samples, 105280 are there"
    place = aiff.index(b"SSND") + 4
    found = stated(aiff[:place] + (2 * 2 * SAMPLES + 8).to_bytes(4, "big") + aiff[place + 4 :])[1]
    assert (found.frames, found.wrong) == (SAMPLES, "states 210560 bytes of samples, 105280 are there")
    sphere = encoded("sphere").replace(b"-i 52640\nend_head\n\0", b"-i 105280\nend_head\n", 1)
    assert stated(sphere)[1].wrong == "states 210560 bytes of samples, 105280 are there"


def test_a_tag_may_stand_before_anything() -> None:
    tag = b"ID3\4\0\0\0\0\0\x0a" + b"\0" * 10
    for form in ("flac", "wav", "aiff", "adts"):
        assert stated(tag + encoded(form)) == (stated(encoded(form))[0], replace(stated(encoded(form))[1], plain=None))


def test_a_tag_between_joined_files_belongs_to_the_second() -> None:
    mp3, tag = encoded("mp3"), b"ID3\4\0\0\0\0\1\0" + b"\xff\xf3" * 64
    assert stated(mp3 + tag + mp3)[1].links == ((0, len(mp3)), (len(mp3), 2 * len(mp3) + len(tag)))
    bare = without_xing(mp3)
    assert stated(bare + tag + bare)[1].frames == 2 * (stated(bare)[1].frames or 0)


def test_an_mp3_in_which_a_block_was_not_written_is_not_whole() -> None:
    """Without a tag nothing states its length: what is no frame tells."""
    bare = without_xing(encoded("mp3"))
    places = [0]
    while (found := frame(bare[places[-1] : places[-1] + 4])) is not None:
        places.append(places[-1] + found.length)
    whole = stated(bare)[1]
    assert (whole.cut, whole.beyond, whole.frames) == ("", 0, (len(places) - 1) * 576)
    for filling in (b"\0", b"u"):
        for lost in (2, 9):
            count = places[20 + lost] - places[20]
            after = stated(bare[: places[20]] + filling * count + bare[places[20 + lost] :])[1]
            # As many may be lost in files that state their length.
            assert after.cut == ("" if count <= 2 * places[1] else f"{count} bytes in its midst are no audio")
            assert after.frames == (len(places) - 1 - lost) * 576
    assert after.cut


def places_of_aac(data: bytes) -> list[int]:
    places = [0]
    while (found := adts_frame(data[places[-1] : places[-1] + 7])) is not None:
        places.append(places[-1] + found.length)
    return places


@pytest.mark.parametrize("filling", [b"\0", b"u", b"\xff"])
def test_an_aac_in_which_a_block_was_not_written_is_not_whole(filling: bytes) -> None:
    """What comes after it is read on: two frames may be lost, more are said, and nothing is lost without a word."""
    data = encoded("adts")
    places = places_of_aac(data)
    assert (len(places), places[-1]) == (54, len(data))
    for lost in (1, 2, 3, 9):
        count = places[20 + lost] - places[20]
        found = stated(data[: places[20]] + filling * count + data[places[20 + lost] :])[1]
        assert found.cut == ("" if lost < 3 else f"{count} bytes in its midst are no audio")
        assert found.seconds == (53 - lost) * 1_024 / 16_000


@pytest.mark.parametrize("more", [1, 2, 3, 5, 6, 7, 40])
def test_a_header_of_aac_that_lost_what_follows_hides_no_frame(more: int) -> None:
    """The bytes of the next frame are read as its length: up to 8 KiB, in which there are whole frames."""
    data = encoded("adts")
    places = places_of_aac(data)
    found = stated(data[: places[9] + more] + data[places[12] :])[1]
    assert (found.seconds, found.cut) == ((53 - 3) * 1_024 / 16_000, "")


def test_pieces_of_hls_that_are_joined_are_counted_through_their_tags() -> None:
    data = encoded("adts")
    tag = b"ID3\4\0\0\0\0\x0b\x5c" + b"PRIV" + b"\xff\xf1" * 748
    found = stated(2 * (tag + data))[1]
    assert (found.seconds, found.cut) == (2 * 53 * 1_024 / 16_000, "")


@pytest.mark.parametrize("form", ["mp3", "adts"])
def test_a_file_that_ends_in_zeros_is_not_whole(form: str) -> None:
    bare = without_xing(encoded("mp3")) if form == "mp3" else encoded(form)
    assert stated(bare + b"\0" * 4_097)[1].cut == "its last 4097 bytes are zeros"
    assert stated(bare + b"\0" * 4_096)[1].cut == "", "a disc is filled up so"
    assert stated(bare + b"\0" * 70_000 + b"x")[1].cut == ""
    if form == "mp3":
        assert stated(bare + b"notes" * 1_000)[1].beyond == 5_000
        assert stated(bare + b"TAG" + b"\0" * 125)[1].beyond == 0


@pytest.mark.parametrize("samples", [9_000, 8_192 + 100, 8_192 + 300, 3 * 4_096])
def test_a_flac_that_is_cut_has_the_samples_of_its_whole_frames(samples: int) -> None:
    """Of 4,096 samples each; the last is shorter, and says so in a byte or two of its header."""
    data = encoded("flac", samples)
    wholes = set()
    for end in range(200, len(data), 37):
        with Window.over(data[:end]) as window:
            wholes.add(whole_samples(window))
    last = (samples - 1) // 4_096 * 4_096
    assert wholes == set(range(0, last + 1, 4_096))
    for less in (1, 2, 5):
        with Window.over(data[:-less]) as window:
            assert whole_samples(window) == last
    with Window.over(data) as window:
        assert whole_samples(window) is None, "nothing is missing at its end"
    assert stated(data[:60])[1].cut == "it ends before its samples begin"
    assert stated(data)[1].cut == ""


def test_an_mp3_may_be_filled_up_in_front() -> None:
    bare = without_xing(encoded("mp3"))
    kind, found = stated(b"\0" * 700 + bare)
    assert (kind.name, found.frames) == ("MP3", stated(bare)[1].frames)


def test_what_stands_after_the_samples_is_told_from_what_belongs_to_it() -> None:
    assert stated(wav(SECOND, after=wav(SECOND)))[1].beyond == len(wav(SECOND))
    assert stated(wav(SECOND, after=chunk(b"LIST", b"x" * 9_000)))[1].beyond == 0
    assert stated(wav(SECOND, after=b"\0" * 9_000))[1].beyond == 0
    assert stated(wav(SECOND, after=b"TAG" + b"x" * 9_000))[1].beyond == 0
    assert stated(wav(SECOND, after=SECOND[:2_000]))[1].beyond == 0, "less than a tenth of a second"
    assert stated(wav(SECOND, after=SECOND))[1].beyond == 32_000


def test_sizes_of_64_bits_are_read() -> None:
    body = b"WAVE" + chunk(b"ds64", struct.pack("<QQQI", 0, 32_000, 16_000, 0))
    body += chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)) + b"data\xff\xff\xff\xff"
    for name in (b"RF64", b"BW64"):
        whole = name + b"\xff\xff\xff\xff" + body + SECOND
        assert stated(whole)[1].frames == 16_000
        assert stated(whole[:-100])[1].cut == "100 of 32000 bytes are missing"


def test_an_mp3_without_a_tag_is_counted_frame_by_frame() -> None:
    tagged = encoded("mp3")
    bare = without_xing(tagged)
    assert stated(tagged)[1].frames == SAMPLES
    found = stated(bare)[1]
    assert found.frames == 576 * (SAMPLES // 576 + 3)  # whole frames, the encoder's delay and the decoder's in them
    assert not found.cut
    assert stated(bare + b"TAG" + b"x" * 125)[1].frames == found.frames
    assert stated(b"ID3\4\0\0\0\0\1\0" + b"\0" * 128 + bare)[1].frames == found.frames


def test_joined_files_are_parts() -> None:
    mp3 = encoded("mp3")
    assert stated(mp3 + mp3)[1].links == ((0, len(mp3)), (len(mp3), 2 * len(mp3)))
    assert stated(mp3 + mp3)[1].frames == 2 * SAMPLES
    for form in ("opus", "vorbis"):
        one, two = encoded(form), encoded(form, 16_000)
        found = stated(one + two)[1]
        assert found.links == ((0, len(one)), (len(one), len(one) + len(two)))
        assert found.length == pytest.approx((SAMPLES + 16_000) / 16_000)


def test_ogg_says_at_its_end_that_it_ends() -> None:
    ogg = encoded("opus")
    last = places(ogg)[-1]
    assert ogg[last + 5] == 4
    assert stated(ogg[:last])[1].cut == "its last page is missing"
    unmarked = ogg[:last] + checked(ogg[last : last + 5] + b"\0" + ogg[last + 6 :])
    assert stated(unmarked)[1].cut == "its last page is missing"
    found = stated(unmarked + ogg)[1]
    assert (found.cut, len(found.links)) == ("", 2), "a new stream ends the one before"


def test_a_stream_that_was_joined_while_it_ran_states_no_length() -> None:
    ogg = bytearray(encoded("vorbis"))
    ends = [*places(bytes(ogg))[1:], len(ogg)]
    for place, end in zip(places(bytes(ogg)), ends, strict=True):
        granule = int.from_bytes(ogg[place + 6 : place + 14], "little")
        if granule:
            ogg[place + 6 : place + 14] = (granule + 16_000 * 3_600).to_bytes(8, "little")
            ogg[place:end] = checked(bytes(ogg[place:end]))
    assert stated(bytes(ogg))[1].length is None
    assert not stated(bytes(ogg))[1].cut


@pytest.mark.parametrize(
    ("data", "name", "instead"),
    [
        (b"", "an empty file", "fetch it again"),
        (b"\0" * 5_000, "zero bytes only", "fetch it again: its download did not finish"),
        (b"<!DOCTYPE html><html>404</html>", "an HTML page", "the address"),
        (b"\n\n  <HTML><body>Sign in", "an HTML page", "the address"),
        (b"\xef\xbb\xbf<html lang='en'>", "an HTML page", "the address"),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "XML", "the address"),
        (b"<Error><Code>AccessDenied</Code></Error>", "XML", "the address"),
        (b'{"error": "Repository not found"}', "JSON", "the address"),
        (b'[{"audio": "a.wav"}]', "JSON", "the address"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12", "a Git-LFS pointer", "`git lfs pull`"),
        (gzip.compress(b"x", mtime=0), "gzip", "unpack it"),
        (b"PAR1" + b"\x15\0" * 40, "Parquet", "give --data the Parquet file"),
        (b"ARROW1\0\0" * 10, "an Arrow file", "the data set's folder"),
        (b"#EXTM3U\nhttp://x/y.ts\n", "a playlist", "the recordings that it lists"),
        ("Grüße, this is no audio at all\n".encode() * 200, "text", "name the recording"),
        (b"\x00\x05\x16\x07\x00\x02" * 20, "what macOS keeps beside a file (._)", "without ._"),
        (b"%PDF-1.7", "PDF", "name the recording"),
        (bytes(range(1, 256)) * 20, "of no known kind", "convert it"),
    ],
)
def test_what_is_no_audio_is_called_what_it_is(data: bytes, name: str, instead: str) -> None:
    kind = recognize(data[:4096], len(data))
    assert kind.name == name
    assert instead in kind.instead
    assert not kind.is_audio


def test_a_zip_archive_is_one() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.wav", SECOND)
    assert recognize(buffer.getvalue()[:4096], 1).name == "a zip archive"


def test_lengths_are_not_guessed() -> None:
    """What batches are planned with, and decoded lengths compared with."""

    def told(data: bytes) -> float | None:
        return seconds(Audio(origin="clip", data=data))

    assert told(encoded("flac")) == told(encoded("wav")) == SAMPLES / 16_000
    assert told(sized(encoded("wav"), 0xFFFFFFFF, 0xFFFFFFFF)) == SAMPLES / 16_000
    assert told(without_xing(encoded("mp3"))) == (SAMPLES // 576 + 3) * 576 / 16_000
    assert told(encoded("opus") + encoded("opus")) == pytest.approx(2 * SAMPLES / 16_000)
    assert told(encoded("voc")) == SAMPLES / 16_000
    assert told(encoded("m4a")) == SAMPLES / 16_000
    assert told(b"<html>") is None
    assert told(b"") is None


def test_only_what_is_asked_for_is_read() -> None:
    tone = (np.sin(np.arange(16_000 * 120) / 9) * 9_000).astype(np.int16)
    data = encode("wav", tone)
    counts: list[int] = []

    def read(place: int, count: int) -> bytes:
        counts.append(count)
        return data[place : place + count]

    with Window(read, len(data)) as window:
        assert state(window)[1].frames == len(tone)
    assert counts == [4_096]


def test_open_sizes_are_few() -> None:
    assert [is_open(size) for size in (0, 1, 0x7FFFEFFF, 0x7FFFF000, 0x80000080, 0x80000081)] == [
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert [is_open(size) for size in (0xFFFFFF7F, 0xFFFFFF80, 0xFFFFFFFF)] == [False, True, True]


def test_the_clip_is_the_one_that_the_counts_are_of() -> None:
    assert len(speech()) == SAMPLES
    assert soundfile.info(io.BytesIO(encoded("wav"))).frames == SAMPLES


def test_a_form_that_is_cut_says_how_much_of_it_is_missing() -> None:
    for kind in (b"RIFF\xe8\3\0\0AVI ", b"FORM\0\0\3\xe88SVX"):
        assert stated(kind + b"\0" * 500)[1].cut == "496 of 1008 bytes are missing"
        assert stated(kind + b"\0" * 996)[1].cut == ""
