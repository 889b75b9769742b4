"""What is to be run: a suite, or the user's own data as a suite of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset import Dataset, Request
from benchmarks.languages import primary_subtag
from benchmarks.own.columns import NAMES
from benchmarks.own.form import Asked
from benchmarks.registry import Suite, get_dataset, get_suite
from harness.amounts import amount
from harness.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from benchmarks.own.account import Account

Place = str | Path
"""Where own data is: a path, or an address such as ``hf://org/set``."""

LONGEST_NAME = 80
"""Characters of the name of a suite, which is a folder's."""


def what_to_run(
    what: Place | Suite | Dataset | Sequence[Place], language: str | None = None, asked: Asked | None = None
) -> tuple[Suite, Sequence[Dataset]]:
    """The suite and its data sets.

    Args:
        what: a suite or its name, a data set, or the place of data of the user's own, or several: a `Path`, a text that
            names a file or folder that is there, or an address.
        language: of own data that does not say it; taken to be English, and said to be, where nothing does.
        asked: what else the user said about own data.

    Raises:
        UsageError: there is no such suite or path.
        DataError: the data is not what it should be.
    """
    if isinstance(what, Suite):
        _check_unused(asked)
        return what, [get_dataset(name) for name in what.benchmarks]
    if isinstance(what, Dataset):
        _check_unused(asked)
        return _suite_of([what]), [what]
    asked = replace(asked or Asked(), language=language or (asked.language if asked else None))
    if isinstance(what, list | tuple) and what and all(isinstance(one, str | Path) and str(one) for one in what):
        return own_data(what, asked)
    if not isinstance(what, str | Path) or not str(what):
        raise UsageError(f"{what!r} is no suite, data set or path")
    named = str(what)
    if (
        isinstance(what, Path)
        or named.endswith((".jsonl", ".csv", ".tsv", ".json"))
        or (not named.endswith(".toml") and ("/" in named or "\\" in named or Path(named).exists()))
    ):
        return own_data([what], asked)
    _check_unused(asked)
    suite = get_suite(named)
    return suite, [get_dataset(name) for name in suite.benchmarks]


def _check_unused(asked: Asked | None) -> None:
    """Refuses what concerns own data where there is none."""
    if asked is not None and (asked.columns or asked.split or asked.config or asked.form):
        raise UsageError("columns, split, config and form are about data of your own; leave them out")


def asked_of(
    *,
    language: str | None,
    columns: Mapping[str, str],
    split: str | None,
    config: str | None,
    form: str | None,
    root: Path | None = None,
    streaming: bool = False,
    target: str | None = None,
) -> Asked:
    """What somebody says about own data, by the names of its columns.

    `root`, `streaming` and `target`, the language to translate into, are a run's settings.

    Raises:
        UsageError: a column can hold nothing of that name.
    """
    stray = next((name for name in columns if name not in NAMES), None)
    if stray is not None:
        raise unknown_name("kind of column", stray, NAMES)
    known = {role: columns[role] for role in NAMES if role in columns}
    looked_at = Request(root=root, streaming=streaming, audio=False, lengths=False)
    return Asked(
        language=language,
        columns=known,
        translation=target is not None,
        config=config,
        split=split,
        form=form,
        request=looked_at,
    )


def own_data(places: Sequence[Place], asked: Asked | None = None) -> tuple[Suite, Sequence[Dataset]]:
    """Data of the user's own as a suite, each place a benchmark; as `what_to_run`."""
    from benchmarks.own.dataset import own_dataset

    asked = asked or Asked()
    if asked.language is not None:
        asked = replace(asked, language=primary_subtag(asked.language))
    found = [own_dataset(place, asked) for place in places]
    twice = next(
        (one for number, one in enumerate(found) if one.origin in {two.origin for two in found[:number]}), None
    )
    if twice is not None:
        raise UsageError(f"--data {twice.title} is given twice; leave one out")
    datasets = [replace(one, name=name) for one, name in zip(found, _distinct(found), strict=True)]
    return _suite_of(datasets), datasets


def _distinct(datasets: Sequence[Dataset]) -> list[str]:
    """The names of data sets, where they are equal with as much of their paths as tells them apart."""
    names = [one.name for one in datasets]
    for depth in range(1, 20):
        equal = {name for name in names if names.count(name) > 1}
        if not equal:
            return names
        names = [
            f"data_{_slug('_'.join(_above(one, depth)))}_{one.name.removeprefix('data_')}" if name in equal else name
            for one, name in zip(datasets, names, strict=True)
        ]
    return [f"{name}_{number}" for number, name in enumerate(names, start=1)]


def _above(dataset: Dataset, depth: int) -> tuple[str, ...]:
    """The folders above the place of own data, the last `depth` of them."""
    parts = [part for part in re.split(r"[/\\#]+", dataset.origin or dataset.title) if part.strip("/.: ")]
    return tuple(parts[:-1][-depth:])


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"


def _suite_of(datasets: Sequence[Dataset]) -> Suite:
    from harness.scoring.profiles import default_profile

    names = [one.name for one in datasets]
    name = "_and_".join([names[0], *(one.removeprefix("data_") for one in names[1:])])
    if len(name) > LONGEST_NAME and len(names) > 1:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{names[0][:LONGEST_NAME]}_and_{len(names) - 1}_more_{digest}"
    spoken = [language for one in datasets for language in (one.languages or [one.language])]
    return Suite(name=name, profile=default_profile(spoken), benchmarks=tuple(names))


def told(dataset: Dataset) -> list[str]:
    """What a person is told of own data before it is run: what is used and what is not, and what had to be guessed."""
    account = dataset.account
    return [] if account is None else [_used(dataset, account), *(f"  {line}" for line in more_of(account))]


def _used(dataset: Dataset, account: Account) -> str:
    count = f"{amount(account.used, 'utterance')}, read as " if account.used else ""
    return f"{dataset.name}: {count}{account.form}"


def more_of(account: Account) -> list[str]:
    """What is left out, what columns are taken for where their names do not say it, and what was guessed."""
    lines = [f"left out: {one.told}" for one in account.left_out.values()]
    said = [f"{role} is in {name!r}" for name, role in account.columns.items() if role not in {name, "tag", "not used"}]
    tags = [name for name, role in account.columns.items() if role == "tag"]
    if said:
        lines.append(", ".join(said))
    if tags:
        lines.append(f"tags: {', '.join(tags[:12])}{', ...' if len(tags) > 12 else ''}")
    return lines + list(account.notes)
