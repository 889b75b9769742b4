"""One clip, from encoded bytes to the samples that a model is given, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, cast

import numpy as np

from benchmarks.containers import Window
from benchmarks.containers.flac import whole_samples
from benchmarks.containers.statement import in_bytes
from harness.amounts import amount
from harness.audio.channels import Meter, Pick, mixed
from harness.audio.choosing import CODEC_SLACK, Opened, opened
from harness.audio.decoders import UNKNOWN_FRAMES, Blocks, Decoder, reason
from harness.audio.levels import Levels
from harness.audio.resampling import Resampler, resample
from harness.errors import DataError
from harness.types import AudioWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.dataset import Audio, Channel, Utterance

RATES = (1_000, 768_000)
"""Samples per second; a header that states fewer or more is broken."""

MOST_CHANNELS = 256
"""A header that states more is broken."""

MOST_SECONDS = 86_400
"""A clip of more than a day is not one: its result would not fit into memory."""

DURATION_SLACK = (0.5, 0.02)
"""Seconds, and share of the stated duration, by which the decoded length may differ from what the data's own metadata
states before it is called wrong. Metadata rounds. What the file itself states is another matter: nothing of it may be
missing."""

ROUNDING = 0.01
"""Seconds by which a container's clock may be off."""

COARSE = {"mp4", "ebml", "asf", "avi"}
"""Readers of containers that state their seconds."""

CLOCK_SLACK = 0.1
"""Seconds, where the container's clock is coarser than a sample."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A clip's samples."""

    waveform: NDArray[np.float32]
    """Mono samples at 16 kHz, shape ``[samples]``, at least one."""
    warnings: tuple[AudioWarning, ...] = ()
    """What is to be said of them."""


def check_duration(utterance: Utterance, seconds: float) -> None:
    """Compares what was decoded with what the metadata says.

    Raises:
        DataError: it is not as long.
    """
    stated = utterance.duration
    if stated is not None and not as_stated(seconds, stated):
        raise DataError(
            f"{utterance.audio.origin}: {seconds:.2f} s of audio where {stated:.2f} s are stated; fetch the file again"
        )


def as_stated(seconds: float, stated: float) -> bool:
    """Whether audio of this length is what the data states."""
    return abs(seconds - stated) <= max(DURATION_SLACK[0], DURATION_SLACK[1] * stated)


def decode(audio: Audio) -> NDArray[np.float32]:
    """The samples alone; as `hear`."""
    return hear(audio).waveform


def hear(audio: Audio) -> Sound:
    """Reads, cuts, mixes down and resamples.

    Raises:
        DataError: the audio is missing, broken, empty or truncated; the message is one line that says which.
    """
    try:
        found = _passed(audio, None)
        return found if isinstance(found, Sound) else cast("Sound", _passed(audio, found))
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises at a broken file costs that file only
        raise _one_line(audio, error) from None


def listen(
    audio: Audio, begin: Callable[[int, int, int | None], Callable[[NDArray[np.float32]], None]]
) -> tuple[AudioWarning, ...]:
    """Gives all channels at the file's own rate, for who wants to know what `hear` makes the clip of.

    Args:
        audio: what to read.
        begin: is told the rate, how many channels there are, and how many samples of each will come (None where that is
            not known); answers with what takes them, block by block, shape ``[samples, channels]``.

    Returns:
        What the container states that is odd.

    Raises:
        DataError: as `hear`.
    """
    try:
        with opened(audio) as source:
            decoder = source.decoder
            segment = _segment(audio, decoder)
            take = begin(decoder.rate, decoder.channels, segment.most if segment.most < UNKNOWN_FRAMES else None)
            blocks = _Counted(decoder.blocks(segment.begin, segment.most))
            for block in blocks:
                take(block)
            _check_whole(audio, source, segment, blocks.frames)
            return tuple(_of(source))
    except Exception as error:  # noqa: BLE001 - as in hear
        raise _one_line(audio, error) from None


def _one_line(audio: Audio, error: Exception) -> Exception:
    """What went wrong with audio, as one line; a fault of this program, not of the file, as it is."""
    if isinstance(error, DataError | NameError | AttributeError | AssertionError):
        return error
    if isinstance(error, FileNotFoundError):
        return DataError(f"{audio.origin}: no such file")
    if isinstance(error, IsADirectoryError):
        return DataError(f"{audio.origin}: cannot be read: it is a folder; name a file in it")
    if isinstance(error, OSError):
        return DataError(f"{audio.origin}: cannot be read ({error.strerror or error})")
    return DataError(f"{audio.origin}: not readable as audio ({reason(error)})")


@dataclass(slots=True)
class _Segment:
    """What is wanted of a file, in frames."""

    begin: int
    wanted: int | None
    """None is to the end."""
    most: int
    """That are read."""


def _segment(audio: Audio, decoder: Decoder) -> _Segment:
    """The frames that are wanted.

    Raises:
        DataError: there are none such.
    """
    rate = decoder.rate
    if not RATES[0] <= rate <= RATES[1]:
        raise DataError(f"{audio.origin}: states {rate} samples a second")
    if not 0 < decoder.channels <= MOST_CHANNELS:
        raise DataError(f"{audio.origin}: states {decoder.channels} channels")
    start, end = audio.start or 0.0, audio.end
    if end is not None and end <= start:
        raise DataError(f"{audio.origin}: its segment is from {start:g} to {end:g} s")
    begin = round(start * rate)
    wanted = None if end is None else round(end * rate) - begin
    if begin > decoder.frames:
        raise DataError(f"{audio.origin}: ends before its segment begins, at {start:.2f} s")
    known = decoder.frames - begin if decoder.frames < UNKNOWN_FRAMES else UNKNOWN_FRAMES
    most = known if wanted is None else min(known, wanted)
    if most > MOST_SECONDS * rate:
        if most < UNKNOWN_FRAMES:
            hours = most / rate / 3600
            raise DataError(f"{audio.origin}: {hours:,.0f} hours, more than a day; say which part by start and end")
        most = MOST_SECONDS * rate + 1
    return _Segment(begin, wanted, most)


@dataclass(frozen=True, slots=True)
class _Again:
    """The file is to be read once more: which channels a long one is heard by is known at its end only."""

    pick: Pick
    warnings: list[AudioWarning]


def _passed(audio: Audio, again: _Again | None) -> Sound | _Again:
    """The clip, from its first block to its last."""
    with opened(audio) as source:
        decoder = source.decoder
        segment = _segment(audio, decoder)
        blocks = decoder.blocks(segment.begin, segment.most)
        first, second = next(blocks, None), next(blocks, None)
        found: Sound | _Again | None = None
        if first is None or not len(first):
            frames = 0
        elif second is None or not len(second):
            frames, found = len(first), _short(audio, source, first)
        else:
            counted = _Counted(chain((first, second), blocks))
            found = _long(audio, source, counted, again)
            frames = counted.frames
        _check_whole(audio, source, segment, frames)
    if found is None and segment.begin:
        raise DataError(f"{audio.origin}: ends before its segment begins, at {audio.start:.2f} s")
    if found is None:
        raise DataError(f"{audio.origin}: no samples in it")
    return found


class _Counted:
    """Blocks, and how many frames they were."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks, self.frames = blocks, 0

    def __iter__(self) -> Blocks:
        for block in self._blocks:
            self.frames += len(block)
            yield block


def _asked(audio: Audio, channels: int) -> Channel:
    """The channel that is asked for.

    Raises:
        DataError: there is none such.
    """
    asked: Channel = "mix" if audio.channel is None else audio.channel
    if isinstance(asked, int) and not 0 <= asked < channels:
        there = "one channel, 0" if channels == 1 else f"channels 0 to {channels - 1}"
        raise DataError(f"{audio.origin}: channel {asked} is asked for, it has {there}")
    return asked


def _short(audio: Audio, source: Opened, block: NDArray[np.float32]) -> Sound:
    """A clip that lies in memory as a whole."""
    decoder = source.decoder
    asked, warnings = _asked(audio, decoder.channels), list[AudioWarning]()
    pick: Pick = (asked,) if isinstance(asked, int) else (0,)
    if decoder.channels > 1 and not isinstance(asked, int):
        meter = Meter(decoder.channels, decoder.rate)
        meter.add(block)
        pick, warnings = meter.choose(asked, _scale(block) if decoder.floats else 1.0)
    mono = mixed(block, pick)
    levels = Levels(floats=decoder.floats)
    levels.add(mono)
    return _finished(audio, source, resample(mono, decoder.rate), levels, warnings)


def _scale(block: NDArray[np.float32]) -> float:
    """The full scale of all channels together."""
    levels = Levels(floats=True)
    levels.add(block.reshape(-1))
    return levels.scale


def _long(audio: Audio, source: Opened, blocks: Iterable[NDArray[np.float32]], again: _Again | None) -> Sound | _Again:
    """A clip that is read, mixed and resampled block by block."""
    decoder = source.decoder
    asked = _asked(audio, decoder.channels)
    every: Pick = tuple(range(decoder.channels))
    pick = again.pick if again else (asked,) if isinstance(asked, int) else every
    meter = Meter(decoder.channels, decoder.rate) if len(every) > 1 and not (again or isinstance(asked, int)) else None
    levels, resampler, frames = Levels(floats=decoder.floats), Resampler(decoder.rate), 0
    for block in blocks:
        frames += len(block)
        if frames > MOST_SECONDS * decoder.rate:
            raise DataError(f"{audio.origin}: more than a day of audio; say which part by start and end")
        mono = mixed(block, pick)
        levels.add(mono)
        if meter is not None:
            meter.add(block)
        resampler.add(mono)
    warnings = list(again.warnings) if again else []
    if meter is not None:
        chosen, warnings = meter.choose(asked, levels.scale)
        if chosen != every:
            return _Again(chosen, warnings)
    return _finished(audio, source, resampler.result(), levels, warnings)


def _finished(
    audio: Audio, source: Opened, waveform: NDArray[np.float32], levels: Levels, warnings: list[AudioWarning]
) -> Sound:
    """The clip at its right scale, with everything that is to be said of it.

    Raises:
        DataError: some of its samples are no numbers: given one, a model answers nonsense.
    """
    if levels.invalid:
        raise DataError(
            f"{audio.origin}: {amount(levels.invalid, 'sample is no finite number', 'samples are no finite numbers')}"
        )
    if levels.scale != 1.0:
        waveform = waveform / np.float32(levels.scale)
    said = (*_of(source), *warnings, *levels.warnings())
    return Sound(np.ascontiguousarray(waveform, dtype=np.float32), said)


def _of(source: Opened) -> Iterator[AudioWarning]:
    """What is odd about a container, or its decoder says, though the audio is heard to its end."""
    if source.decoder.complaints:
        yield AudioWarning("decoder_complains", source.decoder.complaints)
    statement = source.statement
    if statement is None:
        return
    if statement.stray:
        yield AudioWarning("bytes_missing", f"{in_bytes(statement.stray)} in its midst are no audio")
    if statement.missing:
        yield AudioWarning("bytes_missing", f"its end lacks {in_bytes(statement.missing)}")
    if statement.cut:
        yield AudioWarning("bytes_missing", f"{statement.cut}, none of its audio")
    if statement.wrong:
        yield AudioWarning("header_length", f"its header is wrong: {statement.wrong}")
    if statement.beyond:
        yield AudioWarning("beyond_end", f"{in_bytes(statement.beyond)} after its stated end are not heard")


def _check_whole(audio: Audio, source: Opened, segment: _Segment, got: int) -> None:
    """Tells a truncated file from a whole one: nothing that the file itself states may be missing.

    Raises:
        DataError: the file is truncated, or ends inside the segment that is wanted.
    """
    decoder, statement = source.decoder, source.statement
    rate, end = decoder.rate, segment.begin + got
    if decoder.broken and statement is None:
        with Window.of(audio) as window:  # FLAC, of which libsndfile does not say where it failed
            whole = whole_samples(window)
        if whole is None:
            raise DataError(f"{audio.origin}: not readable as audio ({decoder.broken})")
        end = whole
    if segment.wanted is not None:
        if statement is not None and statement.holes and statement.cut:
            why = f"nobody knows where its segment is: {statement.cut}"
            raise DataError(f"{audio.origin}: damaged, {why}")
        if got < segment.wanted - rate // 10:
            raise DataError(f"{audio.origin}: ends at {end / rate:.2f} s, inside its segment")
        return
    stated = None if statement is None else statement.length
    if stated is None and decoder.frames < UNKNOWN_FRAMES:
        stated = decoder.frames / rate
    if statement is not None and statement.cut and _heard_whole(source, end):
        return
    if (statement is not None and statement.cut) or end < _least(source):
        states = f" of the {stated:.2f} s that it states" if stated and stated > end / rate else ""
        why = f" ({statement.cut})" if statement is not None and statement.cut else ""
        raise DataError(f"{audio.origin}: truncated, it ends after {end / rate:.2f} s{states}{why}")
    if decoder.broken:
        raise DataError(f"{audio.origin}: damaged after {end / rate:.2f} s ({decoder.broken})")


def _heard_whole(source: Opened, end: int) -> bool:
    """Whether what a file lacks is none of its audio: an index at its end, a title."""
    if source.statement is None or source.kind is None or source.kind.reader not in COARSE:
        return False
    seconds, unheard = source.statement.seconds, source.statement.unheard
    return seconds is not None and end >= (seconds - unheard - ROUNDING) * source.decoder.rate


def _least(source: Opened) -> int:
    """Frames that a whole file has at least, by what it states."""
    decoder, statement = source.decoder, source.statement
    if statement is None or source.kind is None or not source.kind.reader:
        return decoder.frames if decoder.frames < UNKNOWN_FRAMES else 0
    if statement.frames is not None:
        exact = decoder.frames == statement.frames and source.kind.reader != "mpeg"
        return statement.frames if exact else statement.frames - CODEC_SLACK
    if statement.seconds is not None and source.kind.reader in COARSE:
        return int((statement.seconds - statement.unheard - CLOCK_SLACK) * decoder.rate)
    return 0
