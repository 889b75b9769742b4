"""Which Parquet files of a repository are a split: what its README says, else the layouts that the hub writes."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from typing import Any

from harness.errors import DataError

SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.(parquet|arrow)$")
LONGEST_HEAD = 1 << 22
"""Characters of a README in which its head must end."""


def choose(files: Iterable[str], readme: str, config: str, split: str) -> list[str]:
    """The Parquet files of a split, in order; empty where there are none.

    `files` are paths in the repository, with ``/``; `readme` is the text of its README.md, or empty.

    Raises:
        DataError: a numbered shard is missing, or the hub converted only a part of the split.
    """
    parquet = sorted(name for name in files if name.endswith(".parquet"))
    globs = _globs(readme, config, split)
    chosen = [name for name in parquet if any(fnmatch.fnmatch(name, glob) for glob in globs)]
    for layout in _layouts(config, split):
        chosen = chosen or [name for name in parquet if layout.fullmatch(name)]
    check_shards(chosen)
    return chosen


def facts_of(readme: str) -> dict[str, Any]:
    """What the YAML head of a README states; nothing where it has none, or is written for people only."""
    import yaml

    head = re.match(r"\ufeff?\s*---[ \t]*\r?\n(.*?)\n---", readme[:LONGEST_HEAD], re.DOTALL)
    try:
        facts = yaml.load(head.group(1), getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if head else None  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _globs(readme: str, config: str, split: str) -> list[str]:
    """The patterns that the YAML head of a README gives for a split."""
    found: list[str] = []
    configs = facts_of(readme).get("configs")
    for item in configs if isinstance(configs, list) else ():
        if not isinstance(item, dict) or item.get("config_name") != config:
            continue
        parts = item.get("data_files")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and part.get("split") == split:
                paths = part.get("path")
                found += [str(path) for path in paths] if isinstance(paths, list) else [str(paths or "")]
    return found


def _layouts(config: str, split: str) -> list[re.Pattern[str]]:
    """The layouts of ``push_to_hub`` and of the hub's own conversion, most particular first."""
    c, s = re.escape(config), re.escape(split)
    forms = [rf"(data/)?{c}/{s}(-\d|/)[^/]*\.parquet", rf"(data/)?{c}/{s}\.parquet", rf"{c}/partial-{s}/[^/]*\.parquet"]
    if config == "default":
        forms += [rf"(data/)?{s}-\d[^/]*\.parquet", rf"(data/)?{s}\.parquet"]
    return [re.compile(form) for form in forms]


def check_shards(names: Sequence[str]) -> None:
    """Numbered shards must be there to the last one, and of a conversion the whole.

    Raises:
        DataError: one is not.
    """
    have: dict[str, set[int]] = {}
    for name in names:
        match = SHARD.search(name)
        if match:
            have.setdefault(f"{SHARD.sub('', name)} {match[3]} {match[2]}", set()).add(int(match[1]))
    for key, numbers in have.items():
        name, ending, total = key.rsplit(" ", 2)
        lost = min(set(range(int(total))) - numbers, default=None)
        if lost is not None:
            kind = ending.capitalize()
            raise DataError(f"{name}: {kind} file {lost:05d} of {total} is missing: get the whole split")
    for name in names:
        if "/partial-" in name:
            msg = f"{name}: the hub converted only a part of this split; use the original release with --from DIR"
            raise DataError(msg)
