"""What a user says about a cluster, and what Ray is asked for: Ray itself is not needed."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from harness.config import Settings
from harness.errors import UsageError
from harness.runner import ray_connect
from harness.runner.ray_connect import Share
from harness.runner.ray_folder import remove


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ray_workers": 2}, "--ray-address and --ray-workers need --engine ray"),
        ({"engine": "ray", "ray_workers": 0}, "--ray-workers 0: at least one is needed"),
        ({"engine": "ray", "gpus_per_worker": 1.5}, "--gpus-per-worker 1.5: give a share of one GPU"),
        ({"engine": "ray", "gpus_per_worker": 0.0}, "--gpus-per-worker 0: give a share of one GPU"),
        ({"engine": "ray", "cpus_per_worker": 0}, "--cpus-per-worker 0: at least one is needed"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**wrong)


def test_what_a_worker_asks_for() -> None:
    assert Share(cpus=3).resources == {"num_cpus": 3}
    assert Share(cpus=3, gpus=0.5).resources == {"num_gpus": 0.5, "num_cpus": 0}


def test_a_cluster_of_our_own_has_no_dashboard_and_room_for_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(ray_connect, "library", lambda: SimpleNamespace(init=lambda **options: asked.update(options)))
    for name in ("ray", "ray._private", "ray._private.worker"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__spec__=object()))
    for name in (*ray_connect.QUIET, "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "kept")
    folder = ray_connect.connect(Share(workers=500, cpus=2))
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    remove(folder)
    assert not folder.exists()
    assert (asked["address"], asked["include_dashboard"], asked["num_cpus"]) == ("local", False, 1000)
    assert asked["_temp_dir"] == str(folder / "r")


def test_how_many_workers_there_is_room_for() -> None:
    nodes = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 3.0}, {"GPU": 3.0}]
    assert Share().fit(nodes) == 19
    assert Share(cpus=2).fit(nodes) == 9
    assert Share(gpus=1.0).fit(nodes) == 5
    assert Share(gpus=0.5).fit(nodes) == 10
    assert Share(gpus=0.4).fit(nodes) == 10  # two on each GPU: no worker has parts of two
    assert Share(gpus=0.1).fit(nodes) == 50
    assert Share(gpus=2.0).fit(nodes) == 2
