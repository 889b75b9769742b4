"""Encoded audio to what a model hears: 16 kHz, mono, float32. The one way in which this program decodes.

benchmarks.containers     what the file is, and what it states: length, whether it is whole
opening, decoders, pyav   its samples, in blocks: by libsndfile, or by FFmpeg where that refuses or guesses
channels                  which channels are heard, and what is wrong with them
levels                    floats at the scale of integers, clipping, silence
resampling                soxr, at once or block by block: the same samples
hearing                   all of that for one file
loading                   a clip of it, under the condition that its run asks for
"""

from harness.audio.hearing import Sound, check_duration, decode, hear, listen
from harness.audio.loading import load_clip

__all__ = ["Sound", "check_duration", "decode", "hear", "listen", "load_clip"]
