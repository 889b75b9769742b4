"""A repository of the hub at one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.sources import faults
from benchmarks.sources.parquet import Stated, fetch, stated_files
from benchmarks.sources.split import HubRepo
from harness.errors import AccessError

if TYPE_CHECKING:
    from benchmarks.own.address import Address


@dataclass(frozen=True, slots=True)
class Version:
    """A repository at one commit."""

    repo: HubRepo
    sha: str
    """Of the commit."""
    files: Mapping[str, Stated]
    """By path."""
    readme: str
    """The text of its README.md, or empty."""


def version(address: Address, pinned: str | None = None) -> Version:
    """The repository at the revision that a run is pinned to, else at that of the address.

    Raises:
        AccessError: the hub refuses or cannot be reached.
    """
    return _version(HubRepo(repo=address.repo), pinned or address.revision)


def _version(repo: HubRepo, revision: str | None) -> Version:
    sha, files = stated_files(repo, revision)
    if not files:
        raise AccessError(
            faults.OFFLINE.format(repo.where) if faults.is_offline() else f"{repo.where}: no files in the repository"
        )
    readme = ""
    if "README.md" in files:
        readme = fetch(repo, "README.md", sha).read_text(encoding="utf-8", errors="replace")
    return Version(repo, sha, files, readme)
