"""What this program is: its version, whether it runs from a checkout of its own, and the name that was typed."""

import re
import sys
from pathlib import Path, PurePath

DISTRIBUTION = "asr-harness"
"""Name of the project, as packages are installed by."""

COMMAND = "run-eval"
"""The command that the installed package brings."""

SCRIPT = "run_eval.py"
"""The program in a checkout."""

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `harness`: the checkout, or where packages are installed."""


def _stated_in_checkout() -> str | None:
    """The version in our own pyproject.toml, found without a TOML parser: this runs at every start."""
    try:
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf'^name = "{DISTRIBUTION}"\nversion = "([^"]+)"$', text, re.MULTILINE)
    return found.group(1) if found else None


def _installed() -> str:
    """The version of the installed distribution."""
    from importlib import metadata

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # the folder was copied without what an installer writes beside it
        return "unknown"


_CHECKOUT = _stated_in_checkout()

IN_CHECKOUT = _CHECKOUT is not None
"""Whether this code lies beside the project's own pyproject.toml and not among installed packages."""

VERSION = _CHECKOUT or _installed()
"""The program's version, as every file that it writes states it."""


def program() -> str:
    """The program's name as it was typed, for usage lines and next steps.

    Where this is a library in somebody's process nothing of ours was typed; then it is what would work here.
    """
    typed = PurePath(sys.argv[0] if sys.argv else "").name
    if typed == "cli.py":
        return "python -m harness.cli"
    if typed.removesuffix(".exe") == COMMAND:
        return COMMAND
    return SCRIPT if IN_CHECKOUT or typed == SCRIPT else COMMAND
