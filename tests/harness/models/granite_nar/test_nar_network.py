"""The packed network against the specification written as slow code for one clip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.models.granite_nar import projector
from harness.models.granite_nar.config import GraniteNarConfig
from harness.models.granite_nar.network import GraniteNar
from harness.models.granite_nar.packing import PackedLengths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Slow = Callable[[GraniteNar, torch.Tensor], dict[str, Any]]
    SlowSteps = Callable[[GraniteNar, torch.Tensor, int], list[list[int]]]

# One frame over and under whole windows, blocks and query groups, and several blocks.
LENGTHS = [5, 15, 16, 17, 32, 31, 47, 9, 64, 20]


def features_of(lengths: list[int], seed: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(length, 160, generator=generator) for length in lengths]


def test_packed_logits_equal_the_slow_ones_of_each_clip(small_network: GraniteNar, slow_logits: Slow) -> None:
    clips = features_of(LENGTHS)
    frames = PackedLengths(LENGTHS)
    encoded = small_network.encode(torch.cat(clips), frames)
    pooled, windows = small_network.encoder.pooled(encoded, frames)
    draft_logits = small_network.encoder.out_bpe(pooled)
    drafts = small_network.draft(encoded, frames)
    audio, tokens = small_network.projector(encoded.states, frames)
    edited = small_network.edit(audio, tokens, drafts)
    logits = small_network.language_model.logits(edited.text)
    compared = 0
    for number, clip in enumerate(clips):
        slow = slow_logits(small_network, clip)
        own = slice(windows.starts[number], windows.starts[number + 1])
        torch.testing.assert_close(draft_logits[own], slow["draft_logits"], atol=2e-4, rtol=1e-4)
        assert drafts[number].tolist() == slow["draft"]
        own = slice(tokens.starts[number], tokens.starts[number + 1])
        torch.testing.assert_close(audio[own], slow["audio"], atol=2e-4, rtol=1e-4)
        own = slice(edited.slots.starts[number], edited.slots.starts[number + 1])
        torch.testing.assert_close(logits[own], slow["logits"], atol=2e-4, rtol=1e-4)
        compared += len(slow["logits"])
    assert compared == edited.slots.total
    assert tokens.lengths.tolist() == [length // 5 for length in LENGTHS]
    assert windows.lengths.tolist() == [-(-length // 4) for length in LENGTHS]
    # The comparison would say little if random weights drafted nothing.
    assert sum(len(draft) for draft in drafts) > 20


def test_transcribe_gives_the_slow_ids(small_network: GraniteNar, slow_logits: Slow) -> None:
    clips = features_of([33, 8, 50])
    out = small_network.transcribe(torch.cat(clips), PackedLengths([33, 8, 50]))
    slow = [slow_logits(small_network, clip) for clip in clips]
    assert [ids.tolist() for ids in out.draft] == [each["draft"] for each in slow]
    assert [ids.tolist() for ids in out.final] == [each["final"] for each in slow]


def test_each_editing_step_works_on_what_the_last_one_said(
    small_config: GraniteNarConfig, randomize: Callable[[GraniteNar, int], GraniteNar], slow_steps: SlowSteps
) -> None:
    network, lengths = randomize(GraniteNar(small_config), 0), [33, 8, 50, 40]
    # Such small embeddings do not outweigh what attention adds, so that the editor changes what it is given.
    network.language_model.model.embed_tokens.weight.mul_(0.02)
    clips = features_of(lengths)
    slow = [slow_steps(network, clip, 4) for clip in clips]
    for steps in (1, 2, 3, 4):
        out = network.transcribe(torch.cat(clips), PackedLengths(lengths), steps=steps)
        assert [ids.tolist() for ids in out.final] == [each[steps - 1] for each in slow]
    changes = [[each[step] != each[step - 1] for step in (1, 2, 3)] for each in slow]
    assert changes == [[True, True, False], [False, False, False], [True, True, True], [True, True, True]]


def test_steps_end_where_nothing_changes_any_more(small_network: GraniteNar, monkeypatch: pytest.MonkeyPatch) -> None:
    edited: list[int] = []

    def edit(_self: GraniteNar, _audio: object, _tokens: object, drafts: list[Any], _how: str) -> list[Any]:
        edited.append(len(drafts))
        return drafts

    monkeypatch.setattr(GraniteNar, "edit", edit)
    monkeypatch.setattr(GraniteNar, "final", lambda _self, drafts: [ids[:2] for ids in drafts])
    small_network.transcribe(torch.cat(features_of([33, 50])), PackedLengths([33, 50]), steps=9)
    assert edited == [2, 2]


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(5, 70), min_size=1, max_size=6), seed=st.integers(0, 1000))
def test_a_clip_does_not_depend_on_its_neighbors(lengths: list[int], seed: int) -> None:
    network = _network()
    clips = features_of(lengths, seed)
    together = network.encode(torch.cat(clips), PackedLengths(lengths))
    start = 0
    for clip in clips:
        alone = network.encode(clip, PackedLengths([len(clip)]))
        torch.testing.assert_close(together.last[start : start + len(clip)], alone.last, atol=1e-5, rtol=1e-4)
        start += len(clip)


def _network() -> GraniteNar:
    """The small network, made here because hypothesis takes no fixture of a function's scope."""
    if not _CACHE:
        torch.manual_seed(3)
        _CACHE.append(GraniteNar(_small()).eval().requires_grad_(False))
        torch.nn.init.normal_(_CACHE[0].projector.query)
        torch.nn.init.normal_(_CACHE[0].projector.window_positions)
    return _CACHE[0]


_CACHE: list[GraniteNar] = []


def _small() -> GraniteNarConfig:
    from harness.models.granite_nar.config import EditorConfig, EncoderConfig, ProjectorConfig

    return GraniteNarConfig(
        encoder=EncoderConfig(
            num_layers=2, hidden_dim=16, num_heads=2, dim_head=8, output_dim=10, bpe_output_dim=12, context_size=16,
            max_pos_emb=16, self_conditioning_layer=1,
        ),
        projector=ProjectorConfig(hidden_size=16, num_heads=2, encoder_dim=16, llm_dim=16, num_encoder_layers=2),
        editor=EditorConfig(
            num_hidden_layers=1, hidden_size=16, intermediate_size=16, num_attention_heads=2, num_key_value_heads=1,
            head_dim=8, vocab_size=12,
        ),
        encoder_layer_indices=(1, -1),
        blank_token_id=11,
    )  # fmt: skip


def test_an_injected_state_is_what_the_projector_reads(small_network: GraniteNar) -> None:
    features = features_of([20])[0]
    asked = small_network.encoder(features, PackedLengths([20]), (0, 2, -1))
    assert len(asked.states) == 3
    torch.testing.assert_close(asked.states[0], small_network.encoder.input_linear(features))
    torch.testing.assert_close(asked.states[2], asked.last)
    # What layer 2 says before the injection has the character logits; the state itself is another one.
    torch.testing.assert_close(
        small_network.encoder.out(asked.states[1] - small_network.encoder.out_mid(asked.characters.softmax(-1))),
        asked.characters,
        atol=1e-4,
        rtol=1e-4,
    )


def test_saturated_blanks_pool_to_nothing(small_network: GraniteNar) -> None:
    from dataclasses import replace

    encoded = small_network.encode(features_of([9])[0], PackedLengths([9]))
    importance = encoded.importance.clone()
    importance[4:8] = 0.0
    pooled, windows = small_network.encoder.pooled(replace(encoded, importance=importance), PackedLengths([9]))
    assert windows.lengths.tolist() == [3]
    assert pooled[1].abs().max() == 0
    assert pooled[0].abs().max() > 0


def test_an_empty_batch_has_no_transcripts(small_network: GraniteNar) -> None:
    out = small_network.transcribe(torch.zeros(0, 160), PackedLengths([]))
    assert out.draft == []
    assert out.final == []


def test_the_full_model_has_the_tensors_of_the_catalogue(shared: Path) -> None:
    file = shared / "specs" / "granite_nar_tensors.json"
    if not file.is_file():
        pytest.skip(f"no catalogue at {file}")
    catalogue = json.loads(file.read_text())
    with torch.device("meta"):
        network = GraniteNar(GraniteNarConfig()).to(torch.bfloat16)
    kinds = {torch.bfloat16: "BF16", torch.int64: "I64"}
    found = {name: (list(tensor.shape), kinds[tensor.dtype]) for name, tensor in network.state_dict().items()}
    assert found == {name: (entry["shape"], entry["dtype"]) for name, entry in catalogue.items()}
    assert len(found) == 946
    assert (
        sum(tensor.numel() for tensor in network.state_dict().values() if tensor.dtype == torch.bfloat16)
        == 2_254_635_356
    )
    from harness.models.granite_nar import CARD

    assert sum(parameter.numel() for parameter in network.parameters()) == CARD.parameters


@torch.inference_mode()
def test_more_windows_than_a_kernels_grid_has_go_in_several_calls(
    small_network: GraniteNar, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rows,) = features_of([700])
    frames = PackedLengths([700])
    encoded = small_network.encode(rows, frames)
    whole, _ = small_network.projector(encoded.states, frames)
    seen: list[int] = []
    layer = small_network.projector.layers[0]
    hook = layer.register_forward_pre_hook(lambda _module, given: seen.append(len(given[0])))
    monkeypatch.setattr(projector, "MOST_WINDOWS", 20)
    try:
        cut, _ = small_network.projector(encoded.states, frames)
    finally:
        hook.remove()
    assert seen == [20, 20, 7]
    torch.testing.assert_close(cut, whole)
