"""Which Parquet files of a repository are a split: what its README says, else the layouts that the hub writes."""

import fnmatch
import re
from collections.abc import Iterable
from typing import Any

from harness.errors import DataError

SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet$")


def choose(files: Iterable[str], readme: str, config: str, split: str) -> list[str]:
    """The Parquet files of a split, in order; empty where there are none.

    `files` are paths in the repository, with ``/``; `readme` is the text of its README.md, or empty.

    Raises:
        DataError: a numbered shard is missing, or the hub converted only a part of the split.
    """
    parquet = sorted(name for name in files if name.endswith(".parquet"))
    chosen = [name for name in parquet if any(fnmatch.fnmatch(name, glob) for glob in _globs(readme, config, split))]
    for layout in _layouts(config, split):
        chosen = chosen or [name for name in parquet if layout.fullmatch(name)]
    _check_shards(chosen)
    return chosen


def _globs(readme: str, config: str, split: str) -> list[str]:
    """The patterns that the YAML head of a README gives for a split."""
    import yaml

    head = re.match(r"\s*---\s*\n(.*?)\n---", readme, re.DOTALL)
    try:
        facts: Any = yaml.safe_load(head.group(1)) if head else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return []  # a README for people; the layouts below still apply
    found: list[str] = []
    for item in facts.get("configs") or () if isinstance(facts, dict) else ():
        if not isinstance(item, dict) or item.get("config_name") != config:
            continue
        for part in item.get("data_files") or ():
            if isinstance(part, dict) and part.get("split") == split:
                paths = part.get("path") or ()
                found += [paths] if isinstance(paths, str) else [str(path) for path in paths]
    return found


def _layouts(config: str, split: str) -> list[re.Pattern[str]]:
    """The layouts of ``push_to_hub`` and of the hub's own conversion, most particular first."""
    c, s = re.escape(config), re.escape(split)
    forms = [rf"(data/)?{c}/{s}(-\d|/)[^/]*\.parquet", rf"(data/)?{c}/{s}\.parquet", rf"{c}/partial-{s}/[^/]*\.parquet"]
    if config == "default":
        forms += [rf"(data/)?{s}-\d[^/]*\.parquet", rf"(data/)?{s}\.parquet"]
    return [re.compile(form) for form in forms]


def _check_shards(names: list[str]) -> None:
    """Numbered shards must be there to the last one."""
    for name in names:
        match = SHARD.search(name)
        if match and len(names) < int(match.group(2)):
            have = {int(found.group(1)) for other in names if (found := SHARD.search(other))}
            lost = min(set(range(int(match.group(2)))) - have)
            msg = f"{SHARD.sub('', name)}: Parquet file {lost:05d} of {match.group(2)} is missing: get the whole split"
            raise DataError(msg)
        if "/partial-" in name:
            msg = f"{name}: the hub converted only a part of this split; use the original release with --from DIR"
            raise DataError(msg)
