"""A run that is gone on with elsewhere, or after an update: each stretch is noted, and no speed is mixed in silence."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness import environment
from harness.cli import main
from harness.errors import UsageError
from harness.gating.guards import notes
from harness.gating.sides import read_side
from harness.models.base import Adapter
from harness.models.registry import adapters, load_model
from harness.models.versions import AUDIO, changes_transcripts
from harness.records.codec import write
from harness.records.journal import read_journal
from harness.records.run import BenchmarkRecord, Environment, Hardware, RunRecord, Stretch, read_run_record
from harness.records.speed import Speed
from harness.reporting.stretches import apart
from harness.runner.stretches import begin_stretch, check_packages
from harness.scoring.score import suite_speed
from harness.version import VERSION
from tests.harness.run_records import run_record
from tests.harness.runner.tones import Again, manifest, run, tone

HERE = Environment(
    python="3.11.9",
    packages={"torch": "2.13.0", "jiwer": "3"},
    commit="a" * 40,
    hardware=Hardware(cpu="EPYC", cores=2),
)


def record(*stretches: Stretch, **more: Any) -> RunRecord:
    return run_record(stretches=[*stretches], **more)


def known(package: str) -> bool:
    """What can change a transcript of code that nobody knows."""
    return changes_transcripts(package, None)


CHANGES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"packages": {"torch": "2.14.0", "jiwer": "3"}}, ("torch 2.14.0 (was 2.13.0)",)),
    ({"packages": {"torch": "2.13.0", "jiwer": "4"}}, ()),  # no transcript depends on it
    ({"packages": {"torch": "2.13.0", "av": "1"}}, ("av 1 (was not there)",)),
    ({"packages": {}}, ("torch gone (was 2.13.0)",)),
    ({"python": "3.12.1"}, ("Python 3.12.1 (was 3.11.9)",)),
    ({"commit": "b" * 40}, ("commit bbbbbbbbbbbb (was aaaaaaaaaaaa)",)),
    ({"hardware": Hardware(accelerator="H100", accelerators=1)}, ("machine H100 (was EPYC, 2 cores)",)),
    (
        {"hardware": Hardware(cpu="EPYC", cores=4), "packages": {"torch": "2.14.0"}},
        ("torch 2.14.0 (was 2.13.0)", "machine EPYC, 4 cores (was EPYC, 2 cores)"),
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_is_otherwise_is_named(change: dict[str, Any], said: tuple[str, ...]) -> None:
    first = record()
    assert begin_stretch(first, HERE, resumed=False, matters=known) == ()
    assert [(one.environment, one.version, one.differs) for one in first.stretches] == [(HERE, VERSION, ())]
    now = replace(HERE, **change)
    assert begin_stretch(first, now, resumed=True, matters=known) == said
    assert [one.environment for one in first.stretches] == [HERE, now][: 1 + bool(said)]
    assert first.stretches[-1].differs == said
    assert first.mixed_packages == tuple(each for each in said if each.startswith(("torch", "av")))
    assert first.environment == now


def test_a_run_from_before_has_one_stretch_that_it_states() -> None:
    """What older programs did not look for was not gone."""
    old = record(environment=HERE, started="then", version="0.1")
    now = replace(HERE, packages={**HERE.packages, "av": "1"})
    assert begin_stretch(old, now, resumed=True, matters=known) == (f"version {VERSION} (was 0.1)",)
    assert (old.stretches[0].since, old.stretches[0].version) == ("then", "0.1")
    assert len(old.stretches) == 2


def test_what_is_begun_anew_has_no_past() -> None:
    first = record(Stretch(environment=HERE))
    assert begin_stretch(first, replace(HERE, python="4"), resumed=False, matters=known) == ()
    assert len(first.stretches) == 1


REFUSED = [
    # family, served, package, whether another version is refused
    ("whisper", False, "torch", True),
    ("whisper", False, "transformers", True),
    ("whisper", False, "tokenizers", True),
    ("whisper", False, "numpy", True),
    ("whisper", False, "soundfile", True),
    ("whisper", False, "soxr", True),
    ("whisper", False, "av", True),
    ("whisper", False, "ctranslate2", False),
    ("whisper", False, "pocketsphinx", False),
    ("whisper", False, "jiwer", False),
    ("whisper-ct2", False, "ctranslate2", True),
    ("whisper-ct2", False, "faster-whisper", True),
    ("whisper-ct2", False, "torch", False),
    ("whisper-ct2", False, "transformers", False),
    ("pocketsphinx", False, "pocketsphinx", True),
    ("pocketsphinx", False, "torch", False),
    ("onnx-asr", False, "onnxruntime", True),
    ("transcripts", False, "torch", False),
    ("transcripts", False, "numpy", False),
    ("openai", True, "torch", False),
    ("openai", True, "soxr", True),
    ("custom", False, "torch", True),  # nobody knows what code of the user's own takes
    ("custom", False, "ctranslate2", True),
    ("custom", False, "whisper-normalizer", False),
    (None, False, "transformers", True),
]


@pytest.mark.parametrize(("family", "served", "package", "refused"), REFUSED)
def test_what_can_change_a_transcript_is_refused(
    tmp_path: Path, family: str | None, served: bool, package: str, refused: bool
) -> None:
    first = record(Stretch(environment=replace(HERE, packages={package: "1.0", "other": "1"})))
    adapter = None if family is None else adapters()[family]
    assert (adapter is not None and adapter.served) is served

    def matters(name: str) -> bool:
        return name != "other" and changes_transcripts(name, adapter)

    check_packages(tmp_path, first, {package: "1.0", "other": "2"}, matters)
    if not refused:
        check_packages(tmp_path, first, {package: "1.1"}, matters)
        return
    with pytest.raises(UsageError) as error:
        check_packages(tmp_path, first, {package: "1.1", "other": "1"}, matters)
    assert str(error.value) == (
        f"{tmp_path} was computed with {package} 1.0, here is 1.1; --mix-packages goes on and marks the run, "
        "another --out or --name, or --fresh, begins a new one"
    )
    with pytest.raises(UsageError, match=f"{package} 1.0, here is none"):
        check_packages(tmp_path, first, {}, matters)


TORCH = {"flash-attn", "tokenizers", "torch", "transformers"}
FASTER_WHISPER = {"av", "ctranslate2", "faster-whisper", "onnxruntime", "tokenizers"}
STATED = {
    "ctc": TORCH,
    "generating": TORCH,
    "granite_nar": TORCH,
    "granite_speech": TORCH,
    "hama": {"hama", "onnxruntime", "tokenizers"},
    "mlx": {"mlx-whisper"},
    "moonshine-voice": {"moonshine-voice"},
    "nemo": TORCH | {"nemo-toolkit"},
    "onnx-asr": {"onnx-asr", "onnxruntime"},
    "pocketsphinx": {"pocketsphinx"},
    "remote_code": TORCH,
    "sherpa-onnx": {"sherpa-onnx"},
    "tiny-nar": TORCH,
    "transcribe.cpp": {"transcribe-cpp"},
    "whisper": TORCH,
    "whisper-base": FASTER_WHISPER,
    "whisper-ct2": FASTER_WHISPER,
    "whisper-tiny.en": FASTER_WHISPER,
    "whisper.cpp": {"pywhispercpp"},
}


def test_what_each_adapter_states() -> None:
    """One that states nothing, as a new file may, is gone on with by no other version of anything."""
    stated = {name: one.packages for name, one in adapters().items() if one.packages is not None}
    assert stated == STATED
    silent = {name for name, one in adapters().items() if not one.served and one.packages is None}
    assert silent == {"custom", "transcripts"}
    assert all(package in environment.PACKAGES for found in STATED.values() for package in found | AUDIO)
    new = Adapter(name="new", summary="", load=load_model)
    matters = {package for package in environment.PACKAGES if changes_transcripts(package, new)}
    assert matters == {*environment.PACKAGES} - {
        "datasets", "huggingface_hub", "jiwer", "kaldialign", "num2words", "whisper-normalizer",
    }  # fmt: skip


def go(
    tmp_path: Path, count: int, here: Environment, monkeypatch: pytest.MonkeyPatch, name: str = "calls", **settings: Any
) -> Again:
    """The command on the first rows of some data, on a machine of ours."""
    rows = [
        {"audio": str(tone(tmp_path / f"{n}.wav", n)), "id": str(n), "text": "one", "duration": 0.2}
        for n in range(1, count + 1)
    ]
    monkeypatch.setattr(environment, "describe", lambda: here)
    monkeypatch.setattr(environment, "packages", lambda: here.packages)
    return run(manifest(tmp_path / f"{name}.jsonl", rows), tmp_path / "out", **settings)


def reported(folder: Path, out: Path) -> tuple[str, str]:
    """The table and the page of a run."""
    assert main(["report", str(folder), "--out", str(out)]) == 0
    return (out / "table.md").read_text(), (out / "index.html").read_text()


def test_other_versions_are_refused_or_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(HERE, packages={"torch": "2.14.0", "jiwer": "3"}, hardware=Hardware(cpu="Xeon", cores=8))
    first = go(tmp_path, 2, HERE, monkeypatch)
    assert (len(first.record.stretches), first.entry.stretches, first.record.hardware) == (1, (0,), "EPYC, 2 cores")
    again = go(tmp_path, 2, elsewhere, monkeypatch)  # nothing is computed there
    assert (again.record.stretches, again.record.environment, again.said) == (first.record.stretches, HERE, [])
    journal = first.folder / "data_calls.jsonl"
    with pytest.raises(UsageError, match=r"was computed with torch 2\.13\.0, here is 2\.14\.0; --mix-packages"):
        go(tmp_path, 3, elsewhere, monkeypatch)
    assert [line.id for line in read_journal(journal).lines] == ["1", "2"]
    assert read_run_record(first.folder).stretches == first.record.stretches
    more = go(tmp_path, 3, elsewhere, monkeypatch, mix_packages=True)
    assert more.said[-1] == (
        "loudness: gone on with otherwise than before, its speed is of what is run now: torch 2.14.0 (was 2.13.0); "
        "machine Xeon, 8 cores (was EPYC, 2 cores)"
    )
    assert [one.environment for one in more.record.stretches] == [HERE, elsewhere]
    assert more.entry.stretches == (0, 1)
    last = go(tmp_path, 4, elsewhere, monkeypatch)  # as before: the flag is not needed, and the mark stays
    assert (len(last.record.stretches), last.entry.stretches, len(last.said)) == (2, (0, 1), 1)
    assert last.record.mixed_packages == ("torch 2.14.0 (was 2.13.0)",)
    table, page = reported(last.folder, tmp_path / "report")
    assert "several versions (--mix-packages): torch 2.14.0 (was 2.13.0)" in table
    assert "several versions (--mix-packages): torch 2.14.0 (was 2.13.0)" in page
    side = read_side([last.folder], "rtfx")
    assert notes(side, None)[:2] == (
        "the run has transcripts by several versions (--mix-packages): torch 2.14.0 (was 2.13.0)",
        "the run was gone on with otherwise than it was begun: torch 2.14.0 (was 2.13.0); "
        "machine Xeon, 8 cores (was EPYC, 2 cores)",
    )


def test_a_speed_is_of_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(HERE, hardware=Hardware(cpu="Xeon", cores=8))
    first = go(tmp_path, 2, HERE, monkeypatch)
    journal = first.folder / "data_calls.jsonl"
    assert first.entry.speed is not None
    more = go(tmp_path, 5, elsewhere, monkeypatch)  # the packages are the same: no flag is needed
    lines = read_journal(journal).lines
    assert [line.stretch for line in lines] == [None, None, 1, 1, 1]
    speed = more.entry.speed
    assert speed is not None
    assert speed.seconds_counted == pytest.approx(sum(line.time or 0 for line in lines[2:]))
    assert speed.audio_seconds == pytest.approx(0.6)
    assert speed.batches == 3
    (apart,) = more.entry.speeds_elsewhere
    assert (apart.stretch, apart.speed) == (0, first.entry.speed)
    assert more.record.hardware == "Xeon, 8 cores (a part; the rest on EPYC, 2 cores)"
    assert more.record.mixed_packages == ()
    table, page = reported(more.folder, tmp_path / "report")
    said = f"of what Xeon, 8 cores computed; RTFx elsewhere: data_calls {apart.speed.rtfx:.4g} on EPYC, 2 cores"
    assert said in table
    assert said in page
    assert "RTFx on Xeon, 8 cores (a part; the rest on EPYC, 2 cores)." in table
    back = go(tmp_path, 6, HERE, monkeypatch)  # on the first machine again: what it did is one, the other is apart
    lines = read_journal(journal).lines
    assert [line.stretch for line in lines] == [None, None, 1, 1, 1, 2]
    assert back.entry.speed is not None
    here = [lines[0], lines[1], lines[5]]
    assert back.entry.speed.seconds_counted == pytest.approx(sum(line.time or 0 for line in here))
    assert back.entry.speed.audio_seconds == pytest.approx(0.6)
    assert back.entry.speed.batches == (first.entry.speed.batches or 0) + 1
    assert [(one.stretch, one.speed) for one in back.entry.speeds_elsewhere] == [(1, speed)]
    with pytest.raises(UsageError, match="cannot be timed again here: leave out --repeats and --clock"):
        go(tmp_path, 6, HERE, monkeypatch, repeats=2)


def test_an_average_is_not_of_two_machines() -> None:
    quick = Speed(rtfx=100.0, audio_seconds=1000.0, seconds_counted=10.0)
    slow = Speed(rtfx=1.0, audio_seconds=10.0, seconds_counted=10.0)
    assert suite_speed({"a": quick, "b": slow}, {}).rtfx == 50.5
    assert suite_speed({"a": quick, "b": replace(slow, elsewhere=True)}, {}).rtfx == 100.0
    assert suite_speed({"a": replace(quick, elsewhere=True), "b": replace(slow, elsewhere=True)}, {}).rtfx is None


def test_what_was_complete_elsewhere_is_marked_so(tmp_path: Path) -> None:
    whole = BenchmarkRecord(speed=Speed(rtfx=7.0), stretches=(0,), complete=True)
    several = record(Stretch(environment=HERE), environment=HERE, started="then")
    several.benchmarks["digits"] = whole
    there = replace(HERE, hardware=Hardware(accelerator="H100", accelerators=1))
    assert begin_stretch(several, there, resumed=True, matters=known) == ("machine H100 (was EPYC, 2 cores)",)
    assert whole.speed == Speed(rtfx=7.0, elsewhere=True)
    assert several.hardware == "H100 (a part; the rest on EPYC, 2 cores)"
    assert apart(several) == ("of what H100 computed; RTFx elsewhere: digits 7 on EPYC, 2 cores",)
    begin_stretch(several, HERE, resumed=True, matters=known)
    assert whole.speed == Speed(rtfx=7.0)
    assert (several.hardware, apart(several)) == ("EPYC, 2 cores", ())


def test_an_older_run_that_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = go(tmp_path, 2, HERE, monkeypatch)
    first.record.stretches = []
    first.entry.stretches = ()
    write(first.folder / "run.json", first.record)
    more = go(tmp_path, 3, replace(HERE, python="3.12.0"), monkeypatch)
    assert [one.environment.python for one in more.record.stretches] == ["3.11.9", "3.12.0"]
    assert more.entry.stretches == (0, 1)
