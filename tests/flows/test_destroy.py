"""One environment, made and taken away again and again: from every step, stuck, cut off, kept and given up.

The tests are one story, in this order: each begins with what the one before has left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environment.errors import KubernetesError, MlopsEnvError, SpecError

NAME = "goes"
PROJECT = f"acme-{NAME}-project"
STATE_BUCKET = f"acme-{NAME}-tfstate"
ZONE = "us-central1-a"
SPEC = f"""\
name: {NAME}
cloud: sandbox
role: prod
project_id: {PROJECT}
region: us-central1
zone: {ZONE}
name_prefix: {NAME}
state: {{bucket: {STATE_BUCKET}}}
components: {{notebooks: true}}
"""
COMPUTE = f"compute.googleapis.com/compute/v1/projects/{PROJECT}"
SQL = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}"
PASSING = {"servicenetworking.connections", "sqladmin.backups", "identity-pools"}
"""What Google remembers of what is gone, and what it keeps for a project."""
NEVER = {"status": 400, "message": "not today", "times": 0}
NETWORK_LINK = f"projects/{PROJECT}/global/networks/{NAME}-network"


class Environment:
    """The environment, and the flows that make it and take it away."""

    def __init__(self, cloud: Any, spec: Path) -> None:
        self.cloud, self.spec = cloud, str(spec)

    def create(self) -> Any:
        from flows.create_environment import create_environment

        return create_environment(self.spec, approved=True)

    def create_until(self, *faults: dict[str, Any]) -> None:
        """Create, and stop where one of the faults is met."""
        for fault in faults:
            self.cloud.control("POST", "faults", {**NEVER, **fault})
        try:
            with pytest.raises(MlopsEnvError, match="not today"):
                self.create()
        finally:
            self.cloud.control("DELETE", "faults")

    def destroy(self, **switches: Any) -> Any:
        from flows.destroy_environment import destroy_environment

        return destroy_environment(self.spec, **{"confirmed_name": NAME, **switches})

    def load(self) -> Any:
        from environment.spec_file import load_environment

        return load_environment(self.spec, [])

    def services(self) -> set[str]:
        return set(self.cloud.control("GET", "export")["projects"].get(PROJECT, ()))

    def left(self) -> dict[str, list[str]]:
        """What the cloud still has of this environment, without the state's bucket and its objects."""
        export = self.cloud.control("GET", "export")
        found = {"clusters": [key for key in export["clusters"] if key.startswith(f"{PROJECT}/")]}
        for collection, documents in export["services"].items():
            found[collection] = [
                name for name in documents if f"{NAME}-" in name.replace(PROJECT, "").replace(STATE_BUCKET, "")
            ]
        return {collection: names for collection, names in found.items() if names and collection not in PASSING}

    def users(self) -> list[str]:
        """Of the database."""
        (database,) = self.cloud.call("GET", f"{SQL}/instances").json()["items"]
        found = self.cloud.call("GET", f"{SQL}/instances/{database['name']}/users").json()
        return [one["name"] for one in found.get("items", ())]

    def notes(self) -> Any:
        from clients.addresses import Addresses
        from clients.storage import Storage

        return Storage(Addresses.from_environment(), PROJECT)

    def objects(self) -> Any:
        from clients.addresses import Addresses
        from clients.gke import read_cluster_access
        from clients.kubernetes.objects import open_cluster

        addresses = Addresses.from_environment()
        return open_cluster(addresses, read_cluster_access(addresses, PROJECT, ZONE, f"{NAME}-cluster")).cluster

    def put(self, collection: str, document: str, **value: Any) -> None:
        """Let something be there that GKE made."""
        name = document.rpartition("/")[2]
        body = {"name": "there", "collection": f"compute.{collection}", "document": f"projects/{PROJECT}/{document}"}
        self.cloud.control("POST", "drift", {**body, "value": {"name": name, **value}})


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / f"{NAME}.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def made(cloud, spec) -> Iterator[Environment]:
    """The environment on a sandbox where a deleted database holds its connection for hours, as really."""
    cloud.control("POST", "linger", {"seconds": 4 * 3600})
    yield Environment(cloud, spec)
    cloud.control("DELETE", "faults")
    cloud.control("POST", "linger", {"seconds": 0})


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What one test tells the next."""
    return {}


def test_another_name_is_refused_before_any_call(made, cloud) -> None:
    before = cloud.last_call()
    for name in ("", "goe", "GOES"):
        with pytest.raises(SpecError, match="type goes"):
            made.destroy(confirmed_name=name)
    assert cloud.calls_since(before) == []


EARLY: dict[str, dict[str, Any]] = {
    "services": {"path": ":batchEnable", "method": "POST"},
    "state bucket": {"path": "storage/v1/b\\?", "method": "POST"},
    "database's suffix": {"path": "/upload/", "method": "POST"},
    "terraform init": {"path": "/storage/v1/b/.*default.tfstate|prefix=", "method": "GET"},
}


AT_THE_USER: dict[str, Any] = {"path": "sqladmin.*/users", "method": "POST"}
"""Terraform is done, and nothing is on the cluster."""


@pytest.mark.parametrize("step", EARLY)
def test_what_stopped_before_terraform_leaves_nothing_to_destroy(made, cloud, step) -> None:
    made.create_until(EARLY[step])
    before = cloud.last_call()
    report = made.destroy(delete_data=True)
    assert (report.removed, report.kept) == ((), ())
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    assert made.left() == {}


def test_a_finalizer_that_nobody_takes_off_fails_at_the_deadline_with_its_name(made, told) -> None:
    """Of a create that goes on where one has stopped before the database had a user, and stops between the objects."""
    made.create_until(AT_THE_USER)
    assert made.users() == []
    made.create_until({"path": "/kubernetes/.*/deployments/ml-pipeline-ui", "method": "PATCH"})
    assert made.users() == ["root"]
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "kubeflow", "finalizers": ["example.com/never"]},
    }
    path = "/api/v1/namespaces/kubeflow/configmaps"
    made.objects().request("POST", path, body=held)
    with pytest.raises(KubernetesError, match=r"ConfigMap kubeflow/held \(finalizer example.com/never\)"):
        made.destroy(namespace_timeout_seconds=2.0)
    free = [{"op": "remove", "path": "/metadata/finalizers"}]
    made.objects().request("PATCH", f"{path}/held", body=free, content_type="application/json-patch+json")
    told["services"] = made.services()


def test_data_is_kept_and_what_gke_leaves_is_swept(made, cloud, told) -> None:
    """In prod: the cluster's protection is cleared, the database stays with its own."""
    tags = {"network": NETWORK_LINK, "targetTags": [f"gke-{NAME}-cluster-0123abcd-node"]}
    made.put("firewalls", "global/firewalls/k8s-fw-a0123456789", allowed=[{"IPProtocol": "tcp"}], **tags)
    pool = f"projects/{PROJECT}/regions/us-central1/targetPools/a0123456789"
    made.put("forwardingRules", "regions/us-central1/forwardingRules/a0123456789", target=pool)
    made.put("targetPools", "regions/us-central1/targetPools/a0123456789")
    group = f"zones/{ZONE}/networkEndpointGroups/k8s2-neg"
    made.put("networkEndpointGroups", group, network=NETWORK_LINK)
    made.put("backendServices", "global/backendServices/k8s2-be", backends=[{"group": f"projects/{PROJECT}/{group}"}])
    made.put("disks", f"zones/{ZONE}/disks/pvc-1", labels={"goog-k8s-cluster-name": f"{NAME}-cluster"})
    made.put("disks", f"zones/{ZONE}/disks/pvc-2", labels={"goog-k8s-cluster-name": "another-cluster"})

    report = made.destroy()
    swept = [one for one in report.removed if one.split()[-1].startswith(("k8s", "a0", "pvc"))]
    assert swept == [
        "forwarding rule a0123456789",
        "target pool a0123456789",
        "backend service k8s2-be",
        "network endpoint group k8s2-neg",
        "firewall rule k8s-fw-a0123456789",
        "disk pvc-1",
    ]
    assert f"projects/{PROJECT}/zones/{ZONE}/disks/pvc-2" in cloud.control("GET", "export")["services"]["compute.disks"]
    told["database"] = next(one.split()[1] for one in report.kept if one.startswith("database"))
    assert sorted(report.kept) == [
        "address goes-private-services",
        f"bucket {PROJECT}-goes-artifacts",
        f"database {told['database']}",
        "network goes-network",
        "secret goes-artifact-keys",
        "secret goes-mysql-root-password",
    ]
    kept = [one.split()[1] for one in report.kept]
    others = [name for left in made.left().values() for name in left if not any(one in name for one in kept)]
    assert others == [], "what is left is what is kept"
    assert made.services() == told["services"], "APIs stay on"


def test_again_there_is_nothing_to_destroy(made, cloud) -> None:
    before = cloud.last_call()
    assert made.destroy().removed == ()
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []


@pytest.mark.parametrize(
    ("override", "name", "problem"),
    [
        ("name_prefix=other", NAME, "the state holds goes-mysql-.*set it back"),
        ("name=twin", "twin", "labelled as of the environment goes, not twin.*name_prefix must differ"),
    ],
)
def test_a_spec_that_would_reach_for_other_things_is_refused(made, cloud, override, name, problem) -> None:
    before = cloud.last_call()
    with pytest.raises(SpecError, match=problem):
        made.destroy(overrides=(override,), confirmed_name=name, delete_data=True)
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []


def test_what_stands_in_the_way_is_named_with_what_to_do(made, cloud) -> None:
    """An API that is off is not turned on; what has our name without our marks is somebody else's."""
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/sqladmin.googleapis.com"
    cloud.call("POST", f"{service}:disable", {"disableDependentServices": True}).raise_for_status()
    before = cloud.last_call()
    with pytest.raises(MlopsEnvError, match=r"sqladmin.*is off.*gcloud services enable sqladmin.googleapis.com --proj"):
        made.destroy(delete_data=True)
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    cloud.call("POST", f"{service}:enable", {}).raise_for_status()

    account = {"accountId": f"{NAME}-notebook", "serviceAccount": {"displayName": "somebody else's"}}
    accounts = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"
    email = cloud.call("POST", accounts, account).json()["email"]
    with pytest.raises(MlopsEnvError, match=f"without the marks.*gcloud iam service-accounts delete {email} --project"):
        made.destroy()
    cloud.call("DELETE", f"{accounts}/{email}").raise_for_status()


def test_the_next_create_takes_the_data_up(made, told) -> None:
    again = made.create()
    assert again.infrastructure.outputs.database.instance == told["database"]
    assert again.pipelines.healthy


def test_data_that_is_given_up_leaves_a_backup_and_nothing_else(made, cloud, told) -> None:
    """Of a cluster that does not answer: it goes anyway."""
    objects = f"storage.googleapis.com/upload/storage/v1/b/{PROJECT}-{NAME}-artifacts/o?uploadType=media&name=model"
    for _ in range(3):
        cloud.call("POST", objects, {}).raise_for_status()
    cloud.control("POST", "faults", {"path": f"/kubernetes/{PROJECT}/", "reset": True, "times": 0})

    report = made.destroy(delete_data=True)
    assert report.kept == ()
    assert made.left() == {}
    backups = cloud.call("GET", f"{SQL}/backups").json()["backups"]
    assert [(one["instance"], one["type"]) for one in backups] == [(told["database"], "FINAL")]
    assert made.notes().read(STATE_BUCKET, f"mlops-env/{NAME}/suffix.json") is None, "its name is blocked for a week"


@pytest.mark.long
def test_what_a_killed_create_did_not_write_into_the_state_goes_too(made) -> None:
    """Of a create that stopped before the database had a user, on the network that was just deleted.

    Of a part the calls were answered, and Terraform never came to write the state.
    """
    made.create_until(AT_THE_USER)
    name = f"mlops-env/{NAME}/default.tfstate"
    state = json.loads(made.notes().read(STATE_BUCKET, name))
    known = ("google_compute_network", "google_service_account", "google_storage_bucket")
    kept = [one for one in state["resources"] if one["mode"] == "managed" and one["type"] in known]
    state |= {"serial": state["serial"] + 1, "resources": kept, "outputs": {}}
    made.notes().write(STATE_BUCKET, name, json.dumps(state))

    report = made.destroy(delete_data=True)
    assert {
        "secret goes-mysql-root-password",
        "cluster goes-cluster",
        "subnetwork goes-subnetwork",
        "router goes-router",
    } <= set(report.removed)
    assert "module.network.google_compute_network.this" in report.removed
    assert report.kept == ()
    assert made.left() == {}


def test_history_tells_of_each(made) -> None:
    from clients.addresses import Addresses
    from clients.history import read_history

    told = [one for one in read_history(made.load(), Addresses.from_environment(), 50) if one.action == "destroy"]
    assert {one.outcome for one in told} == {"failed", "succeeded"}
    assert all(one.changes for one in told), "two were refused before they removed anything"
