"""A node with another copy of this program is told before anything goes there; Ray itself is not needed.

On a real cluster: test_ray_cluster.py.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import RunError
from harness.runner import ray_actor
from harness.runner.ray_actor import Program, program
from harness.runner.ray_cluster import Cluster, Handle, Place, own_program
from harness.version import ROOT, VERSION
from tests.harness.runner.stub_run import Slow

FILES = {"harness/__init__.py": "", "harness/version.py": 'VERSION = "7"', "benchmarks/__init__.py": "# none\n"}


def copy(place: Path, **changes: str | None) -> Path:
    """A program of three files, of which some are otherwise; None leaves one out."""
    for name, text in (FILES | {name.replace("__", "/") + ".py": text for name, text in changes.items()}).items():
        if text is not None:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
    return place


def ask(place: Path, code: str, *, given: bytes = b"") -> Any:
    """What a process says that finds what lies in a folder, and nothing else of ours."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(place), "PYTHONSAFEPATH": "1"},
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


NOT_HERE = "import sys; sys.modules['harness'] = sys.modules['benchmarks'] = None; "
"""As where nobody has installed them."""
ITSELF = f"import json, runpy; print(json.dumps(runpy.run_path({str(ray_actor.__file__)!r})['program']()))"


def test_a_program_is_its_files_wherever_they_lie(tmp_path: Path) -> None:
    first = Program(*ask(copy(tmp_path / "one"), ITSELF))
    assert (first.place, first.version, len(first.sources)) == (str(tmp_path / "one"), "7", 64)
    assert str(first) == f"7 (sources {first.sources[:12]}, in {tmp_path / 'one'})"
    again = Program(*ask(copy(tmp_path / "again"), ITSELF))
    assert not first.differs(again)
    (tmp_path / "again" / "harness" / "notes.txt").write_text("no code")
    assert not first.differs(Program(*ask(tmp_path / "again", ITSELF)))
    others: list[dict[str, str | None]] = [
        {"benchmarks__deep__new": ""},
        {"benchmarks____init__": "# some\n"},
        {"harness__version": 'VERSION = "8"'},
        {"harness__other": "", "harness____init__": ""},
    ]
    for at, change in enumerate(others):
        assert first.differs(Program(*ask(copy(tmp_path / str(at), **change), ITSELF))), change


def test_the_version_alone_is_a_difference() -> None:
    one = Program("a", "1", "digest")
    assert not one.differs(Program("b", "1", "digest"))
    assert one.differs(Program("a", "2", "digest"))
    assert one.differs(Program("a", "1", "other"))


def test_what_states_no_version_or_is_not_there(tmp_path: Path) -> None:
    old = Program(*ask(copy(tmp_path / "old", harness__version="1 / 0"), ITSELF))
    assert old.version == "of an unknown version"
    none = Program(*ask(tmp_path, NOT_HERE + ITSELF))
    assert (none, str(none)) == (Program("", "none", ""), "none")


def test_it_is_this_program() -> None:
    assert (own_program().place, own_program().version) == (str(ROOT), VERSION)
    assert own_program() == program()
    assert own_program() is own_program(), "files are read once"


def test_nothing_of_ours_is_imported_on_top() -> None:
    """By what the node has, a name could mean anything."""
    tree = ast.parse(Path(ray_actor.__file__).read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in top if isinstance(node, ast.Import) for name in node.names}
    names |= {str(node.module) for node in top if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


ACTOR = """
import json, pickle, sys, types

util = types.SimpleNamespace(get_node_ip_address=lambda: "10.0.0.2")
context = types.SimpleNamespace(get_accelerator_ids=lambda: {"GPU": ["3"]})
import ray.cloudpickle
sys.modules["ray"].util, sys.modules["ray"].get_runtime_context = util, lambda: context
kind, expected = pickle.loads(sys.stdin.buffer.read())
print(json.dumps(kind(expected, b"not read").place()))
"""


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: the extra [ray]")
def test_a_worker_says_so_whatever_the_node_has(tmp_path: Path) -> None:
    """The class goes there as it is here: by name, the node's own would be made, which takes other words."""
    cloudpickle: Any = importlib.import_module("ray.cloudpickle")
    cloudpickle.register_pickle_by_value(ray_actor)
    sent = cloudpickle.dumps((ray_actor.Actor, own_program()))
    other = copy(tmp_path / "other", harness__runner__ray_cluster="1 / 0")
    node, device, packages, told = ask(other, ACTOR, given=sent)
    assert (node, device, packages, told[:2]) == ("10.0.0.2", "gpu 3", {}, [str(other), "7"])
    no_gpu = ACTOR.replace('["3"]', "[]")
    assert ask(tmp_path, NOT_HERE + no_gpu, given=sent) == ["10.0.0.2", "cpu", {}, ["", "none", ""]]
    *_, packages, told = ask(ROOT, ACTOR, given=sent)
    assert Program(*told) == own_program()
    assert "numpy" in packages


class Called:
    """A method of an actor, or the actor itself."""

    def remote(self) -> str:
        return "asked"


def answered(told: Program, packages: dict[str, str]) -> Handle:
    """A worker whose place the driver has just heard of."""
    cluster = Cluster.__new__(Cluster)
    answer = ("10.0.0.2", "cpu", packages, tuple(told))
    nothing = type("Nothing", (Exception,), {})
    errors = SimpleNamespace(RayTaskError=nothing, RayError=nothing)
    cluster._ray = SimpleNamespace(get=lambda _: answer, exceptions=errors)
    worker = Handle(SimpleNamespace(load=Called()), "ref")
    assert cluster._answered(worker, "ref") == []
    return worker


def test_the_same_program_elsewhere_is_let_work() -> None:
    worker = answered(own_program()._replace(place="/srv/asr"), {"numpy": "2"})
    assert worker.place == Place(node="10.0.0.2", device="cpu", packages={"numpy": "2"})
    assert (worker.state, worker.ref) == ("loading", "asked")


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (Program("/srv/asr", "0.1", "f" * 64), "0.1 (sources ffffffffffff, in /srv/asr)"),
        (Program("/srv/asr", VERSION, "f" * 64), f"{VERSION} (sources ffffffffffff, in /srv/asr)"),
        (Program("", "none", ""), "none"),
    ],
)
def test_another_program_ends_the_run_in_one_line(there: Program, said: str) -> None:
    with pytest.raises(RunError) as caught:
        answered(there, {})
    here = own_program()
    assert str(caught.value) == (
        f"this program is {VERSION} (sources {here.sources[:12]}, in {ROOT}) here and {said} on 10.0.0.2; what works "
        f"is the same checkout on all nodes, such as by PYTHONPATH={ROOT} where `ray start` is called there"
    )


def test_a_worker_is_made_where_it_is_to_work() -> None:
    """What was prepared is read when the model is loaded, by when the programs are known to be the same."""
    import pickle
    from functools import partial

    from harness.runner.ray_worker import Worker

    make = partial(Worker, partial(Slow, 0.0), folder=".", workers=1, gpus=0.0, batch_timeout=None)
    actor = ray_actor.Actor(own_program(), pickle.dumps(make))
    assert actor.load() == Slow(0.0).card
    assert actor.transcribe([]) == []
