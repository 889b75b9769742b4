"""Whether what is asked of a model is what a benchmark's references are: transcripts, or translations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.dataset import Dataset
    from harness.config import Settings


def check_task(datasets: Sequence[Dataset], settings: Settings) -> None:
    """Refuses a task that a benchmark has no references for, or a translation into the language that is spoken.

    Own data has the references that it is said to have.

    Raises:
        UsageError: names the benchmark, and what would fit it.
    """
    for one in datasets:
        if one.origin is None and one.target != settings.target:
            fits = f"--task translate --target {one.target}" if one.target else "--task transcribe"
            has = f"translations into {one.target}" if one.target else "transcripts"
            raise UsageError(f"{one.name} has {has} as references; run it with {fits}")
        if one.language_stated and {settings.target} == {*(one.languages or (one.language,))}:
            raise UsageError(
                f"{one.name} is spoken in {settings.target}, which --target {settings.target} does not translate; give "
                "another language, or leave out --task translate"
            )
