"""Checkpoints of all three layouts, and checkpoints that are not whole."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError
from harness.models.granite_nar import config as configuration
from harness.models.granite_nar import layouts
from harness.models.granite_nar.loading import load_folder, weight_files
from harness.models.granite_nar.packing import PackedLengths
from tools.tiny_nar.saving import save_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.models.granite_nar.network import GraniteNar

WORDS = {f"Ġw{number}": number for number in range(28)}


def write_tokenizer(folder: Path, words: dict[str, int] = WORDS) -> None:
    tokenizer = {
        "version": "1.0",
        "added_tokens": [
            {"id": 29, "content": "<|end_of_text|>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
        ],
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "WordLevel", "vocab": {**words, "<|end_of_text|>": 29}, "unk_token": "Ġw0"},
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))


@pytest.fixture
def folder(small_network: GraniteNar, tmp_path: Path) -> Path:
    save_folder(small_network, tmp_path)
    write_tokenizer(tmp_path)
    return tmp_path


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    file = folder / "model.safetensors"
    save_file({name: tensor.clone() for name, tensor in change(load_file(file)).items()}, file)


def rewrite_config(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "config.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def ids_of(network: GraniteNar) -> tuple[list[list[int]], list[list[int]]]:
    lengths = [60, 33]
    out = network.transcribe(torch.randn(93, 160, generator=torch.Generator().manual_seed(2)), PackedLengths(lengths))
    return [each.tolist() for each in out.draft], [each.tolist() for each in out.final]


def to_layout_a(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Other prefix; class 0 of the token head is the blank, token i is class i + 1."""
    out = {re.sub(r"^language_model\.", "llm.", name): tensor for name, tensor in tensors.items()}
    for name in ("encoder.out_bpe.weight", "encoder.out_bpe.bias"):
        head = out[name].clone()
        blank = head[29].clone()
        head[29] = -30.0 if name.endswith("bias") else 0.0  # the token of the same number is never said
        out[name] = torch.cat([blank[None], head])
    return out


def to_layout_c(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As the conversion names them, written here by hand from its table, and without the projector's norms."""
    out = {}
    for name, tensor in tensors.items():
        if layouts.identity_norm(name) is not None:
            continue
        new = name
        new = new.replace("language_model.model.", "model.language_model.")
        new = re.sub(r"^encoder\.out_bpe\.", "model.out_bpe.", new)
        new = re.sub(r"^encoder\.", "model.encoder.", new)
        new = re.sub(r"^projector\.", "model.projector.", new)
        new = new.replace("projector.layer_projector.", "projector.proj.")
        new = new.replace("projector.out_linear.", "projector.qformer.linear.")
        new = re.sub(r"projector\.query$", "projector.qformer.queries", new)
        new = re.sub(r"projector\.window_positions$", "projector.qformer.pos_emb", new)
        new = new.replace("cross_attention", "cross_attn")
        out[new] = tensor
    out["lm_head.weight"] = out["model.language_model.embed_tokens.weight"].clone()
    return out


def test_what_was_saved_is_loaded_to_the_bit(folder: Path, small_network: GraniteNar) -> None:
    loaded = load_folder(folder)
    assert loaded.layout == "B"
    assert loaded.network.config == small_network.config
    expected = small_network.state_dict()
    found = loaded.network.state_dict()
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert not loaded.network.training
    assert ids_of(loaded.network) == ids_of(small_network)


def test_the_first_release_gives_the_same_transcripts(folder: Path, small_network: GraniteNar) -> None:
    rewrite(folder, to_layout_a)
    rewrite_config(folder, lambda content: content["encoder_config"].update(bpe_output_dim=31))
    loaded = load_folder(folder)
    assert loaded.layout == "A"
    assert loaded.network.config.shifted_blank
    assert ids_of(loaded.network) == ids_of(small_network)


def test_the_native_conversion_gives_the_same_transcripts(folder: Path, small_network: GraniteNar) -> None:
    def identity(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        fills = {name: layouts.identity_norm(name) for name in tensors}
        return {n: t if fills[n] is None else torch.full_like(t, fills[n] or 0.0) for n, t in tensors.items()}

    rewrite(folder, identity)
    expected = ids_of(load_folder(folder).network)
    rewrite(folder, to_layout_c)
    loaded = load_folder(folder)
    assert loaded.layout == "C"
    assert ids_of(loaded.network) == expected


def test_the_catalogues_names_are_renamed_as_it_says(shared: Path) -> None:
    file = shared / "specs" / "granite_nar_tensors.json"
    if not file.is_file():
        pytest.skip(f"no catalogue at {file}")
    checked = 0
    for name, entry in json.loads(file.read_text()).items():
        assert layouts.renamed(entry["layout_A"], "A") == name
        if entry["layout_C"] is None:
            assert layouts.identity_norm(name) is not None
        else:
            assert layouts.renamed(entry["layout_C"], "C") == name
        checked += 1
    assert checked == 946


def test_shards_are_read_through_their_index(folder: Path, small_network: GraniteNar) -> None:
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, own in shards.items():
        save_file({name: tensors[name] for name in own}, folder / shard)
    index = {name: shard for shard, own in shards.items() for name in own}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    assert ids_of(load_folder(folder).network) == ids_of(small_network)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no model-00002-of-00002\.safetensors, which its index names"):
        load_folder(folder)


def test_weights_come_in_the_dtype_that_was_asked_for(folder: Path) -> None:
    network = load_folder(folder, dtype=torch.bfloat16).network
    kinds = {tensor.dtype for tensor in network.state_dict().values()}
    assert kinds == {torch.bfloat16, torch.int64}
    draft, final = ids_of(network)
    assert len(draft) == len(final) == 2


def without(name: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {own: tensor for own, tensor in tensors.items() if own != name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("encoder.out.bias"), "(layout B): 1 missing: encoder.out.bias"),
        (without("projector.out_norm.bias"), "(layout B): 1 missing: projector.out_norm.bias"),
        (lambda tensors: tensors | {"encoder.extra": torch.zeros(2)}, "1 too many: encoder.extra"),
        (
            lambda tensors: tensors | {"encoder.out.bias": torch.zeros(3)},
            "encoder.out.bias is [3] in the file, [20] by config.json",
        ),
        (lambda tensors: {"some.weight": torch.zeros(2)}, "is no granite_speech_nar"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_named(folder: Path, change: Any, said: str) -> None:
    rewrite(folder, change)
    with pytest.raises(ModelError) as caught:
        load_folder(folder)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_in_an_error_is_the_files_own(folder: Path) -> None:
    rewrite(folder, lambda tensors: to_layout_a(tensors) | {"llm.model.norm.weight": torch.zeros(3)})
    rewrite_config(folder, lambda content: content["encoder_config"].update(bpe_output_dim=31))
    with pytest.raises(ModelError, match=r"llm\.model\.norm\.weight is \[3\] in the file, \[40\] by config\.json"):
        load_folder(folder)


@pytest.mark.parametrize("size", [0, 7, 5000])
def test_a_file_that_was_cut_off_is_named(folder: Path, size: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ModelError, match=r"the weights cannot be read .* broken or not complete"):
        load_folder(folder)


def test_pickles_are_never_read(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is a pickle"):
        load_folder(folder)


def test_an_index_cannot_name_files_elsewhere(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../other.safetensors"}}))
    with pytest.raises(ModelError, match=r"has no \.safetensors file|has no"):
        weight_files(folder)


def test_a_tokenizer_of_another_model_is_named(folder: Path) -> None:
    write_tokenizer(folder, {f"Ġw{number}": number for number in range(29)} | {"Ġmore": 30})
    with pytest.raises(ModelError, match="has 31 tokens, but the model 30"):
        load_folder(folder)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="is no tokenizer"):
        load_folder(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        load_folder(folder)


def test_save_writes_layout_b(folder: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    assert content["model_type"] == "granite_speech_nar"
    assert configuration.from_json(content).encoder.num_layers == 4
    assert layouts.layout_of(load_file(folder / "model.safetensors")) == "B"
