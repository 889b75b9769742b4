"""What own data is read as, for tests: its utterances, and the account of what became of everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from benchmarks.dataset import Request, Utterance, open_dataset
from benchmarks.own.dataset import own_dataset
from benchmarks.own.form import Account, Asked
from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path

RATE = 8_000


@dataclass(frozen=True)
class Found:
    """What was read."""

    utterances: list[Utterance]
    account: Account

    @property
    def texts(self) -> dict[str, str]:
        return {item.id: item.reference for item in self.utterances}

    @property
    def left_out(self) -> dict[str, int]:
        return {one.reason: one.count for one in self.account.left_out.values()}

    def spans(self, root: Path) -> dict[str, tuple[Any, ...]]:
        """File, start, end and channel by id."""
        return {
            item.id: (
                item.audio.path.relative_to(root).as_posix() if item.audio.path else None,
                item.audio.start,
                item.audio.end,
                item.audio.channel,
            )
            for item in self.utterances
        }


def read(place: Path | str, **asked: Any) -> Found:
    """What a place holds; it is read twice, as a run does, and must be the same both times."""
    dataset = own_dataset(place, Asked(**asked))
    assert dataset.account is not None
    utterances = list(open_dataset(dataset, Request()))
    assert dataset.account.used == len(utterances)
    assert dataset.rows in {len(utterances), None}, "None where reading all of it before a run is costly"
    assert dataset.account.found == dataset.account.used + sum(one.count for one in dataset.account.left_out.values())
    return Found(utterances, dataset.account)


def refused(place: Path | str, kind: type[HarnessError], message: str, **asked: Any) -> None:
    """Reading ends in one line that holds the message, a regular expression."""
    with pytest.raises(kind) as failure:
        read(place, **asked)
    assert re.search(message, str(failure.value)), failure.value
    assert "\n" not in str(failure.value)


def write(path: Path, *lines: str) -> Path:
    """A file of lines, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def tone(path: Path, seconds: float = 1.0, channels: int = 1) -> Path:
    """An audio file, each channel as loud as its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.tile(np.arange(1, channels + 1) / 10, (round(seconds * RATE), 1))
    soundfile.write(path, samples, RATE)
    return path
