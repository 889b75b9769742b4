"""Imports go one way: no circle of modules, `benchmarks` knows nothing of `harness`, scoring nothing of models.

All imports count: those inside functions, and those for the type checker alone, since who reads the one module must
read the other.
"""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.conftest import ROOT

Graph = dict[str, frozenset[str]]
"""What each module imports: names of ours as the module that they are in, of others as they are written."""

PACKAGES = ("benchmarks", "harness")
SHARED = "harness.errors"
"""All that `benchmarks` takes from `harness`."""
READERS = ("harness.scoring", "harness.gating", "harness.reporting")
"""They read what a run has stored, and start without what makes one."""
MAKERS = ("harness.runner", "harness.models", "torch")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the packages by its name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imported(tree: ast.Module) -> frozenset[str]:
    """What a module imports, anywhere in it."""
    found = set[str]()
    for item in ast.walk(tree):
        if isinstance(item, ast.Import):
            found |= {name.name for name in item.names}
        elif isinstance(item, ast.ImportFrom):
            assert item.level == 0, "imports are absolute"
            inner = {name.name: f"{item.module}.{name.name}" for name in item.names}
            found |= {inner[name] if inner[name] in modules() else str(item.module) for name in inner}
    return frozenset(found)


@cache
def graph() -> Graph:
    """What each module imports."""
    return {name: imported(tree) for name, tree in modules().items()}


def reached(start: str, edges: Graph) -> set[str]:
    """What a module imports, directly or by way of others."""
    found, left = set[str](), [start]
    while left:
        new = edges.get(left.pop(), frozenset()) - found
        found |= new
        left += new
    return found


def circles(edges: Graph) -> set[frozenset[str]]:
    """The sets of modules that all reach one another."""
    reach = {name: reached(name, edges) for name in edges}
    return {
        frozenset(other for other in reach[name] if name in reach.get(other, ()))
        for name in edges
        if name in reach[name]
    }


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_a_circle_is_seen() -> None:
    edges = {"a": frozenset({"b", "os"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}
    assert circles(edges) == {frozenset({"a", "b", "c"})}
    assert circles(edges | {"d": frozenset({"d"})}) == {frozenset({"a", "b", "c"}), frozenset({"d"})}


def test_imports_count_wherever_they_stand() -> None:
    text = "import a.b\nif TYPE_CHECKING:\n    from c import d\ndef f():\n    from harness import errors, nothing\n"
    assert imported(ast.parse(text)) == {"a.b", "c", "harness.errors", "harness"}


def test_there_is_no_circle() -> None:
    assert circles(graph()) == set()


def test_benchmarks_take_nothing_from_the_harness_but_its_errors() -> None:
    ours = [name for name in modules() if is_in(name, ("benchmarks",))]
    assert ours
    for name in ours:
        assert {other for other in graph()[name] if is_in(other, ("harness", "results"))} <= {SHARED}, name


@pytest.mark.parametrize("package", READERS)
def test_what_reads_results_imports_nothing_that_makes_them(package: str) -> None:
    ours = [name for name in modules() if is_in(name, (package,))]
    assert ours, "the package moved: READERS says where it was"
    for name in ours:
        assert not {other for other in graph()[name] if is_in(other, MAKERS)}, name


def test_no_module_hides_a_name_of_the_library() -> None:
    """Once imported, a module is an attribute of its package: `harness.load` would be it, and no function any more."""
    import harness

    assert {f"harness.{name}" for name in harness.__all__} & set(modules()) == set()
