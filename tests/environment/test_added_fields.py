from __future__ import annotations

import json
from typing import Any

import pytest

from environment.added_fields import added_fields, taken_over

PORT = 'k:{"port":8081,"protocol":"TCP"}'
SIDECAR = 'k:{"name":"sidecar"}'


def thing(spec: dict[str, Any], *entries: dict[str, Any], kind: str = "Service") -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "it", "managedFields": [*entries]}, "spec": spec}


def entry(fields: dict[str, Any], manager: str = "kubectl-edit", **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}


@pytest.mark.parametrize(
    ("wanted", "live", "theirs", "found"),
    [
        pytest.param({"a": 1}, {"a": 2}, {"f:a": {}}, [], id="changed, not added"),
        pytest.param({}, {"a": 2}, {"f:a": {}}, [".spec.a"], id="field"),
        pytest.param({}, {"a": {"b": 1}}, {"f:a": {".": {}, "f:b": {}}}, [".spec.a"], id="all below it"),
        pytest.param({"a": {}}, {"a": {"b": 1}}, {"f:a": {"f:b": {}}}, [".spec.a.b"], id="below what is ours"),
        pytest.param({}, {}, {"f:a": {}}, [], id="gone again"),
        pytest.param({}, {"replicas": 2}, {"f:replicas": {}}, [], id="scaled"),
        pytest.param(
            {"ports": [{"port": 8080}]},
            {"ports": [{"port": 8081, "protocol": "TCP", "name": "api"}, {"port": 8080, "protocol": "TCP"}]},
            {"f:ports": {PORT: {".": {}, "f:port": {}}, 'k:{"port":8080,"protocol":"TCP"}': {"f:port": {}}}},
            ['.spec.ports[name="api"]'],
            id="element; what the manifest leaves out of its keys is a default",
        ),
        pytest.param(
            {"finalizers": ["ours"]},
            {"finalizers": ["ours", "mine"]},
            {"f:finalizers": {'v:"mine"': {}}},
            [".spec.finalizers[1]"],
            id="element of a set",
        ),
        pytest.param(
            {"template": {}},
            {"template": {"annotations": {"kubectl.kubernetes.io/restartedAt": "T"}}},
            {"f:template": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}},
            [".spec.template.annotations"],
            id="annotations that nobody had",
        ),
        pytest.param(
            {"template": {"annotations": {"a": "b"}}},
            {"template": {"annotations": {"a": "b", "kubectl.kubernetes.io/restartedAt": "T"}}},
            {"f:template": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}},
            [],
            id="restarted",
        ),
    ],
)
def test_added_is_what_others_own_and_the_manifest_does_not_name(wanted, live, theirs, found):
    added = added_fields(thing(wanted), thing(live, entry({"f:spec": theirs, "f:metadata": {"f:labels": {}}})))
    assert [one.change.path for one in added] == found
    assert all(one.change.owner == "kubectl-edit" for one in added)


@pytest.mark.parametrize(
    ("theirs", "kind", "name"),
    [
        (entry({"f:spec": {"f:a": {}}}, "kube-controller-manager"), "Service", "it"),
        (entry({"f:spec": {"f:a": {}}}, "mlops-env"), "Service", "it"),
        (entry({"f:spec": {"f:a": {}}}, subresource="status"), "Service", "it"),
        (entry({"f:spec": {"f:a": {}}}), "ConfigMap", "inverse-proxy-config"),
    ],
)
def test_controllers_add_nothing_and_neither_does_who_fills_an_object_at_run_time(theirs, kind, name):
    wanted, live = thing({}, kind=kind), thing({"a": 1}, theirs, kind=kind)
    wanted["metadata"]["name"] = name
    assert added_fields(wanted, live) == ()


def test_taken_over_fields_are_in_our_entry_alone_and_the_others_stay():
    ours = {**entry({"f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}}}}}, "mlops-env"), "operation": "Apply"}
    sidecar = {SIDECAR: {".": {}, "f:image": {}}}
    edited = entry({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:containers": sidecar}})
    other = entry({"f:spec": {"f:containers": {SIDECAR: {"f:image": {}}}}}, "argocd")
    live = thing({"containers": [{"name": "main"}, {"name": "sidecar", "image": "i"}]}, ours, edited, other)
    before = json.dumps(live)
    entries = taken_over(live, added_fields(thing({"containers": [{"name": "main"}]}), live))
    assert {one["manager"]: one["fieldsV1"] for one in entries} == {
        "mlops-env": {"f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}}, **sidecar}}},
        "kubectl-edit": {"f:metadata": {"f:labels": {"f:a": {}}}},
    }
    assert json.dumps(live) == before
