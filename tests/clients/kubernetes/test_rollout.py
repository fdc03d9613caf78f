from __future__ import annotations

from typing import Any

import pytest

from clients.kubernetes.rollout import wait_for_rollout
from environment.apply_set import ApplySet
from environment.errors import RolloutError

SET = ApplySet("mlops-env", "ml", "0.1.0")
DEPLOYMENTS = "/apis/apps/v1/namespaces/ml/deployments"
PODS = "/api/v1/namespaces/ml/pods"
EVENTS = "/api/v1/namespaces/ml/events"
Script = Any


def deployment(name: str, version: int, available: int, *conditions: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "ml", "uid": f"uid-{name}", "resourceVersion": str(version)},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}},
        "status": {"updatedReplicas": 1, "availableReplicas": available, "conditions": list(conditions)},
    }


def listing(*items: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"metadata": {"resourceVersion": "10"}, "items": list(items)}


@pytest.fixture
def workloads(script: Script) -> Script:
    """A namespace without other workloads, pods or events."""
    for path in ("statefulsets", "daemonsets"):
        script.on(f"/apis/apps/v1/namespaces/ml/{path}", listing())
    script.on(PODS, listing())
    script.on(EVENTS, listing())
    return script


def wait(script: Script, timeout_seconds: float = 30) -> tuple[list[str], list[str]]:
    said: list[str] = []
    ready = wait_for_rollout(
        script.objects(),
        SET,
        lambda one, status: said.append(f"{one}: {status.detail}"),
        timeout_seconds=timeout_seconds,
    )
    return [str(one) for one in ready], said


def test_ready_workloads_are_returned_without_watching(workloads):
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 1), deployment("b", 2, 1)))
    assert wait(workloads) == (["Deployment ml/a", "Deployment ml/b"], [])
    assert all("watch" not in asked.query for asked in workloads.asked)
    assert {asked.query["labelSelector"] for asked in workloads.asked} == {SET.selector}


def test_waiting_ends_with_the_event_that_makes_the_last_one_ready(workloads):
    events = [
        {"type": "MODIFIED", "object": deployment("b", 11, 1)},
        {"type": "MODIFIED", "object": deployment("a", 12, 1)},
    ]
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 0), deployment("b", 2, 0)), events)
    ready, said = wait(workloads)
    assert ready == ["Deployment ml/a", "Deployment ml/b"]
    assert said == ["Deployment ml/b: 1 of 1 available", "Deployment ml/a: 1 of 1 available"]


def test_failed_workload_is_explained_by_its_pod_and_events(workloads):
    gave_up = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": "has timed out",
    }
    events = [{"type": "MODIFIED", "object": deployment("b", 11, 0, gave_up)}]
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 1), deployment("b", 2, 0)), events)
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "mysql-secret" not found'}}
    status = {"containerStatuses": [{"name": "main", "state": state}]}
    workloads.on(PODS, listing({"metadata": {"name": "b-1", "namespace": "ml", "uid": "p"}, "status": status}))
    event = {"metadata": {}, "type": "Warning", "reason": "Failed", "message": "Error: secret not found"}
    workloads.on(EVENTS, listing(event))
    with pytest.raises(RolloutError) as caught:
        wait(workloads)
    assert caught.value.message == (
        "Deployment ml/b failed: Progressing=False: ProgressDeadlineExceeded: has timed out; "
        'pod b-1: CreateContainerConfigError: secret "mysql-secret" not found; '
        "last event: Failed: Error: secret not found"
    )
    assert caught.value.resource == "Deployment ml/b"
    pods = next(asked for asked in workloads.asked if asked.path == PODS)
    assert pods.query["labelSelector"] == "app=b"


def test_failure_of_a_run_before_is_none_of_this_one(workloads):
    gave_up = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "lastUpdateTime": "1"}
    events = [
        {"type": "MODIFIED", "object": deployment("a", 11, 0, gave_up)},
        {"type": "MODIFIED", "object": deployment("a", 12, 1)},
    ]
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 0, gave_up)), events)
    assert wait(workloads)[0] == ["Deployment ml/a"]


def test_a_control_plane_that_is_away_for_a_while_is_waited_for(workloads):
    away = (503, {"message": "upgrading"})
    workloads.on(DEPLOYMENTS, away, listing(deployment("a", 1, 0)), None, None, away, listing(deployment("a", 9, 1)))
    assert wait(workloads)[0] == ["Deployment ml/a"]


def test_time_that_is_up_names_the_first_workload_that_is_not_ready(workloads):
    workloads.on(DEPLOYMENTS, listing(deployment("c", 3, 0), deployment("b", 2, 0), deployment("a", 1, 1)))
    with pytest.raises(RolloutError, match=r"Deployment ml/b is not ready after 0 s: 0 of 1 available"):
        wait(workloads, timeout_seconds=0)


def test_long_waits_say_why(workloads, monkeypatch):
    monkeypatch.setattr("clients.kubernetes.rollout.EXPLAIN_SECONDS", 0.0)
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 0)), [{"type": "MODIFIED", "object": deployment("a", 11, 1)}])
    _, said = wait(workloads)
    assert said == ["Deployment ml/a: 0 of 1 available", "Deployment ml/a: 1 of 1 available"]


def test_crashing_container_gives_its_last_log_line(workloads):
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    pod = {
        "metadata": {"name": "a-1", "namespace": "ml", "uid": "p"},
        "status": {"containerStatuses": [{"name": "main", "state": state}]},
    }
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 0)))
    workloads.on(PODS, listing(pod))
    workloads.on(f"{PODS}/a-1/log", (200, b"cannot log in to the database\n"))
    with pytest.raises(RolloutError, match="its last log line: cannot log in to the database"):
        wait(workloads, timeout_seconds=0)


def test_failure_is_told_even_when_it_cannot_be_explained(workloads):
    workloads.on(DEPLOYMENTS, listing(deployment("a", 1, 0)))
    workloads.on(PODS, (403, {"reason": "Forbidden", "message": "cannot list pods"}))
    with pytest.raises(RolloutError, match=r"Deployment ml/a is not ready .* 0 of 1 available .*cannot list pods"):
        wait(workloads, timeout_seconds=0)
