"""What each model can be asked for, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ModelError, UsageError
from harness.models.granite_speech import ADAPTER, MODE, tasks
from harness.models.granite_speech.model import longest
from harness.models.granite_speech.tasks import BASE, FOUR, KNOWN, PLUS_VARIANT, THREE, Variant, task_of, variant_of
from harness.reporting.published import find
from harness.types import Word
from tests.harness.models.granite_speech import tiny

Load = Callable[..., Any]

SYSTEM = (
    "Knowledge Cutoff Date: April 2024.\nToday's Date: December 19, 2024.\n"
    "You are Granite, developed by IBM. You are a helpful AI assistant"
)


@pytest.mark.parametrize(
    ("variant", "mode", "keywords", "user"),
    [
        (BASE, None, (), "<|audio|>can you transcribe the speech into a written format?"),
        (BASE, "raw", (), "<|audio|>can you transcribe the speech into a written format?"),
        (BASE, "punctuated", (), "<|audio|>transcribe the speech with proper punctuation and capitalization."),
        (BASE, "keywords", ("Kiel", "A b"), "<|audio|>transcribe the speech to text. Keywords: Kiel, A b"),
        (BASE, None, ("Kiel",), "<|audio|>transcribe the speech to text. Keywords: Kiel"),
        (BASE, "translate:de", (), "<|audio|>translate the speech to German."),
        (BASE, "translate:zh", ("{x}",), "<|audio|>translate the speech to Mandarin. Keywords: {x}"),
        (BASE, "translate-punctuated:ja", (),
         "<|audio|>translate the speech to Japanese with proper punctuation and capitalization."),
        (FOUR, "translate:it", (), "<|audio|>translate the speech to Italian."),
        (THREE, None, (), "<|audio|>can you transcribe the speech into a written format?"),
        (PLUS_VARIANT, None, (), "<|audio|> can you transcribe the speech into a written format?"),
        (PLUS_VARIANT, None, ("a",), "<|audio|> can you transcribe the speech into a written format? Keywords: a"),
        (PLUS_VARIANT, "speakers", (),
         "<|audio|> Speaker attribution: Transcribe and denote who is speaking by adding [Speaker 1]: and [Speaker 2]: "
         "tags before speaker turns."),
        (PLUS_VARIANT, "timestamps", ("x",),
         "<|audio|> Timestamps: Transcribe the speech. After each word, add a timestamp tag showing the end time in "
         "centiseconds, e.g. hello [T:45] world [T:82] Keywords: x"),
    ],
)  # fmt: skip
def test_prompts_are_verbatim(variant: Variant, mode: str | None, keywords: tuple[str, ...], user: str) -> None:
    task = task_of("m", variant, mode, keywords)
    assert task.user == user
    system = [{"role": "system", "content": SYSTEM}] if variant in (THREE, PLUS_VARIANT) else []
    assert task.messages == [*system, {"role": "user", "content": user}]


@pytest.mark.parametrize(
    ("variant", "mode", "keywords", "said"),
    [
        (BASE, "speakers", (),
         "--model-option mode=speakers: m has raw, punctuated, keywords, translate:LANG, translate-punctuated:LANG"),
        (FOUR, "punctuated", (), "mode=punctuated: m has raw, keywords, translate:LANG"),
        (PLUS_VARIANT, "translate:de", (), "mode=translate:de: m has raw, keywords, speakers, timestamps"),
        (THREE, "keywords", ("a",), "mode=keywords: m has raw"),
        (THREE, None, ("a",), "--keywords: m takes none in mode raw; it takes none in any mode"),
        (BASE, "raw", ("a",), "--keywords: m takes none in mode raw; give them with mode=keywords, translate:LANG"),
        (BASE, "punctuated", ("a",), "--keywords: m takes none in mode punctuated"),
        (BASE, "keywords", (), "mode=keywords: give the words with --keywords"),
        (PLUS_VARIANT, "keywords", (), "mode=keywords: give the words with --keywords"),
        (BASE, "translate:xx", (), "mode=translate:xx: translations are into en, fr, de, es, pt, ja, it, zh"),
        (BASE, "keywords", ("<|audio|>",), r"'<\|audio\|>' holds <\|"),
    ],
)  # fmt: skip
def test_what_a_model_does_not_have_is_refused(
    variant: Variant, mode: str | None, keywords: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        task_of("m", variant, mode, keywords)


def test_variants_go_by_hub_id_then_by_config() -> None:
    assert variant_of("ibm-granite/granite-4.0-1b-speech", "granite_speech", lora=False) is FOUR
    assert variant_of("ibm-granite/granite-speech-4.1-2b", "granite_speech", lora=True) is BASE
    assert variant_of("a/b", "granite_speech_plus", lora=False) is PLUS_VARIANT
    assert variant_of("a/b", "granite_speech", lora=True) is THREE
    assert variant_of("a/b", "granite_speech", lora=False) is BASE


def test_known_models_are_listed_with_their_figures() -> None:
    shown = {one.hub[0]: one for one in ADAPTER.listed()}
    assert list(shown) == list(KNOWN)
    figures = {name: [find(name, "average", one)[:1] for one in ("wer", "rtfx")] for name in KNOWN}
    assert {name: [round(each.value, 2) for found in both for each in found] for name, both in figures.items()} == {
        "ibm-granite/granite-speech-4.1-2b": [5.33, 231.29],
        "ibm-granite/granite-speech-4.1-2b-plus": [5.71],
        "ibm-granite/granite-4.0-1b-speech": [5.52, 280.02],
        "ibm-granite/granite-speech-3.3-2b": [6.0, 270.57],
        "ibm-granite/granite-speech-3.3-8b": [5.74, 145.42],
    }
    assert shown["ibm-granite/granite-4.0-1b-speech"].asks == (
        "mode=raw|keywords|translate:LANG",
        "decoding",
        "keywords",
    )
    assert shown["ibm-granite/granite-speech-3.3-2b"].asks == ()
    assert shown["ibm-granite/granite-speech-4.1-2b-plus"].languages == ("en", "fr", "de", "es", "pt")


def test_every_mode_can_be_typed() -> None:
    modes = {mode for variant in KNOWN.values() for mode in variant.modes}
    assert modes == set(MODE.choices)


def test_token_limits() -> None:
    assert [tasks.SHORT.limit(seconds) for seconds in (0.1, 30, 60, 61.5)] == [200, 200, 400, 410]
    assert [tasks.PLUS.limit(seconds) for seconds in (0, 30, 90, 540)] == [200, 800, 2000, 2000]
    assert [tasks.TIMES.limit(seconds) for seconds in (0, 30, 300)] == [200, 2000, 10_000]


def test_the_longest_clip_is_the_cards_or_what_has_positions() -> None:
    raw, plus, times = task_of("m", BASE, None, ()), task_of("m", PLUS_VARIANT, None, ()), None
    times = task_of("m", PLUS_VARIANT, "timestamps", ())
    assert (longest(plus, 131_072, 100), longest(times, 131_072, 100)) == (540.0, 300.0)
    seconds = longest(raw, 4096, 30)
    assert seconds == 243.0
    assert 10 * seconds + 3 + 30 + raw.mode.tokens.limit(seconds) <= 4096
    assert 10 * (seconds + 1) + 3 + 30 + raw.mode.tokens.limit(seconds + 1) > 4096
    assert longest(times, 4096, 100) == 54.0
    with pytest.raises(ModelError, match=r"200 positions are too few"):
        longest(raw, 200, 30)


def test_a_mode_reads_what_it_gives(plus: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = tiny.spoken([0.7, 1.1])
    said = {"raw": "a [Speaker 1]: _ [T:5]", "timestamps": "_ [T:10] a [T:20]", "speakers": "[Speaker 1]: a b"}
    found = {}
    for mode, text in said.items():
        model = load(plus, f"mode={mode}")
        monkeypatch.setattr(model._tokenizer, "decode", lambda *_args, _text=text, **_: f" {_text}")
        found[mode] = tiny.heard(model, clips)[1]
        assert model.card.note == f"mode {mode}, greedy"
    assert (found["raw"].text, found["raw"].words, found["raw"].speakers) == ("a [Speaker 1]: _ [T:5]", None, None)
    assert (found["timestamps"].text, found["timestamps"].words) == ("a", (Word("a", 0.1, 0.2),))
    assert (found["speakers"].text, found["speakers"].speakers) == ("a b", ("Speaker 1", "Speaker 1"))


@pytest.mark.parametrize(
    ("option", "user"), [("mode=speakers", "Speaker attribution"), ("mode=timestamps", "Timestamps")]
)
def test_modes_are_what_transformers_says_to_that_prompt(plus: Path, load: Load, option: str, user: str) -> None:
    model, alone, clips = load(plus, option), tiny.alone(plus), tiny.spoken([0.7])
    assert user in model.task.messages[1]["content"]
    expected = alone.tokens(clips[0].waveform, model.task.messages, 300)
    batch = model.infer(model.transfer(model.features(clips)))
    assert batch.said[0].ids == [token for token in expected if token != tiny.END]


def test_options_of_other_models_are_refused(plus: Path, base: Path, load: Load) -> None:
    with pytest.raises(UsageError, match=r"mode=punctuated: .* has raw, keywords, speakers, timestamps"):
        load(plus, "mode=punctuated")
    with pytest.raises(UsageError, match=r"mode=loud: mode of .* is one of raw, punctuated, keywords"):
        load(base, "mode=loud")
    assert load(base, keywords=("Kiel",)).task.user.endswith("Keywords: Kiel")
