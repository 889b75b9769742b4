"""`--perturb`: what it means, and the one line for what cannot be meant."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.config import Settings
from harness.errors import UsageError
from harness.perturb.kinds import codec
from harness.perturb.names import MARK, clean_among, joined, named
from harness.perturb.registry import perturbations
from harness.perturb.spec import read_condition, read_conditions


@pytest.mark.parametrize(
    ("spec", "texts", "labels"),
    [
        (
            "noise:snr=20,10,0",
            ["noise:snr=20,kind=pink", "noise:snr=10,kind=pink", "noise:snr=0,kind=pink"],
            ["noise@20dB", "noise@10dB", "noise@0dB"],
        ),
        ("noise:5dB", ["noise:snr=5,kind=pink"], ["noise@5dB"]),
        ("Noise: snr = -2.5 dB", ["noise:snr=-2.5,kind=pink"], ["noise@-2.5dB"]),
        (
            "noise:kind=white,hum,snr=10,-5",
            [
                "noise:snr=10,kind=white",
                "noise:snr=10,kind=hum",
                "noise:snr=-5,kind=white",
                "noise:snr=-5,kind=hum",
            ],
            ["noise-white@10dB", "noise-hum@10dB", "noise-white@-5dB", "noise-hum@-5dB"],
        ),
        ("babble:snr=10", ["babble:snr=10,talkers=8"], ["babble@10dB"]),
        ("babble:snr=10,talkers=3", ["babble:snr=10,talkers=3"], ["babble-3@10dB"]),
        ("reverb", ["reverb:rt60=0.5"], ["reverb@0.5s"]),
        ("reverb:rt60=0.3,800ms", ["reverb:rt60=0.3", "reverb:rt60=0.8"], ["reverb@0.3s", "reverb@0.8s"]),
        ("codec:g711,g711a", ["codec:name=g711", "codec:name=g711a"], ["codec@g711", "codec@g711a"]),
        ("gain:db=-20,+10", ["gain:db=-20", "gain:db=10"], ["gain@-20dB", "gain@+10dB"]),
        ("speed:0.9,1.1", ["speed:factor=0.9", "speed:factor=1.1"], ["speed@0.9", "speed@1.1"]),
        ("clip:percent=1,5%", ["clip:percent=1", "clip:percent=5"], ["clip@1percent", "clip@5percent"]),
        ("silence:pad=5s", ["silence:pad=5"], ["silence@5s"]),
    ],
)
def test_a_spec_is_one_condition_for_each_combination_of_values(spec: str, texts: list[str], labels: list[str]) -> None:
    found = read_conditions([spec])
    assert [one.text for one in found] == texts
    assert [one.label for one in found] == labels
    assert read_conditions(texts) == found  # as run.json holds them
    assert [read_condition(text) for text in texts] == list(found)
    assert Settings(perturb=(spec,)).perturb == tuple(texts)


WRONG = {
    "": "it has no name; give one of babble, clip, codec, gain, noise, reverb, silence, speed, such as",
    ":": "it has no name",
    "nois:snr=10": "no perturbation called 'nois'; did you mean 'noise'?; such as babble:snr=20,10,0",
    "noise": "it lacks snr; such as noise:snr=20,10,0",
    "noise:": "a value of snr is empty",
    "noise:snr=": "a value of snr is empty; such as noise:snr=20,10,0",
    "noise:snr=10,": "a value of snr is empty",
    "noise:snr=nan": "'nan': give decibels from -50 to 100; such as noise:snr=20,10,0",
    "noise:snr=inf": "'inf': give decibels",
    "noise:snr=1e9": "'1e9': give decibels from -50 to 100",
    "noise:snr=ten": "'ten': give decibels",
    "noise:snr=10s": "'10s': give decibels",
    "noise:snr=10,snr=5": "snr is there twice; give one list, such as noise:snr=20,10,0",
    "noise:volume=3": "'volume' is none of its values; noise knows snr, kind, from, such as noise:snr=20,10,0",
    "noise:snr=10,kind=brown": "'brown': give one of pink, white, hum, clicks",
    "noise:snr=10,from=/nowhere/at/all": "give a folder with audio files (no folder '/nowhere/at/all')",
    "noise:snr=10,10": "noise@10dB is there twice; leave one out",
    "noise:snr=10,10.0": "noise@10dB is there twice",
    "babble:snr=5,talkers=0": "'0': give a whole number of people from 1 to 50",
    "babble:snr=5,talkers=2.5": "'2.5': give a whole number of people from 1 to 50",
    "reverb:rt60=0": "'0': give seconds from 0.05 to 10; such as reverb:rt60=0.3,0.8",
    "codec:mp4": "'mp4': give one of g711, g711a, mp3, opus, aac, amr, g722, such as mp3@32k",
    "codec:mp3@33k": "'mp3@33k': give one of mp3@8k, mp3@16k",
    "codec:g711@64k": "'g711@64k': give one of g711",
    "codec:g722@64k": "'g722@64k': give g722 alone, which has one rate",
    "codec": "it lacks name; such as codec:g711,mp3@32k,opus@8k",
    "gain:db=1000": "'1000': give decibels from -100 to 60",
    "speed:0": "'0': give a factor from 0.25 to 4",
    "clip:percent=100": "'100': give percent from 0.001 to 90",
    "silence:pad=-1s": "'-1s': give seconds from 0.01 to 600",
    "silence:pad=5m": "'5m': give seconds",
}


@pytest.mark.parametrize("spec", WRONG)
def test_what_cannot_be_meant_is_one_line_with_what_would_work(spec: str) -> None:
    with pytest.raises(UsageError) as error:
        Settings(perturb=(spec,))
    line = str(error.value)
    assert line.startswith("--perturb ")
    assert WRONG[spec] in line
    assert "\n" not in line


def test_the_same_condition_in_two_specs_is_refused() -> None:
    with pytest.raises(UsageError, match=re.escape("--perturb noise:10: noise@10dB is there twice; leave one out")):
        read_conditions(["noise:snr=20,10", "noise:10"])


def test_a_folder_of_noise_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "rain & wind"
    with pytest.raises(UsageError, match="no folder"):
        read_conditions([f"noise:snr=5,from={folder}"])
    folder.mkdir()
    with pytest.raises(UsageError, match="there is none in"):
        read_conditions([f"noise:snr=5,from={folder}"])
    soundfile.write(folder / "a.wav", np.full(800, 0.1), 16_000)
    (one,) = read_conditions([f"noise:snr=5,from={folder}"])
    assert re.fullmatch(r"noise-rain___wind_[0-9a-f]{4}@5dB", one.label)
    assert read_conditions([one.text]) == (one,)
    soundfile.write(folder / "b.wav", np.full(800, 0.2), 16_000)
    (more,) = read_conditions([f"noise:snr=5,from={folder}"])
    assert more.label != one.label


def test_what_is_no_folder_of_noise_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(800, 0.1), 16_000)
    for spec, says in (
        (f"noise:snr=5,kind=white,from={tmp_path}", "kind=white is synthesized, and from= brings noise; leave one out"),
        ("noise:snr=5,from=nowhere#12345678", "give a folder with audio files (no folder 'nowhere#12345678')"),
        (f"noise:snr=5,from={tmp_path}/a.wav", "give a folder with audio files (no folder"),
    ):
        with pytest.raises(UsageError) as error:
            read_conditions([spec])
        assert says in str(error.value)
    for name, content, says in (("b.mp3", b"notes, not sound\n" * 9, "is text"), ("c.wav", b"", "is an empty file")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError) as error:
            read_conditions([f"noise:snr=5,from={tmp_path}"])
        assert f"give a folder whose audio files are audio ({tmp_path / name} {says}; take it out)" in str(error.value)
        (tmp_path / name).unlink()
    marked = tmp_path / "rain#12345678"
    marked.mkdir()
    with pytest.raises(UsageError, match="there is none in"):
        read_conditions([f"noise:snr=5,from={marked}"])


def test_without_pyav_codecs_of_ffmpeg_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "is_installed", lambda: False)
    with pytest.raises(UsageError) as error:
        read_conditions(["codec:g711,mp3@32k"])
    assert str(error.value) == (
        "--perturb codec:mp3@32k: FFmpeg does that, and PyAV is not installed; "
        "pip install 'asr-harness[audio]', or use g711"
    )
    assert [one.label for one in read_conditions(["codec:g711"])] == ["codec@g711"]


def test_every_label_is_read_back_from_a_benchmark_s_name() -> None:
    for one in perturbations().values():
        for condition in read_conditions([one.example]):
            found = named(joined("fleurs_de", condition.label))
            assert found is not None, condition.label
            assert (found.clean, found.condition) == ("fleurs_de", condition.label)
            assert found.series.partition("-")[0] == one.name
            says_ratio = any(name == "snr" for name, _ in condition.values)
            assert found.snr == (dict(condition.values)["snr"] if says_ratio else None)
            assert not set(condition.label) & set('/\\:*?"<>| %')


def test_other_names_with_a_plus_are_clean() -> None:
    for name in ("sample_read", "c++", "a+b", "+noise@10dB", "a+noise", "a+noise@", "a+noises@10dB", "a+noise@10dB_de"):
        assert named(name) is None, name
    assert named("a+noise-white@-5dB") == ("a", "noise-white@-5dB", "noise-white", "-5dB")
    assert clean_among(["a", "a+noise@5dB", "b"]) == ["a", "b"]
    assert clean_among(["a+noise@5dB"]) == ["a+noise@5dB"]
    assert MARK == "+"
