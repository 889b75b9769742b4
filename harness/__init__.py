"""Evaluation harness for speech recognition, as a library: `evaluate`, `score`, `load`, `compare`, `gate`.

    import harness

    harness.score(["the cat sat"], ["the cat sad"], language="en").wer
    harness.evaluate("sample", model=lambda waveform, language: "...").to_pandas()

docs/library.md is the guide. A name is imported when it is first used, so that `import harness` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from harness import version as _version

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.errors import AccessError, DataError, HarnessError, ModelError, RunError, UsageError
    from harness.library import Run, compare, evaluate, gate, load, score
    from harness.models.base import Model, ModelCard
    from harness.scoring.profiles import Profile
    from harness.types import Clip, Hypothesis, Word

__version__ = _version.VERSION

__all__ = [
    "AccessError",
    "Clip",
    "DataError",
    "HarnessError",
    "Hypothesis",
    "Model",
    "ModelCard",
    "ModelError",
    "Profile",
    "Run",
    "RunError",
    "Settings",
    "UsageError",
    "Word",
    "__version__",
    "compare",
    "evaluate",
    "gate",
    "load",
    "score",
]

_MODULES = {
    "harness.errors": ("AccessError", "DataError", "HarnessError", "ModelError", "RunError", "UsageError"),
    "harness.config": ("Settings",),
    "harness.library": ("Run", "compare", "evaluate", "gate", "load", "score"),
    "harness.models.base": ("Model", "ModelCard"),
    "harness.scoring.profiles": ("Profile",),
    "harness.types": ("Clip", "Hypothesis", "Word"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _PLACES[name]
    if module == "harness.library":  # what it does takes suites and data sets
        from harness.shadowing import need_own_benchmarks

        need_own_benchmarks()
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
