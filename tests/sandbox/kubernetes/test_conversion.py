from __future__ import annotations

from typing import Any


def test_events_in_both_groups(api: Any) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "message": "text",
        "reason": "Because",
    }
    api.create("/api/v1/namespaces/default/events", event)
    other = api.get("/apis/events.k8s.io/v1/namespaces/default/events/e")
    assert (other["apiVersion"], other["regarding"], other["note"]) == (
        "events.k8s.io/v1",
        {"kind": "Pod", "name": "p"},
        "text",
    )
    assert api.get("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=p")["items"]
    assert api.get("/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name=p")["items"]


def test_autoscalers_in_both_versions(api: Any) -> None:
    spec = {
        "maxReplicas": 3,
        "targetCPUUtilizationPercentage": 50,
        "scaleTargetRef": {"kind": "Deployment", "name": "d"},
    }
    old = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec}
    path = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
    made = api.create(path.format("v1"), old)
    new = api.get(path.format("v2") + "/h")
    assert made["spec"]["targetCPUUtilizationPercentage"] == 50
    assert new["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    ]
    assert new["metadata"]["uid"] == made["metadata"]["uid"]
