"""Addresses where a file should be named: none is fetched, from nowhere, and one line says so."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

ADDRESSES = [
    "http://127.0.0.1:{port}/a.wav",
    "https://127.0.0.1:{port}/a.wav",
    "http://localhost:{port}/a.wav",
    "http://[::1]:{port}/a.wav",
    "http://2130706433:{port}/a.wav",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/a.wav",
    "http://example.com/redirects-to-loopback.wav",
    "//127.0.0.1:{port}/a.wav",
    "ftp://127.0.0.1:{port}/a.wav",
    "tcp://127.0.0.1:{port}",
    "rtmp://127.0.0.1:{port}/a",
    "concat:http://127.0.0.1:{port}/a.wav|b.wav",
    "crypto:http://127.0.0.1:{port}/a.wav",
    "subfile,,start,0,end,9,,:http://127.0.0.1:{port}/a.wav",
    "s3://bucket/a.wav",
    "gs://bucket/a.wav",
    "az://bucket/a.wav",
    "smb://127.0.0.1/share/a.wav",
    "\\\\127.0.0.1\\share\\a.wav",
    "hf://org/set/a.wav",
    "data:audio/wav;base64,UklGRiQAAABXQVZF",
    "pipe:0",
    "HTTP://127.0.0.1:{port}/a.wav",
]
FORMS = ["jsonl", "csv", "tsv", "kaldi", "transcripts", "lhotse"]
PLAYLISTS = {
    "m3u": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/a.wav'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "dash": "<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>",
}


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """One that somebody listens at; whoever asks the network for anything is found."""
    asked: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        monkeypatch.setattr(socket.socket, "connect", lambda _self, address: asked.append(address))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_more: asked.append(address))
        yield server.getsockname()[1]
        monkeypatch.undo()
        assert asked == []
        with pytest.raises(BlockingIOError):  # nor did native code connect
            server.accept()


def written(folder: Path, form: str, address: str) -> Path:
    """Data whose one recording is at an address."""
    row = {"id": "a", "audio": address, "text": "one", "duration": 1.0}
    if form == "kaldi":
        for name, text in (("wav.scp", f"a {address}"), ("text", "a one"), ("utt2spk", "a s")):
            (folder / name).write_text(text + "\n")
        return folder
    if form == "lhotse":
        source = {"type": "url", "channels": [0], "source": address}
        recording = {"id": "a", "sources": [source], "sampling_rate": 16000, "num_samples": 16000, "duration": 1.0}
        said = [{"id": "a", "recording_id": "a", "start": 0, "duration": 1.0, "channel": 0, "text": "one"}]
        cut = {"id": "a", "start": 0, "duration": 1.0, "channel": 0, "supervisions": said, "recording": recording}
        (folder / "cuts.jsonl").write_text(json.dumps({**cut, "type": "MonoCut"}) + "\n")
        return folder / "cuts.jsonl"
    path = folder / f"data.{'tsv' if form == 'tsv' else 'csv' if form == 'csv' else 'jsonl'}"
    if form in {"csv", "tsv"}:
        mark = "\t" if form == "tsv" else ","
        path.write_text(f"path{mark}sentence\n" + f'"{address}"{mark}one\n')
    else:
        path.write_text(json.dumps(row) + "\n")
    return path


@pytest.mark.parametrize(
    ("form", "address"),
    [("jsonl", one) for one in ADDRESSES] + [(form, one) for form in FORMS[1:] for one in ADDRESSES[:2]],
)
def test_nothing_is_fetched(
    tmp_path: Path,
    port: int,
    address: str,
    form: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = written(tmp_path, form, address.format(port=port))
    (tmp_path / "said.jsonl").write_text('{"id": "a", "pred_text": "one"}\n')
    model = "transcripts:said.jsonl" if form == "transcripts" else "pocketsphinx"
    status = main(["--data", str(data), "--model", model, "--out", str(tmp_path / "out"), "--quiet"])
    told = capsys.readouterr().err.strip().splitlines()
    assert status in {2, 4, 5}
    assert len(told) == 1, told
    assert told[0].startswith(("error: ", "failed: "))


@pytest.mark.parametrize("ending", ["wav", "m4a", "m3u8", "mp4"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_file_that_lists_addresses_is_no_recording(
    tmp_path: Path, port: int, kind: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"a.{ending}").write_text(PLAYLISTS[kind].format(port=port))
    data = written(tmp_path, "jsonl", f"a.{ending}")
    assert main(["--data", str(data), "--model", "pocketsphinx", "--out", str(tmp_path / "out"), "--quiet"]) == 5
    assert "not readable as audio: it is" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["data", "describe"], ["data", "check"]])
def test_the_verbs_of_data_fetch_nothing(
    tmp_path: Path, port: int, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = written(tmp_path, "jsonl", f"http://127.0.0.1:{port}/a.wav")
    assert main([*verb, str(data)]) == 4
    assert capsys.readouterr().err.endswith("an address; download it, and name the file\n")


def test_data_that_is_an_address_is_refused(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    for address in (f"http://127.0.0.1:{port}/m.jsonl", f"https://127.0.0.1:{port}/", "s3://bucket/m.jsonl"):
        assert main(["--data", address, "--model", "pocketsphinx"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
