"""Settings: declared once, so that every field is a flag with a help text, and what is typed arrives in it."""

from __future__ import annotations

import argparse
import dataclasses
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.commands import run
from harness.config import Settings, phrases
from harness.errors import UsageError
from harness.flags import declared, made
from harness.records.run import Scalar

TYPED: dict[str, tuple[str, object]] = {
    "limit": ("--limit 7", 7),
    "seed": ("--seed 3", 3),
    "name": ("--name nightly", "nightly"),
    "profile": ("--profile verbatim", "verbatim"),
    "channel": ("--channel best", "best"),
    "out": ("--out there", Path("there")),
    "root": ("--from .", Path()),
    "streaming": ("--streaming", True),
    "cudnn_attention": ("--cudnn-attention", True),
    "device": ("--device cuda", "cuda"),
    "dtype": ("--dtype bfloat16", "bfloat16"),
    "attention": ("--attention sdpa", "sdpa"),
    "perturb": (
        "--perturb noise:20 --perturb reverb:0.3,1",
        ("noise:snr=20,kind=pink", "reverb:rt60=0.3", "reverb:rt60=1"),
    ),
    "batch_size": ("--batch-size 4", 4),
    "batch_seconds": ("--batch-seconds 9.5", 9.5),
    "workers": ("--workers 11", 11),
    "revision": ("--revision abc", "abc"),
    "trust_remote_code": ("--trust-remote-code", True),
    "family": ("--family guess", "guess"),
    "model_option": ("--model-option b=2 --model-option a=1=1", ("a=1=1", "b=2")),
    "keywords": ("--keywords Granite,NAR,,Granite", ("Granite", "NAR")),
    "row_keywords": ("--row-keywords", True),
    "task": ("--task translate --target de", "translate"),
    "target": ("--task translate --target German", "de"),
    "price": ("--price 2.5/h", "2.5/h"),
    "energy": ("--energy", True),
    "peak_tflops": ("--peak-tflops 989.5", 989.5),
    "concurrency": ("--concurrency 2", 2),
    "max_cost": ("--max-cost 1.5", 1.5),
    "yes_this_costs": ("--yes-this-costs", True),
    "clock": ("--clock leaderboard", "leaderboard"),
    "repeats": ("--repeats 3", 3),
    "audit_batching": ("--audit-batching 5", 5),
    "shard": ("--shard 2/8", "2/8"),
    "engine": ("--engine ray", "ray"),
    "ray_address": ("--engine ray --ray-address auto", "auto"),
    "ray_workers": ("--engine ray --ray-workers 2", 2),
    "gpus_per_worker": ("--gpus-per-worker 0.5", 0.5),
    "cpus_per_worker": ("--cpus-per-worker 2", 2),
    "on_error": ("--on-error score-empty", "score-empty"),
    "batch_timeout": ("--batch-timeout 8", 8.0),
    "retry_failed": ("--retry-failed", True),
    "fresh": ("--fresh", True),
    "mix_packages": ("--mix-packages", True),
    "allow_drift": ("--allow-drift", True),
}
"""What is typed for each setting, and what it then is."""


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="p")
    run.add_arguments(found)
    return found


def test_every_setting_is_a_flag_with_a_help_and_its_default(parser: argparse.ArgumentParser) -> None:
    text = " ".join(parser.format_help().split())
    assert [each.field for each in declared(Settings)] == [field.name for field in dataclasses.fields(Settings)]
    for each in declared(Settings):
        assert each.help
        assert f"{each.option} " in text
        assert each.help_line in text
    for line in (
        "--gpus-per-worker F GPUs for each, or the share of one (default 1)",
        "--seed N seed of that sample (default 0)",
        "--out DIR folder that holds the runs (default results/runs)",
        "--fresh start over; the old run is kept under another name --",
    ):
        assert line in text


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Settings)])
def test_what_is_typed_arrives(parser: argparse.ArgumentParser, name: str) -> None:
    words, expected = TYPED[name]
    settings = made(Settings, parser.parse_args(words.split()))
    assert getattr(settings, name) == expected
    assert type(getattr(settings, name)) is type(expected)
    others = {field.name for field in dataclasses.fields(Settings)} - {name, "engine", "dtype", "task", "target"}
    assert all(getattr(settings, other) == getattr(Settings(), other) for other in others)


def test_what_is_not_typed_is_the_record_s_own(parser: argparse.ArgumentParser) -> None:
    assert made(Settings, parser.parse_args([])) == Settings()


def test_half_precision_is_the_default_on_a_gpu_only() -> None:
    chosen = {device: Settings(device=device).on().dtype for device in ("cpu", "mps", "cuda", "cuda:1")}
    assert chosen == {"cpu": "float32", "mps": "float32", "cuda": "bfloat16", "cuda:1": "bfloat16"}
    assert Settings(device="cuda", dtype="float32").on().dtype == "float32"


def test_a_batch_is_as_large_as_the_device_likes() -> None:
    seconds = {device: Settings(device=device).on().budget_seconds for device in ("cpu", "mps", "cuda", "cuda:1")}
    assert seconds == {"cpu": 120.0, "mps": 240.0, "cuda": 1200.0, "cuda:1": 1200.0}


def test_a_batch_has_one_size(parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["--batch-size", "4", "--batch-seconds", "9"])
    assert "not allowed with argument --batch-size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"limit": 0}, "--limit 0: give a positive number of utterances"),
        ({"audit_batching": -1}, "--audit-batching -1: give a number of utterances"),
        ({"repeats": 0}, "--repeats 0: give a positive number of runs"),
        ({"batch_timeout": 0.0}, "--batch-timeout 0: give a positive number of seconds"),
        ({"batch_timeout": math.nan}, "--batch-timeout nan: give a positive number of seconds"),
        ({"batch_seconds": math.inf}, "--batch-seconds inf: give a positive number of seconds"),
        ({"batch_seconds": -1.5}, "--batch-seconds -1.5: give a positive number of seconds"),
        ({"root": Path("/no/such")}, "--from /no/such: no such folder"),
        ({"root": Path(), "streaming": True}, "--streaming reads from the hub, --from . from the disk"),
        ({"gpus_per_worker": 1.5}, "--gpus-per-worker 1.5: give a share of one GPU, such as 0.5, or a whole number"),
        ({"task": "translate"}, "--task translate and --target LANG need each other"),
        ({"target": "de"}, "--task translate and --target LANG need each other"),
        ({"task": "translate", "target": "Klingon?"}, "--target"),
        ({"price": "cheap"}, "--price cheap: give money per hour of machine, 2.5/h, or per minute of audio, 0.006/min"),
        ({"peak_tflops": 0.0}, "--peak-tflops 0: give a positive number of TFLOP a second"),
        ({"concurrency": 0}, "--concurrency 0: at least one is needed"),
        ({"model_option": ("a",)}, "--model-option a: give NAME=VALUE"),
        ({"model_option": ("a=1", "a=2")}, "--model-option a is given twice"),
        ({"device": "tpu"}, "--device tpu: give auto, cpu, cuda, cuda:N or mps"),
        ({"device": "cuda:"}, "--device cuda:: give auto"),
        ({"device": "cuda:1", "engine": "ray"}, "--device cuda:1: --engine ray gives each worker its own"),
        ({"dtype": "int8"}, "--dtype int8: choose from auto, float32, bfloat16"),
    ],
)
def test_what_cannot_be_meant_is_refused_wherever_it_comes_from(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as failure:
        Settings(**wrong)
    assert message in str(failure.value)


def test_run_json_has_plain_values_and_nothing_of_one_process_only() -> None:
    stored = Settings(limit=3, batch_timeout=math.inf).on(("cpu",)).as_dict()
    assert (stored["limit"], stored["dtype"], stored["device"]) == (3, "float32", "cpu")
    assert not {"out", "root", "fresh", "retry_failed", "ray_address", "yes_this_costs", "shard"} & set(stored)
    assert len(stored) == len(dataclasses.fields(Settings)) - 8
    everything = Settings(model_option=("a=1",), keywords=("New York",)).as_dict()
    assert msgspec.json.decode(msgspec.json.encode(everything), type=dict[str, Scalar]) == everything


def test_keywords_are_a_list_or_a_file_with_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("New  York, NY\n\nnar\nnar\n", encoding="utf-8")
    assert phrases(str(file)) == ("New York, NY", "nar")
    assert phrases("New York, nar") == ("New York", "nar")
    for text, said in (("no/such/file", "cannot be read"), ("words.txt", "cannot be read"), (" ,", "no word in it")):
        with pytest.raises(UsageError, match=said):
            phrases(text)
    assert phrases("x@y.com,Ann") == ("x@y.com", "Ann")
    (tmp_path / "words.json").write_text('["New York", "a, b"]')
    assert phrases(str(tmp_path / "words.json")) == ("New York", "a, b")
    for content in ('{"u1": ["a"]}', "u1\ta\nu2\tb"):
        file.write_text(content)
        with pytest.raises(UsageError, match=r"words.txt: a list for each id; .* with --row-keywords"):
            phrases(str(file))


def test_channel_is_a_word_or_a_number() -> None:
    assert [Settings(channel=name).heard for name in ("mix", "best", "0", "12")] == ["mix", "best", 0, 12]
    for name in ("left", "-1", "01", "", "1.0", "1234", "MIX"):
        with pytest.raises(UsageError, match=f"--channel {name}: give mix, best, or a number"):
            Settings(channel=name)
