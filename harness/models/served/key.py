"""The key of a service: read from the environment, sent to one host, shown nowhere."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from harness.errors import UsageError

HIDDEN = "[key]"
"""What stands where a key stood."""

SHORTEST = 8
"""A part of a key of so many characters is hidden too: servers repeat keys in part. What is shorter is no secret."""


class Key:
    """A secret that does not show: `header` gives it to the client alone.

    Args:
        value: the key; empty is none.
        name: of the header that takes it.
        form: how the header has it, such as ``Bearer {}``.
    """

    __slots__ = ("_form", "_name", "_value")

    def __init__(self, value: str = "", name: str = "Authorization", form: str = "Bearer {}") -> None:
        self._value, self._name, self._form = value, name, form

    def __repr__(self) -> str:
        return f"Key({HIDDEN})" if self._value else "Key()"

    def __reduce__(self) -> tuple[type[Key], tuple[()]]:
        return Key, ()  # a copy that is written anywhere has no key

    def __bool__(self) -> bool:
        return bool(self._value)

    def header(self) -> dict[str, str]:
        """The header that carries it."""
        return {self._name: self._form.format(self._value)} if self._value else {}

    def hide(self, text: str) -> str:
        """A text without the key, nor any longer part of it, in whatever way it is written."""
        if len(self._value) < SHORTEST:  # a word that stands in for a key of a server that asks for none
            return text
        value = self._value
        forms = {json.dumps(value)[1:-1], quote(value, safe=""), base64.b64encode(value.encode()).decode().rstrip("=")}
        for form in sorted({value, *forms}, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return _without_parts(text, value)

    def shown_in(self, body: bytes) -> bool:
        """Whether a body holds the whole key."""
        return len(self._value) >= SHORTEST and self._value.encode() in body


def _without_parts(text: str, value: str) -> str:
    """The text without runs of `SHORTEST` or more characters that are part of the value."""
    kept: list[str] = []
    place = 0
    while place < len(text):
        size = SHORTEST
        if text[place : place + size] in value and place + size <= len(text):
            while place + size < len(text) and text[place : place + size + 1] in value:
                size += 1
            kept.append(HIDDEN)
            place += size
        else:
            kept.append(text[place])
            place += 1
    return "".join(kept)


def read_key(
    variables: Sequence[str],
    *,
    name: str = "Authorization",
    form: str = "Bearer {}",
    needed_by: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Key:
    """The key in the first of the variables that is set.

    Args:
        variables: of the environment.
        name: as in `Key`.
        form: as in `Key`.
        needed_by: who cannot be asked without one.
        environment: where to look.

    Raises:
        UsageError: one is needed and there is none, or it cannot be a header's value.
    """
    found = next((variable for variable in variables if environment.get(variable, "").strip()), None)
    if found is None:
        if needed_by is not None:
            raise UsageError(f"{needed_by} needs a key: set {' or '.join(variables)} in the environment")
        return Key()
    value = environment[found].strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(f"the key in {found} holds characters that no key has; copy it again")
    return Key(value, name, form)
