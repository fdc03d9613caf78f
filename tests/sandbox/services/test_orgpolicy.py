from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.errors import ApiError
from sandbox.services.orgpolicy.store import rule_of, set_policy

COMPUTE = "/compute/v1/projects/acme"
CLUSTERS = "/v1/projects/acme/locations/us-central1-a/clusters"
DATABASE = {"name": "db", "region": "us-central1", "databaseVersion": "MYSQL_8_0"}


def forbid(services: Any, constraint: str, **rule: Any) -> None:
    set_policy(services.cloud, "acme", constraint, rule)


def effective(services: Any, constraint: str) -> Any:
    found = services("GET", "orgpolicy", f"/v2/projects/acme/policies/{constraint}:getEffectivePolicy")
    return found["spec"]["rules"]


def test_the_effective_policy_is_what_was_set_or_googles_own(services: Any) -> None:
    assert effective(services, "sql.restrictPublicIp") == [{"enforce": False}]
    assert effective(services, "gcp.resourceLocations") == [{"allowAll": True}]
    forbid(services, "sql.restrictPublicIp", enforce=True)
    assert effective(services, "sql.restrictPublicIp") == [{"enforce": True}]
    set_policy(services.cloud, "acme", "sql.restrictPublicIp", None)
    assert effective(services, "sql.restrictPublicIp") == [{"enforce": False}]


def test_a_rule_must_fit_its_constraint(services: Any) -> None:
    for constraint, rule in (("no.such", {"enforce": True}), ("gcp.resourceLocations", {"enforce": True})):
        with pytest.raises(ApiError):
            set_policy(services.cloud, "acme", constraint, rule)
    assert rule_of(services.cloud, "acme", "gcp.resourceLocations") == {"allowAll": True}


def test_a_key_is_refused(services: Any) -> None:
    services("POST", "iam", "/v1/projects/acme/serviceAccounts", {"accountId": "worker"})
    forbid(services, "iam.disableServiceAccountKeyCreation", enforce=True)
    keys = "/v1/projects/acme/serviceAccounts/worker@acme.iam.gserviceaccount.com/keys"
    error = services.error("POST", "iam", keys, {})
    assert (error.status, error.message) == (
        "FAILED_PRECONDITION",
        "Key creation is not allowed on this service account.",
    )


def test_a_database_with_a_public_address_is_refused(services: Any) -> None:
    forbid(services, "sql.restrictPublicIp", enforce=True)
    settings = {"tier": "db-custom-1-3840", "ipConfiguration": {"ipv4Enabled": True}}
    body = {**DATABASE, "settings": settings}
    error = services.error("POST", "sqladmin", "/sql/v1beta4/projects/acme/instances", body)
    assert "violates the constraints/sql.restrictPublicIp" in error.message
    assert services("GET", "sqladmin", "/sql/v1beta4/projects/acme/instances").get("items", []) == []


@pytest.mark.parametrize(
    ("allowed", "location", "is_refused"),
    [
        (["in:us-locations"], "us-central1", False),
        (["in:us-locations"], "US", False),
        (["in:us-central1-locations"], "us-central1", False),
        (["us-central1"], "us-central1", False),
        (["in:eu-locations"], "europe-west4", False),
        (["in:eu-locations"], "us-central1", True),
        ([], "us-central1", True),
    ],
)
def test_a_bucket_is_refused_where_no_location_allows_it(
    services: Any, allowed: list[str], location: str, is_refused: bool
) -> None:
    forbid(services, "gcp.resourceLocations", values={"allowedValues": allowed})
    body = {"name": "acme-data", "location": location}
    if not is_refused:
        assert services("POST", "storage", "/storage/v1/b?project=acme", body)["name"] == "acme-data"
        return
    error = services.error("POST", "storage", "/storage/v1/b?project=acme", body)
    assert (error.code, error.reason) == (412, "conditionNotMet")


@pytest.mark.parametrize(
    ("constraint", "rule", "body"),
    [
        ("compute.vmExternalIpAccess", {"denyAll": True}, {}),
        ("compute.requireShieldedVm", {"enforce": True}, {"nodeConfig": {}}),
    ],
)
def test_a_cluster_whose_machines_are_refused_ends_in_error(
    services: Any, constraint: str, rule: dict[str, Any], body: dict[str, Any]
) -> None:
    services("POST", "compute", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": True})
    forbid(services, constraint, **rule)
    cluster = {"name": "kfp", "initialNodeCount": 1, "network": "vpc", **body}
    services("POST", "container", CLUSTERS, {"cluster": cluster})
    found = services("GET", "container", f"{CLUSTERS}/kfp")
    assert found["status"] == "ERROR"
    assert f"constraints/{constraint} violated" in found["statusMessage"]


def test_private_shielded_machines_pass_both(services: Any) -> None:
    services("POST", "compute", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": True})
    forbid(services, "compute.vmExternalIpAccess", denyAll=True)
    forbid(services, "compute.requireShieldedVm", enforce=True)
    cluster = {
        "name": "kfp",
        "initialNodeCount": 1,
        "network": "vpc",
        "nodeConfig": {"shieldedInstanceConfig": {"enableSecureBoot": True}},
        "privateClusterConfig": {"enablePrivateNodes": True, "masterIpv4CidrBlock": "172.16.0.0/28"},
    }
    services("POST", "container", CLUSTERS, {"cluster": cluster})
    assert "statusMessage" not in services("GET", "container", f"{CLUSTERS}/kfp")
