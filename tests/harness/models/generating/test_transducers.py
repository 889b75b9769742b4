"""Transducers: where their tokens end, when their words were said, and what they can be asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from harness.errors import UsageError
from harness.models.generating.families.transducer import words_of
from harness.models.generating.model import own_steps
from harness.types import Clip, Word
from tests.harness.models.generating.alone import alone
from tests.harness.models.generating.clips import syllables
from tests.harness.models.generating.loaded import load, texts
from tests.harness.models.generating.transducer import BUILDERS, garrulous

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHORT, LONG = syllables(16_160, 3), syllables(48_000, 4)


def raw(folder: Path, auto: str, clips: list[Clip], **more: Any) -> tuple[Any, Any]:
    """The library's own processor, and what it generates for a batch of clips."""
    import transformers

    library: Any = transformers
    processor = library.AutoProcessor.from_pretrained(folder)
    network = getattr(library, auto).from_pretrained(folder)
    inputs = processor([clip.waveform for clip in clips], sampling_rate=16_000, **more)
    with torch.inference_mode():
        return processor, network.generate(**inputs, max_new_tokens=2000, return_dict_in_generate=True)


@pytest.mark.parametrize("family", ["parakeet_tdt", "parakeet_rnnt"])
def test_nothing_is_read_out_of_padding(family: str, tiny: Callable[[str], Path]) -> None:
    """The library goes on with a clip until the longest of its batch has ended; these tokens are in its answer."""
    folder = tiny(family)
    processor, output = raw(folder, "AutoModelForTDT" if "tdt" in family else "AutoModelForRNNT", [SHORT, LONG])
    spelled = processor.batch_decode(output.sequences, skip_special_tokens=True)[0].strip()
    expected = alone(family, folder, SHORT.waveform, "en")
    assert spelled != expected
    assert spelled.startswith(expected)
    assert texts(load(folder), [SHORT, LONG])[0] == expected


def test_the_most_symbols_at_every_frame(tmp_path: Path) -> None:
    """The library's own limit counts the start token, and leaves the last symbol of the last frame out."""
    garrulous(tmp_path / "ckpt")
    model = load(tmp_path / "ckpt")
    (made,) = model.text(model.infer(model.features([SHORT])))
    frames = 13  # of 80 ms, in 1.01 s
    assert made.usage is not None
    assert made.usage.tokens == frames * 10
    both = model.text(model.infer(model.features([LONG, SHORT])))
    assert both[1].text == made.text == alone("parakeet_rnnt", tmp_path / "ckpt", SHORT.waveform, "en")
    _, output = raw(tmp_path / "ckpt", "AutoModelForRNNT", [SHORT])
    assert output.sequences.shape[1] == 1 + frames * 10
    assert made.words is not None
    assert made.words[-1].end == SHORT.duration


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_words_have_the_times_of_their_tokens(family: str, tiny: Callable[[str], Path]) -> None:
    folder, model = tiny(family), load(tiny(family))
    auto = "AutoModelForTDT" if family == "parakeet_tdt" else "AutoModelForRNNT"
    processor, output = raw(folder, auto, [SHORT], **({"language": "en"} if family == "nemotron3_5_asr" else {}))
    _, timed = processor.decode(output.sequences, durations=output.durations, skip_special_tokens=True)
    tokens = [token for token in timed[0] if token["token"].strip()]
    begins = [place for place, token in enumerate(tokens) if not place or token["token"].startswith(" ")]
    ends = [*begins[1:], len(tokens)]
    expected = [
        (
            "".join(token["token"] for token in tokens[begin:end]).strip(),
            min(tokens[begin]["start"], SHORT.duration),
            min(tokens[end - 1]["end"], SHORT.duration),
        )
        for begin, end in zip(begins, ends, strict=True)
    ]
    made = model.text(model.infer(model.features([LONG, SHORT])))[1]
    assert made.words is not None
    assert [(word.text, word.start, word.end) for word in made.words] == expected
    assert " ".join(word.text for word in made.words) == made.text
    assert all(0 <= word.start <= word.end <= SHORT.duration for word in made.words)


def test_pieces_become_words() -> None:
    pieces = [("he", 0.0, 0.1), ("y", 0.1, 0.2), (" ", 0.2, 0.3), ("you", 0.3, 0.4), (" too", 0.5, 0.9)]
    made = words_of([{"token": said, "start": start, "end": end} for said, start, end in pieces], 0.6)
    assert made == (Word("hey", 0.0, 0.2), Word("you", 0.3, 0.4), Word("too", 0.5, 0.6))
    assert words_of([], 1.0) == ()


def test_a_clip_ends_where_its_frames_are_used_up() -> None:
    assert own_steps([0, 1, 0, 2, 1, 4], 3) == 4
    assert own_steps([0, 1, 1], 3) == 3
    assert own_steps([5, 1], 3) == 1


@pytest.mark.parametrize("family", ["nemotron_asr_streaming", "nemotron3_5_asr"])
def test_a_streaming_encoder_hears_as_far_ahead_as_is_asked(family: str, tiny: Callable[[str], Path]) -> None:
    folder = tiny(family)
    told = {"language": "en"} if family == "nemotron3_5_asr" else {}
    said = {}
    for frames in (13, 0):
        processor, output = raw(folder, "AutoModelForRNNT", [LONG], **told)
        processor.set_num_lookahead_tokens(frames)
        model = load(folder, model_option=(f"lookahead={frames}",))
        network: Any = model._network
        inputs = processor(LONG.waveform, sampling_rate=16_000, **told)
        assert inputs["num_lookahead_tokens"] == frames
        with torch.inference_mode():
            output = network.generate(**inputs, max_new_tokens=2000, return_dict_in_generate=True)
        (said[frames],) = processor.batch_decode(output.sequences, skip_special_tokens=True)
        assert texts(model, [LONG, SHORT])[0] == said[frames].strip()
    assert said[13] != said[0]
    assert texts(load(folder), [LONG])[0] == said[13].strip()  # the processor's default, not the network's
    with pytest.raises(UsageError, match=r"--model-option lookahead=5: lookahead of .* is one of 13, 6, 1, 0"):
        load(folder, model_option=("lookahead=5",))


def test_a_locale_stands_in_for_the_language(tiny: Callable[[str], Path]) -> None:
    folder = tiny("nemotron3_5_asr")
    british, unknown = (alone("nemotron3_5_asr", folder, LONG.waveform, name) for name in ("en-GB", "auto"))
    plain = texts(load(folder), [LONG])[0]
    assert len({british, unknown, plain}) == 3
    assert texts(load(folder, model_option=("locale=en-GB",)), [replace(LONG, language="de")]) == [british]
    assert texts(load(folder, model_option=("locale=auto",)), [LONG]) == [unknown]
    with pytest.raises(UsageError, match=r"locale=en-AU: this checkpoint has en, en-GB, en-US, auto"):
        load(folder, model_option=("locale=en-AU",))


def test_others_look_nowhere_ahead(tiny: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"\(parakeet_tdt\) cannot be asked for lookahead; it cannot be asked for any"):
        load(tiny("parakeet_tdt"), model_option=("lookahead=6",))
