"""The chain that a first create is measured against."""

from __future__ import annotations

from types import ModuleType

import pytest

from environment.paths import project_root


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import from the checkout: benchmarks are not installed."""
    monkeypatch.syspath_prepend(project_root())
    from benchmarks import critical_path

    return critical_path


def test_the_longest_chain_follows_what_is_allowed_to_follow(paths: ModuleType) -> None:
    waits = [paths.Wait("network", 0, 1), paths.Wait("database", 1, 9), paths.Wait("cluster", 1, 6)]
    waits.append(paths.Wait("pool", 9.5, 12))
    chain = paths.longest_chain(waits, lambda later, earlier: True)
    assert [wait.name for wait in chain] == ["network", "database", "pool"]
    without = paths.longest_chain(waits, lambda later, earlier: (later.name, earlier.name) != ("pool", "database"))
    assert [(wait.name, wait.seconds) for wait in without] == [("network", 1), ("database", 8)]


def test_nothing_is_waited_for_where_nothing_takes_time(paths: ModuleType) -> None:
    assert paths.longest_chain([], lambda later, earlier: True) == ()


def test_a_rollout_lasts_from_its_creation_to_its_last_status(paths: ModuleType) -> None:
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/minio"

    def call(time: float, method: str, path: str, actor: str, status: int = 200, mutating: bool = False) -> dict:
        return {"time": time, "method": method, "path": path, "actor": actor, "status": status, "mutating": mutating}

    calls = [
        call(1, "PATCH", path, "user", 201),  # a dry run
        call(2, "PATCH", path, "user", 201, mutating=True),
        call(3, "PUT", f"{path}/status", "controller"),
        call(7, "PUT", f"{path}/status", "controller"),
        call(8, "GET", path, "user"),
        call(9, "PUT", "/apis/apps/v1/namespaces/kubeflow/deployments/older/status", "controller"),
    ]
    assert [(wait.name, wait.seconds) for wait in paths.rollouts(calls)] == [("rollout minio", 5)]
