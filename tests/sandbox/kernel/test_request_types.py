from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.errors import ApiError
from sandbox.kernel.request_types import checked_body


@pytest.mark.parametrize(
    ("api", "request_type", "body", "message"),
    [
        (
            "container",
            "CreateClusterRequest",
            {"cluster": {"colour": "red"}},
            "Invalid JSON payload received. Unknown name \"colour\" at 'cluster': Cannot find field.",
        ),
        (
            "container",
            "CreateClusterRequest",
            {"cluster": {"initialNodeCount": "many"}},
            "Invalid value at 'cluster.initial_node_count' (TYPE_INT32), \"many\"",
        ),
        (
            "container",
            "CreateNodePoolRequest",
            {"nodePool": {"config": {"tags": ["a", 7]}}},
            "Invalid value at 'node_pool.config.tags[1]' (TYPE_STRING), 7",
        ),
        (
            "container",
            "UpdateClusterRequest",
            {"update": {"desiredReleaseChannel": {"channel": "SLOW"}}},
            "Invalid value at 'update.desired_release_channel.channel' (TYPE_ENUM), \"SLOW\"",
        ),
        ("bigquery", "Dataset", {"labels": {"a": []}}, "Invalid value at 'labels.a' (TYPE_STRING), a list"),
        ("servicenetworking", "Connection", {"reservedPeeringRanges": [None]}, "(TYPE_ITEM), null"),
        ("sqladmin", "DatabaseInstance", {"settings": []}, "Invalid value at 'settings' (TYPE_MESSAGE), a list"),
        ("compute", "Network", {"mtu": 2**40}, "Invalid value at 'mtu' (TYPE_INT32)"),
    ],
)
def test_a_wrong_field_is_named(api: str, request_type: str, body: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        checked_body(api, request_type, body)
    assert caught.value.code == 400
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("api", "request_type", "body"),
    [
        ("sqladmin", "DatabaseInstance", {"settings": {"dataDiskSizeGb": "20", "storageAutoResize": None}}),
        ("container", "CreateNodePoolRequest", {"nodePool": {"initialNodeCount": 1, "maxPodsConstraint": {}}}),
        ("bigquery", "Dataset", {"labels": {"a": None}}),
    ],
)
def test_a_right_body_stays_as_it_is(api: str, request_type: str, body: dict[str, Any]) -> None:
    assert checked_body(api, request_type, body) == body


def test_compute_engine_overlooks_what_it_does_not_know() -> None:
    body = {"name": "vpc", "colour": "red", "routingConfig": {"routingMode": "GLOBAL", "shade": "dark"}}
    assert checked_body("compute", "Network", body) == {"name": "vpc", "routingConfig": {"routingMode": "GLOBAL"}}
