"""Which rows of a hub repository a source reads: what the hub, its files and its faults all need to know."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.dataset import Entry, Row

EntryOf = Callable[[Row], Entry | None]
"""A row, audio excepted, to what it says; None leaves the row out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRepo:
    """A repository of data on the hub."""

    repo: str
    """``owner/name``."""
    terms: bool = False
    """Whether the repository asks for its terms to be accepted."""

    @property
    def where(self) -> str:
        """What a person would look for on the hub."""
        return f"hf://{self.repo}"

    @property
    def page(self) -> str:
        """The repository's page, where terms are accepted."""
        return f"https://huggingface.co/datasets/{self.repo}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSplit(HubRepo):
    """One split of one configuration of a hub repository, and how its rows are read."""

    config: str
    """Configuration, ``default`` where the repository has only one."""
    split: str
    """Split, such as ``test`` or ``test.clean``."""
    entry: EntryOf
    """A row, audio excepted, to what it says; None leaves the row out. `audio_path` and `row_number` are added."""
    language: str
    """BCP-47 primary subtag of the rows."""

    @property
    def where(self) -> str:
        """What a person would look for on the hub."""
        return f"{self.repo} {self.config}/{self.split}"
