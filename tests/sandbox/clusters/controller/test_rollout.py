"""How ReplicaSets grow and shrink in a rollout."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.clusters.controller.rollout import (
    Counts,
    Limits,
    Scale,
    available_condition,
    initial_replicas,
    is_complete,
    read_limits,
    rolling_scales,
)


@pytest.mark.parametrize(
    ("spec", "limits"),
    [
        ({}, Limits(1, 1, 0)),
        ({"replicas": 10}, Limits(10, 3, 2)),
        ({"replicas": 0}, Limits(0, 0, 0)),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "50%"}}}, Limits(4, 0, 2)),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, Limits(4, 0, 1)),
        ({"replicas": 2, "strategy": {"type": "Recreate"}}, Limits(2, 0, 0)),
    ],
)
def test_limits_are_rounded_as_kubernetes_does(spec: dict[str, Any], limits: Limits) -> None:
    assert read_limits({"spec": spec}) == limits


@pytest.mark.parametrize(
    ("name", "new", "old", "expected"),
    [
        ("surges first", Scale("new", 0, 0), [Scale("old", 3, 3)], {"new": 1}),
        ("waits for the surge", Scale("new", 1, 0), [Scale("old", 3, 3)], {}),
        ("then takes an old one", Scale("new", 1, 1), [Scale("old", 3, 3)], {"old": 2}),
        ("and so on", Scale("new", 1, 1), [Scale("old", 2, 2)], {"new": 2}),
        ("takes broken old ones at once", Scale("new", 1, 0), [Scale("old", 3, 2)], {}),
        ("broken old ones before whole ones", Scale("new", 1, 1), [Scale("a", 1, 1), Scale("b", 2, 1)], {"b": 1}),
        ("shrinks the new one to what is wanted", Scale("new", 5, 5), [], {"new": 3}),
        ("rests when it is done", Scale("new", 3, 3), [], {}),
        ("ends with the last old one", Scale("new", 3, 3), [Scale("old", 1, 1)], {"old": 0}),
    ],
)
def test_a_step_of_a_rollout(name: str, new: Scale, old: list[Scale], expected: dict[str, int]) -> None:
    assert rolling_scales(Limits(3, 1, 0), new, old) == expected, name


def test_without_surge_an_old_pod_goes_first() -> None:
    limits = Limits(2, 0, 1)
    assert rolling_scales(limits, Scale("new", 0, 0), [Scale("old", 2, 2)]) == {"old": 1}
    assert rolling_scales(limits, Scale("new", 0, 0), [Scale("old", 1, 1)]) == {"new": 1}


@pytest.mark.parametrize(("old", "expected"), [([], 3), ([Scale("old", 3, 3)], 1), ([Scale("old", 4, 4)], 0)])
def test_a_new_replica_set_starts_with_what_fits(old: list[Scale], expected: int) -> None:
    assert initial_replicas(Limits(3, 1, 0), old) == expected


@pytest.mark.parametrize(
    ("counts", "complete", "available"),
    [
        (Counts(replicas=3, updated=3, ready=3, available=3), True, "True"),
        (Counts(replicas=4, updated=3, ready=4, available=4), False, "True"),
        (Counts(replicas=3, updated=3, ready=2, available=2), False, "False"),
        (Counts(replicas=0, updated=0, ready=0, available=0), False, "False"),
    ],
)
def test_a_rollout_is_complete_when_only_new_pods_are_left(counts: Counts, complete: bool, available: str) -> None:
    assert is_complete(Limits(3, 1, 0), counts) is complete
    assert available_condition(Limits(3, 1, 0), counts)["status"] == available
