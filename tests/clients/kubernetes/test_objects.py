from __future__ import annotations

from typing import Any

import pytest

from clients.kubernetes.discovery import Resource
from environment.errors import KubernetesError
from environment.objects import GroupKind, ObjectReference

APPS = {
    "resources": [
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
    ]
}
DEPLOYMENT = ObjectReference("apps", "v1", "Deployment", "ml", "ui")
PATH = "/apis/apps/v1/namespaces/ml/deployments/ui"


def manifest(**more: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ui", "namespace": "ml"}, **more}


def test_apply_is_server_side_with_our_field_manager(script):
    script.on("/apis/apps/v1", (200, APPS))
    script.on(PATH, (201, manifest()))
    answer, is_new = script.objects().apply(manifest(), dry_run=True)
    assert (answer, is_new) == (manifest(), True)
    asked = script.asked[-1]
    assert (asked.method, asked.headers["Content-Type"]) == ("PATCH", "application/apply-patch+yaml")
    assert asked.query == {
        "fieldManager": "mlops-env",
        "fieldValidation": "Strict",
        "force": "false",
        "dryRun": "All",
    }


def test_discovery_is_read_once_for_a_version(script):
    script.on("/apis/apps/v1", (200, APPS))
    script.on(PATH, (200, manifest()))
    objects = script.objects()
    objects.get(DEPLOYMENT)
    objects.get(DEPLOYMENT)
    assert script.paths().count("/apis/apps/v1") == 1


def test_missing_object_is_none(script):
    script.on("/apis/apps/v1", (200, APPS))
    assert script.objects().get(DEPLOYMENT) is None


def test_kind_that_is_not_served_is_named(script):
    script.on("/apis/apps/v1", (200, APPS))
    with pytest.raises(KubernetesError, match="does not serve StatefulSet of apps/v1"):
        script.objects().apply(manifest() | {"kind": "StatefulSet"})


def test_list_follows_its_pages(script):
    pages = [
        (200, {"metadata": {"continue": "next", "resourceVersion": "4"}, "items": [{"metadata": {"name": "a"}}]}),
        (200, {"metadata": {"resourceVersion": "4"}, "items": [{"metadata": {"name": "b"}}]}),
    ]
    script.on("/apis/apps/v1/namespaces/ml/deployments", *pages)
    resource = Resource("apps", "v1", "Deployment", "deployments", True)
    listing = script.objects().list(resource, "ml", {"labelSelector": "x"})
    assert [item["metadata"]["name"] for item in listing.items] == ["a", "b"]
    assert {item["kind"] for item in listing.items} == {"Deployment"}
    assert [asked.query.get("continue") for asked in script.asked] == [None, "next"]


def test_empty_list_may_be_null(script):
    script.on("/api/v1/configmaps", (200, {"metadata": {}, "items": None}))
    assert script.objects().list(Resource("", "v1", "ConfigMap", "configmaps", True), metadata_only=True).items == ()
    assert "PartialObjectMetadataList" in script.asked[0].headers["Accept"]


def test_delete_says_which_object_it_means(script):
    script.on("/apis/apps/v1", (200, APPS))
    script.on(PATH, (200, {}), (404, {"reason": "NotFound"}))
    objects = script.objects()
    assert objects.delete(DEPLOYMENT, "uid-1")
    assert script.asked[-1].body["preconditions"] == {"uid": "uid-1"}
    assert script.asked[-1].body["propagationPolicy"] == "Background"
    assert not objects.delete(DEPLOYMENT)


def test_kind_of_an_established_definition_is_known_before_the_server_lists_it(script):
    objects = script.objects()
    spec = {
        "group": "argoproj.io",
        "names": {"kind": "Workflow", "plural": "workflows"},
        "scope": "Namespaced",
        "versions": [{"name": "v1alpha1", "served": True}],
    }
    objects.discovery.learn({"spec": spec})
    resource = objects.discovery.resource("argoproj.io", "v1alpha1", "Workflow")
    assert resource.path("ml", "x") == "/apis/argoproj.io/v1alpha1/namespaces/ml/workflows/x"
    assert script.asked == []


def test_preferred_version_of_a_group(script):
    script.on("/apis/apps", (200, {"preferredVersion": {"version": "v1"}}))
    script.on("/apis/apps/v1", (200, APPS))
    found = script.objects().discovery.preferred(GroupKind("apps", "Deployment"))
    assert found == Resource("apps", "v1", "Deployment", "deployments", True)


def test_group_that_is_gone_has_no_preferred_version(script):
    assert script.objects().discovery.preferred(GroupKind("gone.io", "X")) is None
