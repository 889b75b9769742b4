"""Addresses, and what of them is never repeated."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.models.served.address import Address, parse_address
from harness.runner.folder import model_folder_name


def test_an_address_is_taken_apart() -> None:
    address = parse_address("openai", "openai:http://127.0.0.1:8000/v1/#org/whisper-1")
    assert (address.url, address.model) == ("http://127.0.0.1:8000/v1", "org/whisper-1")
    assert (address.host, address.encrypted, address.nearby) == ("127.0.0.1", False, True)
    assert parse_address("openai", "openai:https://API.Example.com/v1#m").host == "api.example.com"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("http://127.0.0.1/v1", "names no model after the URL"),
        ("http://127.0.0.1/v1#", "names no model"),
        ("127.0.0.1:8000/v1#m", "no http:// or https:// URL"),
        ("ftp://127.0.0.1/v1#m", "no http:// or https:// URL"),
        ("http:///v1#m", "no http:// or https:// URL"),
        ("http://127.0.0.1:port/v1#m", "is no URL"),
        ("http://127.0.0.1/v 1#m", "characters that no URL has"),
        ("http://127.0.0.1/v1?api_key=s3cret#m", "has a query"),
        ("http://me:s3cret@127.0.0.1/v1#m", "holds a user or a password"),
        ("me:s3cret@127.0.0.1/v1#m", "holds a user or a password"),
    ],
)
def test_what_is_none_is_one_line_without_secrets(rest: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_address("openai", f"openai:{rest}")
    assert "s3cret" not in str(caught.value)
    assert "--model openai:" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "nearby"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("10.1.2.3", True),
        ("192.168.0.5", True),
        ("gpu-box", True),
        ("gpu.local", True),
        ("8.8.8.8", False),
        ("api.openai.com", False),
    ],
)
def test_who_bills_nobody(host: str, nearby: bool) -> None:
    assert Address(url=f"http://{host}:80/v1", model="m").nearby is nearby


def test_folders_of_addresses_are_safe_and_readable() -> None:
    assert model_folder_name("openai:http://127.0.0.1:8000/v1#whisper-1") == "openai-http-127.0.0.1-8000-v1-whisper-1"
    assert model_folder_name("openai-chat:https://a.b/v1#org/Q w?") == "openai-chat-https-a.b-v1-org-Q-w"
    assert model_folder_name("openai:http://a/../../..#..") == "openai-http-a-..-..-..-.."
    assert model_folder_name("mine:length") == "mine:length"
