from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from clients.kubernetes.discovery import Resource
from clients.kubernetes.watch import LONGEST_PAUSE_SECONDS, watch
from environment.errors import KubernetesError, TransientError

CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps", True)
PATH = "/api/v1/namespaces/ml/configmaps"


def config(name: str, version: int, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ml", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def listing(version: int, *items: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"metadata": {"resourceVersion": str(version)}, "items": list(items)}


def event(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": thing}


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The pauses that the watch makes, which take no time here."""
    made: list[float] = []
    clock = SimpleNamespace(sleep=made.append, monotonic=time.monotonic)
    monkeypatch.setattr("clients.kubernetes.watch.time", clock)  # threads of others sleep too
    return made


def names(script, count: int) -> list[list[str]]:
    snapshots = watch(script.objects(), CONFIG_MAPS, "ml", {"labelSelector": "a=b"}, timeout_seconds=30)
    return [sorted(reference.name for reference in next(snapshots)) for _ in range(count)]


def watched(script) -> list[str]:
    return [asked.query["resourceVersion"] for asked in script.asked if "watch" in asked.query]


def test_snapshots_are_the_list_and_then_each_change(script):
    changes = [
        event("ADDED", config("b", 6)),
        event("MODIFIED", config("a", 7, x="1")),
        event("DELETED", config("b", 8)),
    ]
    script.on(PATH, listing(5, config("a", 4)), changes)
    assert names(script, 4) == [["a"], ["a", "b"], ["a", "b"], ["a"]]
    assert watched(script) == ["5"]
    assert all(asked.query["labelSelector"] == "a=b" for asked in script.asked)


def test_a_watch_that_ends_goes_on_where_it_was(script):
    bookmark = event("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": "9"}})
    script.on(PATH, listing(5), [event("ADDED", config("a", 6))], [bookmark], [event("ADDED", config("b", 10))])
    assert names(script, 5)[-1] == ["a", "b"]
    assert watched(script) == ["5", "6", "9"]


def test_a_forgotten_version_is_answered_by_listing_again(script):
    gone = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
    script.on(PATH, listing(5, config("a", 4)), [gone], listing(20, config("b", 19)), [])
    assert names(script, 2) == [["a"], ["b"]]


def test_a_version_refused_at_once_is_answered_by_listing_again(script):
    script.on(PATH, listing(5), (410, {"reason": "Expired", "message": "too old"}), listing(20, config("b", 19)), [])
    assert names(script, 2) == [[], ["b"]]


def test_a_lost_connection_is_answered_by_listing_again(script):
    script.on(PATH, listing(5), None, None, listing(6, config("a", 6)), [])
    assert names(script, 2) == [[], ["a"]]


def test_a_server_that_is_down_is_asked_again_until_it_answers(script, pauses):
    down = (503, {"message": "starting"})
    script.on(PATH, *[down] * 12, listing(6, config("a", 6)))
    assert names(script, 1) == [["a"]]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.2, LONGEST_PAUSE_SECONDS)


def test_a_server_that_stays_down_is_told_when_the_time_is_up(script):
    script.on(PATH, (503, {"message": "starting"}))
    with pytest.raises(TransientError, match="starting"):
        list(watch(script.objects(), CONFIG_MAPS, "ml", {}, timeout_seconds=0.3))
    assert len(script.asked) > 1


def test_a_server_that_ends_every_watch_at_once_is_not_asked_at_full_speed(script, pauses):
    script.on(PATH, listing(5), *[[]] * 5, [event("ADDED", config("a", 6))], [], [])
    assert names(script, 7)[-1] == ["a"]
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_another_error_is_raised(script):
    script.on(PATH, listing(5), [event("ERROR", {"kind": "Status", "code": 403, "message": "no"})])
    with pytest.raises(KubernetesError, match="could not watch configmaps: no"):
        names(script, 2)


def test_watch_ends_when_the_time_is_up(script):
    script.on(PATH, listing(5))
    snapshots = watch(script.objects(), CONFIG_MAPS, "ml", {}, timeout_seconds=0)
    assert len(list(snapshots)) == 1
