"""A vendor's API as it is documented, for a stand-in to speak: one module a vendor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.types import Word
from tests.harness.models.served.standin import Asked

TEXT = "Hello, you."
KEY = "vendor-key-0123456789"
HELLO = (Word("Hello,", 0.1, 0.5), Word("you.", 0.6, 1.0))
"""The words of the text that every one of them hears, of a speaker each."""


@dataclass(frozen=True)
class Documented:
    """A vendor's API as it is documented: answers by path, and what a request must be."""

    header: tuple[str, str]
    answers: Mapping[str, Any]
    """What is answered to ``METHOD path``; a list gives one after another."""
    checks: Callable[[list[Asked]], None]
    """Asserts what was sent for a clip of English with every option."""
    silence: Mapping[str, Any]
    """Answers in which nothing is said."""
    bad: tuple[str, Any] = ("", {})
    """An answer without a transcript."""
    other: tuple[str, Any] | None = None
    """An answer about audio of half a minute."""
    options: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ("0", "1")
    unknown_language: Callable[[list[Asked]], bool] | None = None
    """Whether the vendor was told to find the language out; None where it cannot."""


def query(asked: Asked) -> list[tuple[str, str]]:
    """The fields of an address."""
    return parse_qsl(urlsplit(asked.path).query)


def field_of(asked: Asked, name: str) -> Any:
    """The JSON in a field of a form."""
    return json.loads(dict(asked.fields)[name])
