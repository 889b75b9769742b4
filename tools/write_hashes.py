"""Pinned versions with their digests: `python -m tools.write_hashes > requirements-hashed.txt`.

pip's own finder looks up which files the versions of constraints.txt are, for this platform, and what digests the index
states of them; nothing is downloaded, built or installed. `pip install --require-hashes --no-deps -r
requirements-hashed.txt` then takes those files and no others. Arguments are those of `pip index`, such as
`--extra-index-url https://download.pytorch.org/whl/cpu`; pip's configuration is heeded.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
AT_ONCE = 8
"""Packages that are looked up at a time."""


class File(NamedTuple):
    """A file of a package that an index, or a folder, offers."""

    version: str
    digest: str | None
    """Its SHA-256; None is not stated."""


def pins(text: str) -> list[str]:
    """The requirements of a constraints file that name one version."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if re.match(r"[A-Za-z0-9._-]+==\S+", line)]


def line(pin: str, files: Iterable[File]) -> str:
    """A pin with the digests of the files that are that version, a local one such as ``2.13.0+cpu`` too.

    Raises:
        ValueError: there is no such file, or one has no digest.
    """
    asked = Requirement(pin)
    found = {one.digest for one in files if asked.specifier.contains(one.version, prereleases=True)}
    if not found:
        raise ValueError(f"{pin}: no file of this version for this platform")
    wrong = [digest for digest in found if not re.fullmatch(r"[0-9a-f]{64}", digest or "")]
    if wrong:
        raise ValueError(f"{pin}: the index states no digest")
    return " ".join([pin, *(f"--hash=sha256:{digest}" for digest in sorted(map(str, found)))])


def finder(flags: Sequence[str]) -> Callable[[str], list[File]]:
    """What finds the files of a package as pip does, with its configuration and these flags."""
    command: Any = importlib.import_module("pip._internal.commands").create_command("index")
    options, _ = command.parse_args(["versions", "any", *flags])
    session = command._build_session(options)
    pips = command._build_package_finder(options=options, session=session, ignore_requires_python=False)

    def find(name: str) -> list[File]:
        return [File(str(one.version), _digest(one.link)) for one in pips.find_all_candidates(name)]

    return find


def _digest(link: Any) -> str | None:
    """What the index states of a file; of a file on this disk, what it is."""
    if link.hash is not None and link.hash_name == "sha256":
        return str(link.hash)
    if not link.is_file:
        return None
    with Path(link.file_path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashed(asked: Sequence[str], find: Callable[[str], list[File]]) -> list[str]:
    """A line for each pin, by name.

    Raises:
        ValueError: as `line`, of the first.
    """
    asked = sorted(asked, key=str.lower)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda pin: find(Requirement(pin).name), asked)
        return [line(pin, files) for pin, files in zip(asked, found, strict=True)]


def main() -> None:
    """Prints the lines."""
    print("\n".join(hashed(pins(CONSTRAINTS.read_text(encoding="utf-8")), finder(sys.argv[1:]))))


if __name__ == "__main__":
    main()
