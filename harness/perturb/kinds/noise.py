"""Noise that is not speech, synthesized, or from a folder of recordings."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.containers import Window, state
from benchmarks.dataset import Audio
from benchmarks.sounds import NOISES
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.audio.hearing import decode
from harness.errors import DataError, UsageError
from harness.perturb.base import SNR, Draw, Parameter, Perturbation, Values, one_of
from harness.perturb.levels import mixed, power

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.perturb.base import Samples

HELD = 8
"""Decoded recordings that are kept for the next utterance."""


def _from(text: str) -> str:
    """A folder as its path with a digest of what is in it, so that other noise is another condition.

    Raises:
        ValueError: there is no such folder, no audio in it, or what is named so is none.
    """
    read_before, _, digest = text.rpartition("#")
    if Path(read_before).is_absolute() and re.fullmatch(r"[0-9a-f]{8}", digest) and not Path(text).is_dir():
        return text
    folder = Path(text).expanduser()
    found = recordings(folder) if folder.is_dir() else ()
    if not found:
        raise ValueError(
            f"a folder with audio files ({'there is none in' if folder.is_dir() else 'no folder'} {text!r})"
        )
    for path in found:
        with Window.of(Audio(origin=str(path), path=path)) as window:
            kind, _ = state(window)
        if not kind.is_audio:
            raise ValueError(f"a folder whose audio files are audio ({path} is {kind.name}; take it out)")
    if "," in str(folder.resolve()):
        raise ValueError(f"a folder whose path has no comma, which parts values ({folder.resolve()})")
    return f"{folder.resolve()}#{_digest(found)}"


def recordings(folder: Path) -> tuple[Path, ...]:
    """The audio files of a folder and the folders in it, in the order of their names."""
    every = (path for path in folder.rglob("*") if path.name.lower().endswith(AUDIO_ENDINGS) and path.is_file())
    return tuple(sorted(path for path in every if not path.name.startswith(".")))


@lru_cache(maxsize=HELD)
def _digest(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\0".encode())
    return digest.hexdigest()[:8]


@lru_cache(maxsize=HELD)
def _decoded(path: Path) -> NDArray[np.float32]:
    found = decode(Audio(origin=str(path), path=path))
    if not power(found):
        raise DataError(f"--perturb noise: {path} is digital silence; take it out of the folder")
    return found


@lru_cache(maxsize=HELD)
def _listed(folder: str) -> tuple[Path, ...]:
    return recordings(Path(folder))


def _recorded(folder: str, samples: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """A recording of the folder from a random place on, from its beginning again where it ends; never all silence."""
    files = _listed(folder)
    if not files:
        raise DataError(f"--perturb noise: {folder} has no audio any more")
    found = _decoded(files[generator.integers(len(files))])
    places = np.arange(samples)
    heard = np.take(found, places + int(generator.integers(len(found))), mode="wrap")
    return heard if power(heard) else np.take(found, places + int(np.argmax(np.abs(found))), mode="wrap")


def _check(values: Values) -> None:
    """Raises UsageError where a kind of noise is named beside a folder of it: one of the two would say nothing."""
    if values["from"] and values["kind"] != next(iter(NOISES)):
        raise UsageError(
            f"--perturb noise: kind={values['kind']} is synthesized, and from= brings noise; leave one out"
        )


def _apply(samples: Samples, values: Values, draw: Draw) -> Samples:
    folder = str(values.get("from", ""))
    if folder:
        noise: NDArray[np.floating] = _recorded(folder.rpartition("#")[0], len(samples), draw.generator)
    else:
        noise = NOISES[str(values["kind"])](draw.generator, len(samples))
    return mixed(samples, noise, float(values["snr"]))


def _label(values: Values) -> str:
    folder, kind = str(values.get("from", "")), str(values["kind"])
    variant = "" if kind == next(iter(NOISES)) else f"-{kind}"
    if folder:
        path, _, digest = folder.rpartition("#")
        name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in Path(path).name)
        variant = f"-{name[:24]}_{digest[:4]}"
    return f"{variant}@{values['snr']:g}dB"


PERTURBATION = Perturbation(
    name="noise",
    summary=f"noise that is not speech ({', '.join(NOISES)}, or from=DIR), at signal-to-noise ratios",
    example="noise:snr=20,10,0",
    parameters=(
        Parameter(name="snr", read=SNR),
        Parameter(name="kind", read=one_of(*NOISES), default=next(iter(NOISES))),
        Parameter(name="from", read=_from, default=""),
    ),
    apply=_apply,
    label=_label,
    check=_check,
)
