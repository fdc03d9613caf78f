from __future__ import annotations

from typing import Any

import pytest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_a_document_per_group_and_version(api: Any) -> None:
    paths = api.get("/openapi/v3")["paths"]
    assert paths["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")
    document = api.get(paths["apis/apps/v1"]["serverRelativeURL"])
    schemas = document["components"]["schemas"]
    deployment = schemas["io.k8s.api.apps.v1.Deployment"]
    assert deployment["x-kubernetes-group-version-kind"] == [{"group": "apps", "version": "v1", "kind": "Deployment"}]
    assert deployment["properties"]["spec"] == {"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"}
    assert "io.k8s.api.core.v1.Container" in schemas


def test_what_kubectl_looks_for(api: Any) -> None:
    document = api.get("/openapi/v3/api/v1")
    patch = document["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}


def test_every_reference_leads_somewhere(api: Any) -> None:
    for path in api.get("/openapi/v3")["paths"]:
        text = api.request("GET", f"/openapi/v3/{path}").text
        names = set(api.get(f"/openapi/v3/{path}")["components"]["schemas"])
        referred = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
        assert referred <= names


def test_custom_kinds(api: Any, objects: Any) -> None:
    before = api.get("/openapi/v3")["paths"]
    api.create(DEFINITIONS, objects["definition"])
    after = api.get("/openapi/v3")["paths"]
    assert set(after) - set(before) == {"apis/example.com/v1", "apis/example.com/v1beta1"}
    schemas = api.get("/openapi/v3/apis/example.com/v1")["components"]["schemas"]
    assert schemas["com.example.v1.Widget"]["properties"]["spec"]["required"] == ["size"]


def test_a_document_that_is_known_is_not_sent_again(api: Any) -> None:
    tag = api.request("GET", "/openapi/v3/apis/apps/v1").headers["etag"]
    assert api.request("GET", "/openapi/v3/apis/apps/v1", if_none_match=tag).status_code == 304


@pytest.mark.parametrize("path", ["/openapi/v3/apis/nothing/v1", "/openapi/v4"])
def test_other_paths(api: Any, path: str) -> None:
    assert api.call("GET", path)[0] == 404


def test_version_2(api: Any) -> None:
    definitions = api.get("/openapi/v2")["definitions"]
    assert definitions["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"][0]["kind"] == "Pod"
