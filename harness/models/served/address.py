"""Where a server is: ``URL#MODEL`` taken apart, and what may be sent there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's address."""

    url: str
    """Without a slash at its end, a user or a query."""
    model: str
    """What the server calls the model; may be empty where the address is a service's own."""

    @property
    def host(self) -> str:
        """Lower case, without port."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def encrypted(self) -> bool:
        """Whether what is sent there is."""
        return self.url.startswith("https:")

    @property
    def nearby(self) -> bool:
        """Whether it is this machine or one of the same network, which bills nobody."""
        try:
            return ipaddress.ip_address(self.host).is_private
        except ValueError:
            return "." not in self.host or self.host.endswith((".local", ".localhost", ".internal", ".lan"))


def parse_address(adapter: str, name: str) -> Address:
    """The address in ``adapter:URL#MODEL``.

    Raises:
        UsageError: it is none, or holds what must not be stored. The message repeats nothing that may be a secret.
    """
    rest = name.removeprefix(f"{adapter}:")
    url, _, model = rest.partition("#")
    shape = f"give --model {adapter}:URL#MODEL, such as {adapter}:http://127.0.0.1:8000/v1#MODEL"
    if not model.strip() or model != model.strip():
        raise UsageError(f"--model {adapter}: names no model after the URL; {shape}")
    return Address(url=check_url(url, f"--model {adapter}:", shape), model=model)


def check_url(url: str, where: str, shape: str) -> str:
    """A base URL, without a slash at its end.

    Raises:
        UsageError: as `parse_address`.
    """
    if "@" in url:
        raise UsageError(f"{where} the URL holds a user or a password; leave it out, keys come from the environment")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UsageError(f"{where} what stands there is no URL; {shape}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{where} what stands there is no http:// or https:// URL; {shape}")
    if parts.query:
        raise UsageError(f"{where} the URL has a query (?...), which would be stored with the run; leave it out")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"{where} the URL holds characters that no URL has; {shape}")
    return url.rstrip("/")
