from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import pytest

from sandbox.kernel.access import role_permissions
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import OWNER, Principal
from sandbox.kernel.routes import Call, find_route
from sandbox.services.catalogue import services as all_services
from sandbox.services.permissions import needs_of

P = "/v1/projects/acme"
COMPUTE = "/compute/v1/projects/acme"
SQL = "/sql/v1beta4/projects/acme/instances"
ACCOUNT = "nodes@acme.iam.gserviceaccount.com"
NODE = {"serviceAccount": ACCOUNT}


@pytest.mark.parametrize(
    ("method", "service", "path", "body", "expected"),
    [
        ("GET", "compute", COMPUTE, {}, "compute.projects.get"),
        ("GET", "compute", f"{COMPUTE}/regions/us-central1", {}, "compute.regions.get"),
        ("GET", "compute", f"{COMPUTE}/aggregated/disks", {}, "compute.disks.list"),
        ("POST", "compute", f"{COMPUTE}/global/networks", {}, "compute.networks.create"),
        ("GET", "compute", f"{COMPUTE}/global/networks", {}, "compute.networks.list"),
        ("POST", "compute", f"{COMPUTE}/global/networks/n/removePeering", {}, "compute.networks.removePeering"),
        (
            "POST",
            "compute",
            f"{COMPUTE}/regions/us-central1/subnetworks",
            {},
            "compute.subnetworks.create compute.networks.updatePolicy",
        ),
        (
            "DELETE",
            "compute",
            f"{COMPUTE}/global/firewalls/f",
            {},
            "compute.firewalls.delete compute.networks.updatePolicy",
        ),
        (
            "POST",
            "compute",
            f"{COMPUTE}/global/addresses",
            {"purpose": "VPC_PEERING", "network": "n"},
            "compute.globalAddresses.createInternal compute.networks.use",
        ),
        (
            "DELETE",
            "compute",
            f"{COMPUTE}/regions/us-central1/backendServices/b",
            {},
            "compute.regionBackendServices.delete",
        ),
        ("GET", "compute", f"{COMPUTE}/global/operations/o", {}, "compute.globalOperations.get"),
        ("POST", "compute", f"{COMPUTE}/zones/us-central1-a/operations/o/wait", {}, "compute.zoneOperations.get"),
        (
            "POST",
            "container",
            f"{P}/locations/us-central1/clusters",
            {"cluster": {"nodeConfig": NODE}},
            "container.clusters.create iam.serviceAccounts.actAs",
        ),
        ("GET", "container", f"{P}/locations/-/clusters", {}, "container.clusters.list"),
        ("POST", "container", f"{P}/locations/r/clusters/c:setAddons", {}, "container.clusters.update"),
        ("GET", "container", f"{P}/locations/r/clusters/c/nodePools/p", {}, "container.clusters.get"),
        (
            "POST",
            "container",
            f"{P}/locations/r/clusters/c/nodePools",
            {"nodePool": {"config": NODE}},
            "container.clusters.update iam.serviceAccounts.actAs",
        ),
        ("POST", "iam", f"{P}/serviceAccounts", {}, "iam.serviceAccounts.create"),
        ("POST", "iam", f"{P}/serviceAccounts/{ACCOUNT}:setIamPolicy", {}, "iam.serviceAccounts.setIamPolicy"),
        ("POST", "iam", f"{P}/serviceAccounts/{ACCOUNT}/keys", {}, "iam.serviceAccountKeys.create"),
        ("POST", "cloudresourcemanager", f"{P}:setIamPolicy", {}, "resourcemanager.projects.setIamPolicy"),
        ("POST", "cloudresourcemanager", f"{P}:testIamPermissions", {}, ""),
        ("POST", "serviceusage", f"{P}/services:batchEnable", {}, "serviceusage.services.enable"),
        ("GET", "serviceusage", f"{P}/services", {}, "serviceusage.services.list"),
        ("POST", "secretmanager", f"{P}/secrets", {}, "secretmanager.secrets.create"),
        ("POST", "secretmanager", f"{P}/secrets/s:addVersion", {}, "secretmanager.versions.add"),
        ("GET", "secretmanager", f"{P}/secrets/s/versions/1:access", {}, "secretmanager.versions.access"),
        ("POST", "sqladmin", SQL, {}, "cloudsql.instances.create"),
        ("PUT", "sqladmin", f"{SQL}/i/users", {}, "cloudsql.users.update"),
        ("GET", "sqladmin", f"{SQL}/i/users", {}, "cloudsql.users.list"),
        ("POST", "sqladmin", f"{SQL}/i/backupRuns", {}, "cloudsql.backupRuns.create"),
        ("POST", "notebooks", "/v2/projects/acme/locations/z/instances", {}, "notebooks.instances.create"),
        (
            "POST",
            "servicenetworking",
            "/v1/services/servicenetworking.googleapis.com/connections",
            {"network": "projects/acme/global/networks/n"},
            "servicenetworking.services.addPeering",
        ),
        ("POST", "storage", "/storage/v1/b", {}, "storage.buckets.create"),
    ],
)
def test_a_call_needs_what_google_documents(
    services: Any, method: str, service: str, path: str, body: dict[str, Any], expected: str
) -> None:
    module = importlib.import_module(f"sandbox.services.{service}.routes")
    found = find_route(module.SERVICE.routes, method, path)
    assert found
    route, params = found
    call = Call(services.cloud, module.SERVICE.host, method, path, params, query={"project": "acme"}, body=body)
    assert " ".join(need.permission for need in needs_of(call, route.template)) == expected


def test_every_permission_is_one_that_a_known_role_has(services: Any) -> None:
    known = frozenset().union(*role_permissions().values())
    unplayed = ("artifactregistry.", "bigquery.", "compute.organizations.")
    for host, service in all_services().items():
        for route in service.routes:
            params = dict.fromkeys(route.pattern.groupindex, "x")
            path = route.template.format_map(_Names()) if "*" not in route.template else route.template
            call = Call(services.cloud, host, route.method, path, params, query={"project": "acme"})
            for need in needs_of(call, route.template):
                assert need.permission in known or need.permission.startswith(unplayed), (route, need)


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "global" if key == "scope" else "x"


def grant(services: Any, email: str, *roles: str, denied: tuple[str, ...] = ()) -> Any:
    principal = Principal(email)
    services.cloud.access.set_roles(principal, "acme", roles, denied)
    return replace(services, principal=principal)


def test_who_lacks_the_permission_is_refused_in_the_services_words(services: Any) -> None:
    ann = grant(services, "ann@example.com", "roles/compute.viewer")
    assert ann("GET", "compute", f"{COMPUTE}/global/networks")["kind"] == "compute#networkList"
    error = ann.error("POST", "compute", f"{COMPUTE}/global/networks", {"name": "n"})
    assert error.code == 403
    assert error.message == "Required 'compute.networks.create' permission for 'projects/acme/global/networks'"
    assert error.details[0]["metadata"]["permission"] == "compute.networks.create"
    assert not services("GET", "compute", f"{COMPUTE}/global/networks").get("items")


def test_roles_are_those_of_the_projects_policy_and_a_denial_beats_them(services: Any) -> None:
    path = f"{P}:testIamPermissions"
    asked = {"permissions": ["compute.networks.create", "compute.networks.get"]}
    ann = grant(services, "ann@example.com", "roles/compute.networkAdmin", denied=("compute.networks.get",))
    assert ann("POST", "cloudresourcemanager", path, asked) == {"permissions": ["compute.networks.create"]}
    policy = services("POST", "cloudresourcemanager", f"{P}:getIamPolicy")
    assert {"role": "roles/compute.networkAdmin", "members": ["user:ann@example.com"]} in policy["bindings"]
    assert services("POST", "cloudresourcemanager", path, asked) == asked
    owner = grant(services, OWNER, "roles/owner", denied=("compute.networks.create",))
    assert owner("POST", "cloudresourcemanager", path, asked) == {"permissions": ["compute.networks.get"]}


def test_a_buckets_own_policy_counts_beside_the_projects(services: Any) -> None:
    services("POST", "storage", "/storage/v1/b?project=acme", {"name": "acme-data"})
    ann = grant(services, "ann@example.com")
    with pytest.raises(ApiError, match=r"does not have storage\.objects\.list access"):
        ann("GET", "storage", "/storage/v1/b/acme-data/o")
    binding = {"role": "roles/storage.objectViewer", "members": ["user:ann@example.com"]}
    services("PUT", "storage", "/storage/v1/b/acme-data/iam", {"bindings": [binding]})
    assert ann("GET", "storage", "/storage/v1/b/acme-data/o")["kind"] == "storage#objects"
    assert ann.error("DELETE", "storage", "/storage/v1/b/acme-data").code == 403


def test_a_node_account_can_be_used_by_who_may_act_as_it(services: Any) -> None:
    services("POST", "iam", f"{P}/serviceAccounts", {"accountId": "nodes-x"})
    ann = grant(services, "ann@example.com", "roles/container.admin")
    body = {"cluster": {"name": "c", "nodeConfig": {"serviceAccount": "nodes-x@acme.iam.gserviceaccount.com"}}}
    assert (
        "iam.serviceAccounts.actAs"
        in ann.error("POST", "container", f"{P}/locations/us-central1/clusters", body).message
    )
