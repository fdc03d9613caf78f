from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spec: spec.pop("selector"), "spec.selector: Required value"),
        (lambda spec: spec["template"]["spec"].update(containers=[]), "spec.template.spec.containers: Required value"),
        (
            lambda spec: spec["template"]["spec"]["containers"][0].pop("image"),
            "spec.template.spec.containers[0].image: Required value",
        ),
        (
            lambda spec: spec["template"]["spec"]["containers"][0].pop("name"),
            "spec.template.spec.containers[0].name: Required value",
        ),
        (
            lambda spec: spec["template"]["spec"]["containers"][0].update(imagePullPolicy="Sometimes"),
            'Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
        ),
        (
            lambda spec: spec["template"]["metadata"].update(labels={"other": "x"}),
            'map[string]string{"other":"x"}: `selector` does not match template `labels`',
        ),
        (
            lambda spec: spec["template"]["spec"]["containers"].append({"name": "main", "image": "x"}),
            'spec.template.spec.containers[1].name: Duplicate value: "main"',
        ),
        (
            lambda spec: spec["template"]["spec"]["containers"][0].update(
                volumeMounts=[{"name": "v", "mountPath": "/v"}]
            ),
            'volumeMounts[0].name: Not found: "v"',
        ),
        (
            lambda spec: spec["template"]["spec"]["containers"][0].update(
                env=[{"name": "E", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
            ),
            'containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        ),
    ],
)
def test_workloads_that_are_refused(api: Any, objects: Any, change: Change, message: str) -> None:
    deployment = copy.deepcopy(objects["deployment"])
    change(deployment["spec"])
    code, status = api.call("POST", DEPLOYMENTS, deployment)
    assert (code, status["reason"]) == (422, "Invalid")
    assert status["message"].startswith('Deployment.apps "web" is invalid: ')
    assert message in status["message"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"labels": {"a": "not a label"}}, 'metadata.labels: Invalid value: "not a label": a valid label must be'),
        ({"labels": {"a b": "x"}}, 'metadata.labels: Invalid value: "a b": name part must consist of'),
        ({"labels": {"Example.com/a": "x"}}, "prefix part a lowercase RFC 1123 subdomain"),
        ({"labels": {"a": "x" * 64}}, "must be no more than 63 characters"),
        ({"annotations": {"a": "x" * 262145}}, "metadata.annotations: Too long: may not be more than 262144 bytes"),
    ],
)
def test_metadata_that_is_refused(api: Any, objects: Any, metadata: dict[str, Any], message: str) -> None:
    objects["deployment"]["metadata"].update(metadata)
    code, status = api.call("POST", DEPLOYMENTS, objects["deployment"])
    assert code == 422
    assert message in status["message"]


def test_names_of_roles_may_look_like_paths_segments(api: Any) -> None:
    role: dict[str, Any] = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a:B_c"}}
    api.create(f"{RBAC}/roles", role)
    role["metadata"]["name"] = "a/b"
    assert "may not contain '/'" in api.call("POST", f"{RBAC}/roles", role)[1]["message"]


def test_a_binding_keeps_its_role(api: Any) -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "b"},
        "roleRef": reference,
    }
    api.create(f"{RBAC}/rolebindings", binding)
    changed = {**binding, "roleRef": {**reference, "name": "other"}}
    code, status = api.call("PUT", f"{RBAC}/rolebindings/b", changed)
    assert code == 422
    wanted = 'rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"other"}: cannot change roleRef'
    assert wanted in status["message"]


def test_a_pod_changes_in_few_fields_only(api: Any) -> None:
    pods = "/api/v1/namespaces/default/pods"
    spec = {"containers": [{"name": "main", "image": "a:1"}]}
    api.create(pods, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    kind = "application/strategic-merge-patch+json"
    image = {"spec": {"containers": [{"name": "main", "image": "a:2"}]}}
    assert api.call("PATCH", f"{pods}/p", image, kind)[0] == 200
    code, status = api.call("PATCH", f"{pods}/p", {"spec": {"hostname": "x"}}, kind)
    assert code == 422
    assert "pod updates may not change fields other than" in status["message"]


@pytest.mark.parametrize(("field", "code"), [("serviceName", 422), ("replicas", 200)])
def test_a_stateful_set_changes_in_some_fields_only(api: Any, objects: Any, field: str, code: int) -> None:
    sets = "/apis/apps/v1/namespaces/default/statefulsets"
    api.create(sets, {**objects["deployment"], "kind": "StatefulSet"})
    patch = {"spec": {field: 3 if field == "replicas" else "other"}}
    assert api.call("PATCH", f"{sets}/web", patch, "application/merge-patch+json")[0] == code


def test_a_job_needs_a_restart_policy(api: Any) -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "x"}]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}}
    code, status = api.call("POST", "/apis/batch/v1/namespaces/default/jobs", job)
    assert code == 422
    assert 'restartPolicy: Required value: valid values: "OnFailure", "Never"' in status["message"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "a"], 'spec.ports[1].name: Duplicate value: "a"'),
        (["a", ""], "spec.ports[1].name: Required value"),
    ],
)
def test_ports_of_a_service_have_names_of_their_own(api: Any, names: list[str], message: str) -> None:
    ports = [{"name": name, "port": 80 + index} for index, name in enumerate(names)]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}}
    code, status = api.call("POST", "/api/v1/namespaces/default/services", service)
    assert (code, status["reason"]) == (422, "Invalid")
    assert message in status["message"]
