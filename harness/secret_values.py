"""Keys of the environment and in addresses: shown nowhere, and not handed to processes that have no use for them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from urllib.parse import quote

HIDDEN = "[key]"
"""What stands where one stood."""

HUB = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
"""What reads gated models and data, which workers on other processes load too."""

SHORTEST = 8
"""What is shorter is no secret."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
"""The words of a name: ``DB_PASS``, ``dbPassword``."""
_TELLING = re.compile(r".*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY)S?|PASS|SSHPASS|PAT")
"""A word that makes a name one of a secret, wherever it stands."""
_KEY_OR_PWD = re.compile(r".+_(?:KEYS?|PWD)(?:_(?:\d+|V|BASE|OLD|NEW|READ|WRITE|PROD|DEV|TEST|STAGING))*|KEYS?")
_NOT_IT = frozenset({"FILE", "PATH", "DIR", "URL", "NAME", "TYPE", "LIMIT", "LENGTH", "TTL"})
"""A name that ends so is of something about a secret."""
_NO_SECRET = re.compile(r"[a-z]+|[.~].*|https?://[^@]*", re.DOTALL)
"""Values that are words, paths or plain addresses: `SSH_KEY=~/.ssh/id`, `TOKEN=disabled`."""
_BASE64 = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9+=])/[A-Za-z0-9+/=]{15,}")
"""What begins as a path may be a key."""
_NUMBER = re.compile(r"[\d.,]+")

_ADDRESS = re.compile(r"""(?<=[a-z0-9]:)\\?/(?:[^\s"'<>\\]|\\/|'(?=\w))+""", re.IGNORECASE)
"""What follows ``https:``; `Path` makes one slash of two, some JSON has a backslash before each."""
_LOGIN = re.compile(r"^((?:\\?/){1,2})(?:[^/?#:@\\]*:[^/?#\\]*|[^/?#:@\\]{16,})@")
"""``user:password@`` of an address, or a token in its place."""
_LETS_IN = r"(?:tokens?|key|secret|passw(?:or)?d|pwd|pass|passphrase|signature|sig|auth|credentials?|jwt)(?:\[\])?"
_QUERY = re.compile(
    rf"((?:[?&;#]|%3F|%26|%23)(?:[\w.-]|%5F|%2D)*{_LETS_IN}(?:=|%3D))(?:(?!%26|%23)[^&;#])+", re.IGNORECASE
)
"""What a query or the part behind ``#`` carries to be let in."""
_ENCODED = re.compile(
    r"(?<=%3A%2F%2F)((?:(?!%2F|%3F|%23|%40)[^\s\"'<>&/?#])*%3A)(?:(?!%2F|%3F|%23)[^\s\"<>&/?#])*%40", re.IGNORECASE
)
"""``user:password@`` of an address in another one's query."""
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{16,}|gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|sk-(?=[\w-]*\d)[\w-]{20,})"
)
"""Tokens that can be told by how they begin."""
_BEGINS = ("_", "glpat-", "xox", "AKIA", "ASIA", "sk-")


@cache
def is_secret(name: str) -> bool:
    """Whether a variable of the environment holds one, by its name: ``HF_TOKEN``, ``AWS_SECRET_ACCESS_KEY``."""
    words = [word.upper() for word in _WORD.findall(name)]
    if not words or words[-1] in _NOT_IT:
        return False
    whole = "_".join(words)
    if any(map(_TELLING.fullmatch, words)) or re.search(r"(?:API|ACCESS)_?KEY", whole):
        return True
    return _KEY_OR_PWD.fullmatch(whole) is not None


def hide(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A text without the environment's secrets, as they are or as JSON and addresses write them, and without others.

    Finished JSON, CSV and markup hold more than texts: what is stored has its texts hidden before (`hide_in`).
    """
    values = _pattern(tuple(environment.get(name, "") for name in environment if is_secret(name)))
    text = values.sub(HIDDEN, text) if values else text
    if ":/" in text or ":\\/" in text:
        text = _ADDRESS.sub(lambda found: _QUERY.sub(rf"\1{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", found[0])), text)
    if "%3" in text:
        text = _ENCODED.sub(f"{HIDDEN}%40", text)
    return _TOKEN.sub(HIDDEN, text) if any(begin in text for begin in _BEGINS) else text


def hide_in(value: object) -> object:
    """Plain values, such as JSON's, whose texts are without secrets; keys and numbers stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {key: hide_in(part) for key, part in value.items()}
    return [hide_in(part) for part in value] if isinstance(value, list | tuple) else value


@cache
def _pattern(held: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds the values, the longest first: one may be part of another. Digits within a number are none."""
    found = {value for value in map(str.strip, held) if len(value) >= SHORTEST and not _is_none(value)}
    forms = {form for value in found for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))}
    return re.compile("|".join(map(_found_by, sorted(forms, key=len, reverse=True)))) if forms else None


def _is_none(value: str) -> bool:
    """Whether a value is a word, a path or a plain address."""
    if value.startswith("/"):
        return _BASE64.fullmatch(value) is None or os.path.exists(value)  # noqa: PTH110 - takes any text
    return _NO_SECRET.fullmatch(value) is not None


def _found_by(form: str) -> str:
    whole = re.escape(form)
    return rf"(?<!\d)(?<!\d[.,])(?<!\.){whole}(?!\d)(?![.,]\d)" if _NUMBER.fullmatch(form) else whole


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
