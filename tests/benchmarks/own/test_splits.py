"""Configurations and splits of a repository, by its README or its files' names, and which of them is meant."""

from __future__ import annotations

import pytest

from benchmarks.own.form import Account, Asked
from benchmarks.own.splits import Part, by_folder, parts_of, pick
from harness.errors import DataError, UsageError

SHARDS = ["data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet"]


def told(files: list[str], readme: str = "") -> list[tuple[str, str, list[str]]]:
    return [(part.config, part.split, list(part.files)) for part in parts_of(files, readme)]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (
            [*SHARDS, "data/train-00000-of-00001-a1b2.parquet"],
            [("default", "test", SHARDS), ("default", "train", None)],
        ),
        (["de/test-00000-of-00001.parquet", "es/test.parquet"], [("de", "test", None), ("es", "test", None)]),
        (["clean/test.other/0000.parquet", "clean/test.other/0001.parquet"], [("clean", "test.other", None)]),
        (["part-10.parquet", "part-2.parquet"], [("default", "train", ["part-2.parquet", "part-10.parquet"])]),
        (["a/x.parquet", "b/y.parquet"], [("a", "train", None), ("b", "train", None)]),
        (["data/dev.parquet", "data/test.parquet"], [("default", "dev", None), ("default", "test", None)]),
        (["split=test/part-0.parquet"], [("default", "test", None)]),
        (["notes.txt"], []),
    ],
)
def test_by_their_names(files: list[str], parts: list[tuple[str, str, list[str] | None]]) -> None:
    found = told(files)
    assert [one[:2] for one in found] == [one[:2] for one in parts]
    for (_, _, names), (_, _, right) in zip(found, parts, strict=True):
        assert right is None or names == right
    assert sorted(name for one in found for name in one[2]) == sorted(one for one in files if one.endswith(".parquet"))


README = """---
configs:
- config_name: de
  data_files:
  - split: test
    path: german/*.parquet
- config_name: es
  default: true
  data_files:
    test: ["spanish/a-*", "spanish/b.parquet"]
- config_name: it
  data_dir: italian
- config_name: gone
  data_files: nothing/*
---
# A card
"""


def test_by_the_readme() -> None:
    files = ["german/0.parquet", "italian/x/1.parquet", "spanish/a-1.parquet", "spanish/b.parquet", "spanish/c.parquet"]
    assert told(files, README) == [
        ("de", "test", ["german/0.parquet"]),
        ("es", "test", ["spanish/a-1.parquet", "spanish/b.parquet"]),
        ("it", "train", ["italian/x/1.parquet"]),
    ]
    account = Account()
    assert pick(parts_of(files, README), Asked(), account, "x").config == "es"
    assert list(account.notes) == ["the config es is taken; there are also de, it", "the split test is taken"]


@pytest.mark.parametrize(
    "head", ["configs: 5", "configs: [5, {config_name: 3, data_files: 7}]", "a: [", "5", "x: &a [*a]"]
)
def test_a_readme_for_people_says_nothing(head: str) -> None:
    assert told(SHARDS, f"---\n{head}\n---\n") == [("default", "test", SHARDS)]


def part(config: str, split: str) -> Part:
    return Part(config=config, split=split, files=(f"{config}-{split}.parquet",))


TWO = [part("de", "test"), part("de", "train"), part("es", "test"), part("es", "validation")]
ONE = [part("default", "test"), part("default", "train")]


@pytest.mark.parametrize(
    ("parts", "asked", "words", "found"),
    [
        (ONE, Asked(), (), ("default", "test")),
        (ONE, Asked(split="train"), (), ("default", "train")),
        (ONE, Asked(), ("train",), ("default", "train")),
        (TWO, Asked(config="de"), (), ("de", "test")),
        (TWO, Asked(), ("es",), ("es", "test")),
        (TWO, Asked(), ("es", "validation"), ("es", "validation")),
        (TWO, Asked(), ("es", "dev"), ("es", "validation")),
        (TWO, Asked(config="es"), ("validation",), ("es", "validation")),
        ([part("default", "train")], Asked(), (), ("default", "train")),
        ([part("default", "train"), part("default", "Eval")], Asked(), (), ("default", "Eval")),
    ],
)
def test_the_part_that_is_meant(
    parts: list[Part], asked: Asked, words: tuple[str, ...], found: tuple[str, str]
) -> None:
    one = pick(parts, asked, Account(), "x", words)
    assert (one.config, one.split) == found


@pytest.mark.parametrize(
    ("parts", "asked", "words", "message"),
    [
        (TWO, Asked(), (), "x: say which config, with --config: de, es"),
        (TWO, Asked(config="fr"), (), "x: no config 'fr'; there are de, es"),
        (ONE, Asked(split="dev"), (), "x: no split 'dev'; there are test, train"),
        (ONE, Asked(), ("de",), "x: 'de' is neither a config (default) nor a split (test, train)"),
        (
            ONE,
            Asked(split="test"),
            ("train",),
            "x: the address says 'train' and --split says 'test'; leave one of them out",
        ),
        ([part("a", "dev"), part("a", "train")], Asked(), (), "x: say which split, with --split: dev, train"),
    ],
)
def test_what_must_be_said(parts: list[Part], asked: Asked, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as failure:
        pick(parts, asked, Account(), "x", words)
    assert str(failure.value) == message


def test_what_was_taken_is_said() -> None:
    account = Account()
    pick(ONE, Asked(), account, "x")
    assert list(account.notes) == ["the split test is taken; there are also train"]


def test_a_missing_file_is_named() -> None:
    parts = parts_of([SHARDS[1]], "")
    with pytest.raises(DataError, match=r"^data/test: Parquet file 00000 of 00002 is missing: get the whole split$"):
        pick(parts, Asked(), Account(), "x")


def test_files_of_any_kind_by_their_folders() -> None:
    files = ["all.txt", "data/Test/a.wav", "dev/b.wav", "train.csv", "clips/test_me.wav"]
    found = {one.split: one.files for one in by_folder(files)}
    shared = ("all.txt", "clips/test_me.wav")
    assert found == {
        "Test": ("data/Test/a.wav", *shared),
        "dev": ("dev/b.wav", *shared),
        "train": ("train.csv", *shared),
    }
    assert [(one.split, one.files) for one in by_folder(["a.wav", "b.csv"])] == [("train", ("a.wav", "b.csv"))]
