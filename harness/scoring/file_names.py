"""What a foreign file's name says: model, benchmark, and the language where it is that of a known corpus.

The leaderboard writes ``MODEL_<model>_DATASET_<data set>.jsonl`` with ``/`` turned into ``-``, which cannot be undone
with certainty; so a model is called what the file calls it. Benchmarks are found by the patterns that each data set
declares; a file that means none of them is a benchmark of its own, called after the file.
"""

import re

from benchmarks.languages import language_in
from harness.perturb.names import joined, named

_NAME = re.compile(r"^MODEL_(?P<model>.+?)_DATASET_(?P<data>.+)$")


def model_and_data(stem: str) -> tuple[str, str]:
    """The model and the data-set part of a file's name without its ending.

    A name of another form, such as that of a NeMo manifest, is both.
    """
    match = _NAME.match(stem)
    return (match["model"], match["data"]) if match else (stem, stem)


def benchmark_of(data: str) -> tuple[str, str | None, str | None]:
    """The benchmark that the data-set part of a file name means.

    Returns:
        Its id, its language, and the pattern that finds the session in an utterance's id, both where they are known.
    """
    from benchmarks.registry import identify

    under = named(data)
    dataset = identify(data if under is None else under.clean)
    if dataset is None:
        return data, language_in(data), None
    name = dataset.name if under is None else joined(dataset.name, under.condition)
    return name, dataset.language, dataset.session_pattern
