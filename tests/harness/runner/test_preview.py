"""`--dry-run`: what is known before a run, and nothing that is not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.dataset import Dataset, Request, Utterance
from benchmarks.registry import Suite
from harness.config import Settings
from harness.runner import run as run_module
from harness.runner.preview import preview
from tests.harness.runner.stub_run import Slow, dataset
from tests.harness.runner.test_run import work


def shown(out: Path, data: Dataset | None = None, model: str = "org/slow", batch_size: int = 4) -> list[str]:
    data = data or dataset(30)
    suite = Suite(name="stubs", profile="card@2026-04", benchmarks=(data.name,))
    return preview(suite, [data], model, Settings(out=out, batch_size=batch_size)).splitlines()


def test_before_a_run_time_and_memory_are_not_known(tmp_path: Path) -> None:
    assert shown(tmp_path) == [
        "org/slow on stubs: a batch has at most 4 clips",
        "  stub: 30 utterances, 0.00 h, 8 batches, longest 0.3 s, 3.4 % padding, time not known before a first run, "
        "memory not known before a first run with such batches",
    ]
    assert list(tmp_path.iterdir()) == []


def test_after_a_run_they_are_what_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "load_model", lambda _name, _options: Slow(0.0))
    run = work(tmp_path)
    peak = run.execute().benchmarks["stub"].peak_memory
    assert peak is not None
    (_, line) = shown(tmp_path)
    assert f"about 0 s, as it was before, at most {peak.host_gib:.1f} GiB on the host, as it was before" in line
    (_, line) = shown(tmp_path, batch_size=5)  # other batches take other memory
    assert "memory not known before a first run with such batches" in line


def test_the_weights_of_a_known_model_are_stated(tmp_path: Path) -> None:
    (title, _) = shown(tmp_path, model="ibm-granite/granite-speech-4.1-2b-nar")
    assert title.endswith("; its weights take 8.40 GiB as float32")  # 2,254,569,820 parameters of 4 bytes


def test_lengths_that_nobody_states_are_said_to_be_guessed(tmp_path: Path) -> None:
    whole = dataset(30)

    def unstated(request: Request) -> Iterator[Utterance]:
        for number, utterance in enumerate(whole.sources[0].open(request)):
            yield utterance if number else replace(utterance, duration=None)

    lines = shown(tmp_path, replace(whole, sources=(replace(whole.sources[0], open=unstated),)))
    assert lines[-1] == "    1 utterances state no length: it is guessed from the size of their files"
