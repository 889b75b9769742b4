"""Parts of a benchmark that have something in common, and whether any of them differs from the rest."""

from typing import Literal

from harness.records.codec import Record
from harness.records.statistics import Difference, Interval
from harness.scoring.error_counts import ErrorCounts


class SliceScore(Record, frozen=True, kw_only=True):
    """The utterances with one value of a tag. Rates are fractions."""

    value: str
    utterances: int
    sessions: int
    """Independent units among them."""
    errors: ErrorCounts
    rate: float | None
    interval: Interval | None
    """Over its sessions; null under five."""
    difference: Difference | None
    """Its rate minus that of all other utterances that have the tag; null where that cannot be told."""
    p_holm: float | None
    """Corrected after Holm for the values of the tag."""
    differs: bool | None
    """Whether the corrected p is below 0.05."""
    resolves: float | None
    """The true difference from the rest that is found in four of five cases, the correction included."""


class SliceTable(Record, frozen=True, kw_only=True):
    """One benchmark of one model by one tag; the smallest corrected p first."""

    tag: str
    benchmark: str
    language: str
    binned: str
    """How numbers were put into bins; empty where the values are the tag's own."""
    unit: Literal["session", "utterance"]
    """What is taken as independent of each other."""
    compared: Literal["between sessions", "within sessions"]
    """Whether each session has one value, or sessions have several."""
    untagged: int
    """Utterances without the tag, which are in no row."""
    slices: tuple[SliceScore, ...]
