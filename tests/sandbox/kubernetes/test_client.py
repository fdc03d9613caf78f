"""The server as the Python client sees it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from kubernetes import client, config, dynamic, watch


@pytest.fixture(scope="module")
def api_client(server: Any) -> Iterator[Any]:
    loaded = config.new_client_from_config(str(server.kubeconfig))
    yield loaded
    loaded.close()


def test_typed_objects(api_client: Any) -> None:
    core = client.CoreV1Api(api_client)
    core.create_namespace({"metadata": {"name": "typed"}})
    metadata = client.V1ObjectMeta(name="c", labels={"a": "b"})
    core.create_namespaced_config_map("typed", client.V1ConfigMap(metadata=metadata, data={"x": "1"}))
    patched = core.patch_namespaced_config_map("c", "typed", {"data": {"y": "2"}})
    assert patched.data == {"x": "1", "y": "2"}
    assert [each.metadata.name for each in core.list_namespaced_config_map("typed", label_selector="a=b").items] == [
        "c"
    ]
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_config_map("other", "typed")
    assert refused.value.status == 404
    core.delete_namespace("typed")


def test_watching(api_client: Any) -> None:
    core = client.CoreV1Api(api_client)
    version = core.list_namespaced_config_map("default").metadata.resource_version
    for name in ("a", "b"):
        core.create_namespaced_config_map("default", {"metadata": {"name": name}})
    core.delete_namespaced_config_map("a", "default")
    events = []
    for event in watch.Watch().stream(
        core.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=10
    ):
        events.append((event["type"], event["object"].metadata.name))
        if len(events) == 3:
            break
    assert events == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_server_side_apply_of_a_dynamic_client(api_client: Any, objects: Any) -> None:
    deployments = dynamic.DynamicClient(api_client).resources.get(api_version="apps/v1", kind="Deployment")
    arguments = {"namespace": "default", "field_manager": "tester"}
    first = deployments.server_side_apply(objects["deployment"], **arguments)
    second = deployments.server_side_apply(objects["deployment"], **arguments)
    assert first.metadata.resourceVersion == second.metadata.resourceVersion
    objects["deployment"]["spec"]["replicas"] = 3
    deployments.server_side_apply(objects["deployment"], **arguments)
    objects["deployment"]["spec"]["replicas"] = 4
    with pytest.raises(dynamic.exceptions.ConflictError):
        deployments.server_side_apply(objects["deployment"], namespace="default", field_manager="other")
