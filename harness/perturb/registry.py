"""All perturbations by name: one a module of this package, mentioned nowhere else."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path

from harness.perturb.base import Perturbation


@functools.cache
def perturbations() -> dict[str, Perturbation]:
    """All perturbations by name, in the order of their modules."""
    found = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent / "kinds")], "harness.perturb.kinds."):
        one = vars(importlib.import_module(info.name)).get("PERTURBATION")
        if isinstance(one, Perturbation):
            found[one.name] = one
    return found
