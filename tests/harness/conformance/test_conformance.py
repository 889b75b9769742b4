"""The kit: a model that keeps everything passes, and each way of breaking something is found under its name."""

from __future__ import annotations

import json
import math
import mmap
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from harness.cli import main
from harness.conformance import checks
from harness.conformance.bench import wrong_times
from harness.conformance.clips import long_clip, sample_clips
from harness.conformance.examine import examine
from harness.errors import ExitStatus, ModelError
from harness.models.base import Model, ModelCard
from harness.records.conformance import Conformance
from harness.types import SAMPLE_RATE, Clip, Hypothesis, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.records.conformance import Finding

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven")


class Good(Model):
    """Hears the loudness of each half second as a word."""

    def __init__(self) -> None:
        self.card = ModelCard(
            id="good", revision="1", parameters=1, languages=("en", "de"), license="MIT", batch_invariant=True
        )

    def features(self, clips: Sequence[Clip]) -> Any:
        return [self.hear(clip) for clip in clips]

    def hear(self, clip: Clip) -> list[tuple[str, float, float]]:
        sound = np.nan_to_num(clip.waveform)
        found = []
        for start in range(0, len(sound), SAMPLE_RATE // 2):
            part = sound[start : start + SAMPLE_RATE // 2]
            word = WORDS[int(1e5 * float(np.abs(part).mean())) % len(WORDS)]
            if part.any():
                found.append((word, start / SAMPLE_RATE, (start + len(part)) / SAMPLE_RATE))
        return found

    def infer(self, features: Any) -> Any:
        return features

    def text(self, output: Any) -> Any:
        return [
            Hypothesis(text=" ".join(word for word, _, _ in words), words=tuple(Word(*word) for word in words))
            for words in output
        ]


class NoRevision(Good):
    def __init__(self) -> None:
        super().__init__()
        self.card = replace(self.card, revision=None)


class Raises(Good):
    def infer(self, features: Any) -> Any:
        raise ZeroDivisionError("oh")


class Samples(Good):
    calls = 0

    def infer(self, features: Any) -> Any:
        self.calls += 1
        return [
            [*words, (f"x{self.calls}", 99.0, 99.0)][: len(words)] if not words else self.shifted(words)
            for words in features
        ]

    def shifted(self, words: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
        return [(f"{word}{self.calls}", start, end) for word, start, end in words]


class Leaks(Good):
    """From neighbor to neighbor."""

    def infer(self, features: Any) -> Any:
        longest = max(len(words) for words in features)
        return [
            [(word if len(words) == longest else word + "s", *times) for word, *times in words] for words in features
        ]


class Admits(Leaks):
    def __init__(self) -> None:
        super().__init__()
        self.card = replace(self.card, batch_invariant=False)


class Untimed(Good):
    def text(self, output: Any) -> Any:
        return [replace(one, words=None) for one in super().text(output)]


class Sorts(Untimed):
    def text(self, output: Any) -> Any:
        return super().text(sorted(output, key=lambda words: words[-1][-1] if words else 0.0))


class Remembers(Untimed):
    def features(self, clips: Sequence[Clip]) -> Any:
        self.kept = super().features(clips)
        return len(clips)

    def infer(self, features: int) -> Any:
        return (self.kept * features)[:features]


class EmptyRaises(Good):
    def hear(self, clip: Clip) -> Any:
        return [super().hear(clip), clip.waveform[0]][0]


class EmptySpeaks(Good):
    def text(self, output: Any) -> Any:
        return [one if one.text else Hypothesis(text="thank you") for one in super().text(output)]


class EmptyDisturbs(Good):
    def infer(self, features: Any) -> Any:
        return features if all(features) else [words and words[:-1] for words in features]


class NeedsLength(Good):
    def hear(self, clip: Clip) -> Any:
        if 0 < len(clip.waveform) < 400:
            raise RuntimeError("kernel size can't be greater than actual input size")
        return super().hear(clip)


class TooLong(Good):
    def hear(self, clip: Clip) -> Any:
        if clip.duration > 60:
            raise IndexError("index 3000 is out of bounds")
        return super().hear(clip)


class Cuts(Good):
    """In silence."""

    def hear(self, clip: Clip) -> Any:
        return super().hear(replace(clip, waveform=clip.waveform[: 30 * SAMPLE_RATE]))


class SaysItsLimit(TooLong):
    def __init__(self) -> None:
        super().__init__()
        self.card = replace(self.card, max_seconds=60.0)


class StopsEarly(Cuts):
    def __init__(self) -> None:
        super().__init__()
        self.card = replace(self.card, max_seconds=80.0)


class DividesByLoudness(Good):
    def hear(self, clip: Clip) -> Any:
        if len(clip.waveform) and not clip.waveform.any():
            raise ZeroDivisionError("float division by zero")
        return super().hear(clip)


class HearsInSilence(Good):
    def hear(self, clip: Clip) -> Any:
        found = super().hear(clip)
        return found if found or not len(clip.waveform) else [("you", 0.0, 1.0)]


class Poisoned(Good):
    """One number that is none spoils its batch."""

    def features(self, clips: Sequence[Clip]) -> Any:
        features = super().features(clips)
        bad = any(np.isnan(clip.waveform).any() for clip in clips)
        return [[] for _ in features] if bad else features


class RaisesInBatches(Good):
    def features(self, clips: Sequence[Clip]) -> Any:
        if len(clips) > 1 and any(np.isnan(clip.waveform).any() for clip in clips):
            raise ValueError("NaN")
        return super().features(clips)


class Refuses(Good):
    def hear(self, clip: Clip) -> Any:
        if np.isnan(clip.waveform).any():
            raise ModelError("not numbers")
        return super().hear(clip)


class EnglishOnly(Good):
    def hear(self, clip: Clip) -> Any:
        if clip.language == "de":
            raise KeyError("de")
        return super().hear(clip)


class Hoards(Good):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[object] = []

    def infer(self, features: Any) -> Any:
        # Of the system, not of the heap, which may have room left from the tests before.
        memory = mmap.mmap(-1, 2 << 20)
        memory.write(b"\1" * (2 << 20))
        self.kept.append(memory)
        return features


class Drops(Good):
    def text(self, output: Any) -> Any:
        return super().text(output)[: max(1, len(output) - 1)]


class Tuples(Good):
    def text(self, output: Any) -> Any:
        return tuple(super().text(output))


class HalfACharacter(Good):
    def text(self, output: Any) -> Any:
        return [replace(one, text=one.text and one.text + "\udc80") for one in super().text(output)]


class Strings(Good):
    def text(self, output: Any) -> Any:
        return [one.text for one in super().text(output)]


class CountsFrames(Good):
    def text(self, output: Any) -> Any:
        return [
            replace(one, words=tuple(Word(w.text, w.start * 50, w.end * 50) for w in one.words))
            for one in super().text(output)
        ]


class Normalizes(Good):
    def hear(self, clip: Clip) -> Any:
        if len(clip.waveform):
            np.multiply(clip.waveform, 1.0000001, out=clip.waveform)
            np.add(clip.waveform, 1e-4, out=clip.waveform)
        return super().hear(replace(clip, waveform=np.round(clip.waveform, 1)))


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "GROWTH", 1 << 20)


def clips() -> list[Clip]:
    """Noise of six lengths and loudnesses."""
    random = np.random.default_rng(5)
    return [
        Clip(id=f"c{place}", language="en", waveform=random.normal(0, 0.01 * (1 + place), samples).astype(np.float32))
        for place, samples in enumerate((9000, 24000, 16000, 30000, 12000, 20000))
    ]


def findings(model: Model, identity: str | None = None) -> list[Finding]:
    return list(examine(model, clips(), identity)[1])


@pytest.mark.parametrize(
    ("kind", "wanting", "said"),
    [
        (Good, [], ""),
        (NoRevision, ["card"], "no revision"),
        (Raises, ["transcribes"], "c0: ZeroDivisionError: oh"),
        (Samples, ["determinism"], "the same call again: 6 of the texts changed"),
        (Leaks, ["batching"], "alone and in a batch: 5 of the texts changed, such as c0: "),
        (Admits, [], ""),
        (Sorts, ["order"], "in a batch: "),
        (Remembers, ["overlap"], "with the next batch prepared ahead"),
        (EmptyRaises, ["empty"], "a clip without samples: empty: IndexError"),
        (EmptySpeaks, ["empty"], "a clip without samples says 'thank you'"),
        (EmptyDisturbs, ["empty"], "with an empty clip in the batch: "),
        (NeedsLength, ["short"], "a clip of 0.0625 ms: short: RuntimeError: kernel size"),
        (TooLong, ["long"], "a clip of 90 s: long: IndexError"),
        (Cuts, ["long"], "a clip of 90 s has "),
        (SaysItsLimit, [], ""),
        (StopsEarly, [], ""),
        (DividesByLoudness, ["silence"], "3 s of silence: silence: ZeroDivisionError"),
        (HearsInSilence, [], ""),
        (Poisoned, ["numbers"], "a sample that is no number, in another clip: 2 of the texts"),
        (RaisesInBatches, ["numbers"], "a sample that is no number, in a batch: c1 and 2 more: ValueError: NaN"),
        (Refuses, [], ""),
        (EnglishOnly, ["languages"], "de is on the card: c0: KeyError"),
        (Hoards, ["memory"], "MiB more after each pass over the same 4 clips"),
        (Drops, ["count"], "text gave 5 hypotheses for 6 clips"),
        (Tuples, ["count"], "text gave a tuple, not a list of hypotheses"),
        (HalfACharacter, ["text"], "c0: not UTF-8 (surrogates not allowed at"),
        (Strings, ["text"], "c0: not a Hypothesis with a text, but '"),
        (CountsFrames, ["times"], "' from 0.00 to 25.00 s is not in a clip of 0.56 s"),
        (Normalizes, ["input"], "features changed the waveform of c0"),
    ],
)
def test_each_fault_is_found_under_its_name(kind: type[Good], wanting: list[str], said: str) -> None:
    found = [one for one in findings(kind()) if one.state == "mend"]
    assert [one.check for one in found] == wanting, found
    assert all(said in one.said and one.how for one in found)


def test_what_is_only_to_be_known() -> None:
    kinds: tuple[type[Good], ...] = (Admits, HearsInSilence, Refuses, StopsEarly)
    notes = {one.check: one.said for kind in kinds for one in findings(kind()) if one.state == "note"}
    assert notes.keys() == {"batching", "silence", "numbers", "long"}
    assert notes["long"].startswith("a clip of 80 s has ")
    assert notes["long"].endswith("it may stop early, within its limit of 80 s")
    assert notes["silence"] == "3 s of it say 'you'"
    assert "not numbers" in notes["numbers"]
    plain = Good()
    plain.card = replace(plain.card, batch_invariant=False, license=None)
    said = {(one.check, one.state): one.said for one in findings(plain)}
    assert "does not state license" in said["card", "note"]
    assert "card.batch_invariant may say so" in said["batching", "good"]


def test_the_revision_without_loading_must_be_the_card_s() -> None:
    (found,) = [one for one in findings(Good(), identity="2") if one.state == "mend"]
    assert (found.check, found.said) == ("card", "revision '1', but Adapter.identify says '2'")
    assert all(one.state != "mend" for one in findings(Good(), identity="1"))


def test_one_clip_at_a_time_is_no_batch() -> None:
    alone = Good()
    alone.card = replace(alone.card, max_batch=1)
    said = {one.check: one.said for one in findings(alone)}
    assert said["batching"] == "takes one clip at a time"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([("a", 0.0, 0.5), ("b", 0.5, 1.1)], None),
        ([("a", 0.0, 0.5), ("b", 0.5, 1.2)], "'b' from 0.50 to 1.20 s is not in a clip of 1.00 s"),
        ([("a", 0.5, 0.6), ("b", 0.4, 0.7)], "'b' from 0.40 to 0.70 s begins before the word before it, or the clip"),
        ([("a", -0.1, 0.6)], "begins before the word before it, or the clip"),
        ([("a", 0.5, 0.4)], "ends before it begins"),
        ([("a", math.nan, 0.4)], "is no number"),
    ],
)
def test_word_times(words: list[tuple[str, float, float]], said: str | None) -> None:
    wrong = wrong_times(Hypothesis(text="a b", words=tuple(Word(*word) for word in words)), 1.0)
    assert wrong is None if said is None else said in (wrong or "")


def test_speakers_are_one_a_word() -> None:
    assert wrong_times(Hypothesis(text="a b", speakers=("1", "2")), 1.0) is None
    assert wrong_times(Hypothesis(text="a b", speakers=("1",)), 1.0) == "1 speakers for 2 words"


def test_a_long_clip_is_of_whole_ones() -> None:
    clip, whole = long_clip(clips(), 4.0)
    assert len(clip.waveform) == 64000
    assert [part.id for part in whole] == ["c0", "c1", "c2"]
    assert np.array_equal(clip.waveform[:9000], clips()[0].waveform)


def test_the_sample_gives_clips_of_all_lengths() -> None:
    found, references = sample_clips()
    assert len(found) == len({clip.id for clip in found}) == 20
    assert references.keys() == {clip.id for clip in found}
    assert min(clip.duration for clip in found) < 2 < 6 < max(clip.duration for clip in found)


MINE = """
from harness.models.base import Model
def broken():
    raise FileNotFoundError("weights.bin")
def says(waveform, language):
    return " ".join(["word"] * (len(waveform) // 4000))
"""


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine_to_check.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli._silence_libraries", lambda: None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["check-model", "mine_to_check:says", "--clips", "5", "--json"]) == ExitStatus.GOOD
    captured = capsys.readouterr()
    found = msgspec.json.decode(captured.out, type=Conformance)
    assert (found.model, found.clips, found.conforms, found.device) == ("mine_to_check:says", 5, True, "cpu")
    assert found.rtfx is not None
    assert (found.wer or 0) > 0.5
    assert captured.err == ""
    assert main(["check-model", "mine_to_check:broken"]) == 1
    captured = capsys.readouterr()
    assert "to mend (loads): mine_to_check:broken cannot be made: FileNotFoundError: weights.bin" in captured.out
    assert "1 to mend" in captured.out
    assert "MEND  loads" in captured.err
    assert main(["check-model", "poketsphinx"]) == ExitStatus.USAGE
    assert main(["check-model", "tiny-nar", "--model-option", "x=1"]) == ExitStatus.USAGE
    assert "has no such option" in capsys.readouterr().err
    assert json.loads((Path(__file__).parents[3] / "docs/schemas/conformance.schema.json").read_text())["$ref"]
