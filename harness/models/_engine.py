"""What adapters of other engines share: names ``engine:WHAT``, the digest of what they load, clips each by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import ModelError, UsageError
from harness.models.base import ModelCard, ModelOption
from harness.models.custom import FunctionModel
from harness.models.digests import file_digest
from harness.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.models.base import Model
    from harness.types import Hypothesis

SHORTEST = 0.2
"""Seconds: whisper.cpp wants 0.1, and a window of features more than that."""

TIMESTAMPS = ModelOption("timestamps", "whether each word's time is asked for", ("none", "word"), "none")


def after(name: str, prefix: str, what: str) -> str:
    """What stands behind the prefix of a model's name.

    Raises:
        UsageError: nothing does.
    """
    rest = name.removeprefix(prefix)
    if not rest:
        raise UsageError(f"which model? write --model {prefix}{what}")
    return rest


def local(name: str, prefix: str, what: str) -> Path:
    """The file or folder behind the prefix of a model's name.

    Raises:
        UsageError: there is none.
    """
    path = Path(after(name, prefix, what)).expanduser()
    if not path.exists():
        raise UsageError(f"no file or folder {str(path)!r}; write --model {prefix}{what}")
    return path


def folder_or_name(name: str, prefix: str, what: str) -> Path | str:
    """The folder behind the prefix of a model's name, or what an engine fetches by that name.

    Raises:
        UsageError: nothing stands there, or a path that is no folder.
    """
    rest = after(name, prefix, what)
    folder = Path(rest).expanduser()
    if folder.is_dir():
        return folder
    if rest.startswith((".", "~", "/")) or rest.count("/") > 1:
        raise UsageError(f"no folder {rest!r}; write --model {prefix}{what}")
    return rest


def revision_of(path: Path) -> str:
    """``sha256:`` and the beginning of the digest of a file, or of all files of a folder with their names.

    Raises:
        ModelError: one cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        for one in files:
            digest.update(str(one.relative_to(path)).encode() + bytes.fromhex(file_digest(one)))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    return f"sha256:{digest.hexdigest()[:16]}"


def filled(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """The waveform, with silence behind it up to `SHORTEST`: engines fail on a clip without a frame, or refuse it."""
    lacking = int(SHORTEST * SAMPLE_RATE) - len(waveform)
    return np.pad(waveform, (0, lacking)) if lacking > 0 else waveform


def one_by_one(
    hear: Callable[[NDArray[np.float32], str], str | Hypothesis], name: str, revision: str | None, **facts: Any
) -> Model:
    """An engine as a model: each clip, with its language, is a call of its own.

    Args:
        hear: that call.
        name: what `--model` says.
        revision: of what was loaded.
        facts: what else its `ModelCard` states.
    """
    card = ModelCard(id=name, revision=revision, batch_invariant=True, max_batch=1, **facts)
    return FunctionModel(hear, card, per_clip=True)


def version(package: str) -> str:
    """The version of an installed package, or a word that says that it is not known."""
    try:
        return installed(package)
    except PackageNotFoundError:
        return "of unknown version"


def check_magic(path: Path, magic: bytes, what: str) -> None:
    """Raises ModelError where a file does not begin as those of an engine do, which may end the process over it."""
    try:
        with path.open("rb") as file:
            found = file.read(len(magic))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if found != magic:
        raise ModelError(f"{path} is not {what}: it begins with {found!r}")


def identify(prefix: str) -> Callable[[str], str | None]:
    """`Adapter.identify` of an engine whose models are files: None where there is none of that name."""

    def found(name: str) -> str | None:
        path = Path(name.removeprefix(prefix)).expanduser()
        return revision_of(path) if path.exists() else None

    return found
