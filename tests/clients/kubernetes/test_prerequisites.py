from __future__ import annotations

from typing import Any

import pytest

from clients.kubernetes.prerequisites import wait_until_established
from environment.apply_set import ApplySet
from environment.errors import KubernetesError, RolloutError

SET = ApplySet("mlops-env", "ml", "0.1.0")
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def definition(name: str, version: int, *conditions: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}s.example.com", "resourceVersion": str(version)},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": name.title(), "plural": f"{name}s"},
            "versions": [{"name": "v1", "served": True}],
        },
        "status": {"conditions": list(conditions)},
    }


ESTABLISHED = {"type": "Established", "status": "True"}
REFUSED = {"type": "NamesAccepted", "status": "False", "message": '"widgets" is already in use'}


def listing(*items: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"metadata": {"resourceVersion": "10"}, "items": list(items)}


def test_definitions_are_watched_until_each_is_established(script):
    first, second = definition("widget", 1), definition("gadget", 2)
    events = [
        {"type": "MODIFIED", "object": definition("gadget", 11, ESTABLISHED)},
        {"type": "MODIFIED", "object": definition("widget", 12, ESTABLISHED)},
    ]
    script.on(PATH, listing(first, second), events)
    objects = script.objects()
    wait_until_established(objects, [first, second], SET)
    assert len(script.asked) == 2
    assert objects.discovery.resource("example.com", "v1", "Widget").plural == "widgets"


def test_established_definitions_are_only_listed(script):
    script.on(PATH, listing(definition("widget", 1, ESTABLISHED)))
    wait_until_established(script.objects(), [definition("widget", 1)], SET)
    assert len(script.asked) == 1


def test_without_definitions_nothing_is_asked(script):
    wait_until_established(script.objects(), [], SET)
    assert script.asked == []


def test_names_that_are_taken_are_told_at_once(script):
    script.on(PATH, listing(definition("widget", 1, REFUSED)))
    with pytest.raises(KubernetesError, match=r"widgets\.example\.com is not accepted: \"widgets\" is already in use"):
        wait_until_established(script.objects(), [definition("widget", 1)], SET)


def test_definition_that_is_never_established_is_named(script):
    script.on(PATH, listing(definition("widget", 1)))
    with pytest.raises(RolloutError, match=r"widgets\.example\.com was not established"):
        wait_until_established(script.objects(), [definition("widget", 1)], SET, timeout_seconds=0)
