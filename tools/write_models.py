"""Writes the table of docs/models.md from what the adapters declare: `python -m tools.write_models`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.list import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
MARK = "<!-- made by tools/write_models.py -->\n"


def text() -> str:
    """The page as it should be: what a person wrote, and the table."""
    return PAGE.read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n" + markdown("models").rstrip() + "\n"


def main(arguments: Sequence[str]) -> int:
    """Writes it; with `--check` says whether it is up to date."""
    new = text()
    stale = PAGE.read_text(encoding="utf-8") != new
    if "--check" in arguments:
        print(*[f"not up to date: {PAGE}"] * stale)
        return int(stale)
    if stale:
        PAGE.write_text(new, encoding="utf-8")
        print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
