"""Checkpoints that are not what they seem: one line each and the documented exit status, by the command line."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from safetensors.torch import load_file, save_file

from harness.cli import main
from harness.errors import ExitStatus
from tests.harness.models.generating.clips import syllables
from tests.harness.models.generating.loaded import load, texts
from tests.harness.models.generating.made import SPECIAL, byte_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def copy(tiny: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Called with a family, gives a copy of its checkpoint that may be changed."""

    def make(family: str) -> Path:
        return shutil.copytree(tiny(family), tmp_path / "ckpt")

    return make


def change(path: Path, **values: Any) -> None:
    """Sets values of a JSON file; dots in a name go deeper."""
    content = json.loads(path.read_text("utf-8"))
    for name, value in values.items():
        *above, last = name.split("__")
        place = content
        for key in above:
            place = place[key]
        place[last] = value
    path.write_text(json.dumps(content), "utf-8")


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Exit status of a run of the checkpoint on one clip, and what it said on stderr."""
    soundfile.write(folder.parent / "a.wav", syllables(9_600, 1).waveform, 16_000, subtype="FLOAT")
    manifest = folder.parent / "m.jsonl"
    manifest.write_text(json.dumps({"audio": "a.wav", "text": "a"}) + "\n", "utf-8")
    capsys.readouterr()
    words = ["--data", str(manifest), "--model", str(folder), "--out", str(folder.parent / "out"), "--quiet"]
    status = main([*words, "--device", "cpu", "--fresh"])
    return status, capsys.readouterr().err.splitlines()


def weights(folder: Path, change_them: Callable[[dict[str, Any]], None]) -> None:
    """Changes the checkpoint's tensors."""
    tensors = load_file(folder / "model.safetensors")
    change_them(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_missing_tensor_is_named(copy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("canary")
    weights(folder, lambda tensors: tensors.pop("model.encoder.layers.1.norm_out.weight"))
    status, lines = told(folder, capsys)
    assert status == ExitStatus.FAILED
    said = "lack model.encoder.layers.1.norm_out.weight; the copy is not whole"
    assert lines == [f"error: the weights in {folder} {said}"]


def test_an_extra_tensor_is_told_and_changes_nothing(copy: Callable[[str], Path]) -> None:
    folder, clip = copy("canary"), syllables(16_160, 3)
    before = texts(load(folder), [clip])
    extra = np.zeros(3, np.float32)

    def add(tensors: dict[str, Any]) -> None:
        import torch

        tensors |= {"lora.a": torch.from_numpy(extra), "lora.b": torch.from_numpy(extra.copy())}

    weights(folder, add)
    model = load(folder)
    assert texts(model, [clip]) == before
    assert model.card.note == "not used of its weights: lora.a and 1 more"


def test_pickled_weights_are_not_read(copy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("moonshine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    status, lines = told(folder, capsys)
    assert status == ExitStatus.FAILED
    (line,) = lines
    assert "has its weights as pytorch_model.bin only, a pickle that can run code when it is read" in line


def test_code_of_a_repository_is_not_run(copy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = copy("canary")
    (folder / "own.py").write_text("raise SystemExit('this ran')", "utf-8")
    change(folder / "config.json", auto_map={"AutoModelForSpeechSeq2Seq": "own.Canary", "AutoConfig": "own.Config"})
    status, lines = told(folder, capsys)
    assert (status, lines) == (ExitStatus.GOOD, [])  # the library's own class of that type is used
    change(folder / "config.json", model_type="my_own_canary")
    status, lines = told(folder, capsys)
    assert status == ExitStatus.USAGE
    (line,) = lines
    assert "is of type 'my_own_canary', for which there is no adapter here; it brings Python code of its own" in line
    assert "--trust-remote-code runs that code" in line


@pytest.mark.parametrize(("tokens", "rows"), [(612, 262), (262, 5_000)])
def test_a_tokenizer_of_another_model_is_refused(
    tokens: int, rows: int, copy: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy("glmasr")
    special = (*SPECIAL, *(f"<|{place}|>" for place in range(tokens - 262)))
    byte_tokenizer(special).save_pretrained(folder)
    if rows != 262:

        def larger(tensors: dict[str, Any]) -> None:
            import torch

            for name in [one for one in tensors if one.endswith(("embed_tokens.weight", "lm_head.weight"))]:
                tensors[name] = torch.zeros(rows, tensors[name].shape[1])

        weights(folder, larger)
        change(folder / "config.json", text_config__vocab_size=rows)
    status, lines = told(folder, capsys)
    assert status == ExitStatus.FAILED
    assert lines == [
        f"error: the tokenizer in {folder} has {tokens:,} tokens and the network says {rows:,}: it is of another model;"
        " put the files of its own beside the weights"
    ]


def test_voxtral_says_what_it_needs(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mistral_common" else find(name))
    folder = tmp_path / "ckpt"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "voxtral"}', "utf-8")
    status, lines = told(folder, capsys)
    assert status == ExitStatus.USAGE
    (line,) = lines
    assert "(voxtral) needs mistral_common, not installed here; to install: pip install 'mistral-common[" in line
