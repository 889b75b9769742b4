"""Which form the data at a place has. A form is one object in a module of `forms`, mentioned nowhere else."""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.files import near
from benchmarks.own import forms as modules
from benchmarks.sources.pairing import AUDIO_ENDINGS
from harness.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from benchmarks.own.form import Form


@cache
def forms() -> dict[str, Form]:
    """All forms by name, in the order in which they are asked."""
    found = [
        importlib.import_module(info.name).FORM
        for info in pkgutil.iter_modules(modules.__path__, f"{modules.__name__}.")
        if not info.name.rpartition(".")[2].startswith("_")
    ]
    return {form.name: form for form in sorted(found, key=lambda form: form.rank)}


def recognize(place: str, name: str | None = None) -> Form:
    """The form of what is at a place.

    Args:
        place: a path, or an address such as ``hf://org/set``.
        name: of the form, where the user said it.

    Raises:
        UsageError: there is nothing at the path, nothing that is understood, or no form of that name.
    """
    if not place:
        raise UsageError(f"--data is empty; it takes {takes()}")
    there = "://" in place or not {"{", "*"}.isdisjoint(place) or "_OP_" in place or os.path.lexists(place)
    if name is not None:
        if name not in forms():
            raise unknown_name("form", name, forms())
        if not there:
            raise UsageError(f"no file or folder at {place}")
        return forms()[name]
    found = next((form for form in forms().values() if form.recognizes(place)), None)
    if found is not None:
        return found
    if not there:
        raise UsageError(f"no file or folder at {place}; {near(Path(place))}--data takes {takes()}")
    if place.lower().endswith(AUDIO_ENDINGS):
        how = "name a table of files and texts, or a folder that has a .txt of its name beside it"
        raise UsageError(f"{place}: audio, and nothing says what was said in it; {how}")
    raise UsageError(f"{place}: not of a form that is known; --data takes {takes()}; see docs/your_own_data.md")


def takes() -> str:
    """The forms in one line."""
    known = forms()
    others = ", ".join(name for name in known if name not in {"hub", "manifest", "folder"})
    return f"hf://ORG/SET, {known['manifest'].title}, {known['folder'].title}, or the form of others: {others}"
