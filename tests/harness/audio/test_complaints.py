"""What libmpg123 writes on stderr: told as ours, and nothing of others' is lost."""

from __future__ import annotations

import io
import os
import re
import threading

import numpy as np
import pytest

from benchmarks.dataset import Audio
from harness.audio.complaints import Complaints
from harness.audio.hearing import hear
from harness.errors import DataError
from harness.types import AudioWarning
from tests.harness.audio.forms import audio, encode, encoded, speech


def said(data: bytes) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in hear(Audio(origin="a.mp3", data=data)).warnings]


def test_a_whole_mp3_has_no_complaint(capfd: pytest.CaptureFixture[str]) -> None:
    assert said(encoded("mp3")) == []
    assert capfd.readouterr().err == ""


def test_a_frame_that_makes_no_sense_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    mp3 = encode("mp3", np.tile(speech(), 4))
    broken = mp3[:9_000] + bytes(60) + mp3[9_060:]
    assert said(broken) == [("decoder_complains", "its decoder says: dequantization failed!")]
    assert capfd.readouterr().err == ""
    assert len(hear(Audio(origin="a.mp3", data=broken)).waveform) == len(hear(Audio(origin="a.mp3", data=mp3)).waveform)


def test_a_tag_that_makes_no_sense_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    body = b"COMM\0\0\0\x05\0\0\xff\xff\xff\xff\xff"
    tag = b"ID3\3\0\0\0\0\0" + bytes([len(body)]) + body
    told = "its decoder says: Unknown text encoding 255, I take no chances, sorry!"
    assert said(tag + encoded("mp3")) == [("decoder_complains", told)]
    assert capfd.readouterr().err == ""


def test_what_others_write_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    quiet = Complaints()
    with quiet:
        os.write(2, b"a line of a model\n[src/libmpg123/x.c:f():1] error: oh\nNote: dear\n50 % done\r")
    assert capfd.readouterr().err == "a line of a model\n50 % done\r"
    assert quiet.text == "its decoder says: oh; dear"
    os.write(2, b"Note: after it\n")
    assert capfd.readouterr().err == "Note: after it\n"
    many = Complaints()
    with many:
        os.write(2, b"".join(b"Note: %d\n" % number for number in range(9)))
    assert many.text == "its decoder says: 0; 1; 2; and 6 more"
    capfd.readouterr()


def test_of_two_files_at_once_nobody_knows_which_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    first, second, third = Complaints(), Complaints(), Complaints()
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with second:
            inside.set()
            go_on.wait(30)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(30)
    with first:
        os.write(2, b"Note: one\nhello\n")
    go_on.set()
    thread.join()
    with third:
        os.write(2, b"Note: two\n")
    assert first.text == "its decoder, or that of another file at the same time, says: one"
    assert (second.text, third.text) == ("", "its decoder says: two")
    assert capfd.readouterr().err == "hello\n"


@pytest.mark.parametrize("form", ["wavpack", "tta"])
@pytest.mark.parametrize("other", [bytes(4_000), bytes(range(250)) * 16])
def test_check_sums_of_frames_are_compared(form: str, other: bytes) -> None:
    whole = encode(form, np.tile(speech(), 4))
    broken = whole[:60_000] + other + whole[60_000 + len(other) :]
    with pytest.raises(DataError, match=r"truncated|damaged|not readable as"):
        hear(Audio(origin="a", data=broken))


def test_times_that_skip_are_told() -> None:
    whole = encode("flv", np.tile(speech(), 5))
    half, lost = len(whole) // 2, len(whole) // 10
    broken = whole[:half] + bytes(reversed(whole[half : half + lost])) + whole[half + lost :]
    ((kind, text),) = said(broken)
    assert kind == "decoder_complains"
    assert re.fullmatch(r"its time stamps skip 1\.[5-9]\d s, of which nothing is there", text)
    assert said(whole) == []


def test_a_frame_of_aac_that_does_not_decode_is_told() -> None:
    """A bare stream has no times: a frame that is passed over shows nowhere else."""
    data = bytearray(encoded("adts"))
    place = 0
    for _ in range(25):
        place += int.from_bytes(data[place + 3 : place + 6], "big") >> 5 & 0x1FFF
    size = int.from_bytes(data[place + 3 : place + 6], "big") >> 5 & 0x1FFF
    data[place + 7 : place + size] = bytes(size - 7)
    whole, found = hear(audio(encoded("adts"))), hear(audio(bytes(data)))
    assert whole.warnings == ()
    assert len(whole.waveform) - len(found.waveform) == 1024
    assert found.warnings == (AudioWarning("decoder_complains", "1 of its frames is broken, and not heard"),)


def test_of_two_tracks_one_is_heard_and_that_is_said() -> None:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        tracks = [container.add_stream("aac", rate=16_000, layout="mono") for _ in range(2)]
        for track, samples in zip(tracks, (speech(), np.zeros_like(speech())), strict=True):
            frame = av.AudioFrame.from_ndarray(samples[None, :].astype(np.float32) / 32_768, "fltp", "mono")
            frame.sample_rate = 16_000
            for packet in (*track.encode(frame), *track.encode(None)):
                container.mux(packet)
    found = hear(audio(buffer.getvalue()))
    assert found.warnings == (AudioWarning("decoder_complains", "2 tracks of sound are in it, number 1 is heard"),)
    assert float(np.abs(found.waveform).max()) > 0.1
