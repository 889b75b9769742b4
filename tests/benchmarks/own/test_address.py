"""Addresses of data sets on the hub: what they say, and what is said of those that are none."""

from __future__ import annotations

import pytest

from benchmarks.own.address import Address, is_address, parse_address
from harness.errors import UsageError


@pytest.mark.parametrize(
    ("place", "address", "written"),
    [
        ("hf://org/set", Address(repo="org/set"), "hf://org/set"),
        ("hf://datasets/org/set", Address(repo="org/set"), "hf://org/set"),
        ("hf://org/set/", Address(repo="org/set"), "hf://org/set"),
        ("hf://org/set:test", Address(repo="org/set", parts=("test",)), "hf://org/set:test"),
        ("hf://org/s.e_t-1:de:test", Address(repo="org/s.e_t-1", parts=("de", "test")), "hf://org/s.e_t-1:de:test"),
        ("hf://org/set@v1", Address(repo="org/set", revision="v1"), "hf://org/set@v1"),
        ("hf://org/set:a:b@refs/pr/1", Address(repo="org/set", parts=("a", "b"), revision="refs/pr/1"), None),
        ("hf://org/set@v1:a", Address(repo="org/set", parts=("a",), revision="v1"), "hf://org/set:a@v1"),
    ],
)
def test_what_an_address_says(place: str, address: Address, written: str | None) -> None:
    assert is_address(place)
    assert parse_address(place) == address
    assert str(address) == (written or place)


@pytest.mark.parametrize(
    "place",
    [
        "hf://",
        "hf://org",
        "hf://org/set:a:b:c",
        "hf://org/set@a@b",
        "hf://org/set@a:b@c",
        "hf://../set",
        "hf://org/s t",
    ],
)
def test_what_is_no_address_is_told_the_form(place: str) -> None:
    with pytest.raises(UsageError, match=r"write hf://org/set\[:config\]\[:split\]\[@revision\]$"):
        parse_address(place)


def test_a_file_of_a_repository_is_no_data_set() -> None:
    with pytest.raises(UsageError, match="files of a repository cannot be named; write hf://org/set"):
        parse_address("hf://datasets/org/set/data/test.parquet")


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("https://huggingface.co/datasets/org/set", "hf://org/set"),
        ("http://www.huggingface.co/datasets/org/set/", "hf://org/set"),
        ("huggingface.co/datasets/org/set", "hf://org/set"),
        ("https://hf.co/datasets/org/set?x=1#y", "hf://org/set"),
        ("https://huggingface.co/datasets/org/set/viewer/de/test?row=3", "hf://org/set:de:test"),
        ("https://huggingface.co/datasets/org/set/tree/main/data", "hf://org/set"),
        ("https://huggingface.co/datasets/org/set/tree/v1.0/data", "hf://org/set@v1.0"),
    ],
)
def test_a_pasted_page_is_told_its_address(page: str, address: str) -> None:
    assert is_address(page)
    with pytest.raises(UsageError) as failure:
        parse_address(page)
    assert str(failure.value) == f"--data {page}: a page; write its address instead: {address}"


def test_a_models_page_is_no_data() -> None:
    with pytest.raises(UsageError, match="a model's page, not"):
        parse_address("https://huggingface.co/openai/whisper-tiny")


def test_a_hub_of_ones_own_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/")
    with pytest.raises(UsageError, match=r"write its address instead: hf://a/b$"):
        parse_address("https://hub.example/datasets/a/b")


@pytest.mark.parametrize("place", ["data/set", "s3://bucket/set", "https://example.org/datasets/a/b", "C:\\data"])
def test_other_places_are_not_the_hubs(place: str) -> None:
    assert not is_address(place)
