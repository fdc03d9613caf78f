"""Faults of a project, set one at a time and together: each is found and named with its fix, and nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from threading import enumerate as enumerate_threads
from typing import TYPE_CHECKING, Any

import pytest

from clients.addresses import ENDPOINT, TOKEN, Addresses
from clients.manifest_mirrors import fetch_mirror
from clients.preflight.look import ALL_CHECKS, EXISTING, look
from clients.preload import preload
from environment.doctor import DoctorReport
from environment.spec import Environment

if TYPE_CHECKING:
    from tests.conftest import RunningSandbox

PROJECT = "acme-preflight"
USER = "user@sandbox.localhost"
COMPUTE = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
REGION = "us-central1"
SERVICES = ("cloudresourcemanager", "compute", "container", "iam", "notebooks", "secretmanager", "sqladmin")
SPEC: dict[str, Any] = {
    "name": "dev",
    "cloud": "sandbox",
    "role": "dev",
    "project_id": PROJECT,
    "region": REGION,
    "zone": f"{REGION}-a",
    "name_prefix": "pre",
    "state": {"bucket": "acme-preflight-tfstate"},
}
SECONDS = 10.0


@pytest.fixture(scope="module")
def prepared(sandbox: RunningSandbox) -> RunningSandbox:
    """The project, with its APIs on."""
    names = [f"{name}.googleapis.com" for name in SERVICES]
    path = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable"
    preload()  # as the command does while it waits
    sandbox.call("POST", path, {"serviceIds": names}).raise_for_status()
    return sandbox


@pytest.fixture
def cloud(prepared: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """The sandbox, for the doctor in this process; what a test sets is taken back."""
    for name, value in prepared.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    monkeypatch.setenv("MLOPS_ENV_GIT_MIRROR", prepared.variables["MLOPS_ENV_GIT_MIRROR_FALLBACK"])
    fetch_mirror("2.14.4")  # as of a machine that has made an environment before
    yield prepared
    prepared.control("POST", "project", {"project_id": PROJECT, "lifecycle": "ACTIVE", "billing": True})
    prepared.control("POST", "principals", {"project_id": PROJECT, "email": USER, "roles": ["roles/owner"]})
    prepared.control("DELETE", "faults")


def examine(cloud: RunningSandbox, spec: dict[str, Any], **options: Any) -> DoctorReport:
    """Look, and see to it that nothing but reads is asked, in time."""
    before, began = cloud.last_call(), time.monotonic()
    report = look(Environment.model_validate(spec), Addresses.from_environment(), **options)
    assert time.monotonic() - began < SECONDS
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    return report


def test_a_good_project_has_no_findings(cloud: RunningSandbox) -> None:
    report = examine(cloud, SPEC)
    assert report.findings == ()
    assert report.notes == ()
    assert report.later == ()
    assert set(report.checks) == set(ALL_CHECKS)
    assert report.principal == USER
    assert {"terraform", "kustomize", "git"} == set(report.tools)
    needed = {row.metric: row.needed for row in report.quotas}
    assert needed == {"CPUS": 8, "CPUS_ALL_REGIONS": 8, "SSD_TOTAL_GB": 350, "IN_USE_ADDRESSES": 0, "NETWORKS": 1}


Set = Callable[["RunningSandbox"], None]


@dataclass(frozen=True)
class Fault:
    """Something wrong: how it is set and taken back, what the spec then says, and what the finding must hold."""

    check: str
    expected: tuple[str, ...]
    set_: tuple[str, dict[str, Any]] | None = None
    undo: tuple[str, dict[str, Any]] | None = None
    calls: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    cleanup: tuple[tuple[str, str], ...] = ()
    spec: dict[str, Any] | None = None


def policy(constraint: str, rule: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    return "policy", {"project_id": PROJECT, "constraint": constraint, "rule": rule}


def denied(*permissions: str) -> tuple[str, dict[str, Any]]:
    return "principals", {"project_id": PROJECT, "email": USER, "roles": ["roles/owner"], "denied": list(permissions)}


def quota(metric: str, limit: int, region: str = REGION) -> tuple[str, dict[str, Any]]:
    return "quota", {"project_id": PROJECT, "region": region, "metric": metric, "limit": limit}


def project(**fields: Any) -> tuple[str, dict[str, Any]]:
    return "project", {"project_id": PROJECT, **fields}


ACCOUNTS = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"
BUCKETS = "storage.googleapis.com/storage/v1/b"
KFP_IMAGE = "ghcr.io/kubeflow/kfp-api-server:2.14.4"
FAULTS = {
    "project missing": Fault("project", ("does not exist", "gcloud projects create"), project(lifecycle="MISSING")),
    "project deleted": Fault(
        "project", ("is being deleted", f"gcloud projects undelete {PROJECT}"), project(lifecycle="DELETE_REQUESTED")
    ),
    "nobody pays": Fault(
        "billing", ("no active billing account", "gcloud billing projects link"), project(billing=False)
    ),
    "one permission": Fault(
        "permissions",
        (USER, "container.clusters.create", "--role=roles/container.admin"),
        denied("container.clusters.create"),
    ),
    "permission to act as": Fault(
        "permissions",
        ("iam.serviceAccounts.actAs", "--role=roles/iam.serviceAccountUser"),
        denied("iam.serviceAccounts.actAs"),
    ),
    "two permissions of one role": Fault(
        "permissions",
        ("cloudsql.instances.create, cloudsql.users.create", "--role=roles/cloudsql.admin"),
        denied("cloudsql.users.create", "cloudsql.instances.create"),
    ),
    "no external addresses": Fault(
        "organisation-policy",
        ("compute.vmExternalIpAccess", "network.private_cluster: true"),
        policy("compute.vmExternalIpAccess", {"denyAll": True}),
        policy("compute.vmExternalIpAccess", None),
        spec={"network": {"private_cluster": False}},
    ),
    "no public database": Fault(
        "organisation-policy",
        ("sql.restrictPublicIp", "database.private_ip: true"),
        policy("sql.restrictPublicIp", {"enforce": True}),
        policy("sql.restrictPublicIp", None),
        spec={"database": {"private_ip": False}},
    ),
    "other locations": Fault(
        "organisation-policy",
        ("gcp.resourceLocations", "allows nothing in us-central1 (allowed: in:eu-locations)"),
        policy("gcp.resourceLocations", {"values": {"allowedValues": ["in:eu-locations"]}}),
        policy("gcp.resourceLocations", None),
    ),
    "processors": Fault(
        "quota",
        ("quota CPUS of us-central1", "needed 8, in use 0, limit 4"),
        quota("CPUS", 4),
        quota("CPUS", 500),
    ),
    "disks": Fault(
        "quota",
        ("SSD_TOTAL_GB", "needed 350, in use 0, limit 250"),
        quota("SSD_TOTAL_GB", 250),
        quota("SSD_TOTAL_GB", 40960),
    ),
    "addresses": Fault(
        "quota",
        ("IN_USE_ADDRESSES", "needed 1, in use 0, limit 0"),
        quota("IN_USE_ADDRESSES", 0),
        quota("IN_USE_ADDRESSES", 575),
        spec={"network": {"private_cluster": False}},
    ),
    "networks": Fault(
        "quota", ("quota NETWORKS of all regions", "needed 1"), quota("NETWORKS", 0, ""), quota("NETWORKS", 50, "")
    ),
    "machine type": Fault(
        "machine-type",
        ("e2-standard-5", "there is none in us-central1-a"),
        spec={"cluster": {"machine_type": "e2-standard-5"}},
    ),
    "machine type of no zone": Fault(
        "machine-type",
        ("e2-standard-5", "there is none in us-central1-a or us-central1-b or us-central1-c"),
        spec={"zone": None, "cluster": {"machine_type": "e2-standard-5"}},
    ),
    "taken network": Fault(
        "names",
        ("network pre-network", "not of its making", "gcloud compute networks delete pre-network"),
        calls=(("POST", f"{COMPUTE}/global/networks", {"name": "pre-network", "autoCreateSubnetworks": False}),),
        cleanup=(("DELETE", f"{COMPUTE}/global/networks/pre-network"),),
    ),
    "taken account": Fault(
        "names",
        ("service account pre-kfp-user@", "choose another name_prefix"),
        calls=(("POST", ACCOUNTS, {"accountId": "pre-kfp-user"}),),
        cleanup=(("DELETE", f"{ACCOUNTS}/pre-kfp-user@{PROJECT}.iam.gserviceaccount.com"),),
    ),
    "taken bucket": Fault(
        "names",
        (f"bucket {PROJECT}-pre-artifacts", "not ours to read"),
        calls=(("POST", f"{BUCKETS}?project=somebody-else", {"name": f"{PROJECT}-pre-artifacts"}),),
        set_=(
            "principals",
            {
                "project_id": "somebody-else",
                "email": USER,
                "denied": ["storage.buckets.get"],
            },
        ),
        undo=("principals", {"project_id": "somebody-else", "email": USER, "denied": []}),
        cleanup=(("DELETE", f"{BUCKETS}/{PROJECT}-pre-artifacts"),),
    ),
    "taken range": Fault(
        "ranges",
        ("network.pods_cidr 10.20.0.0/16", "overlaps with 10.20.8.0/24 of subnetwork theirs in us-central1"),
        calls=(
            (
                "POST",
                f"{COMPUTE}/global/networks",
                {
                    "name": "pre-network",
                    "autoCreateSubnetworks": False,
                    "description": "VPC of the ML environment pre",
                },
            ),
            (
                "POST",
                f"{COMPUTE}/regions/{REGION}/subnetworks",
                {"name": "theirs", "network": "global/networks/pre-network", "ipCidrRange": "10.20.8.0/24"},
            ),
            (
                "POST",
                f"{COMPUTE}/regions/us-east1/subnetworks",
                {"name": "theirs", "network": "global/networks/pre-network", "ipCidrRange": "192.168.77.0/24"},
            ),
        ),
        cleanup=(
            ("DELETE", f"{COMPUTE}/regions/us-east1/subnetworks/theirs"),
            ("DELETE", f"{COMPUTE}/regions/{REGION}/subnetworks/theirs"),
            ("DELETE", f"{COMPUTE}/global/networks/pre-network"),
        ),
    ),
    "somebody's state bucket": Fault(
        "state-bucket",
        ("state bucket acme-preflight-tfstate", "storage.buckets.get, storage.objects.create", "roles/storage.admin"),
        calls=(("POST", f"{BUCKETS}?project=somebody-else", {"name": "acme-preflight-tfstate"}),),
        set_=(
            "principals",
            {
                "project_id": "somebody-else",
                "email": USER,
                "denied": ["storage.buckets.get", "storage.objects.create"],
            },
        ),
        undo=("principals", {"project_id": "somebody-else", "email": USER, "denied": []}),
        cleanup=(("DELETE", f"{BUCKETS}/acme-preflight-tfstate"),),
    ),
    "missing image": Fault(
        "images",
        (f"image {KFP_IMAGE}", "does not have it"),
        ("image", {"image": KFP_IMAGE, "missing": True}),
        ("image", {"image": KFP_IMAGE, "missing": False}),
    ),
}


MADE_BY = {
    "images": "manifests",
    "machine-type": "quotas",
    "organisation-policy": "policies",
    "quota": "quotas",
}
"""The check that a finding comes from, where it is called something else."""


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_alone_is_found_and_named(cloud: RunningSandbox, name: str) -> None:
    fault = FAULTS[name]
    begin(cloud, fault)
    try:
        checks = ("project", MADE_BY.get(fault.check, fault.check))
        report = examine(cloud, {**SPEC, **(fault.spec or {})}, checks=checks)
    finally:
        end(cloud, fault)
    assert [finding.check for finding in report.findings] == [fault.check], report
    for words in fault.expected:
        assert words in str(report.findings[0])


def test_three_at_once_are_all_found_at_once(cloud: RunningSandbox) -> None:
    faults = [FAULTS[name] for name in ("nobody pays", "one permission", "other locations")]
    for fault in faults:
        begin(cloud, fault)
    try:
        report = examine(cloud, SPEC)
    finally:
        for fault in faults:
            end(cloud, fault)
    assert {finding.check for finding in report.findings} == {fault.check for fault in faults}


def begin(cloud: RunningSandbox, fault: Fault) -> None:
    for method, path, body in fault.calls:
        cloud.call(method, path, body).raise_for_status()
    if fault.set_:
        cloud.control("POST", *fault.set_)


def end(cloud: RunningSandbox, fault: Fault) -> None:
    if fault.undo:
        cloud.control("POST", *fault.undo)
    for method, path in fault.cleanup:
        cloud.call(method, path).raise_for_status()


def test_what_cannot_be_asked_is_said_and_no_finding(cloud: RunningSandbox) -> None:
    cloud.control("POST", "faults", {"path": "^/(gcr|quay).io/", "reset": True, "times": 0})
    cloud.control("POST", *denied("orgpolicy.policy.get"))
    report = examine(cloud, SPEC, checks=("policies", "manifests"))
    assert report.findings == ()
    assert [note.partition(":")[0] for note in report.notes] == [
        "organisation policies were not looked at",
        "images were not looked at in gcr.io, quay.io",
    ]


def test_apis_that_create_does_not_turn_on_are_named_with_the_command_that_does(cloud: RunningSandbox) -> None:
    for host in ("cloudbilling", "orgpolicy"):
        fault = {"path": f"/{host}.googleapis.com", "status": 403, "reason": "SERVICE_DISABLED", "times": 0}
        cloud.control("POST", "faults", fault)
    report = examine(cloud, SPEC, checks=("billing", "policies"))
    assert (report.findings, report.later, report.unanswered) == ((), (), ("billing", "policies"))
    for note, service in zip(report.notes, ("cloudbilling.googleapis.com", "orgpolicy.googleapis.com"), strict=True):
        assert f"gcloud services enable {service} --project={PROJECT}" in note


@pytest.mark.parametrize("reason", ["CONSUMER_INVALID", "USER_PROJECT_DENIED"])
def test_a_project_that_gcloud_noted_and_is_not_ours_to_use_is_done_without(cloud: RunningSandbox, reason: str) -> None:
    cloud.control("POST", "faults", {"path": "/cloudresourcemanager.googleapis.com", "status": 403, "reason": reason})
    report = examine(cloud, SPEC, checks=("project",))
    assert (report.findings, report.unanswered) == ((), ())


def test_what_is_slow_is_not_waited_for(cloud: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the answer nor by the end of the process: its threads are daemons."""
    never = Event()
    monkeypatch.setattr("clients.preflight.look.SECONDS", 0.3)
    for name in ("principal", "read_tools", "look_at_tools", "look_at_permissions"):
        monkeypatch.setattr(f"clients.preflight.look.{name}", lambda *_: never.wait(5))
    began = time.monotonic()
    report = look(Environment.model_validate(SPEC), Addresses.from_environment(), ("permissions", "tools"))
    assert time.monotonic() - began < 2
    waiting = [one for one in enumerate_threads() if one.name == "doctor"]
    never.set()
    assert report.unanswered == ("permissions", "tools")
    assert len(waiting) >= 4
    assert all(one.daemon for one in waiting)


def test_a_look_at_what_exists_alone_asks_for_nothing_else(
    cloud: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("principal", "read_tools"):
        monkeypatch.setattr(f"clients.preflight.look.{name}", lambda *_: pytest.fail("asked in vain"))
    assert look(Environment.model_validate(SPEC), Addresses.from_environment(), (EXISTING,)).findings == ()


def test_only_the_first_image_of_a_registry_is_asked_for_without_a_token(cloud: RunningSandbox) -> None:
    before = cloud.last_call()
    assert examine(cloud, SPEC, checks=("manifests",)).findings == ()
    calls = [call for call in cloud.calls_since(before) if call["service"] in ("gcr.io", "ghcr.io", "quay.io")]
    refused = [call["service"] for call in calls if call["status"] == 401]
    heads = [call["path"] for call in calls if call["method"] == "HEAD" and call["status"] == 200]
    assert sorted(refused) == ["gcr.io", "ghcr.io", "quay.io"]
    assert len(heads) == len(set(heads)) > 10


def test_before_its_apis_are_on_what_can_be_seen_is_seen(cloud: RunningSandbox) -> None:
    spec = {**SPEC, "project_id": "acme-brand-new"}
    cloud.control("POST", "project", {"project_id": "acme-brand-new", "billing": False})
    report = examine(cloud, spec)
    assert [finding.check for finding in report.findings] == ["billing"]
    assert report.later == ("names", "quotas")
    assert report.quotas == ()


def test_what_exists_is_looked_at_and_not_made(cloud: RunningSandbox) -> None:
    theirs = "acme-preflight-theirs"
    cloud.make_existing(theirs)
    spec = {
        **SPEC,
        "project_id": theirs,
        "state": {"bucket": f"{theirs}-tfstate"},
        "components": {"notebooks": False},
        "network": {"existing": {"network": "their-network", "subnetwork": "their-subnet"}},
        "cluster": {"existing": {"name": "their-cluster", "location": f"{REGION}-a"}},
        "database": {"existing": {"instance": "their-database"}},
        "artifact_store": {"existing": {"bucket": f"{theirs}-theirs"}},
    }
    spared = ["compute.networks.create", "container.clusters.create", "cloudsql.instances.create"]
    cloud.control("POST", "quota", {"project_id": theirs, "region": REGION, "metric": "CPUS", "limit": 0})
    cloud.control(
        "POST", "principals", {"project_id": theirs, "email": USER, "roles": ["roles/owner"], "denied": spared}
    )
    report = examine(cloud, spec)
    assert report.findings == ()
    assert report.unanswered == ()
    assert {row.metric: row.needed for row in report.quotas}["CPUS"] == 0

    bucket = f"{BUCKETS}/{theirs}-theirs"
    mixed = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}
    cloud.call("PATCH", bucket, mixed).raise_for_status()
    (finding,) = examine(cloud, spec).findings
    assert finding.check == "uniform-access"
    cloud.control("POST", "faults", {"path": f"/kubernetes/{theirs}/.*/version", "reset": True, "times": 0})
    assert [one.check for one in examine(cloud, spec).findings] == ["cluster-endpoint", "uniform-access"]


def test_a_cluster_of_ours_that_lets_nobody_in_is_told(cloud: RunningSandbox) -> None:
    away, office = "acme-preflight-away", "203.0.113.0/24"
    spec = {**SPEC, "project_id": away, "state": {"bucket": f"{away}-tfstate"}}
    cloud.make_cluster(away, "pre-cluster")
    networks = {"enabled": True, "cidrBlocks": [{"cidrBlock": office}]}
    update = {"update": {"desiredMasterAuthorizedNetworksConfig": networks}}
    clusters = f"container.googleapis.com/v1/projects/{away}/locations/{REGION}-a/clusters"
    cloud.call("PUT", f"{clusters}/pre-cluster", update).raise_for_status()
    assert examine(cloud, spec, checks=("endpoint",)).findings == ()
    cloud.control("POST", "faults", {"path": f"/kubernetes/{away}/", "reset": True, "times": 0})
    for wanted, is_lasting in (((), False), ((office,), True)):
        report = examine(cloud, {**spec, "cluster": {"authorized_networks": wanted}}, checks=("endpoint",))
        (finding,) = report.findings
        assert (finding.check, finding.stops_create) == ("cluster-endpoint", is_lasting)
        assert f"is open to {office} only" in finding.problem


def test_without_credentials_that_alone_is_told(cloud: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "expired")
    report = look(Environment.model_validate(SPEC), Addresses(cloud.variables[ENDPOINT], "expired"))
    assert [finding.check for finding in report.findings] == ["credentials"]
