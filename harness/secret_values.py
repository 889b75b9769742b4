"""Keys of the environment and in addresses: shown nowhere, and not handed to processes that have no use for them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

HIDDEN = "[key]"
"""What stands where one stood."""

HUB = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
"""What reads gated models and data, which workers on other processes load too."""

SHORTEST = 8
"""What is shorter is no secret."""

_NAME = re.compile(r"(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS|PAT)$|(?:API|ACCESS)_?KEY", re.IGNORECASE)
_NO_SECRET = re.compile(r"[a-z]+|[./~].*|https?://[^@]*", re.DOTALL)
"""Values that are words, paths or plain addresses: `SSH_KEY=~/.ssh/id`, `TOKEN=disabled`."""

_ADDRESS = re.compile(r"(?<=[a-z0-9]:/)[^\s\"'<>\\]+", re.IGNORECASE)
"""What follows ``https:/``; `Path` makes one slash of two."""
_LOGIN = re.compile(r"^(/?)(?:[^/?#:@]*:[^/?#]*|[^/?#:@]{16,})@")
"""``user:password@`` of an address, or a token in its place."""
_QUERY = re.compile(
    r"(?<=[?&;])([\w.-]*(?:token|key|secret|passw(?:or)?d|pwd|pass|signature|sig|auth|credentials?)=)[^&;#]+",
    re.IGNORECASE,
)
"""What a query carries to be let in."""
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{16,}|gh[opsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,})")
"""Tokens that can be told by how they begin."""


def is_secret(name: str) -> bool:
    """Whether a variable of the environment holds one, by its name: ``HF_TOKEN``, ``AWS_SECRET_ACCESS_KEY``."""
    return _NAME.search(name) is not None


def hide(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A text without the environment's secrets, as they are or as JSON writes them, and without those in addresses."""
    for value in _values(environment):
        text = text.replace(value, HIDDEN)
    if ":/" in text:
        text = _ADDRESS.sub(lambda found: _QUERY.sub(rf"\1{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", found[0])), text)
    return _TOKEN.sub(HIDDEN, text) if "_" in text else text


def _values(environment: Mapping[str, str]) -> list[str]:
    """The longest first: one may be part of another."""
    held = {value.strip() for name, value in environment.items() if is_secret(name)}
    found = {value for value in held if len(value) >= SHORTEST and not _NO_SECRET.fullmatch(value)}
    return sorted(found | {json.dumps(value)[1:-1] for value in found}, key=len, reverse=True)


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without secrets, for a process that needs none."""
    return {name: value for name, value in environment.items() if not is_secret(name)}


@contextmanager
def put_away(keep: frozenset[str] = frozenset()) -> Iterator[None]:
    """Takes the secrets out of this process's environment while others are started, which inherit it.

    Args:
        keep: names of those that they need.
    """
    kept = {name: value for name, value in os.environ.items() if is_secret(name) and name not in keep}
    for name in kept:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)
