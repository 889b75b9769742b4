"""lhotse's manifests, in the form in which lhotse 1.33 writes them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import DataError, UsageError
from tests.benchmarks.own.found import RATE, read, refused, tone, write

if TYPE_CHECKING:
    from pathlib import Path


def recording(name: str = "r", seconds: float = 4.0, *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = sources or ({"type": "file", "channels": [0], "source": f"wavs/{name}.wav"},)
    channels = sorted(channel for source in found for channel in source["channels"])
    facts = {"sampling_rate": RATE, "num_samples": round(seconds * RATE), "duration": seconds, "channel_ids": channels}
    return {"id": name, "sources": list(found), **facts, **more}


def supervision(name: str, start: float, duration: float, text: str | None = "hello", **more: Any) -> dict[str, Any]:
    found = {"id": name, "recording_id": "r", "start": start, "duration": duration, "channel": 0, "text": text}
    return {**{key: value for key, value in found.items() if value is not None}, **more}


def cut(name: str, start: float, duration: float, *supervisions: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"id": name, "start": start, "duration": duration, "channel": 0, "supervisions": list(supervisions)}
    return {**base, "recording": recording(), "type": "MonoCut", **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with wavs/r.wav (4 s) and wavs/st.wav (4 s, two channels)."""
    tone(tmp_path / "wavs" / "r.wav", 4)
    tone(tmp_path / "wavs" / "st.wav", 4, channels=2)
    return tmp_path


def lines(*values: object) -> list[str]:
    return [json.dumps(value) for value in values]


def test_cuts(folder: Path) -> None:
    said = {"language": "German", "speaker": "sp", "gender": "f", "custom": {"domain": "x", "snr": 3.5, "n": [1]}}
    path = write(
        folder / "cuts.jsonl",
        *lines(
            cut("whole", 0, 4.0, supervision("s0", 0.0, 4.0, "all of it", **said)),
            cut("part", 1.5, 1.0, supervision("s1", 0.0, 1.0), custom={"fold": 2}),
            cut("inner", 1.0, 2.0, supervision("s2", 0.5, 1.0)),
            cut("two", 0, 4.0, supervision("s3", 0.25, 1.0, ""), supervision("s4", 2.0, 2.0, speaker="b")),
        ),
    )
    found = read(path)
    assert found.texts == {"whole": "all of it", "part": "hello", "inner": "hello", "s3": "", "s4": "hello"}
    assert found.spans(folder) == {
        "whole": ("wavs/r.wav", None, None, None),
        "part": ("wavs/r.wav", 1.5, 2.5, None),
        "inner": ("wavs/r.wav", 1.5, 2.5, None),
        "s3": ("wavs/r.wav", 0.25, 1.25, None),
        "s4": ("wavs/r.wav", 2.0, 4.0, None),
    }
    assert [item.session for item in found.utterances] == ["sp", "r", "r", "r", "b"]
    assert [item.duration for item in found.utterances] == [4.0, 1.0, 1.0, 1.0, 2.0]
    assert [item.language for item in found.utterances] == ["de", "en", "en", "en", "en"]
    assert dict(found.utterances[0].tags) == {"domain": "x", "snr": "3.5", "gender": "f"}
    assert dict(found.utterances[1].tags) == {"fold": "2"}


def test_what_is_in_no_one_file_is_left_out_and_counted(folder: Path) -> None:
    one = supervision("s", 0, 1.0)
    speed = recording(transforms=[{"name": "Speed", "kwargs": {"factor": 1.1}}])
    resampled = {"name": "Resample", "kwargs": {"source_sampling_rate": 8000, "target_sampling_rate": 16000}}
    found = read(
        write(
            folder / "c.jsonl",
            *lines(
                cut("good", 0, 1.0, one),
                {"id": "m", "tracks": [{"cut": cut("x", 0, 1, one), "offset": 0}], "type": "MixedCut"},
                {"id": "p", "duration": 1.0, "sampling_rate": 8000, "feat_value": -23.0, "type": "PaddingCut"},
                cut("features", 0, 1.0, one, recording=None),
                cut("silent", 0, 1.0),
                cut("fast", 0, 1.0, one, recording=speed),
                cut("upsampled", 0, 1.0, one, recording=recording(transforms=[resampled])),
                cut("untold", 0, 1.0, supervision("s", 0, 1.0, None)),
                cut("out", 1.0, 1.0, supervision("s", -0.5, 1.0), supervision("t", 0.5, 1.0)),
                cut("barely", 1.0, 1.0, supervision("s", -0.01, 1.02)),
                cut("memory", 0, 1.0, one, recording=recording("m", 4, {"type": "memory", "channels": [0]})),
            ),
        )
    )
    assert list(found.texts) == ["good", "upsampled", "barely"]
    assert found.spans(folder)["barely"][1:3] == (1.0, 2.0)
    assert found.left_out == {
        "mixed or padded cuts, whose audio is in no one file": 2,
        "cuts without a recording": 1,
        "cuts without a supervision": 1,
        "recordings that are to be changed (speed, volume, ...) before they are heard": 1,
        "supervisions without a text": 1,
        "supervisions that reach out of their cut": 2,
        "recordings whose audio is in memory": 1,
    }


def test_channels(folder: Path) -> None:
    stereo = {"type": "file", "channels": [0, 1], "source": "wavs/st.wav"}
    apart = [{"type": "file", "channels": [n], "source": f"wavs/{name}.wav"} for n, name in enumerate(("r", "st"))]
    s = supervision("s", 0, 4.0)
    multi = {"type": "MultiCut", "channel": [0, 1]}
    found = read(
        write(
            folder / "c.jsonl",
            *lines(
                cut("left", 0, 4.0, s, channel=0, recording=recording("st", 4.0, stereo)),
                cut("right", 0, 4.0, s, channel=1, recording=recording("st", 4.0, stereo)),
                cut("both", 0, 4.0, s | {"channel": [0, 1]}, recording=recording("st", 4.0, stereo), **multi),
                cut("one", 0, 4.0, s | {"channel": 1}, recording=recording("st", 4.0, stereo), **multi),
                cut("file", 0, 4.0, s, channel=1, recording=recording("q", 4.0, *apart)),
                cut("files", 0, 4.0, s | {"channel": [0, 1]}, recording=recording("q", 4.0, *apart), **multi),
            ),
        )
    )
    assert found.spans(folder) == {
        "left": ("wavs/st.wav", None, None, 0),
        "right": ("wavs/st.wav", None, None, 1),
        "both": ("wavs/st.wav", None, None, None),
        "one": ("wavs/st.wav", None, None, 1),
        "file": ("wavs/st.wav", None, None, None),
    }
    assert found.left_out == {"supervisions of some channels together, or of several files": 1}


def test_recordings_and_supervisions(folder: Path) -> None:
    gone = supervision("s4", 0, 1.0) | {"recording_id": "other"}
    said = lines(supervision("s1", 0.0, 4.0), supervision("s2", 1.0, 1.5, "x"), supervision("s3", 0, 1, None), gone)
    recordings = lines(recording(), recording("st"))
    for kind, found in {"recordings": recordings, "supervisions": said}.items():
        (folder / f"corpus_{kind}_test.jsonl.gz").write_bytes(gzip.compress("\n".join(found).encode(), mtime=0))
    for place in (folder, folder / "corpus_supervisions_test.jsonl.gz", folder / "corpus_recordings_test.jsonl.gz"):
        read_as = read(place)
        assert read_as.spans(folder) == {
            "s1": ("wavs/r.wav", None, None, None),
            "s2": ("wavs/r.wav", 1.0, 2.5, None),
        }
        assert read_as.left_out == {
            "supervisions without a text": 1,
            "supervisions whose recording is not there": 1,
            "recordings without a supervision": 1,
        }
    write(folder / "corpus_recordings_dev.json", json.dumps([recording()], indent=1))
    write(folder / "corpus_supervisions_dev.json", json.dumps([supervision("d", 0, 1)], indent=1))
    refused(folder, UsageError, r"several splits are in it \(corpus__dev, corpus__test\): choose one with --split")
    assert read(folder, split="corpus__dev").texts == {"d": "hello"}


def test_shar(folder: Path) -> None:
    """Shards of cuts, with their audio in tars."""
    shar = {"type": "shar", "channels": [0], "source": ""}
    audio = (folder / "wavs" / "r.wav").read_bytes()
    for number in range(2):
        cuts = lines(
            cut(f"c{number}", 0, 4.0, supervision("s", 0, 4.0, f"text {number}"), recording=recording("r", 4.0, shar)),
            cut(f"lost{number}", 0, 4.0, supervision("s", 0, 4.0), recording=recording("r", 4.0, shar)),
        )
        place = folder / "shar" / f"cuts.{number:06d}.jsonl.gz"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(gzip.compress("\n".join(cuts).encode(), mtime=0))
        with tarfile.open(place.with_name(f"recording.{number:06d}.tar"), "w") as tar:
            for name, data in {f"c{number}.wav": audio, f"c{number}.json": b"{}"}.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    found = read(folder / "shar")
    assert found.texts == {"c0": "text 0", "c1": "text 1"}
    assert [item.audio.read() for item in found.utterances] == [audio, audio]
    assert found.left_out == {"recordings whose audio is not in the shard": 2}


GOOD = cut("c", 0, 4.0, supervision("s", 0, 4.0))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", r"line 2: not JSON"),
        ("[1]", "line 2: a JSON list, not an object"),
        (GOOD, "line 2: the id 'c' occurs again"),
        (cut("d", 0, 1, "x"), "line 2: a JSON str, not an object"),  # type: ignore[arg-type]
        (cut("d", 0, 1, supervision("s", 0, "long")), "line 2: duration is 'long'"),  # type: ignore[arg-type]
        (cut("d", -1, 1, supervision("s", 0, 1)), "line 2: start is '-1'"),
        (cut("d", 0, 1, supervision("s", 0, 1, language="xx")), "line 2: language 'xx' is no language"),
        (cut("d", 0, 1, supervision("s", 0, 1, "\ud800")), "line 2: text holds a character that is not text"),
        (cut("d", 0, 1, supervision("s", 0, 1), recording={"id": "r"}), r"line 2: no cut as lhotse writes it \(KeyErr"),
        (
            cut("d", 0, 1, supervision("s", 0, 1), recording=recording("gone")),
            "line 2: no audio file at .*wavs/gone.wav",
        ),
        (
            cut(
                "d",
                0,
                1,
                supervision("s", 0, 1),
                recording=recording("x", 4, {"type": "url", "channels": [0], "source": "s3://b/x.wav"}),
            ),
            r"line 2: the audio is a url \('s3://b/x.wav'\): addresses are not fetched",
        ),
    ],
)
def test_faults_name_the_line(folder: Path, value: object, message: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    refused(write(folder / "cuts.jsonl", json.dumps(GOOD), text), DataError, f"cuts.jsonl, {message}")


def test_commands_are_never_run(folder: Path) -> None:
    mark = folder / "was-run"
    source = {"type": "command", "channels": [0], "source": f"touch {mark}"}
    write(folder / "cuts.jsonl", *lines(cut("c", 0, 1, supervision("s", 0, 1), recording=recording("r", 4, source))))
    refused(folder, DataError, "line 1: the audio is a command .*: commands of data are never run")
    assert not mark.exists()


def test_broken_gzip(folder: Path) -> None:
    data = gzip.compress("\n".join(lines(*(GOOD | {"id": str(n)} for n in range(999)))).encode(), mtime=0)
    (folder / "cuts.jsonl.gz").write_bytes(data[: len(data) // 2])
    refused(folder / "cuts.jsonl.gz", DataError, "cuts.jsonl.gz: cannot be read")


def test_the_case(shared: Path) -> None:
    for name in ("cuts.jsonl", "cuts.jsonl.gz", ""):
        found = read(shared / "cases" / "data" / "lhotse" / name)
        assert found.texts == {"cut0": "two one nine", "cut1": "three five one", "cut2": "three"}
        assert {(item.session, item.language) for item in found.utterances} == {("sp", "en")}


def test_yaml(folder: Path) -> None:
    """As lhotse's ``to_file("cuts.yaml")`` writes it: a list in block style."""
    import yaml

    said = [supervision("s1", 0.0, 1.0, "one: two"), supervision("s2", 2.0, 1.5, "drei\n\nvier")]
    cuts = folder / "cuts.yaml"
    cuts.write_text(yaml.safe_dump([cut("c", 0, 4.0, *said)], sort_keys=False), encoding="utf-8")
    assert read(cuts).texts == {"s1": "one: two", "s2": "drei\n\nvier"}
    packed = folder / "packed" / "cuts.yaml.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(cuts.read_bytes()))
    assert read(packed).texts == read(folder).texts == read(cuts).texts
    cuts.unlink()
    (folder / "recordings.yaml").write_text(yaml.safe_dump([recording()]), encoding="utf-8")
    (folder / "supervisions.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    assert read(folder).texts == read(folder / "recordings.yaml").texts == {"s1": "one: two", "s2": "drei\n\nvier"}
    (folder / "supervisions.yaml").write_text(yaml.safe_dump(said) + "- {a: [", encoding="utf-8")
    refused(folder, DataError, r"supervisions.yaml: not YAML \(")
    (folder / "supervisions.yaml").write_text(yaml.safe_dump(said) + "- !!python/object/apply:os.getcwd []\n")
    refused(folder, DataError, r"supervisions.yaml: not YAML \(could not determine a constructor")
