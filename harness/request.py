"""What is to be run: a suite, or the user's own data as a suite of one."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.dataset import Dataset
from benchmarks.languages import primary_subtag
from benchmarks.registry import Suite, get_dataset, get_suite
from harness.errors import UsageError
from harness.scoring.profiles import default_profile


def what_to_run(what: str | Path | Suite | Dataset, language: str | None = None) -> tuple[Suite, Sequence[Dataset]]:
    """The suite and its data sets.

    Args:
        what: a suite or its name, a data set, or the path of data of the user's own: a `Path`, or a text that names
            a file or folder that is there.
        language: of own data that does not say it; taken to be English, and said to be, where nothing does.

    Raises:
        UsageError: there is no such suite or path.
        DataError: the data is not what it should be.
    """
    if isinstance(what, Suite):
        return what, [get_dataset(name) for name in what.benchmarks]
    if isinstance(what, Dataset):
        return _suite_of(what), [what]
    if not isinstance(what, str | Path) or not str(what):
        raise UsageError(f"{what!r} is no suite, data set or path")
    named = str(what)
    if (
        isinstance(what, Path)
        or named.endswith((".jsonl", ".csv", ".tsv", ".json"))
        or (not named.endswith(".toml") and ("/" in named or "\\" in named or Path(named).exists()))
    ):
        return own_data(Path(what), language)
    suite = get_suite(named)
    return suite, [get_dataset(name) for name in suite.benchmarks]


def own_data(path: Path, language: str | None = None) -> tuple[Suite, Sequence[Dataset]]:
    """Data of the user's own as a suite of one; as `what_to_run`."""
    from benchmarks.own.dataset import own_dataset
    from benchmarks.own.form import Asked

    dataset = own_dataset(path, Asked(language=primary_subtag(language) if language else None))
    return _suite_of(dataset), [dataset]


def _suite_of(dataset: Dataset) -> Suite:
    return Suite(
        name=dataset.name, profile=default_profile(dataset.languages or [dataset.language]), benchmarks=(dataset.name,)
    )
