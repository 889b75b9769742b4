from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError, UsageError
from harness.models.base import LoadOptions
from harness.models.ctc import _LEAK, CTC, MODEL_TYPES
from harness.models.registry import load_model
from harness.types import Clip
from tests.harness.live_bytes import LiveBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PADDED = ["wav2vec2-group", "wav2vec2-layer", "hubert", "wavlm", "unispeech", "unispeech-sat", "parakeet_ctc"]
PADDED += ["granite_speech5_ctc"]
GROUPED = ["wav2vec2-conformer", "data2vec-audio", "sew"]


def _load(folder: Path, **options: Any) -> CTC:
    model = load_model(str(folder), LoadOptions(**options))
    assert isinstance(model, CTC)
    return model


def _texts(model: CTC, clips: Sequence[Clip]) -> list[str]:
    return [made.text for made in model.text(model.infer(model.transfer(model.features(clips))))]


def _logits(model: CTC, clips: Sequence[Clip]) -> dict[int, torch.Tensor]:
    """The network's output for the own frames of each clip, by the clip's place."""
    made = {}
    with torch.inference_mode():
        for batch in model.transfer(model.features(clips)).batches:
            for norm in model._norms:
                norm.samples = batch.frames
            logits = model._network(**batch.tensors).logits
            for row, frames, place in zip(logits, model._own_frames(batch, logits.shape[1]), batch.places, strict=True):
                made[place] = row[:frames]
    return made


def test_every_ctc_model_of_the_library_has_an_adapter() -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CTC_MAPPING_NAMES

    known = set(MODEL_FOR_CTC_MAPPING_NAMES) - {"granite_speech_nar"}  # has an adapter of its own
    assert known - set(MODEL_TYPES) == set()
    assert set(MODEL_TYPES) >= _LEAK


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")  # WavLM's own, of torch
@pytest.mark.parametrize("kind", PADDED + GROUPED)
def test_neighbors_and_order_change_nothing(kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint(kind))
    alone = [_texts(model, [clip])[0] for clip in clips]
    assert _texts(model, clips) == alone
    order = np.random.default_rng(5).permutation(len(clips))
    assert _texts(model, [clips[place] for place in order]) == [alone[place] for place in order]
    if kind != "granite_speech5_ctc":  # random weights of which make it say the same of every clip, at any scale tried
        assert len(set(alone)) >= len(clips) // 2
    together = _logits(model, clips)
    for place, clip in enumerate(clips):
        single = _logits(model, [clip])[0]
        assert together[place].shape == single.shape
        assert (together[place] - single).abs().max() < 1e-4
        assert (single.amax(0) - single.amin(0)).max() > 0.02 or len(
            single
        ) < 4  # so that the comparison compares something
    assert model.card.batch_invariant
    assert model.card.non_autoregressive
    assert len(model.features(clips).batches) == (
        1 if kind in PADDED else len({len(clip.waveform) for clip in clips}) - 1
    )


@pytest.mark.parametrize("kind", GROUPED)
def test_families_that_are_not_padded_would_leak(
    kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]
) -> None:
    model = _load(checkpoint(kind))
    longer, shorter = clips[8], clips[5]
    model._pads = True
    together, alone = _logits(model, [longer, shorter]), _logits(model, [shorter])
    frames = alone[0].shape[0]
    assert (together[1][:frames] - alone[0]).abs().max() > 1e-2


@pytest.mark.parametrize("kind", ["wav2vec2-group", "hubert"])
def test_a_clip_alone_is_what_the_library_makes_of_it(
    kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]
) -> None:
    import transformers

    library: Any = transformers
    network = library.AutoModelForCTC.from_pretrained(checkpoint(kind)).eval()
    extractor = library.AutoFeatureExtractor.from_pretrained(checkpoint(kind))
    ours = _logits(_load(checkpoint(kind)), clips)
    for place, clip in enumerate(clips):
        if len(clip.waveform) < 1600:
            continue
        values = extractor(clip.waveform, sampling_rate=16000, return_tensors="pt")["input_values"]
        with torch.inference_mode():
            theirs = network(values).logits[0]
        assert (ours[place] - theirs).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("kind", "labels", "text"),
    [
        ("hubert", "H H E L L <pad> <pad> L O O | | <pad> L L O", "HELLO LO"),
        ("hubert", "<s> H <unk> H <pad> <pad> H </s>", "HHH"),
        ("hubert", "<pad> | <pad>", ""),
        ("parakeet_ctc", "▁h ▁h e l <pad> l l o <pad> ▁the r e e", "hello there"),
        ("parakeet_ctc", "<pad> <pad>", ""),
        ("granite_speech5_ctc", "▁h e <unk> l <pad> l o", "hello"),
    ],
)
def test_double_letters_stay_double(kind: str, labels: str, text: str, checkpoint: Callable[[str], Path]) -> None:
    model = _load(checkpoint(kind))
    assert model._spell(model._tokenizer.convert_tokens_to_ids(labels.split()), "c") == text


def test_a_label_that_the_tokenizer_does_not_have_is_told(checkpoint: Callable[[str], Path]) -> None:
    model = _load(checkpoint("hubert"))
    last = max(model._tokenizer.get_vocab().values())
    assert model._spell([last], "c1") is not None
    with pytest.raises(ModelError, match=rf"c1: the network wrote label {last + 1}, the tokenizer beside it ends at"):
        model._spell([0, last + 1], "c1")


def test_granite_features_are_those_of_another_library() -> None:
    import librosa

    from harness.models._granite_speech5 import GraniteSpeech5Features

    extractor = object.__new__(GraniteSpeech5Features)
    from harness.models.granite_nar.config import FeatureConfig
    from harness.models.granite_nar.features import mel_filters

    config = FeatureConfig()
    extractor._config, extractor._floor = config, 8.0
    extractor._filters, extractor._window = mel_filters(config).T, torch.hann_window(400)
    random = np.random.default_rng(1)
    for samples in (1600, 16159, 16160, 33333):
        waveform = random.normal(0, 0.1, samples).astype(np.float32)
        made = extractor([waveform])["input_features"][0].numpy()
        frames = 2 * len(made)
        assert frames == 2 * -(-(samples // 160) // 2)
        filled = np.pad(waveform, (0, max(0, (frames - 1) * 160 + 1 - samples)))
        power = librosa.feature.melspectrogram(
            y=filled,
            sr=16000,
            n_fft=512,
            hop_length=160,
            win_length=400,
            n_mels=80,
            htk=True,
            norm=None,
            pad_mode="reflect",
        )[:, :frames]
        logs = np.log10(np.maximum(power, 1e-10))
        logs = np.maximum(logs, logs.max() - 8) / 4 + 1
        slopes = np.empty_like(logs)
        for frame in range(frames):
            slopes[:, frame] = (logs[:, min(frame + 1, frames - 1)] - logs[:, max(frame - 1, 0)]) / 2
        expected = np.concatenate([logs, slopes]).T.reshape(frames // 2, -1)
        assert np.abs(made - expected).max() < 1e-3


def test_batch_norms_of_granite_stay_in_float32(checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint("granite_speech5_ctc"), dtype="bfloat16")
    kinds = {
        type(layer).__name__: next(layer.parameters()).dtype
        for layer in model._network.modules()
        if "Norm1d" in type(layer).__name__
    }
    assert set(kinds.values()) == {torch.float32}
    assert model._network.ctc_head.weight.dtype == torch.bfloat16
    assert len(_texts(model, clips)) == len(clips)


@pytest.mark.parametrize("kind", ["wav2vec2-group", "parakeet_ctc"])
def test_bfloat16_runs(kind: str, checkpoint: Callable[[str], Path], clips: list[Clip]) -> None:
    model = _load(checkpoint(kind), dtype="bfloat16")
    assert model._network.dtype == torch.bfloat16
    assert len(_texts(model, clips)) == len(clips)


@pytest.mark.parametrize("kind", ["wav2vec2-group", "data2vec-audio", "parakeet_ctc", "granite_speech5_ctc"])
def test_nothing_is_too_short_and_nothing_is_lost(kind: str, checkpoint: Callable[[str], Path]) -> None:
    model = _load(checkpoint(kind))
    waveforms = [np.zeros(samples, np.float32) for samples in (0, 1, 100, 399, 400, 1600)]
    waveforms += [np.full(2000, np.nan, np.float32), np.full(2000, np.inf, np.float32), np.ones(2000, np.float32)]
    silent = [Clip(id=str(place), language="en", waveform=waveform) for place, waveform in enumerate(waveforms)]
    texts = _texts(model, silent)
    assert len(texts) == len(silent)
    assert texts[0] == ""
    assert _texts(model, []) == []
    assert _texts(model, silent[:1]) == [""]


def test_what_is_not_a_number_is_an_error_that_names_the_clip(
    checkpoint: Callable[[str], Path], clips: list[Clip]
) -> None:
    model = _load(checkpoint("hubert"))
    features = model.transfer(model.features(clips[:3]))
    features.batches[0].tensors["input_values"][1, :100] = float("nan")
    with pytest.raises(ModelError, match=r"clip-1: .* not finite numbers"):
        model.text(model.infer(features))


def _copy(folder: Path, to: Path) -> Path:
    return shutil.copytree(folder, to / "model")


def test_broken_weights(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = _copy(checkpoint("hubert"), tmp_path)
    weights = folder / "model.safetensors"
    whole = {name: tensor.clone() for name, tensor in load_file(weights).items()}  # not the mapped file

    def said() -> str:
        with pytest.raises(ModelError) as failure:
            load_model(str(folder), LoadOptions())
        return str(failure.value)

    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "cannot be loaded: SafetensorError" in said()
    weights.write_bytes(b"")
    assert "cannot be loaded" in said()
    save_file({name: tensor for name, tensor in whole.items() if name != "lm_head.weight"}, weights, {"format": "pt"})
    assert "lack lm_head.weight; the copy is not whole" in said()
    save_file({**whole, "lm_head.weight": whole["lm_head.weight"][:-1].clone()}, weights, {"format": "pt"})
    assert "do not fit: lm_head.weight is of shape [13, 32], not [14, 32]" in said()
    save_file({**whole, "lm_head.bias": whole["lm_head.bias"] * float("nan")}, weights, {"format": "pt"})
    assert "hold values that are not finite numbers, in lm_head.bias" in said()


@pytest.mark.parametrize("lost", ["vocab.json", "processor_config.json"])
def test_a_lost_file_is_one_line(lost: str, checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = _copy(checkpoint("hubert"), tmp_path)
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=r"no usable (Tokenizer|FeatureExtractor) in .*model"):
        load_model(str(folder), LoadOptions())


def test_a_model_of_another_rate_is_refused(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = _copy(checkpoint("hubert"), tmp_path)
    path = folder / "processor_config.json"
    config = json.loads(path.read_text())
    config["feature_extractor"]["sampling_rate"] = 8000
    path.write_text(json.dumps(config))
    with pytest.raises(ModelError, match="hears 8000 Hz"):
        load_model(str(folder), LoadOptions())


@pytest.mark.parametrize("attention", ["varlen", "flash"])
def test_attention_that_is_not_there(attention: str, checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=f"--attention .*{attention}"):
        load_model(str(checkpoint("hubert")), LoadOptions(attention=attention))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there(checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match="--device cuda: no GPU"):
        load_model(str(checkpoint("hubert")), LoadOptions(device="cuda"))


def test_the_card_counts_and_quotes(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    folder = _copy(checkpoint("hubert"), tmp_path)
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\nlanguage:\n- en\n- fr\n---\nA model.\n")
    card = load_model(str(folder), LoadOptions()).card
    assert card.id == str(folder)
    assert card.parameters == sum(tensor.numel() for tensor in load_file(folder / "model.safetensors").values())
    assert (card.license, card.languages) == ("cc-by-4.0", ("en", "fr"))
    (folder / "README.md").write_text("---\nlicense: [\n---\n")
    card = load_model(str(folder), LoadOptions()).card
    assert (card.license, card.languages) == (None, ())


def test_loading_leaves_the_library_as_it_was(checkpoint: Callable[[str], Path]) -> None:
    """Quiet while it loads, and then as the process had it: a notebook goes on with it."""
    from transformers.utils import logging

    folder = str(checkpoint("wav2vec2-layer"))
    library: Any = logging
    before = (library.get_verbosity(), library.is_progress_bar_enabled(), list(warnings.filters))
    library.set_verbosity_info()
    library.enable_progress_bar()
    try:
        load_model(folder, LoadOptions())
        assert (library.get_verbosity(), library.is_progress_bar_enabled()) == (library.INFO, True)
    finally:
        library.set_verbosity(before[0])
        (library.enable_progress_bar if before[1] else library.disable_progress_bar)()
    assert list(warnings.filters) == before[2]


def _norm_and_input() -> tuple[Any, torch.Tensor, list[int]]:
    """A group norm as wav2vec2 has it, over clips of 16 lengths; the norm, hidden states, samples."""
    from torch import nn

    from harness.models.ctc import _mask_group_norms

    layer = nn.Module()
    layer.conv, layer.layer_norm = nn.Conv1d(1, 64, 10, stride=5), nn.GroupNorm(64, 64)
    nn.init.normal_(layer.layer_norm.weight)
    nn.init.normal_(layer.layer_norm.bias)
    (norm,) = _mask_group_norms(nn.ModuleList([layer]))
    samples = [10_005 - 500 * number for number in range(16)]
    generator = torch.Generator().manual_seed(3)
    return norm, torch.randn(16, 64, 2000, generator=generator), samples


@torch.inference_mode()
def test_a_norm_is_of_each_clips_own_frames_to_the_bit() -> None:
    norm, hidden, samples = _norm_and_input()
    norm.samples = samples
    found = norm(hidden)
    for row, length in enumerate(samples):
        own = (length - 10) // 5 + 1
        assert torch.equal(found[row, :, :own], norm.norm(hidden[row : row + 1, :, :own])[0])


@torch.inference_mode()
def test_a_norm_of_a_batch_takes_little_more_memory_than_torchs() -> None:
    norm, hidden, samples = _norm_and_input()
    norm.samples = samples
    with LiveBytes(hidden) as plain:
        norm.norm(hidden)
    with LiveBytes(hidden) as ours:
        norm(hidden)
    assert plain.peak >= 2 * hidden.nbytes
    assert ours.peak <= 1.5 * plain.peak
