"""Tiny checkpoints of transducers, with and without a converter's slips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness.models.generating.made import PARAKEET, SEED, WORDS, library, pieces_tokenizer, prefer, save, stir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLANK = "<blank>"


def _tokenizer() -> Any:
    kind = library().ParakeetTokenizer
    return pieces_tokenizer(["<unk>", "<pad>"], last=[BLANK], kind=kind, unk_token="<unk>", pad_token="<pad>")


def _speak(network: Any, tokenizer: Any, blank: float, seed: int) -> None:
    """Letters and blanks.

    Args:
        blank: added to what the network says for the blank: how rarely a frame says anything.
    """
    import torch

    stir(network, seed)
    with torch.no_grad():  # what was said last must count, or a frame would say it again and again
        network.decoder.decoder_projector.weight *= 6
    head = network.joint.head
    words = tokenizer.convert_tokens_to_ids([*WORDS, BLANK])
    prefer(head, [*words, *range(len(tokenizer), head.weight.shape[0])])
    with torch.no_grad():
        place = tokenizer.convert_tokens_to_ids(BLANK)
        head.weight[place] *= 4  # often the likeliest, often not
        head.bias[place] += blank


def _transducer(
    folder: Path,
    name: str,
    *,
    encoder: dict[str, Any] | None = None,
    blank: float = 5.0,
    seed: int = SEED,
    **config: Any,
) -> None:
    tokenizer = _tokenizer()
    made = getattr(library(), f"{name}Config")(
        vocab_size=len(tokenizer),
        decoder_hidden_size=24,
        num_decoder_layers=2,
        encoder_config={**PARAKEET, **(encoder or {})},
        pad_token_id=tokenizer.pad_token_id,
        blank_token_id=tokenizer.convert_tokens_to_ids(BLANK),
        **config,
    )
    kind = "TDT" if name == "ParakeetTDT" else "RNNT"
    network = getattr(library(), f"{name.removesuffix('TDT').removesuffix('RNNT')}For{kind}")(made)
    _speak(network, tokenizer, blank, seed)
    head = network.joint.head  # it says durations after tokens, which the converter suppresses as tokens
    stem = "NemotronAsrStreaming" if "Nemotron" in name else "Parakeet"
    extractor = getattr(library(), f"{stem}FeatureExtractor")(feature_size=16)
    more = {"decoder_type": kind.lower()} if stem == "Parakeet" else {}
    processor_class = getattr(library(), f"{name.removesuffix('TDT').removesuffix('RNNT')}Processor")
    # no end token in generation_config.json, as the converter leaves it: rows that are done go on
    save(
        folder,
        network,
        processor_class(extractor, tokenizer, blank_token=BLANK, **more),
        exponential_decay_length_penalty=None,
        decoder_start_token_id=made.blank_token_id,
        eos_token_id=None,
        suppress_tokens=list(range(len(tokenizer), head.weight.shape[0])) or None,
    )


_STREAMING = {"sliding_window": 8, "default_num_lookahead_tokens": 6}

BUILDERS: dict[str, Callable[[Path], None]] = {
    "parakeet_tdt": lambda folder: _transducer(folder, "ParakeetTDT", durations=[0, 1, 2, 3, 4], blank=3.0),
    "parakeet_rnnt": lambda folder: _transducer(folder, "ParakeetRNNT", max_symbols_per_step=3),
    "nemotron_asr_streaming": lambda folder: _transducer(
        folder, "NemotronAsrStreaming", encoder=_STREAMING, max_symbols_per_step=3, seed=9
    ),
    "nemotron3_5_asr": lambda folder: _transducer(
        folder, "Nemotron3_5Asr", encoder=_STREAMING, max_symbols_per_step=3, prompt_intermediate_size=32
    ),
}


def garrulous(folder: Path) -> None:
    """A parakeet_rnnt that says the most symbols at every frame: the library's own limit is one token short."""
    _transducer(folder, "ParakeetRNNT", blank=-50.0)
