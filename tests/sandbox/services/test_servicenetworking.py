from __future__ import annotations

from typing import Any

import pytest

SERVICE = "/v1/services/servicenetworking.googleapis.com/connections"
GLOBAL = "/compute/v1/projects/acme/global"


@pytest.fixture
def network(services: Any) -> str:
    """A network with two allocated ranges, named as Service Networking does."""
    services.cloud.projects.enable("acme", ["servicenetworking.googleapis.com"])
    services("POST", "compute", f"{GLOBAL}/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    for name in ("one", "two"):
        body = {"name": name, "purpose": "VPC_PEERING", "addressType": "INTERNAL", "prefixLength": 20}
        services("POST", "compute", f"{GLOBAL}/addresses", {**body, "network": "global/networks/vpc"})
    number = services.cloud.projects.get("acme").number
    return f"projects/{number}/global/networks/vpc"


def connect(services: Any, network: str, *ranges: str) -> Any:
    body = {"network": network, "reservedPeeringRanges": list(ranges)}
    return services("POST", "servicenetworking", SERVICE, body)


def test_a_connection_is_listed_by_the_projects_number_and_peers_the_network(services: Any, network: str) -> None:
    begun = connect(services, network, "one")
    assert begun["done"] is True
    assert services("GET", "servicenetworking", f"/v1/{begun['name']}")["response"]["network"] == network
    found = services("GET", "servicenetworking", f"{SERVICE}?network={network}")
    assert found["connections"] == [
        {
            "network": network,
            "reservedPeeringRanges": ["one"],
            "peering": "servicenetworking-googleapis-com",
            "service": "services/servicenetworking.googleapis.com",
        }
    ]
    shown = services("GET", "compute", f"{GLOBAL}/networks/vpc")
    assert shown["peerings"][0]["state"] == "ACTIVE"
    assert services.error("DELETE", "compute", f"{GLOBAL}/networks/vpc").reason == "resourceInUseByAnotherResource"


@pytest.mark.parametrize(
    ("network_name", "ranges", "code", "text"),
    [
        ("nope", ["one"], 404, "networks/nope"),
        ("vpc", ["nope"], 400, "Allocated IP range 'nope' not found in network."),
        ("vpc", [], 400, "at least one"),
    ],
)
def test_create_refuses(
    services: Any, network: str, network_name: str, ranges: list[str], code: int, text: str
) -> None:
    body = {"network": network.replace("/vpc", f"/{network_name}"), "reservedPeeringRanges": ranges}
    error = services.error("POST", "servicenetworking", SERVICE, body)
    assert error.code == code
    assert text in error.message


def test_nothing_is_answered_while_the_api_is_off(services: Any, network: str) -> None:
    services.cloud.projects.disable("acme", "servicenetworking.googleapis.com")
    error = services.error("GET", "servicenetworking", f"{SERVICE}?network={network}")
    assert (error.code, error.reason) == (403, "accessNotConfigured")


def test_ranges_change_by_update_not_by_create(services: Any, network: str) -> None:
    connect(services, network, "one")
    failed = connect(services, network, "one", "two")["error"]
    assert failed["code"] == 9
    assert failed["message"].startswith("Cannot modify allocated ranges in CreateConnection.")
    update = {"network": network, "reservedPeeringRanges": ["one", "two"]}
    services("PATCH", "servicenetworking", f"{SERVICE}/-?updateMask=reservedPeeringRanges", update)
    found = services("GET", "servicenetworking", f"{SERVICE}?network={network}")
    assert found["connections"][0]["reservedPeeringRanges"] == ["one", "two"]
    less = {"network": network, "reservedPeeringRanges": ["two"]}
    assert services.error("PATCH", "servicenetworking", f"{SERVICE}/-", less).code == 400
    services("PATCH", "servicenetworking", f"{SERVICE}/-?force=true", less)


def test_a_connection_outlives_a_peering_that_was_removed(services: Any, network: str) -> None:
    connect(services, network, "one")
    services("POST", "compute", f"{GLOBAL}/networks/vpc/removePeering", {"name": "servicenetworking-googleapis-com"})
    assert services("GET", "servicenetworking", f"{SERVICE}?network={network}") == {}
    assert connect(services, network, "two")["error"]["code"] == 9
    services(
        "PATCH",
        "servicenetworking",
        f"{SERVICE}/-?force=true",
        {"network": network, "reservedPeeringRanges": ["two"]},
    )
    assert services("GET", "servicenetworking", f"{SERVICE}?network={network}")["connections"]


def test_a_connection_stays_while_cloud_sql_uses_it(services: Any, network: str) -> None:
    connect(services, network, "one")
    instances = "/sql/v1beta4/projects/acme/instances"
    settings = {
        "tier": "db-custom-1-3840",
        "ipConfiguration": {"ipv4Enabled": False, "privateNetwork": "projects/acme/global/networks/vpc"},
    }
    services("POST", "sqladmin", instances, {"name": "db", "settings": settings})
    delete = f"{SERVICE}/servicenetworking-googleapis-com"
    refused = services("POST", "servicenetworking", delete, {"consumerNetwork": network})
    assert refused["error"]["message"] == (
        "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this "
        "connection."
    )
    services.cloud.latency.linger_seconds = 3600.0
    services("DELETE", "sqladmin", f"{instances}/db")
    lingering = services("POST", "servicenetworking", delete, {"consumerNetwork": network})
    assert lingering["error"] == refused["error"]
    services.clock.seconds += 3600.0
    assert services("POST", "servicenetworking", delete, {"consumerNetwork": network})["done"] is True
    for address in ("one", "two"):
        services("DELETE", "compute", f"{GLOBAL}/addresses/{address}")
    services("DELETE", "compute", f"{GLOBAL}/networks/vpc")
