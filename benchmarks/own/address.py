"""Addresses of data sets on the hub: ``hf://org/set[:config][:split][@revision]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from benchmarks.sources import faults
from harness.errors import UsageError

SCHEME = "hf://"
FORM = "hf://org/set[:config][:split][@revision]"
"""How an address looks."""

_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_ADDRESS = re.compile(
    rf"hf://(?:datasets/)?(?P<repo>{_NAME}/{_NAME})(?:@(?P<early>[^:@\s]+))?(?P<parts>(?::[^:@]+){{0,2}})(?:@(?P<late>[^:@\s]+))?/?"
)
_HUBS = ("huggingface.co", "www.huggingface.co", "hf.co")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A data set on the hub, or a part of it."""

    repo: str
    """``org/set``."""
    parts: tuple[str, ...] = ()
    """What stood between colons: a configuration and a split, or one of the two."""
    revision: str | None = None
    """A branch, tag or commit; None is the main branch."""

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return SCHEME + ":".join((self.repo, *self.parts)) + revision


def is_address(place: str) -> bool:
    """Whether a place is meant to be on the hub: an address, or a page that somebody pasted."""
    return place.startswith(SCHEME) or _pasted(place) is not None


def parse_address(place: str) -> Address:
    """What an address says.

    Raises:
        UsageError: it has not the form of one; of a pasted page, the message has the address to write.
    """
    pasted = _pasted(place)
    if pasted is not None:
        raise UsageError(pasted)
    match = _ADDRESS.fullmatch(place)
    if match is None or ".." in match["repo"] or (match["early"] and match["late"]):
        if re.match(rf"hf://(?:datasets/)?{_NAME}/{_NAME}/", place):
            raise UsageError(f"--data {place}: files of a repository cannot be named; write {FORM}")
        raise UsageError(f"--data {place}: not an address of the hub; write {FORM}")
    parts = tuple(part.strip() for part in match["parts"].split(":")[1:])
    return Address(repo=match["repo"], parts=parts, revision=match["early"] or match["late"])


def _pasted(place: str) -> str | None:
    """What to say of the URL of a page; None where it is none of a hub."""
    try:
        url = urlsplit(place if "://" in place else f"https://{place}")
    except ValueError:  # brackets that are no address
        return None
    own = urlsplit(faults.endpoint()).netloc
    if url.scheme not in {"http", "https"} or url.netloc.lower() not in {*_HUBS, own.lower()}:
        return None
    parts = [unquote(part) for part in url.path.split("/") if part]
    if len(parts) < 3 or parts[0] != "datasets":
        kind = "a model's page, not a data set's" if len(parts) == 2 else "not a data set's page"
        return f"--data {place}: {kind}; write {FORM}"
    words = dict(pairwise(parts[3:]))
    shown = parts[4:6] if parts[3:4] == ["viewer"] else []
    revision = words.get("tree") or words.get("blob") or words.get("resolve")
    address = Address(repo="/".join(parts[1:3]), parts=tuple(shown), revision=None if revision == "main" else revision)
    return f"--data {place}: a page; write its address instead: {address}"
