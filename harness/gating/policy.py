"""Reads a policy; a mistake in it is one line that names the file, the table and the key."""

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec import inspect

from benchmarks.files import stated
from harness.errors import HarnessError, UsageError, unknown_name
from harness.records.codec import explain
from harness.records.policy import Policy


def read_policy(path: Path | None) -> Policy:
    """The policy of a file; the default one where no file is given.

    Raises:
        UsageError: the file cannot be read, or says something that no policy knows.
    """
    if path is None:
        return Policy()
    try:
        raw: object = tomllib.loads(stated(path))
    except OSError as error:
        raise UsageError(f"policy {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"policy {path} is not TOML: {error}") from None
    return parse_policy(raw, str(path))


def parse_policy(raw: object, where: str) -> Policy:
    """The policy that a TOML document states.

    Args:
        raw: the document.
        where: what to call it in messages.

    Raises:
        UsageError: names the key that is not right.
    """
    try:
        policy = msgspec.convert(raw, Policy)
    except msgspec.ValidationError as error:
        raise _mistake(explain(error, raw, Policy), raw, where) from None
    for name in policy.metrics:
        _check_metric(name, where)
    return policy


def _check_metric(name: str, where: str) -> None:
    """Refuses a metric that is none, or that cannot be judged."""
    from harness.scoring.metrics import get_metric
    from harness.scoring.metrics.base import ratio

    try:
        metric = get_metric(name)
    except HarnessError as error:
        raise UsageError(f"{where}, [metrics.{name}]: {error}") from None
    if name == "wer":
        raise UsageError(f"{where}: [metrics.wer] is what [wer] says; leave one out")
    if metric.gate == "show" or (metric.value is not ratio and not metric.resampled):
        raise UsageError(
            f"{where}: [metrics.{name}] cannot be judged: {metric.title} has no interval and is only shown"
        )


def _mistake(told: str, raw: object, where: str) -> HarnessError:
    """What is wrong in the words of a policy, where the decoder told the key's whole name and what is wrong with it."""
    place, _, what = told.rpartition(": ")
    keys = place.split(".") if place else []
    unknown = re.search(r"unknown field (.*)$", what)
    missing = re.search(r"required field (.*)$", what)
    tables = keys if unknown or missing else keys[:-1]
    here = f"{where}, [{'.'.join(tables)}]" if tables else where
    kind = inspect.type_info(Policy)
    for key in keys:
        raw, kind = raw[key] if isinstance(raw, dict) else None, _inside(kind, key)
    if unknown and isinstance(kind, inspect.StructType):
        return unknown_name(f"key of a policy ({here})", unknown[1], [one.name for one in kind.fields])
    if missing:
        return UsageError(f"{here}: {missing[1]} is missing")
    if isinstance(kind, inspect.StructType | inspect.DictType):
        return UsageError(f"{where}: [{place}] must be a table, not {raw!r}")
    if isinstance(kind, inspect.FloatType):
        bounds = f"from {kind.ge} to {kind.lt:g}" if kind.ge is not None else f"between {kind.gt} and {kind.lt}"
        end = " itself" if raw in (kind.gt, kind.lt) else ""
        return UsageError(f"{here}: {keys[-1]} must be a number {bounds}, not {raw!r}{end}")
    choices = [one.value for one in kind.cls] if isinstance(kind, inspect.EnumType) else getattr(kind, "values", ())
    return unknown_name(f"{keys[-1]} ({here})", str(raw), [str(one) for one in choices])


def _inside(kind: inspect.Type, key: str) -> inspect.Type:
    """The type of a key of a table."""
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    fields = kind.fields if isinstance(kind, inspect.StructType) else ()
    found = next(one.type for one in fields if one.name == key)
    return found.types[0] if isinstance(found, inspect.UnionType) else found
