from __future__ import annotations

import copy
from typing import Any

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def config_map(name: str = "c", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}


def test_create_gives_identity_version_and_ownership(api: Any) -> None:
    made = api.create(CONFIG_MAPS, config_map(data={"a": "1"}))
    metadata = made["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert int(metadata["resourceVersion"]) > 0
    assert metadata["managedFields"][0]["manager"] == "tester"
    assert api.get(f"{CONFIG_MAPS}/c") == made


def test_create_twice_conflicts(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map())
    code, status = api.call("POST", CONFIG_MAPS, config_map())
    assert (code, status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'configmaps "c" already exists'
    assert status["details"] == {"name": "c", "kind": "configmaps"}


def test_generated_names_differ(api: Any) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "job-"}}
    names = {api.create(CONFIG_MAPS, obj)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("obj", "code", "message"),
    [
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, 422, "name or generateName is required"),
        (config_map("Bad"), 422, "a lowercase RFC 1123 subdomain"),
        ({**config_map(), "apiVersion": "v2"}, 400, "the API version in the data (v2) does not match"),
        ({**config_map(), "kind": "Secret"}, 400, "cannot be handled as a ConfigMap"),
        (config_map(data={"a": 1}), 400, "cannot unmarshal number into Go struct field ConfigMap.data of type string"),
        (config_map(data={"a b": "1"}), 422, "a valid config key"),
    ],
)
def test_create_refuses(api: Any, obj: dict[str, Any], code: int, message: str) -> None:
    got, status = api.call("POST", CONFIG_MAPS, obj)
    assert got == code
    assert message in status["message"]


def test_create_in_a_namespace_that_is_not_there(api: Any) -> None:
    code, status = api.call("POST", "/api/v1/namespaces/nowhere/configmaps", config_map())
    assert (code, status["message"]) == (404, 'namespaces "nowhere" not found')


@pytest.mark.parametrize(
    ("mode", "code", "warned"), [("Strict", 400, False), ("Warn", 201, True), ("Ignore", 201, False)]
)
def test_unknown_fields(api: Any, mode: str, code: int, warned: bool) -> None:
    answer = api.request("POST", f"{CONFIG_MAPS}?fieldValidation={mode}", config_map(dataa={}))
    assert answer.status_code == code
    assert answer.headers.get("warning") == ('299 - "unknown field \\"dataa\\""' if warned else None)
    if mode == "Strict":
        assert answer.json()["message"].endswith('strict decoding error: unknown field "dataa"')


def test_dry_run_stores_nothing(api: Any) -> None:
    code, made = api.call("POST", f"{CONFIG_MAPS}?dryRun=All", config_map())
    assert code == 201
    assert "resourceVersion" not in made["metadata"]
    assert not api.exists(f"{CONFIG_MAPS}/c")


def test_update_needs_the_version_it_replaces(api: Any) -> None:
    made = api.create(CONFIG_MAPS, config_map(data={"a": "1"}))
    first = api.call("PUT", f"{CONFIG_MAPS}/c", {**made, "data": {"a": "2"}})
    code, status = api.call("PUT", f"{CONFIG_MAPS}/c", {**made, "data": {"a": "3"}})
    assert first[0] == 200
    assert (code, status["reason"]) == (409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version" in status["message"]


def test_update_without_version_is_unconditional(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map())
    assert api.call("PUT", f"{CONFIG_MAPS}/c", config_map(data={"a": "3"}))[0] == 200


def test_a_write_that_changes_nothing_keeps_the_version(api: Any, objects: Any) -> None:
    made = api.create(DEPLOYMENTS, objects["deployment"])
    code, again = api.call("PUT", f"{DEPLOYMENTS}/web", objects["deployment"])
    assert (code, again) == (200, made)


def test_generation_counts_changes_of_the_spec_only(api: Any, objects: Any) -> None:
    api.create(DEPLOYMENTS, objects["deployment"])
    labelled = api.merge(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"x": "y"}}})
    scaled = api.merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 3}})
    reported = api.merge(f"{DEPLOYMENTS}/web/status", {"status": {"replicas": 3}})
    assert [each["metadata"]["generation"] for each in (labelled, scaled, reported)] == [1, 2, 2]


def test_status_and_spec_are_written_apart(api: Any, objects: Any) -> None:
    made = api.create(DEPLOYMENTS, {**objects["deployment"], "status": {"replicas": 9}})
    both = {"spec": {"replicas": 7}, "status": {"readyReplicas": 1}}
    assert made["status"] == {}
    assert api.merge(f"{DEPLOYMENTS}/web", both)["status"] == {}
    after = api.merge(f"{DEPLOYMENTS}/web/status", {**both, "spec": {"replicas": 8}})
    assert (after["spec"]["replicas"], after["status"]) == (7, {"readyReplicas": 1})


def test_update_of_what_is_not_there(api: Any, objects: Any) -> None:
    code, status = api.call("PUT", f"{DEPLOYMENTS}/web", objects["deployment"])
    assert (code, status["message"]) == (404, 'deployments.apps "web" not found')


def test_some_kinds_are_created_by_update(api: Any) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}, "spec": {}}
    assert api.call("PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", lease)[0] == 201


def test_the_selector_of_a_deployment_cannot_change(api: Any, objects: Any) -> None:
    api.create(DEPLOYMENTS, objects["deployment"])
    changed = copy.deepcopy(objects["deployment"])
    changed["spec"]["selector"]["matchLabels"]["tier"] = "x"
    changed["spec"]["template"]["metadata"]["labels"]["tier"] = "x"
    code, status = api.call("PUT", f"{DEPLOYMENTS}/web", changed)
    assert code == 422
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.selector"]
    assert "field is immutable" in status["message"]


def test_apply_creates_then_changes_then_does_nothing(api: Any, objects: Any) -> None:
    first = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"])
    again = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"])
    objects["deployment"]["spec"]["replicas"] = 2
    changed = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"])
    assert [first[0], again[0], changed[0]] == [201, 200, 200]
    assert again[1] == first[1]
    assert changed[1]["spec"]["replicas"] == 2


def test_apply_conflicts_name_manager_and_field(api: Any, objects: Any) -> None:
    objects["deployment"]["spec"]["replicas"] = 2
    api.apply(f"{DEPLOYMENTS}/web", objects["deployment"], manager="first")
    objects["deployment"]["spec"]["replicas"] = 5
    code, status = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"], manager="second")
    forced, obj = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"], manager="second", query="&force=true")
    assert (code, status["reason"]) == (409, "Conflict")
    assert status["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first"', "field": ".spec.replicas"}
    ]
    assert (forced, obj["spec"]["replicas"]) == (200, 5)


def test_apply_needs_a_manager(api: Any) -> None:
    code, status = api.call("PATCH", f"{CONFIG_MAPS}/c", config_map(), "application/apply-patch+yaml")
    assert code == 422
    assert "fieldManager: Required value: is required for apply patch" in status["message"]


def test_apply_refuses_unknown_fields(api: Any) -> None:
    code, status = api.apply(f"{CONFIG_MAPS}/c", config_map(dataa={}))
    assert code == 500
    assert "field not declared in schema" in status["message"]


def test_dry_run_of_an_apply_stores_nothing(api: Any, objects: Any) -> None:
    code, shown = api.apply(f"{DEPLOYMENTS}/web", objects["deployment"], query="&dryRun=All")
    assert (code, shown["spec"]["replicas"]) == (201, 1)
    assert not api.exists(f"{DEPLOYMENTS}/web")


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("application/json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 4}]),
        ("application/merge-patch+json", {"spec": {"replicas": 4}}),
        ("application/strategic-merge-patch+json", {"spec": {"replicas": 4}}),
    ],
)
def test_patches(api: Any, objects: Any, kind: str, patch: Any) -> None:
    api.create(DEPLOYMENTS, objects["deployment"])
    code, patched = api.call("PATCH", f"{DEPLOYMENTS}/web", patch, kind)
    assert (code, patched["spec"]["replicas"]) == (200, 4)


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("application/json", {}, 415),
        ("application/json-patch+json", [{"op": "test", "path": "/spec/replicas", "value": 9}], 422),
        ("application/json-patch+json", {"op": "add"}, 400),
        ("application/merge-patch+json", {"spec": {"replicas": "many"}}, 400),
        ("application/merge-patch+json", {"metadata": {"resourceVersion": "1"}}, 409),
        ("application/merge-patch+json", {"metadata": {"uid": "other"}}, 409),
    ],
)
def test_patches_that_are_refused(api: Any, objects: Any, kind: str, patch: Any, code: int) -> None:
    api.create(DEPLOYMENTS, objects["deployment"])
    assert api.call("PATCH", f"{DEPLOYMENTS}/web", patch, kind)[0] == code


def test_texts_of_a_secret_become_data(api: Any) -> None:
    secrets = "/api/v1/namespaces/default/secrets"
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}
    made = api.create(secrets, obj)
    assert (made["data"], made["type"]) == ({"a": "Yg=="}, "Opaque")
    assert "stringData" not in made
    code, status = api.call("POST", secrets, {**obj, "metadata": {"name": "t"}, "data": {"a": "*"}})
    assert code == 400
    assert "illegal base64 data at input byte 0" in status["message"]


def test_what_is_immutable_stays(api: Any) -> None:
    api.create(CONFIG_MAPS, config_map(data={"a": "1"}, immutable=True))
    code, status = api.call("PATCH", f"{CONFIG_MAPS}/c", {"data": {"a": "2"}}, "application/merge-patch+json")
    assert code == 422
    assert "data: Forbidden: field is immutable when `immutable` is set" in status["message"]


def test_a_claim_gets_the_default_storage_class(api: Any) -> None:
    classes, claims = "/apis/storage.k8s.io/v1/storageclasses", "/api/v1/namespaces/default/persistentvolumeclaims"
    claim: dict[str, Any] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}}
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    assert "storageClassName" not in api.create(claims, claim)["spec"]
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    metadata = {"name": "standard", "annotations": mark}
    api.create(
        classes, {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, "provisioner": "p"}
    )
    claim["metadata"] = {"name": "b"}
    assert api.create(claims, claim)["spec"]["storageClassName"] == "standard"
