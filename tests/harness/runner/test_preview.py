"""`--dry-run`: what is known before a run, and nothing that is not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.dataset import Dataset, Request, Utterance
from benchmarks.registry import Suite
from harness.config import Settings
from harness.models import tiny_nar
from harness.models.base import LoadOptions, ModelCard
from harness.models.registry import expected_card
from harness.runner import preview as preview_module
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
    assert lines[-1] == "    1 utterance states no length: it is guessed from the size of the file"


def predicted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int | None, *, card: ModelCard | None = None, **asked: object
) -> list[str]:
    """The plan of 30 clips of 0.1 to 0.26 s on a GPU with so many bytes free."""
    monkeypatch.setattr(preview_module, "free_memory", lambda _device: free)
    if card is not None:
        monkeypatch.setattr(preview_module, "expected_card", lambda *_: card)
    data = dataset(30)
    suite = Suite(name="stubs", profile="card@2026-04", benchmarks=(data.name,))
    settings = Settings(out=tmp_path, device="cuda", dtype="bfloat16", **asked)  # type: ignore[arg-type]
    return preview(suite, [data], "ibm-granite/granite-speech-4.1-2b-nar", settings).splitlines()[1:]


def test_memory_is_predicted_beside_what_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """4.20 GiB of weights; 1,050,000 numbers of two bytes for each of 5.3 s, which are in one batch."""
    (line,) = predicted(monkeypatch, tmp_path, 79 * 2**30)
    assert line.endswith("about 4.2 GiB on cuda (weights 4.2, the largest batch 0.0), of 79.0 free")
    (line,) = predicted(monkeypatch, tmp_path, None)
    assert line.endswith("about 4.2 GiB on cuda (weights 4.2, the largest batch 0.0)")
    _, line = predicted(monkeypatch, tmp_path, 4 * 2**30)
    assert line == "    the weights alone do not fit: 4.2 GiB of 4.0 free"


def test_a_batch_that_cannot_fit_is_said_with_what_would(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gib = 2**30
    card = ModelCard(id="x", packs=True, weight_bytes=2 * gib, second_values=gib // 2)  # 1 GiB a second
    (line,) = predicted(monkeypatch, tmp_path, 8 * gib, card=card, batch_seconds=4.0)
    assert line.endswith("about 5.9 GiB on cuda (weights 2.0, the largest batch 3.9), of 8.0 free")
    _, line = predicted(monkeypatch, tmp_path, 5 * gib, card=card, batch_seconds=4.0)
    assert line == "    the largest batch does not fit, and will be planned anew: --batch-seconds 3 would"
    _, line = predicted(monkeypatch, tmp_path, 2 * gib + gib // 8, card=card, batch_seconds=4.0)
    assert line == "    not even the longest clip alone fits into the 2.1 GiB that are free"


def test_clips_that_are_filled_up_are_counted_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gib = 2**30
    card = ModelCard(id="x", window_seconds=30.0, weight_bytes=gib, clip_bytes=gib // 2)
    (line,) = predicted(monkeypatch, tmp_path, 20 * gib, card=card, batch_size=16)
    assert line.endswith("about 9.0 GiB on cuda (weights 1.0, the largest batch 8.0), of 20.0 free")
    _, line = predicted(monkeypatch, tmp_path, 6 * gib, card=card, batch_size=16)
    assert line == "    the largest batch does not fit, and will be planned anew: --batch-size 10 would"
    _, line = predicted(monkeypatch, tmp_path, gib + gib // 4, card=card, batch_size=16)
    assert line == "    not even the longest clip alone fits into the 1.2 GiB that are free"


def test_half_of_what_is_known_predicts_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (line,) = predicted(monkeypatch, tmp_path, 2**30, card=ModelCard(id="x", second_values=5))
    assert line.endswith("memory not known before a first run with such batches")


def test_weights_of_a_folder_are_counted_without_loading_it(tmp_path: Path) -> None:
    """tiny-nar's checkpoint, whose config says that it packs."""
    folder = Path(tiny_nar.__file__).parent / "checkpoint"
    card = expected_card(str(folder), LoadOptions(), 2)
    assert card is not None
    assert (card.packs, card.second_values) == (True, 1_050_000)
    assert card.parameters is not None
    assert 3_606_989 <= card.parameters <= 3_606_989 + 10_000  # the batch norms' statistics too
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    assert expected_card(str(tmp_path), LoadOptions(), 2) is None  # there are no weights
    assert expected_card("org/nowhere", LoadOptions(), 2) is None
