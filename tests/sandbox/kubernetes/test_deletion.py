from __future__ import annotations

from typing import Any

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
NAMESPACES = "/api/v1/namespaces"


def config_map(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def owned_by(owner: dict[str, Any], *, blocks: bool = True) -> dict[str, Any]:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": blocks,
    }


def family(api: Any, *, finalizers: list[str] | None = None) -> list[dict[str, Any]]:
    """Make an owner, what it owns, and what that owns."""
    owner = api.create(CONFIG_MAPS, config_map("owner"))
    child = api.create(CONFIG_MAPS, config_map("child", ownerReferences=[owned_by(owner)], finalizers=finalizers or []))
    grandchild = api.create(CONFIG_MAPS, config_map("grandchild", ownerReferences=[owned_by(child)]))
    return [owner, child, grandchild]


def left(api: Any) -> list[str]:
    names = [item["metadata"]["name"] for item in api.get(CONFIG_MAPS)["items"]]
    return [name for name in names if not name.startswith("kube-")]


def test_a_deletion_says_what_it_deleted(api: Any) -> None:
    made = api.create(CONFIG_MAPS, config_map("a"))
    status = api.delete(f"{CONFIG_MAPS}/a")
    assert status["status"] == "Success"
    assert status["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert api.call("DELETE", f"{CONFIG_MAPS}/a")[0] == 404


def test_some_kinds_are_returned(api: Any) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}
    api.create("/api/v1/namespaces/default/serviceaccounts", account)
    assert api.delete("/api/v1/namespaces/default/serviceaccounts/a")["kind"] == "ServiceAccount"


def test_finalizers_hold_an_object(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map("a", finalizers=["example.com/hold"]))
    marked = api.delete(f"{CONFIG_MAPS}/a")
    again = api.delete(f"{CONFIG_MAPS}/a")
    assert marked["metadata"]["deletionTimestamp"]
    assert again == marked
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/other"]}}
    assert api.call("PATCH", f"{CONFIG_MAPS}/a", more, "application/merge-patch+json")[0] == 422
    api.merge(f"{CONFIG_MAPS}/a", {"metadata": {"finalizers": None}})
    assert not api.exists(f"{CONFIG_MAPS}/a")


@pytest.mark.parametrize("condition", [{"uid": "other"}, {"resourceVersion": "1"}])
def test_preconditions(api: Any, condition: dict[str, str]) -> None:
    api.create(CONFIG_MAPS, config_map("a"))
    code, status = api.call("DELETE", f"{CONFIG_MAPS}/a", {"preconditions": condition})
    assert (code, status["reason"]) == (409, "Conflict")
    assert api.exists(f"{CONFIG_MAPS}/a")


def test_dry_run(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map("a"))
    api.delete(f"{CONFIG_MAPS}/a", dryRun=["All"])
    api.delete(f"{CONFIG_MAPS}/a?dryRun=All")
    assert api.exists(f"{CONFIG_MAPS}/a")


def test_an_unknown_policy_is_refused(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map("a"))
    code, status = api.call("DELETE", f"{CONFIG_MAPS}/a", {"propagationPolicy": "Slowly"})
    assert code == 422
    assert 'Unsupported value: "Slowly": supported values: "Foreground", "Background", "Orphan"' in status["message"]


def test_background_deletes_what_it_owns(api: Any) -> None:
    family(api)
    api.delete(f"{CONFIG_MAPS}/owner", propagationPolicy="Background")
    assert left(api) == []


def test_orphan_frees_what_it_owns(api: Any) -> None:
    family(api)
    api.delete(f"{CONFIG_MAPS}/owner", propagationPolicy="Orphan")
    assert left(api) == ["child", "grandchild"]
    assert "ownerReferences" not in api.get(f"{CONFIG_MAPS}/child")["metadata"]


def test_foreground_waits_for_what_it_owns(api: Any) -> None:
    family(api, finalizers=["example.com/hold"])
    marked = api.delete(f"{CONFIG_MAPS}/owner", propagationPolicy="Foreground")
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert left(api) == ["child", "owner"]
    api.merge(f"{CONFIG_MAPS}/child", {"metadata": {"finalizers": None}})
    assert left(api) == []


def test_who_has_another_owner_stays(api: Any) -> None:
    first, second = (api.create(CONFIG_MAPS, config_map(name)) for name in ("first", "second"))
    references = [owned_by(first), {**owned_by(second), "controller": False}]
    api.create(CONFIG_MAPS, config_map("child", ownerReferences=references))
    api.delete(f"{CONFIG_MAPS}/first")
    kept = api.get(f"{CONFIG_MAPS}/child")["metadata"]["ownerReferences"]
    assert [each["name"] for each in kept] == ["second"]


def test_who_names_an_owner_that_is_not_there_is_collected(api: Any) -> None:
    owner = api.create(CONFIG_MAPS, config_map("owner"))
    api.delete(f"{CONFIG_MAPS}/owner")
    api.create(CONFIG_MAPS, config_map("late", ownerReferences=[owned_by(owner)]))
    assert left(api) == []


def test_a_collection(api: Any) -> None:
    for name in "abc":
        api.create(CONFIG_MAPS, config_map(name, labels={"x": name}))
    deleted = api.delete(f"{CONFIG_MAPS}?labelSelector=x in (a,b)")
    assert [item["metadata"]["name"] for item in deleted["items"]] == ["a", "b"]
    assert left(api) == ["c"]


def pod(name: str = "p") -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": "nginx:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_a_pod_on_a_node_is_ended_by_its_kubelet(api: Any) -> None:
    api.create(PODS, pod())
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "node"}}
    assert api.call("POST", f"{PODS}/p/binding", binding)[0] == 201
    marked = api.delete(f"{PODS}/p")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert api.exists(f"{PODS}/p")
    api.delete(f"{PODS}/p", gracePeriodSeconds=0)
    assert not api.exists(f"{PODS}/p")


def test_a_pod_without_node_goes_at_once(api: Any) -> None:
    api.create(PODS, pod())
    api.delete(f"{PODS}/p")
    assert not api.exists(f"{PODS}/p")


def test_a_claim_waits_for_its_pods(api: Any) -> None:
    claims = "/api/v1/namespaces/default/persistentvolumeclaims"
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    api.create(claims, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec})
    user = pod()
    user["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    api.create(PODS, user)
    api.delete(f"{claims}/c")
    assert api.get(f"{claims}/c")["metadata"]["deletionTimestamp"]
    api.delete(f"{PODS}/p")
    assert not api.exists(f"{claims}/c")


# --- namespaces ----------------------------------------------------------------------------------------------------


def make_namespace(api: Any, name: str = "ml") -> dict[str, Any]:
    made: dict[str, Any] = api.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return made


def test_a_cluster_is_born_with_its_namespaces(api: Any) -> None:
    names = [item["metadata"]["name"] for item in api.get(NAMESPACES)["items"]]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert api.get("/api/v1/namespaces/default/services/kubernetes")["spec"]["clusterIP"] == "10.96.0.1"


def test_a_namespace_comes_equipped(api: Any) -> None:
    made = make_namespace(api)
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "ml"}
    assert (made["spec"], made["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert api.exists("/api/v1/namespaces/ml/serviceaccounts/default")
    assert api.exists("/api/v1/namespaces/ml/configmaps/kube-root-ca.crt")
    api.delete("/api/v1/namespaces/ml/serviceaccounts/default")
    assert api.exists("/api/v1/namespaces/ml/serviceaccounts/default")


def test_a_namespace_goes_with_its_content(api: Any) -> None:
    make_namespace(api)
    api.create("/api/v1/namespaces/ml/configmaps", config_map("a"))
    marked = api.delete(f"{NAMESPACES}/ml")
    assert marked["status"]["phase"] == "Terminating"
    assert not api.exists(f"{NAMESPACES}/ml")
    assert api.get("/api/v1/configmaps?fieldSelector=metadata.namespace=ml")["items"] == []


def test_a_namespace_waits_for_what_is_held(api: Any) -> None:
    make_namespace(api)
    content = "/api/v1/namespaces/ml/configmaps"
    api.create(content, config_map("held", finalizers=["example.com/hold"]))
    api.delete(f"{NAMESPACES}/ml")
    conditions = {each["type"]: each for each in api.get(f"{NAMESPACES}/ml")["status"]["conditions"]}
    remaining = conditions["NamespaceFinalizersRemaining"]["message"]
    assert remaining.endswith("has finalizers remaining: example.com/hold in 1 resource instances")
    code, status = api.call("POST", content, config_map("late"))
    assert (code, status["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    api.merge(f"{content}/held", {"metadata": {"finalizers": None}})
    assert not api.exists(f"{NAMESPACES}/ml")


def test_finalize(api: Any) -> None:
    make_namespace(api)
    api.create("/api/v1/namespaces/ml/configmaps", config_map("held", finalizers=["example.com/hold"]))
    namespace = api.delete(f"{NAMESPACES}/ml")
    namespace = api.get(f"{NAMESPACES}/ml")
    namespace["spec"]["finalizers"] = []
    assert api.call("PUT", f"{NAMESPACES}/ml/finalize", namespace)[0] == 200
    assert not api.exists(f"{NAMESPACES}/ml")
