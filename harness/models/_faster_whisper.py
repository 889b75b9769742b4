"""Whisper in CTranslate2, in batches of clips, by the rules with which faster-whisper decodes one clip.

Each clip is heard in windows of 30 s; where the next window begins is what the timestamps of the last one say. A batch
goes through its windows together: the first of every clip, then the second of those that have one, and so on. A clip's
windows depend on that clip alone. Spectrograms are made ahead, in the runner's feature thread; the encoder runs with
the decoder, since CTranslate2 works on one of them at a time: made ahead, its time would hold the wait for the decoder.

Decoding is greedy and at temperature 0 alone: faster-whisper's fallback to higher temperatures samples at random, so
that no two runs would agree (https://github.com/SYSTRAN/faster-whisper). As there, a window is passed over whose
no-speech probability is over 0.6, unless its text is likely.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.devices import index_of, kind_of
from harness.errors import ModelError, UsageError
from harness.models._per_clip import finite
from harness.models._whisper_options import long_form, task_of, whisper_options, word_times
from harness.models.base import Adapter, LoadOptions, Model, ModelCard
from harness.types import Clip, Hypothesis, Usage, Word

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.models._whisper_weights import Packages

LONG_FORM = "sequential"
"""What faster-whisper does with long clips unless told otherwise."""

PACKAGES = frozenset({"av", "ctranslate2", "faster-whisper", "onnxruntime", "tokenizers"})
"""`Adapter.packages` of what runs on it."""
MAX_BATCH = 16
"""Clips a batch: attention over 1500 frames takes 9 MB a head and clip, whatever is in the clip."""

NO_SPEECH, LIKELY = 0.6, -1.0
"""A window with a no-speech probability over the first is passed over, unless its text's mean log probability is over
the second; OpenAI's and faster-whisper's defaults."""

GREEDY = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
"""What one says to faster-whisper's own `transcribe` for the same decoding."""


@dataclass(slots=True)
class _Heard:
    """A clip and what was heard of it so far."""

    tokenizer: Any
    """faster-whisper's, for the clip's language."""
    features: NDArray[np.float32]
    """Log-mel spectrogram of the whole clip, ``[mels, frames + 1]``."""
    waveform: NDArray[np.float32] | None = None
    """Kept only where voice activity is to be looked for."""
    seek: int = 0
    """The frame at which the next window begins; 10 ms each."""
    last_speech: float = 0.0
    """Seconds at which the last word ended."""
    texts: list[str] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    tokens: int = 0

    @property
    def frames(self) -> int:
        """Frames of the clip itself; the spectrogram has one more."""
        return int(self.features.shape[-1]) - 1

    @property
    def done(self) -> bool:
        """Whether all of it was heard."""
        return self.seek >= self.frames


class FasterWhisper(Model):
    """A model of CTranslate2 with faster-whisper's feature extractor, tokenizer and rules.

    Args:
        source: the model's folder, or its files' contents by name.
        card: what is known; the limit of a clip's length is filled in.
        options: device, precision, long form, word times.

    Raises:
        UsageError: the device or precision is not there.
        ModelError: tokenizer and model do not belong together.
    """

    def __init__(self, source: Path | dict[str, bytes], card: ModelCard, options: LoadOptions) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.feature_extractor import FeatureExtractor

        self.long_form, self._word_times = long_form(options, LONG_FORM), word_times(options)
        files = {} if not isinstance(source, dict) else {"files": dict(source)}
        try:
            self._model = WhisperModel(
                card.id if files else str(source),
                device=kind_of(options.device),
                device_index=index_of(options.device),
                compute_type=options.dtype,
                cpu_threads=min(4, os.cpu_count() or 1),
                local_files_only=True,
                **files,
            )
        except (ValueError, RuntimeError) as error:  # a compute type or device that this machine has not
            raise UsageError(
                f"{card.id} cannot run with --device {options.device} --dtype {options.dtype} here: {error}"
            ) from error
        if self._model.feature_extractor.mel_filters.shape[0] != self._model.model.n_mels:  # no preprocessor_config
            self._model.feature_extractor = FeatureExtractor(feature_size=self._model.model.n_mels)
        self._task = task_of(options, card.id, multilingual=self._model.model.is_multilingual)
        self._window = self._model.feature_extractor.nb_max_frames / self._model.frames_per_second  # 30 s
        limit = self._window if self.long_form == "cut" else None
        self.card = replace(card, batch_invariant=True, max_batch=MAX_BATCH, max_seconds=limit)
        self._tokenizers: dict[str, Any] = {}
        self._suppressed: Any = None
        self._hotwords = ", ".join(options.keywords) or None
        self._check_hotwords()

    def _check_hotwords(self) -> None:
        """Refuses more keywords than a prompt has room for: faster-whisper leaves the rest out without a word."""
        most = self._model.max_length // 2 - 1
        tokens = len(self._model.hf_tokenizer.encode(f" {self._hotwords or ''}", add_special_tokens=False).ids)
        if tokens > most:
            raise UsageError(
                f"--keywords: {tokens} tokens, and {self.card.id} takes {most}; give fewer or shorter ones"
            )

    def features(self, clips: Sequence[Clip]) -> list[_Heard]:
        """Log-mel spectrograms, each of its whole clip; a clip without samples has none.

        Raises:
            ModelError: a clip's language is one that the model does not know.
        """
        return [self._begin(clip) for clip in clips]

    def infer(self, features: list[_Heard]) -> list[_Heard]:
        """Tokens of window after window, likeliest first, all clips of the batch together."""
        for one in features:
            if one.waveform is not None:
                self._by_voice(one)
        while waiting := [one for one in features if not one.done]:
            encoded = self._encode(waiting)
            for place, (one, result) in enumerate(zip(waiting, self._generate(encoded, waiting), strict=True)):
                self._take(one, result, encoded, place)
        return features

    def text(self, output: list[_Heard]) -> list[Hypothesis]:
        """One hypothesis a clip."""
        return [
            Hypothesis(
                text="".join(one.texts).strip(),
                words=tuple(one.words) if self._word_times else None,
                usage=Usage(tokens=one.tokens),
            )
            for one in output
        ]

    def _begin(self, clip: Clip) -> _Heard:
        waveform = finite(clip.waveform)
        tokenizer = self._tokenizer(clip)
        if not len(waveform):
            return _Heard(tokenizer, np.zeros((self._model.model.n_mels, 1), np.float32))
        by_voice = self.long_form == "chunked" and clip.duration > self._window
        return _Heard(tokenizer, self._model.feature_extractor(waveform), waveform if by_voice else None)

    def _tokenizer(self, clip: Clip) -> Any:
        """The tokenizer that begins with the clip's language; English models know one language."""
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        multilingual = self._model.model.is_multilingual
        language = clip.language if multilingual else "en"
        if language not in self._tokenizers:
            if multilingual and self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
                raise ModelError(f"{clip.id}: {self.card.id} does not know the language {clip.language!r}")
            made = Tokenizer(self._model.hf_tokenizer, multilingual, task=self._task, language=language)
            self._suppressed = self._suppressed or get_suppressed_tokens(made, [-1])
            self._tokenizers[language] = made
        return self._tokenizers[language]

    def _encode(self, waiting: Sequence[_Heard]) -> Any:
        """Encoder output of the next window of each clip, filled up to 30 s as faster-whisper does."""
        from faster_whisper.audio import pad_or_trim

        span = self._model.feature_extractor.nb_max_frames
        windows = [one.features[:, one.seek : min(one.seek + span, one.frames)] for one in waiting]
        return self._model.encode(np.stack([pad_or_trim(window, span) for window in windows]))

    def _generate(self, encoded: Any, waiting: Sequence[_Heard]) -> list[Any]:
        """CTranslate2's results: a sequence of tokens a clip."""
        plain = self.long_form != "sequential"
        prompts = [
            self._model.get_prompt(one.tokenizer, [], without_timestamps=plain, hotwords=self._hotwords)
            for one in waiting
        ]
        found: list[Any] = self._model.model.generate(
            encoded,
            prompts,
            beam_size=1,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=50,
        )
        return found

    def _take(self, one: _Heard, result: Any, encoded: Any, place: int) -> None:
        """Adds what a window says to what was heard, and moves to the next."""
        model, tokens = self._model, result.sequences_ids[0]
        size = min(model.feature_extractor.nb_max_frames, one.frames - one.seek)
        begin, one.tokens = one.seek, one.tokens + len(tokens)
        likely = result.scores[0] * len(tokens) / (len(tokens) + 1) > LIKELY
        if result.no_speech_prob > NO_SPEECH and not likely:
            one.seek += size
            return
        per_second = model.frames_per_second
        segments, one.seek, ended = model._split_segments_by_timestamps(
            tokenizer=one.tokenizer,
            tokens=tokens,
            time_offset=begin / per_second,
            segment_size=size,
            segment_duration=size / per_second,
            seek=begin,
        )
        if self._word_times:
            self._align(one, segments, _row(encoded, place), size)
            last = next((made["words"][-1]["end"] for made in reversed(segments) if made["words"]), None)
            if last is not None:
                one.last_speech = last
                if not ended and last > begin / per_second:
                    one.seek = round(last * per_second)
        one.seek = one.seek if one.seek > begin else begin + size  # a window that ends where it began is over
        for made in segments:
            text = one.tokenizer.decode(made["tokens"])
            if made["start"] != made["end"] and text.strip():
                one.texts.append(text)
                one.words += [_word(word["word"], word["start"], word["end"]) for word in made.get("words", ())]

    def _align(self, one: _Heard, segments: list[dict[str, Any]], encoded: Any, size: int) -> None:
        """Gives each segment its ``words``, by the heads whose attention follows the sound."""
        before, after = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"  # faster-whisper's
        self._model.add_word_timestamps([segments], one.tokenizer, encoded, size, before, after, one.last_speech)
        for made in segments:
            made.setdefault("words", [])

    def _by_voice(self, one: _Heard) -> None:
        """A long clip in pieces between pauses that a voice detector finds, as faster-whisper's batched way."""
        from faster_whisper import BatchedInferencePipeline

        segments, _ = BatchedInferencePipeline(self._model).transcribe(
            one.waveform,
            language=one.tokenizer.language_code,
            task=self._task,
            batch_size=MAX_BATCH,
            vad_filter=True,
            word_timestamps=self._word_times,
            hotwords=self._hotwords,
            **GREEDY,
        )
        for made in segments:
            one.texts.append(made.text)
            one.tokens += len(made.tokens)
            one.words += [_word(word.word, word.start, word.end) for word in made.words or ()]
        one.seek = one.frames


def _word(text: str, start: float, end: float) -> Word:
    return Word(text.strip(), float(start), float(end))


def _row(encoded: Any, place: int) -> Any:
    """The encoder output of one clip of a batch, ``[1, frames, width]``."""
    import ctranslate2

    if encoded.shape[0] == 1:
        return encoded
    host = encoded if encoded.device == "cpu" else encoded.to_device(ctranslate2.Device.cpu)
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(host)[place : place + 1]))


def packed(packages: Packages, card: ModelCard, summary: str, extra: str) -> Adapter:
    """The adapter of a model whose weights Python packages carry; they are loaded if they are those examined."""
    return Adapter(
        name=packages.name,
        summary=summary,
        accepts=lambda name: name == packages.name,
        load=lambda _name, options: FasterWhisper(packages.read(), card, options),
        options=whisper_options(LONG_FORM),
        translation="task=translate",
        translates_into=("en",),
        keywords=True,
        devices=("cuda", "cpu"),
        card=card,
        tried="its own weights, on real speech",
        identify=lambda _name: card.revision,
        requires=("faster_whisper", *packages.modules),
        packages=PACKAGES,
        extra=extra,
    )
