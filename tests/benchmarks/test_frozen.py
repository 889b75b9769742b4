"""What is frozen for the type checker alone is otherwise as a frozen dataclass."""

import pickle
from dataclasses import dataclass, fields, replace

import pytest

from benchmarks.dataset import Audio, Utterance
from benchmarks.frozen import frozen_when_checked


@frozen_when_checked(frozen=True, slots=True, kw_only=True)
class Quick:
    name: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    name: str
    size: int = 0


def test_it_compares_hashes_and_is_copied_alike() -> None:
    one, other = Quick(name="a"), Frozen(name="a")
    assert (one == Quick(name="a"), one == Quick(name="a", size=1)) == (True, False)
    assert hash(one) == hash(other) == hash(Quick(name="a"))
    assert repr(one).replace("Quick", "Frozen") == repr(other)
    assert replace(one, size=2) == Quick(name="a", size=2)
    assert [field.name for field in fields(Quick)] == ["name", "size"]
    with pytest.raises(TypeError):
        Quick("a")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]


def test_an_utterance_travels() -> None:
    utterance = Utterance(id="a", reference="b", language="en", audio=Audio(origin="x"), tags={"a": "b"})
    assert pickle.loads(pickle.dumps(utterance)) == utterance


def test_the_type_checker_refuses_changes() -> None:
    """Were it not so, mypy would call these comments unused."""
    one = Quick(name="a")
    one.size = 1  # type: ignore[misc]
    utterance = Utterance(id="a", reference="b", language="en", audio=Audio(origin="x"))
    utterance.id = "b"  # type: ignore[misc]
    assert (one.size, utterance.id) == (1, "b")
