from __future__ import annotations

from typing import Any

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"


def test_scale_reads_and_writes_the_replicas(api: Any, objects: Any) -> None:
    api.create(DEPLOYMENTS, objects["deployment"])
    scale = api.get(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 1},
        {"replicas": 0, "selector": "app=web"},
    )
    scale["spec"]["replicas"] = 5
    assert api.call("PUT", f"{DEPLOYMENTS}/web/scale", scale)[0] == 200
    assert api.call("PUT", f"{DEPLOYMENTS}/web/scale", scale)[0] == 409
    assert api.merge(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 2}})["spec"] == {"replicas": 2}
    deployment = api.get(f"{DEPLOYMENTS}/web")
    assert (deployment["spec"]["replicas"], deployment["metadata"]["generation"]) == (2, 3)
    owners = [(each["manager"], each.get("subresource")) for each in deployment["metadata"]["managedFields"]]
    assert ("tester", "scale") in owners


def make_pod(api: Any) -> None:
    spec = {"containers": [{"name": "main", "image": "a:1"}]}
    labels = {"app": "web"}
    api.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels}, "spec": spec})


def test_binding_happens_once(api: Any) -> None:
    make_pod(api)
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "node"}}
    assert api.call("POST", f"{PODS}/p/binding", binding)[0] == 201
    pod = api.get(f"{PODS}/p")
    assert pod["spec"]["nodeName"] == "node"
    assert [(each["type"], each["status"]) for each in pod["status"]["conditions"]] == [("PodScheduled", "True")]
    code, status = api.call("POST", f"{PODS}/p/binding", binding)
    assert code == 409
    assert 'pod p is already assigned to node "node"' in status["message"]


def test_eviction_asks_the_disruption_budgets(api: Any) -> None:
    make_pod(api)
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": spec}
    api.create(budgets, budget)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert api.call("POST", f"{PODS}/p/eviction", eviction)[0] == 429
    api.merge(f"{budgets}/b/status", {"status": {"disruptionsAllowed": 1}})
    assert api.call("POST", f"{PODS}/p/eviction", eviction)[0] == 201
    assert not api.exists(f"{PODS}/p")


def test_what_is_not_played_says_so(api: Any) -> None:
    make_pod(api)
    code, status = api.call("GET", f"{PODS}/p/log")
    assert (code, status["message"]) == (501, "the sandbox does not implement GET pods/log")
    assert api.call("GET", f"{PODS}/p/nothing")[0] == 404
    accounts = "/api/v1/namespaces/default/serviceaccounts/default/token"
    assert api.call("POST", accounts, {})[0] == 501
