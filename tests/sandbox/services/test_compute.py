from __future__ import annotations

from typing import Any

import pytest

PROJECT = "/compute/v1/projects/acme"
NETWORK = "projects/acme/global/networks/vpc"
REGION = f"{PROJECT}/regions/us-central1"
SUBNETWORK = {
    "name": "nodes",
    "network": NETWORK,
    "ipCidrRange": "10.10.0.0/20",
    "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.20.0.0/16"}],
}
RANGE = {
    "name": "producers",
    "purpose": "VPC_PEERING",
    "addressType": "INTERNAL",
    "prefixLength": 16,
    "network": NETWORK,
    "labels": {"team": "ml"},
}
FIREWALL = {"name": "webhooks", "network": NETWORK, "allowed": [{"IPProtocol": "tcp", "ports": ["8443"]}]}


@pytest.fixture
def compute(services: Any) -> Any:
    services("POST", "compute", f"{PROJECT}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    return services


@pytest.fixture
def subnetwork(compute: Any) -> Any:
    compute("POST", "compute", f"{REGION}/subnetworks", SUBNETWORK)
    return compute


def test_a_network_has_what_the_server_fills_in(compute: Any) -> None:
    network = compute("GET", "compute", f"{PROJECT}/global/networks/vpc")
    assert network["selfLink"] == "http://127.0.0.1:9/compute.googleapis.com/compute/v1/" + NETWORK
    assert network["routingConfig"]["routingMode"] == "REGIONAL"
    assert network["networkFirewallPolicyEnforcementOrder"] == "AFTER_CLASSIC_FIREWALL"
    assert isinstance(network["id"], str)
    assert "ready_at" not in network


def test_fields_that_nobody_knows_are_overlooked(services: Any) -> None:
    body = {"name": "vpc", "autoCreateSubnetworks": False, "colour": "red", "routingConfig": {"shade": "dark"}}
    services("POST", "compute", f"{PROJECT}/global/networks", body)
    network = services("GET", "compute", f"{PROJECT}/global/networks/vpc")
    assert "colour" not in network
    assert "shade" not in network["routingConfig"]


@pytest.mark.parametrize(
    ("path", "body", "code", "text"),
    [
        (f"{PROJECT}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False}, 409, "already exists"),
        (f"{PROJECT}/global/networks", {"name": "Vpc", "autoCreateSubnetworks": False}, 400, "resource.name"),
        (f"{PROJECT}/global/networks", {"name": "v" * 64, "autoCreateSubnetworks": False}, 400, "resource.name"),
        (f"{PROJECT}/global/networks", {"name": "other"}, 400, "Legacy"),
        (f"{PROJECT}/global/networks", {"name": "other", "autoCreateSubnetworks": "no"}, 400, "TYPE_BOOLEAN"),
        (f"{REGION}/subnetworks", {**SUBNETWORK, "network": "global/networks/nope"}, 404, "networks/nope"),
        (f"{REGION}/subnetworks", {**SUBNETWORK, "ipCidrRange": "10.10.0.1/20"}, 400, "ipCidrRange"),
        (f"{REGION}/subnetworks", {**SUBNETWORK, "ipCidrRange": "10.20.4.0/24"}, 400, "conflicts"),
        (f"{PROJECT}/regions/us-central1-a/subnetworks", SUBNETWORK, 400, "Unknown region"),
        (f"{PROJECT}/global/addresses", {**RANGE, "prefixLength": 4}, 400, "prefixLength"),
        (f"{PROJECT}/global/addresses", {**RANGE, "network": "global/networks/nope"}, 404, "networks/nope"),
        (f"{PROJECT}/global/addresses", {**RANGE, "addressType": "EXTERNAL"}, 400, "VPC_PEERING"),
        (f"{REGION}/routers", {"name": "nat", "network": "global/networks/nope"}, 404, "networks/nope"),
        (f"{PROJECT}/global/firewalls", {**FIREWALL, "allowed": []}, 400, "allowed"),
        (f"{PROJECT}/global/firewalls", {**FIREWALL, "sourceRanges": ["10.0.0.0/33"]}, 400, "sourceRanges[0]"),
        (f"{PROJECT}/global/firewalls", {"name": "f", "allowed": [{"IPProtocol": "tcp"}]}, 404, "networks/default"),
    ],
)
def test_insert_refuses(compute: Any, path: str, body: dict[str, Any], code: int, text: str) -> None:
    error = compute.error("POST", "compute", path, body)
    assert error.code == code
    assert text in error.message


def test_subnetworks_of_one_network_do_not_overlap(subnetwork: Any) -> None:
    error = subnetwork.error(
        "POST",
        "compute",
        f"{PROJECT}/regions/europe-west1/subnetworks",
        {"name": "more", "network": NETWORK, "ipCidrRange": "10.20.128.0/20"},
    )
    assert error.code == 400
    assert error.message == (
        "Invalid IPCidrRange: 10.20.128.0/20 conflicts with existing subnetwork 'nodes' in region 'us-central1'."
    )


def test_a_producer_range_is_found_where_nothing_else_is(subnetwork: Any) -> None:
    subnetwork("POST", "compute", f"{PROJECT}/global/addresses", RANGE)
    subnetwork("POST", "compute", f"{PROJECT}/global/addresses", {**RANGE, "name": "more"})
    first = subnetwork("GET", "compute", f"{PROJECT}/global/addresses/producers")
    second = subnetwork("GET", "compute", f"{PROJECT}/global/addresses/more")
    assert first["address"] != second["address"]
    error = subnetwork.error(
        "POST",
        "compute",
        f"{REGION}/subnetworks",
        {"name": "more", "network": NETWORK, "ipCidrRange": f"{first['address']}/20"},
    )
    assert "allocated range" in error.message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{REGION}/subnetworks", SUBNETWORK),
        (f"{PROJECT}/global/addresses", RANGE),
        (f"{REGION}/routers", {"name": "router", "network": NETWORK}),
        (f"{PROJECT}/global/firewalls", FIREWALL),
    ],
)
def test_a_network_in_use_stays(compute: Any, path: str, body: dict[str, Any]) -> None:
    compute("POST", "compute", path, body)
    error = compute.error("DELETE", "compute", f"{PROJECT}/global/networks/vpc")
    assert (error.code, error.reason) == (400, "resourceInUseByAnotherResource")
    user = f"{path.removeprefix('/compute/v1/')}/{body['name']}"
    assert error.message == f"The network resource '{NETWORK}' is already being used by '{user}'"
    compute("DELETE", "compute", f"{path}/{body['name']}")
    compute("DELETE", "compute", f"{PROJECT}/global/networks/vpc")
    assert compute.error("GET", "compute", f"{PROJECT}/global/networks/vpc").code == 404


def test_an_auto_mode_network_makes_its_subnetworks_and_takes_them_along(services: Any) -> None:
    services("POST", "compute", f"{PROJECT}/global/networks", {"name": "auto", "autoCreateSubnetworks": True})
    assert services("GET", "compute", f"{REGION}/subnetworks/auto")["ipCidrRange"] == "10.128.0.0/20"
    services("DELETE", "compute", f"{PROJECT}/global/networks/auto")
    assert services.error("GET", "compute", f"{REGION}/subnetworks/auto").code == 404


def test_a_subnetwork_is_expanded_only_to_a_range_that_contains_it(subnetwork: Any) -> None:
    path = f"{REGION}/subnetworks/nodes/expandIpCidrRange"
    assert subnetwork.error("POST", "compute", path, {"ipCidrRange": "10.12.0.0/19"}).code == 400
    subnetwork("POST", "compute", path, {"ipCidrRange": "10.10.0.0/19"})
    assert subnetwork("GET", "compute", f"{REGION}/subnetworks/nodes")["ipCidrRange"] == "10.10.0.0/19"


def test_private_access_is_off_when_the_body_is_empty(subnetwork: Any) -> None:
    path = f"{REGION}/subnetworks/nodes/setPrivateIpGoogleAccess"
    subnetwork("POST", "compute", path, {"privateIpGoogleAccess": True})
    assert subnetwork("GET", "compute", f"{REGION}/subnetworks/nodes")["privateIpGoogleAccess"] is True
    subnetwork("POST", "compute", path, {})
    assert subnetwork("GET", "compute", f"{REGION}/subnetworks/nodes")["privateIpGoogleAccess"] is False


def test_a_subnetwork_is_patched_only_from_a_fresh_copy(subnetwork: Any) -> None:
    path = f"{REGION}/subnetworks/nodes"
    before = subnetwork("GET", "compute", path)
    ranges = [*SUBNETWORK["secondaryIpRanges"], {"rangeName": "more", "ipCidrRange": "10.30.0.0/24"}]
    subnetwork("PATCH", "compute", path, {"fingerprint": before["fingerprint"], "secondaryIpRanges": ranges})
    assert subnetwork("GET", "compute", path)["secondaryIpRanges"] == ranges
    error = subnetwork.error("PATCH", "compute", path, {"fingerprint": before["fingerprint"], "secondaryIpRanges": []})
    assert (error.code, error.reason) == (412, "conditionNotMet")


def test_labels_are_set_only_with_the_present_fingerprint(compute: Any) -> None:
    compute("POST", "compute", f"{PROJECT}/global/addresses", RANGE)
    path = f"{PROJECT}/global/addresses/producers"
    stale = compute("GET", "compute", path)["labelFingerprint"]
    compute("POST", "compute", f"{path}/setLabels", {"labels": {}, "labelFingerprint": stale})
    assert compute("GET", "compute", path)["labelFingerprint"] == "42WmSpB8rSM="
    error = compute.error("POST", "compute", f"{path}/setLabels", {"labels": {"a": "b"}, "labelFingerprint": stale})
    assert (error.code, error.reason) == (412, "conditionNotMet")


def test_a_nat_is_patched_into_a_router_and_holds_its_subnetwork(subnetwork: Any) -> None:
    subnetwork("POST", "compute", f"{REGION}/routers", {"name": "router", "network": NETWORK, "bgp": None})
    nat = {
        "name": "nat",
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [{"name": "projects/acme/regions/us-central1/subnetworks/nodes"}],
    }
    missing = {**nat, "subnetworks": [{"name": "projects/acme/regions/us-central1/subnetworks/nope"}]}
    assert subnetwork.error("PATCH", "compute", f"{REGION}/routers/router", {"nats": [missing]}).code == 404
    subnetwork("PATCH", "compute", f"{REGION}/routers/router", {"nats": [nat]})
    shown = subnetwork("GET", "compute", f"{REGION}/routers/router")
    assert shown["nats"][0]["type"] == "PUBLIC"
    assert shown["nats"][0]["subnetworks"][0]["name"].startswith("http://127.0.0.1:9/")
    assert subnetwork.error("DELETE", "compute", f"{REGION}/subnetworks/nodes").reason == (
        "resourceInUseByAnotherResource"
    )
    subnetwork("PATCH", "compute", f"{REGION}/routers/router", {"nats": []})
    subnetwork("DELETE", "compute", f"{REGION}/subnetworks/nodes")


def test_a_firewall_is_patched_and_replaced(compute: Any) -> None:
    compute("POST", "compute", f"{PROJECT}/global/firewalls", FIREWALL)
    path = f"{PROJECT}/global/firewalls/webhooks"
    assert compute("GET", "compute", path)["sourceRanges"] == ["0.0.0.0/0"]
    compute("PATCH", "compute", path, {"sourceRanges": ["172.16.0.0/28"], "priority": 900})
    compute("PUT", "compute", path, {**FIREWALL, "sourceTags": ["node"]})
    shown = compute("GET", "compute", path)
    assert (shown["priority"], shown["sourceTags"]) == (1000, ["node"])
    assert "sourceRanges" not in shown
    error = compute.error("PATCH", "compute", path, {"direction": "EGRESS", "sourceTags": None})
    assert "cannot be modified" in error.message


def test_under_realistic_latency_a_network_is_not_ready_at_once(services: Any) -> None:
    services.latency.profile = "realistic"
    begun = services("POST", "compute", f"{PROJECT}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    operation = f"{PROJECT}/global/operations/{begun['name']}"
    assert (begun["status"], services("GET", "compute", operation)["status"]) == ("RUNNING", "RUNNING")
    error = services.error("POST", "compute", f"{REGION}/subnetworks", SUBNETWORK)
    assert (error.code, error.reason) == (400, "resourceNotReady")
    services.clock.seconds += 1
    assert services("POST", "compute", f"{operation}/wait")["status"] == "DONE"
    services("POST", "compute", f"{REGION}/subnetworks", SUBNETWORK)
    services.clock.seconds += 1
    services("DELETE", "compute", f"{REGION}/subnetworks/nodes")
    assert services("GET", "compute", f"{REGION}/subnetworks/nodes")["name"] == "nodes"
    services.clock.seconds += 1
    assert services.error("GET", "compute", f"{REGION}/subnetworks/nodes").code == 404


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("", ["a-one", "b-two", "c-three"]),
        ("name = a-one", ["a-one"]),
        ("name=a-one OR (name eq 'c-.*')", ["a-one", "c-three"]),
        ("(priority > 900) (priority < 1000)", ["b-two"]),
        ("NOT name:one", ["b-two", "c-three"]),
        ('network eq ".*/vpc" AND name != a-one', ["b-two", "c-three"]),
    ],
)
def test_lists_take_filters(compute: Any, expression: str, names: list[str]) -> None:
    for name, priority in (("a-one", 900), ("b-two", 950), ("c-three", 1000)):
        body = {**FIREWALL, "name": name, "priority": priority}
        compute("POST", "compute", f"{PROJECT}/global/firewalls", body)
    found = compute("GET", "compute", f"{PROJECT}/global/firewalls?filter={expression.replace(' ', '%20')}")
    assert [one["name"] for one in found["items"]] == names


def test_lists_come_in_pages(compute: Any) -> None:
    for name in ("a", "b", "c"):
        compute("POST", "compute", f"{PROJECT}/global/firewalls", {**FIREWALL, "name": name})
    first = compute("GET", "compute", f"{PROJECT}/global/firewalls?maxResults=2")
    second = compute("GET", "compute", f"{PROJECT}/global/firewalls?maxResults=2&pageToken={first['nextPageToken']}")
    assert [one["name"] for one in (*first["items"], *second["items"])] == ["a", "b", "c"]
    assert "nextPageToken" not in second


def test_an_aggregated_list_is_by_place(subnetwork: Any) -> None:
    found = subnetwork("GET", "compute", f"{PROJECT}/aggregated/subnetworks")
    assert [one["name"] for one in found["items"]["regions/us-central1"]["subnetworks"]] == ["nodes"]


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("", "defaultNetworkTier", "PREMIUM"),
        ("/regions/us-central1", "status", "UP"),
        ("/zones/us-central1-a", "name", "us-central1-a"),
        ("/zones/us-central1-a/machineTypes/e2-standard-4", "memoryMb", 16384),
        ("/zones/us-central1-a/machineTypes/n1-standard-1", "guestCpus", 1),
    ],
)
def test_places_are_there_without_being_made(services: Any, path: str, key: str, value: object) -> None:
    assert services("GET", "compute", f"{PROJECT}{path}")[key] == value


@pytest.mark.parametrize("path", ["/regions/nope", "/zones/us-central1-z", "/zones/us-central1-a/machineTypes/e9"])
def test_places_that_do_not_exist_are_not_found(services: Any, path: str) -> None:
    assert services.error("GET", "compute", f"{PROJECT}{path}").code == 404
