"""Every kind of finding: one declaration says what it is called, how bad it is, what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.records.health import Severity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding."""

    name: str
    title: str
    severity: Severity
    """Unless a finding says otherwise."""
    meaning: str
    advice: str


_ALL = (
    Kind(
        "unreadable",
        "Audio that cannot be used",
        "high",
        "A run counts these utterances as failed.",
        "Fetch the file again, or leave the row out.",
    ),
    Kind(
        "container",
        "Odd container",
        "low",
        "The file states what its content does not bear out; all that is there was decoded.",
        "Write the file anew, or fetch it again.",
    ),
    Kind(
        "integer_scale",
        "Whole numbers stored as floats",
        "medium",
        "Samples are beyond full scale by orders of magnitude; the runner scales them, other programs do not.",
        "Divide them by 32,768 once and for all.",
    ),
    Kind(
        "silence",
        "Silence",
        "high",
        "There is nothing to hear, so every word of the reference is counted as missing.",
        "Find the recording, or leave the row out.",
    ),
    Kind(
        "no_speech",
        "Noise without speech",
        "high",
        "Nothing in it changes as speech does, so every word counts as missing or is made up.",
        "Listen; leave the row out if nobody speaks.",
    ),
    Kind(
        "quiet",
        "Very soft",
        "low",
        "Models that do not level their input hear little of it.",
        "Raise the level, or keep it as a hard case on purpose.",
    ),
    Kind(
        "opposite_phase",
        "Channels in opposite phase",
        "high",
        "Mixed to one, the channels cancel and speech is lost.",
        "Take one channel: state it in a column channel.",
    ),
    Kind(
        "dead_channel",
        "A channel without sound",
        "medium",
        "Mixed with a silent channel, speech is half as loud; if the channel is taken alone, it is lost.",
        "Take the channel that has sound: state it in a column channel.",
    ),
    Kind(
        "one_channel",
        "Speech on one channel, noise on the other",
        "high",
        "Mixed to one, noise covers the speech.",
        "Take the channel with speech: state it in a column channel.",
    ),
    Kind(
        "channels_differ",
        "Different sound on each channel",
        "medium",
        "Mixed to one, two speakers talk over each other.",
        "State a channel and a reference for each side.",
    ),
    Kind(
        "clipping",
        "Clipping",
        "medium",
        "The recording was too loud and its peaks are cut off, which is heard as distortion.",
        "Take an earlier copy with less gain; scaling this one down does not help.",
    ),
    Kind(
        "wrong_rate",
        "Played at the wrong speed",
        "high",
        "Pitch, spectrum and tempo fit speech at about half or twice the speed: a header states the wrong rate.",
        "Correct the rate in the header; do not resample.",
    ),
    Kind(
        "narrow_band",
        "Upsampled from a narrower band",
        "info",
        "There is nothing in the upper half of the spectrum: a telephone's band, or a lossy codec's.",
        "Nothing to do; do not compare it with wide-band speech.",
    ),
    Kind(
        "offset",
        "DC offset",
        "low",
        "The samples do not center on zero, which takes headroom and disturbs features at low frequencies.",
        "Subtract the mean.",
    ),
    Kind(
        "tone",
        "Steady tone or hum",
        "medium",
        "A line of the spectrum goes on through the whole clip: mains hum, a beep, a carrier.",
        "Listen; filter it out if it is not meant to be there.",
    ),
    Kind(
        "long_silence",
        "Mostly silence at the ends",
        "low",
        "Most of the clip is silence before or after speech, in which some models make up words; speed is flattered.",
        "Trim it, or check that its segment ends where it should.",
    ),
    Kind(
        "gap",
        "Hole in the audio",
        "medium",
        "A stretch of exact zeros interrupts the sound: lost packets, or a bad cut.",
        "Take an earlier copy, or mark the words that are lost.",
    ),
    Kind(
        "cut_off",
        "Cut off while speaking",
        "low",
        "Speech goes on to the last sample, and the reference is longer than what fits.",
        "Check where the segment ends.",
    ),
    Kind(
        "duplicate_audio",
        "The same audio twice",
        "medium",
        "It is counted twice, and intervals are narrower than they should be.",
        "Keep one.",
    ),
    Kind(
        "contradiction",
        "The same audio under different references",
        "high",
        "At most one reference is right, so that any system is wrong on the other.",
        "Listen, and correct or drop one.",
    ),
    Kind(
        "reference_long",
        "Reference too long for its audio",
        "high",
        "Nobody speaks that fast: the audio is cut, or the reference belongs to something else.",
        "Listen; correct the reference or the segment.",
    ),
    Kind(
        "reference_short",
        "Reference too short for its audio",
        "medium",
        "Far more is said than is written: every further word counts as inserted.",
        "Listen; complete the reference or cut the audio.",
    ),
    Kind(
        "empty_reference",
        "Empty reference",
        "medium",
        "Every word that a system hears counts as inserted.",
        "Keep it only where nobody speaks.",
    ),
    Kind(
        "placeholder",
        "Placeholder instead of a reference",
        "high",
        "The reference is what a program wrote where it had none.",
        "Write the reference, or leave the row out.",
    ),
    Kind(
        "markup",
        "Markup in the reference",
        "medium",
        "Tags, brackets, addresses or file names are scored as words that were said.",
        "Remove them, or choose a profile that does.",
    ),
    Kind(
        "encoding",
        "Damaged characters",
        "high",
        "The text was read in the wrong encoding, so that its words can match nothing.",
        "Decode the file again, as UTF-8 or what it was written in.",
    ),
    Kind(
        "hidden_characters",
        "Characters that nobody sees",
        "low",
        "Control or direction characters may keep a word from matching.",
        "Remove them.",
    ),
    Kind(
        "script",
        "Script of another language",
        "high",
        "The reference is not written in the script of its language, so that its rules do not fit.",
        "Correct the language or the reference.",
    ),
    Kind(
        "other_language",
        "Words of another language",
        "medium",
        "The reference's small words are those of another language.",
        "Correct the language or the reference.",
    ),
    Kind(
        "mixed_scripts",
        "Letters of two scripts in one word",
        "medium",
        "A letter looks like the right one but is of another script: the word can match nothing.",
        "Replace the letter.",
    ),
    Kind(
        "near_duplicate_reference",
        "References that differ by a few characters",
        "low",
        "One may be a misspelled copy of the other.",
        "Compare the two; both may be right.",
    ),
    Kind(
        "repeated_reference",
        "One reference many times",
        "info",
        "A system that knows this sentence scores well on the whole set.",
        "Average by sentence, or draw other rows.",
    ),
    Kind(
        "template",
        "References of one pattern",
        "info",
        "Many references are the same but for a word.",
        "Nothing to do; intervals are narrower than they should be.",
    ),
    Kind(
        "left_out",
        "Rows that are left out",
        "low",
        "They were found and cannot be used; a run says so, too.",
        "Complete them, or leave it at that.",
    ),
    Kind(
        "sessions",
        "Sessions",
        "info",
        "Intervals are over sessions: with few, or very uneven ones, they say little.",
        "State speakers or calls in a column session.",
    ),
    Kind(
        "missing_rows",
        "Numbers left out in ids",
        "info",
        "Ids count up with holes: rows may be missing.",
        "Compare with where the set comes from.",
    ),
    Kind(
        "swapped_reference",
        "What is heard is another row's reference",
        "high",
        "All systems hear here what the reference of another row says.",
        "Exchange the references.",
    ),
    Kind(
        "label_error",
        "All systems contradict the reference alike",
        "medium",
        "Systems that differ otherwise agree against the reference: it is probably wrong there.",
        "Listen, and correct the reference.",
    ),
    Kind(
        "nothing_heard",
        "No system heard anything",
        "medium",
        "All transcripts are empty although the reference is not.",
        "Listen: silence, a wrong channel, or a wrong segment.",
    ),
    Kind(
        "heard_language",
        "All systems heard another language",
        "high",
        "All transcripts are in another language or script than the reference.",
        "Listen, and correct the language or the reference.",
    ),
)

KINDS = {kind.name: kind for kind in _ALL}
"""By name."""

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low", "info")
"""The worst first."""
