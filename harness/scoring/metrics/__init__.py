"""Metrics beyond speed. One is one declaration: a `Metric` in a module here, mentioned nowhere else.

Tables, details, the page, the gate and exports take them from `metrics()`; docs/adding_a_metric.md shows how.
"""

import functools
import importlib
import pkgutil

from harness.errors import unknown_name
from harness.scoring.metrics.base import Absent, Metric, measure, measure_all

__all__ = ["Absent", "Metric", "get_metric", "measure", "measure_all", "metrics"]


@functools.cache
def metrics() -> dict[str, Metric]:
    """All metrics by name, in the order of their modules.

    Raises:
        ValueError: two have the same name.
    """
    found: dict[str, Metric] = {}
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Metric) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"two metrics are called {value.name!r}; rename the one in {info.name}")
    return found


def get_metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UsageError: there is none; the message has the nearest name.
    """
    known = metrics()
    if name not in known:
        raise unknown_name("metric", name, known)
    return known[name]
