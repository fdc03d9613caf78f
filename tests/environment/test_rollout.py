from __future__ import annotations

from typing import Any

import pytest

from environment.rollout import crashing_container, diagnose, gave_up_at, workload_status


def workload(kind: str = "Deployment", replicas: int | None = 2, generation: int = 1, **status: Any) -> dict[str, Any]:
    spec = {} if replicas is None else {"replicas": replicas}
    status = {"observedGeneration": 1, **status}
    return {"kind": kind, "metadata": {"name": "ui", "generation": generation}, "spec": spec, "status": status}


DEADLINE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out"}


@pytest.mark.parametrize(
    ("given", "state", "detail"),
    [
        (workload(replicas=2, updatedReplicas=2, availableReplicas=2), "ready", "2 of 2 available"),
        (workload(replicas=None, updatedReplicas=1, availableReplicas=1), "ready", "1 of 1 available"),
        (workload(replicas=0), "ready", "0 of 0 available"),
        (
            workload(generation=2, updatedReplicas=2, availableReplicas=2),
            "progressing",
            "its controller has not seen it yet",
        ),
        (
            {"kind": "Deployment", "metadata": {"generation": 1}, "spec": {}},
            "progressing",
            "its controller has not seen it yet",
        ),
        (workload(updatedReplicas=1, availableReplicas=2), "progressing", "1 of 2 updated"),
        (workload(updatedReplicas=2, availableReplicas=1), "progressing", "1 of 2 available"),
        (workload(conditions=[DEADLINE]), "failed", "Progressing=False: ProgressDeadlineExceeded: has timed out"),
        (workload("StatefulSet", updatedReplicas=2, availableReplicas=2), "ready", "2 of 2 available"),
        (
            workload("DaemonSet", None, desiredNumberScheduled=3, updatedNumberScheduled=3, numberAvailable=2),
            "progressing",
            "2 of 3 available",
        ),
    ],
)
def test_workload_is_judged_as_kubectl_rollout_status_does(given, state, detail):
    status = workload_status(given)
    assert (status.state, status.detail) == (state, detail)
    assert status.is_ready is (state == "ready")


def test_what_is_complete_is_ready_whatever_the_controller_said_before():
    given = workload(updatedReplicas=2, availableReplicas=2, conditions=[DEADLINE])
    assert workload_status(given).state == "ready"


def test_a_controller_that_had_given_up_before_the_wait_is_no_failure_until_it_does_so_again():
    before = gave_up_at(workload(conditions=[{**DEADLINE, "lastUpdateTime": "2026-01-01T00:00:00Z"}]))
    again = workload(updatedReplicas=1, conditions=[{**DEADLINE, "lastUpdateTime": "2026-01-01T00:00:00Z"}])
    assert workload_status(again, before).detail == "1 of 2 updated"
    again["status"]["conditions"] = [{**DEADLINE, "lastUpdateTime": "2026-01-01T00:20:00Z"}]
    assert workload_status(again, before).state == "failed"


def test_a_workload_whose_controller_goes_on_has_not_given_up():
    assert gave_up_at(workload(conditions=[{"type": "Progressing", "status": "True"}])) is None


def test_pods_of_the_former_version_are_waited_for():
    given = workload(updatedReplicas=2, availableReplicas=2)
    given["status"]["replicas"] = 3
    assert workload_status(given).detail == "1 old to end"


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "ui-1"}, "status": status}


def waiting(reason: str, message: str = "") -> list[dict[str, Any]]:
    return [{"name": "main", "state": {"waiting": {"reason": reason, "message": message}}}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            pod(containerStatuses=waiting("ImagePullBackOff", "Back-off pulling")),
            "pod ui-1: ImagePullBackOff: Back-off pulling",
        ),
        (
            pod(containerStatuses=waiting("CreateContainerConfigError", 'secret "x" not found')),
            'pod ui-1: CreateContainerConfigError: secret "x" not found',
        ),
        (pod(initContainerStatuses=waiting("ErrImagePull")), "pod ui-1: ErrImagePull"),
        (
            pod(
                conditions=[
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
                ]
            ),
            "pod ui-1: Unschedulable: 0/1 nodes",
        ),
        (
            pod(containerStatuses=[{"name": "main", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]),
            "pod ui-1: main ended with 1: Error",
        ),
    ],
)
def test_diagnosis_names_what_the_pod_waits_for(given, said):
    assert said in diagnose(workload(), [given], [])


def test_diagnosis_names_condition_and_last_warning_in_one_line():
    conditions = [
        {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "not\nenough"}
    ]
    events = [
        {"metadata": {}, "type": "Warning", "reason": "Old", "message": "1", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {
            "metadata": {},
            "type": "Warning",
            "reason": "FailedMount",
            "message": "2",
            "lastTimestamp": "2026-01-01T00:01:00Z",
        },
        {"metadata": {}, "type": "Normal", "reason": "Pulled", "message": "3", "lastTimestamp": "2026-01-01T00:02:00Z"},
    ]
    text = diagnose(workload(updatedReplicas=2, conditions=conditions), [], events)
    assert text == (
        "0 of 2 available; Available=False: MinimumReplicasUnavailable: not enough; last event: FailedMount: 2"
    )


def test_event_without_timestamp_counts_from_its_series():
    events = [
        {"metadata": {}, "reason": "Old", "message": "", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {
            "metadata": {},
            "reason": "New",
            "message": "",
            "lastTimestamp": None,
            "eventTime": "2026-01-01T00:00:01.000000Z",
        },
    ]
    assert diagnose(workload(), [], events).endswith("last event: New")


def test_crashing_container_is_found():
    assert crashing_container(pod(containerStatuses=waiting("CrashLoopBackOff"))) == "main"
    assert crashing_container(pod(containerStatuses=None)) == ""
