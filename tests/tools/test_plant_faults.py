"""Planted faults on a toy package: one is found, one survives, and nothing is planted where nothing can be seen."""

import json
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from tools import plant_faults
from tools.mutations import Fault, chosen, faults

TOY = '''"""A docstring with 3 numbers and a > b."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["grown"]


class Shape(Protocol):
    size: int = 3


def grown(value: "Sequence[int] | None", *, limit: int = 5) -> int:
    """Adds 1."""
    assert limit > 2
    if value is None:
        raise ValueError(f"no value above {limit + 1}")
    print("told", 7)
    return min(len(value) + 1, limit)
'''


def texts(source: str) -> set[tuple[str, str]]:
    """Every fault: the line with it in."""
    found = set()
    for fault in faults(source.encode()):
        lines = fault.planted(source.encode()).decode().splitlines()
        found.add((fault.kind, lines[fault.line - 1].strip()))
    return found


def test_faults_are_planted_only_where_they_can_be_seen() -> None:
    assert texts(TOY) == {
        ("constant", 'def grown(value: "Sequence[int] | None", *, limit: int = 6) -> int:'),
        ("constant", 'def grown(value: "Sequence[int] | None", *, limit: int = 4) -> int:'),
        ("condition always", "if True:"),
        ("condition never", "if False:"),
        ("negation", "if (value is not None):"),
        ("dropped statement", "pass"),
        ("returns None", "return None"),
        ("swapped function", "return max(len(value) + 1, limit)"),
        ("arithmetic", "return min((len(value) - 1), limit)"),
        ("constant", "return min(len(value) + 2, limit)"),
        ("constant", "return min(len(value) + 0, limit)"),
    }


@pytest.mark.parametrize(
    ("source", "kind", "planted"),
    [
        ("x = a < b", "boundary", "x = (a <= b)"),
        ("x = a in b", "negation", "x = (a not in b)"),
        ("x = not a", "negation", "x = a"),
        ("x = f(strict=True)", None, ""),
        ("x = True", "negation", "x = False"),
        ("x = a and b", "and/or", "x = (a or b)"),
        ("x = a or b", "dropped operand", "x = b"),
        ("x = {'a': b, 'c': d}", "dropped key", "x = ({'c': d})"),
        ("x = f(a, b=c)", "dropped argument", "x = f(a)"),
        ("x = f'{a + 1} {b:>3}'", None, ""),
        ("x = [a for a in b if a]", "condition always", "x = [a for a in b if True]"),
        ("x = a if b else c", "condition never", "x = a if False else c"),
        ("x.y = a", "dropped statement", "pass"),
        ("x += 1", "arithmetic", "x -= 1"),
        ("for x in y: continue", "loop", "for x in y: break"),
        ("X = A | B", None, ""),
        ("x = 'ä' + f(a // b)", None, ""),
        ("x = ('ä', a // b)", "arithmetic", "x = ('ä', (a / b))"),
        ("x.append(y)", "dropped statement", "pass"),
        ("log.info(1)", None, ""),
    ],
)
def test_kinds(source: str, kind: str | None, planted: str) -> None:
    assert (kind is None and not texts(source)) or (kind, planted) in texts(source)


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    files = {f"{name}.py": TOY.encode() for name in "abcdef"}

    def drawn(seed: int) -> list[tuple[str, Fault]]:
        return list(islice(chosen(files, seed), 14))

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert len({(path, fault.line) for path, fault in first}) == 14
    assert len({fault.kind for _, fault in first[:7]}) == 7  # each kind in turn


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "toy"
    for name, text in {
        "pack/__init__.py": "",
        "pack/add.py": "def add(a, b):\n    return a + b\n\n\ndef unseen(a):\n    return a * 2\n",
        "tests/pack/test_add.py": "from pack.add import add\n\n\ndef test_add():\n    assert add(2, 1) == 3\n",
        "tests/pack/test_red.py": "def test_red():\n    assert False\n\n\ndef test_green():\n    pass\n",
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    monkeypatch.setattr(plant_faults, "ROOT", root)
    return root


def test_a_fault_is_found_and_one_survives(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = toy.parent / "log.jsonl"
    words = ["--paths", "pack", "--count", "2", "--seed", "3", "--jobs", "2", "--log", str(log)]
    before = (toy / "pack" / "add.py").read_bytes()
    assert plant_faults.main(words) == 0
    out = capsys.readouterr().out
    assert "left out, because it fails without a fault: tests/pack/test_red.py::test_red\n" in out
    assert "] found pack/add.py:2 " in out
    assert "] SURVIVED pack/add.py:6 " in out
    assert "    -    return a * 2\n    +    return " in out
    score, line = out.splitlines()[-2:]
    assert score.startswith("score: 1 of 2 faults found, 1 survived; ")
    found = json.loads(line)
    assert (found["planted"], found["found"]) == (2, 1)
    assert [one.split(":")[:2] for one in found["survived"]] == [["pack/add.py", "6"]]
    assert (toy / "pack" / "add.py").read_bytes() == before

    (toy / "tests" / "pack" / "test_add.py").write_text(
        "from pack.add import *\n\n\ndef test():\n    assert unseen(2) == 4\n"
    )
    assert plant_faults.main(words) == 0  # all of it is in the log: nothing runs
    assert "[" not in capsys.readouterr().out.split("score: 1 of 2")[0]
    assert plant_faults.main([*words, "--retry"]) == 0  # only the survivor runs, and the new test finds it
    out = capsys.readouterr().out
    assert "[2/2] found pack/add.py:6 " in out
    assert "score: 2 of 2 faults found, 0 survived; " in out


def test_the_likeliest_tests_come_first(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "pack"
    folder.mkdir(parents=True)
    for name, text in {
        "test_quick.py": "", "test_slow.py": "", "test_uses.py": "from pack.sub import add, other\n",
        "test_add_more.py": "", "test_add.py": "", "helper.py": "",
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    found = plant_faults.tests_of(tmp_path, "pack/sub/add.py", {"tests/pack/test_slow.py": 9.0})
    names = [Path(name).name for name in found]
    assert names == ["test_add.py", "test_add_more.py", "test_uses.py", "test_quick.py", "test_slow.py"]


def test_a_fault_that_never_ends_is_found(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant_faults.Tree, "pytest", lambda *_: -1)
    fault = Fault("constant", 2, 0, 0, "")
    outcome = plant_faults.tried(plant_faults.Tree(toy), "pack/add.py", fault, plant_faults.Baseline())
    assert (outcome.found, outcome.how) == (True, "took too long")
