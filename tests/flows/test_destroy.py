"""Taking environments away on the sandbox: data kept, data given up, half-built, stuck, and not meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from environment.errors import KubernetesError, MlopsEnvError, SpecError

SPEC = """\
name: {name}
cloud: sandbox
role: {role}
project_id: acme-{name}-project
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-{name}-tfstate}}
"""
PRODUCERS_SIDE = {"servicenetworking.connections"}
"""What Google remembers of a peering that was cut from the network's side: no resource of the project."""


class Made:
    """One environment: a spec, and the flows that make it and take it away."""

    def __init__(self, cloud: Any, folder: Path, name: str, role: str = "dev") -> None:
        self.cloud, self.name = cloud, name
        self.project = f"acme-{name}-project"
        path = folder / f"{name}.yaml"
        path.write_text(SPEC.format(name=name, role=role))
        self.spec = str(path)

    def create(self) -> Any:
        from flows.create_environment import create_environment

        return create_environment(self.spec, approved=True)

    def destroy(self, **switches: Any) -> Any:
        from flows.destroy_environment import destroy_environment

        return destroy_environment(self.spec, **{"confirmed_name": self.name, **switches})

    def mutating(self, before: int) -> list[dict[str, Any]]:
        return [call for call in self.cloud.calls_since(before) if call["mutating"]]

    def services(self) -> set[str]:
        return set(self.cloud.control("GET", "export")["projects"][self.project])

    def left(self) -> dict[str, list[str]]:
        """What the cloud still has of this environment, without the state's bucket and its objects."""
        export = self.cloud.control("GET", "export")
        found = {"clusters": [key for key in export["clusters"] if key.startswith(f"{self.project}/")]}
        for collection, documents in export["services"].items():
            found[collection] = [
                name
                for name in documents
                if f"{self.name}-" in name.replace(self.project, "").replace(f"acme-{self.name}-tfstate", "")
            ]
        return {collection: names for collection, names in found.items() if names}

    def objects(self) -> Any:
        from clients.addresses import Addresses
        from clients.gke import read_cluster_access
        from clients.kubernetes.objects import open_cluster

        addresses = Addresses.from_environment()
        access = read_cluster_access(addresses, self.project, "us-central1-a", f"{self.name}-cluster")
        return open_cluster(addresses, access)


@pytest.fixture
def make(cloud, monkeypatch, tmp_path):
    """Return what makes an environment of a name."""
    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    yield lambda name, role="dev": Made(cloud, tmp_path, name, role)
    cloud.control("DELETE", "faults")


def test_the_data_is_kept_and_the_next_create_takes_it_up(make, cloud) -> None:
    made = make("goes")
    database = made.create().infrastructure.outputs.database.instance
    enabled = made.services()

    report = made.destroy()
    assert sorted(report.kept) == [
        "address goes-private-services",
        f"bucket {made.project}-goes-artifacts",
        f"database {database}",
        "network goes-network",
        "secret goes-artifact-keys",
        "secret goes-mysql-root-password",
    ]
    assert "clusters" not in made.left()
    assert made.services() == enabled

    before = cloud.last_call()
    assert made.destroy().removed == ()
    assert made.mutating(before) == []

    again = made.create()
    assert again.infrastructure.outputs.database.instance == database
    assert again.pipelines.healthy


def test_data_that_is_given_up_leaves_a_backup_and_nothing_else(make, cloud) -> None:
    made = make("ends", "prod")
    first = made.create().infrastructure.outputs
    objects = f"storage.googleapis.com/upload/storage/v1/b/{first.artifact_store.bucket}/o?uploadType=media&name=model"
    for _ in range(3):
        cloud.call("POST", objects, {}).raise_for_status()

    report = made.destroy(delete_data=True)
    assert report.kept == ()
    assert made.left().keys() <= PRODUCERS_SIDE
    backups = cloud.call("GET", f"sqladmin.googleapis.com/sql/v1beta4/projects/{made.project}/backups").json()
    assert [(one["instance"], one["type"]) for one in backups["backups"]] == [(first.database.instance, "FINAL")]

    again = made.create()
    assert again.infrastructure.outputs.database.instance != first.database.instance
    assert again.pipelines.healthy


def test_another_name_is_refused_before_any_call(make, cloud) -> None:
    made = make("meant")
    before = cloud.last_call()
    for name in ("", "mean", "MEANT"):
        with pytest.raises(SpecError, match="type meant"):
            made.destroy(confirmed_name=name)
    assert cloud.calls_since(before) == []


def test_of_what_was_never_made_there_is_nothing_to_destroy(make, cloud) -> None:
    made = make("never")
    before = cloud.last_call()
    report = made.destroy(delete_data=True)
    assert (report.removed, report.kept) == ((), ())
    assert made.mutating(before) == []


STEPS = {
    "services": {"path": ":batchEnable", "method": "POST"},
    "network": {"path": "compute.*/subnetworks", "method": "POST"},
    "cluster": {"path": "container.*/clusters", "method": "POST"},
    "database": {"path": "sqladmin.*/instances\\?", "method": "POST"},
    "objects": {"path": "/kubernetes/.*/deployments/ml-pipeline\\?.*force=false$", "method": "PATCH"},
}


@pytest.mark.parametrize("step", STEPS)
def test_a_create_that_stopped_half_way_can_be_destroyed(make, cloud, step) -> None:
    made = make("half")
    cloud.control("POST", "faults", {**STEPS[step], "status": 400, "message": "not today", "times": 1000})
    with pytest.raises(MlopsEnvError, match="not today"):
        made.create()
    cloud.control("DELETE", "faults")

    assert made.destroy(delete_data=True).kept == ()
    assert made.left().keys() <= PRODUCERS_SIDE


def test_a_finalizer_that_nobody_takes_off_fails_at_the_deadline_with_its_name(make, cloud) -> None:
    made = make("stuck")
    made.create()
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "kubeflow", "finalizers": ["example.com/never"]},
    }
    path = "/api/v1/namespaces/kubeflow/configmaps"
    made.objects().cluster.request("POST", path, body=held)
    with pytest.raises(KubernetesError, match=r"ConfigMap kubeflow/held \(finalizer example.com/never\)"):
        made.destroy(namespace_timeout_seconds=4.0)

    free = [{"op": "remove", "path": "/metadata/finalizers"}]
    made.objects().cluster.request("PATCH", f"{path}/held", body=free, content_type="application/json-patch+json")
    made.destroy()
    assert "clusters" not in made.left()


def test_what_gke_leaves_behind_is_swept(make, cloud) -> None:
    made = make("swept")
    made.create()
    rule = {
        "name": "k8s-fw-a1b2",
        "network": f"projects/{made.project}/global/networks/swept-network",
        "allowed": [{"IPProtocol": "tcp"}],
    }
    firewalls = f"compute.googleapis.com/compute/v1/projects/{made.project}/global/firewalls"
    cloud.call("POST", firewalls, rule).raise_for_status()
    report = made.destroy(delete_data=True)
    assert "firewall rule k8s-fw-a1b2" in report.removed
    assert report.kept == ()
