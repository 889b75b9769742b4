"""Pinned versions with their digests: `python -m tools.write_hashes > requirements-hashed.txt`.

Asks the package index, through pip, which files the versions of constraints.txt are on this platform and what their
digests are; nothing is installed. `pip install --require-hashes --no-deps -r requirements-hashed.txt` then takes those
files and no others. Arguments are handed to pip, such as `--extra-index-url https://download.pytorch.org/whl/cpu`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"


def pins(text: str) -> list[str]:
    """The requirements of a constraints file that name one version."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if re.match(r"[A-Za-z0-9._-]+==\S+", line)]


def asked(requirements: Sequence[str], flags: Sequence[str]) -> dict[str, Any]:
    """What pip would install of them, as it reports it."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--report", "-", *flags, *requirements], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def hashed(report: dict[str, Any]) -> Iterable[str]:
    """A line for each file of a report, by name.

    Raises:
        ValueError: one has no digest.
    """
    for item in sorted(report["install"], key=lambda each: str(each["metadata"]["name"]).lower()):
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        digest = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
        if not re.fullmatch(r"[0-9a-f]{64}", digest or ""):
            raise ValueError(f"{name} {version}: the index states no digest")
        yield f"{name}=={version} --hash=sha256:{digest}"


def main() -> None:
    """Prints the lines."""
    report = asked(pins(CONSTRAINTS.read_text(encoding="utf-8")), sys.argv[1:])
    print("\n".join(hashed(report)))


if __name__ == "__main__":
    main()
