"""Metrics beyond speed. One is one declaration: a `Metric` in a module here, mentioned nowhere else.

Tables, details, the page, the gate and exports take them from `metrics()`; docs/adding_a_metric.md shows how.
"""

import functools
import importlib
import math
import pkgutil

from harness.errors import UsageError, unknown_name
from harness.scoring.metrics.base import Absent, Metric, Noted, measure, measure_all

__all__ = ["Absent", "Metric", "Noted", "get_metric", "measure", "measure_all", "metrics"]


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
    """The metric of that name; ``tcp_wer@1`` is tcp_wer with 1 for its parameter, of those that have one.

    Raises:
        UsageError: there is none; the message has the nearest name.
    """
    known = metrics()
    plain, parameter, value = name.partition("@")
    if plain not in known:
        raise unknown_name("metric", name, known)
    metric = known[plain]
    if not parameter:
        return metric
    if metric.at is None:
        able = ", ".join(f"{one.name}@SECONDS" for one in known.values() if one.at is not None)
        raise UsageError(f"metric {name}: {plain} has no parameter; these have one: {able}")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UsageError(f"metric {name}: {value!r} is no number of seconds; give one, such as {plain}@1")
    return metric.at(seconds)
