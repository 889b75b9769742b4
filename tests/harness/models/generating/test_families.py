"""What families are asked and how their answers are read; families that nobody declared; the command line."""

from __future__ import annotations

import json
import re
import shutil
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.models.generating import families as folder
from harness.models.generating.catalog import families
from harness.models.generating.family import Asked, Parts, Request, Row
from harness.models.generating.model import Generating
from tests.conftest import ROOT
from tests.harness.models.generating.clips import clips
from tests.harness.models.generating.loaded import load, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def prompt(model: Generating, name: str = "input_ids") -> str:
    """The prompt of the first clip, as it is spelled."""
    ids = model.features(clips()[:1]).calls[0].tensors[name][0]
    return str(model._parts.tokenizer.decode(ids))


def row(tokens: Sequence[int] = ()) -> Row:
    request = Request(waveform=np.zeros(1, np.float32), rate=16_000, language=None, asked=Asked())
    return Row(tokens=list(tokens), request=request)


@pytest.mark.parametrize("family", ["canary", "cohere_asr"])
def test_punctuation_is_asked_for_unless_the_user_says_no(family: str, tiny: Callable[[str], Path]) -> None:
    yes, no = (
        prompt(load(tiny(family), model_option=(f"punctuation={answer}",)), "decoder_input_ids")
        for answer in ("yes", "no")
    )
    assert prompt(load(tiny(family)), "decoder_input_ids") == yes == no.replace("<|nopnc|>", "<|pnc|>") != no


def test_translation_names_both_languages(tiny: Callable[[str], Path]) -> None:
    told = prompt(load(tiny("canary"), model_option=("translate=de",)), "decoder_input_ids")
    assert "<|en|><|de|>" in told.replace(" ", "")
    model = load(tiny("seamless_m4t"), model_option=("translate=fr",))
    assert model._told(model._request(clips()[1])) == {"tgt_lang": "fra"}


def test_hot_words_and_prompts_reach_the_prompt(tiny: Callable[[str], Path]) -> None:
    told = prompt(load(tiny("qwen3_asr"), keywords=("Ada", "Grace"), model_option=("prompt=On engines.",)))
    assert "Ada Grace On engines." in told
    assert told.endswith("language English<asr_text>")
    told = prompt(load(tiny("moss_transcribe_diarize"), keywords=("Ada", "Grace")))
    assert "Ada,Grace" in told
    assert "Say it." in prompt(load(tiny("glmasr"), model_option=("prompt=Say it.",)))
    assert "Say it." in prompt(load(tiny("qwen2_audio"), model_option=("prompt=Say it.",)))
    assert "Transcribe the speech." in prompt(load(tiny("qwen2_audio")))
    assert prompt(load(tiny("qwen2_audio"))).index("AUDIO") < prompt(load(tiny("qwen2_audio"))).index("Transcribe")


@pytest.mark.parametrize("family", ["canary", "seamless_m4t", "qwen3_asr", "vibevoice_asr", "moonshine"])
def test_a_static_cache_changes_no_text(family: str, tiny: Callable[[str], Path]) -> None:
    model = load(tiny(family), model_option=("cache=static",))
    with_it = texts(model, clips())
    assert model._asked.static_cache
    assert with_it == texts(load(tiny(family)), clips())


def test_a_transducer_has_no_cache_to_choose(tiny: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match="cache=static: parakeet_tdt keeps no keys and values"):
        load(tiny("parakeet_tdt"), model_option=("cache=static",))


class Speller:
    """A tokenizer and processor that answers with the same text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def decode(self, *_: Any, **__: Any) -> str:
        return self.text


def test_parentheses_of_cohere_are_dropped_and_their_words_kept() -> None:
    parts = Parts(tokenizer=Speller(" well (you know)  (really) yes"))
    assert families()["cohere_asr"].read(parts, row()).text == "well you know really yes"


SPOKEN = [{"Speaker": 0, "Content": "Hello there."}, {"Speaker": 1, "Content": "Hi."}, {"Start": 0, "Content": ""}]


def test_segments_give_each_word_its_speaker(tiny: Callable[[str], Path]) -> None:
    moss = load(tiny("moss_transcribe_diarize"))
    written = "[0.00][S01]Hello there.[7.56][7.60][S02]Hi.[8.00]"
    parts = Parts(processor=moss._parts.processor, tokenizer=moss._parts.tokenizer)
    made = moss.family.read(parts, row(moss._parts.tokenizer.encode(written)))
    assert (made.text, made.speakers) == ("Hello there. Hi.", ("1", "1", "2"))
    vibe = load(tiny("vibevoice_asr"))
    tokens = vibe._parts.tokenizer.encode(json.dumps(SPOKEN))
    made = vibe.family.read(vibe._parts, row(tokens))
    assert (made.text, made.speakers) == ("Hello there. Hi.", ("0", "0", "1"))
    cut = vibe.family.read(vibe._parts, row(vibe._parts.tokenizer.encode(json.dumps(SPOKEN)[:-20])))
    assert cut.text == "Hello there. Hi."
    loose = vibe.family.read(vibe._parts, row(vibe._parts.tokenizer.encode("no JSON at all")))
    assert (loose.text, loose.speakers) == ("no JSON at all", None)


def _with_lora(folder: Path, to: Path) -> dict[str, Any]:
    """Puts a copy of a checkpoint there, with a LoRA of one layer; gives what it adds to the layer's weights."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, to)
    (to / "speech-lora").mkdir()
    name = "model.layers.1.mlp.down_proj"
    rows, columns = load_file(to / "model.safetensors")[f"{name}.weight"].shape
    first, second = torch.randn(4, columns), torch.randn(rows, 4)
    tensors = {f"base_model.model.{name}.lora_A.weight": first, f"base_model.model.{name}.lora_B.weight": second}
    save_file(tensors, to / "speech-lora" / "adapter_model.safetensors")
    stated = {"peft_type": "LORA", "r": 4, "lora_alpha": 2}
    (to / "speech-lora" / "adapter_config.json").write_text(json.dumps(stated))
    return {name: 0.5 * second @ first}


def test_phi_hears_with_the_lora_beside_its_weights(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    import torch

    torch.manual_seed(3)
    plain = load(tiny("phi4_multimodal"))
    assert plain.card.note.startswith("without the LoRA that it hears with: there is no speech-lora beside its weights")
    added = _with_lora(tiny("phi4_multimodal"), tmp_path / "phi")
    with_it = load(tmp_path / "phi")
    assert "LoRA" not in with_it.card.note
    before, after = texts(plain, clips()), texts(with_it, clips())
    assert before != after
    for name, more in added.items():
        plain._network.get_submodule(name).weight.data += more
    assert texts(plain, clips()) == after


@pytest.mark.parametrize("family", ["glmasr", "qwen2_audio", "moonshine", "qwen3_asr"])
def test_a_guess_says_so_and_depends_on_no_neighbor(family: str, tiny: Callable[[str], Path]) -> None:
    model = load(tiny(family), family="guess")
    assert model.card.note.startswith(f"a guess: {family} by AutoModelFor")
    alone = [texts(model, [clip])[0] for clip in clips()[1:]]
    assert len(set(alone)) > 2
    assert texts(model, clips()[1:]) == alone


def test_a_guess_is_as_good_as_a_plain_declaration(tiny: Callable[[str], Path]) -> None:
    guess, declared = load(tiny("glmasr"), family="guess"), load(tiny("glmasr"))
    assert texts(guess, clips()) == texts(declared, clips())


def test_a_family_is_forced_by_its_name(tiny: Callable[[str], Path]) -> None:
    assert load(tiny("moonshine"), family="moonshine").family.name == "moonshine"
    with pytest.raises(UsageError, match="no family called 'moon'; did you mean"):
        load(tiny("moonshine"), family="moon")


def test_the_family_of_the_docs_is_a_declaration_that_runs(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "adding_a_model.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"<!-- tested: family -->\n```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "glm.py").write_text(source, encoding="utf-8")
    families.cache_clear()
    with monkeypatch.context() as added:
        added.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
        model = load(tiny("glmasr"), family="glm")
    families.cache_clear()
    assert texts(model, clips()) == texts(load(tiny("glmasr")), clips())
    assert model.card.max_seconds == 630.0


def test_the_command_line_runs_a_folder(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    rows = []
    for clip in clips()[1:4]:
        with wave.open(str(tmp_path / f"{clip.id}.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes((clip.waveform * 32_767).astype("<i2").tobytes())
        rows.append(json.dumps({"audio": f"{clip.id}.wav", "text": "a b", "id": clip.id}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(rows))
    shutil.copytree(tiny("canary"), tmp_path / "model")
    generation = tmp_path / "model" / "generation_config.json"
    generation.write_text(json.dumps(json.loads(generation.read_text()) | {"max_new_tokens": 3}))
    words = ("--data", str(tmp_path / "manifest.jsonl"), "--model", str(tmp_path / "model"))
    out = tmp_path / "out"
    assert main([*words, "--out", str(out), "--batch-size", "2", "--model-option", "punctuation=no"]) == 0
    told = capsys.readouterr().err
    assert "cut: 3 transcripts of" in told
    (record,) = [json.loads(path.read_text()) for path in out.rglob("run.json")]
    (entry,) = record["benchmarks"].values()
    assert (entry["speed"]["tokens"], entry["speed"]["limited"], entry["failed"]) == (9, 3, 0)
    assert record["fingerprint"]["model options"] == ["punctuation=no"]
