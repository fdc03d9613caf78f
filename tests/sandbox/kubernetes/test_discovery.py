from __future__ import annotations

from typing import Any

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_groups_and_versions(api: Any) -> None:
    assert api.get("/api")["versions"] == ["v1"]
    groups = {group["name"]: group for group in api.get("/apis")["groups"]}
    assert groups["autoscaling"]["preferredVersion"]["groupVersion"] == "autoscaling/v2"
    assert [each["version"] for each in groups["autoscaling"]["versions"]] == ["v2", "v1"]
    assert api.get("/apis/apps")["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


def test_resources(api: Any) -> None:
    resources = {each["name"]: each for each in api.get("/apis/apps/v1")["resources"]}
    assert resources["deployments"]["shortNames"] == ["deploy"]
    assert resources["deployments"]["categories"] == ["all"]
    assert resources["deployments/scale"]["group"] == "autoscaling"
    assert {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"} == set(
        resources["deployments"]["verbs"]
    )


def test_all_at_once(api: Any) -> None:
    answer = api.request("GET", "/apis", accept=AGGREGATED)
    assert answer.headers["content-type"] == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    found = {item["metadata"]["name"]: item for item in answer.json()["items"]}
    apps = {each["resource"]: each for each in found["apps"]["versions"][0]["resources"]}
    assert apps["deployments"]["scope"] == "Namespaced"
    assert [each["subresource"] for each in apps["deployments"]["subresources"]] == ["scale", "status"]
    core = api.request("GET", "/api", accept=AGGREGATED).json()["items"][0]
    assert {"pods", "services"} <= {each["resource"] for each in core["versions"][0]["resources"]}


def test_an_older_aggregated_form_is_answered_the_old_way(api: Any) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
    assert api.request("GET", "/apis", accept=accept).json()["kind"] == "APIGroupList"
