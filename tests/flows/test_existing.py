"""An environment in what somebody else has: made, found in sync, and taken away, and what is theirs is as it was."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from environment.apply_set import OWNER
from environment.errors import KubernetesError, PreflightError, ReplacementRefusedError
from environment.existing_parts import KINDS, Kind

SPEC = """\
name: {name}
cloud: sandbox
role: staging
project_id: {project}
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: {project}-tfstate}}
"""
THEIRS: dict[Kind, str] = {
    "network": "network: {{existing: {{network: their-network, subnetwork: their-subnet}}}}\n",
    "cluster": "cluster: {{existing: {{name: their-cluster, location: us-central1-a}}}}\n",
    "database": "database: {{existing: {{instance: their-database}}}}\n",
    "artifact_store": "artifact_store: {{existing: {{bucket: {project}-theirs}}}}\n",
}
SHOWN = (("network", "cluster", "database", "artifact_store"),)
"""In every run of the suite; what Terraform plans for the others is in tests/terraform/test_existing.py."""
COMBINATIONS = [
    pytest.param(existing, id="+".join(existing) or "none", marks=[] if existing in SHOWN else [pytest.mark.long])
    for count in range(5)
    for existing in combinations(KINDS, count)
]


def make_alike(cloud: Any, project: str, name: str, existing: tuple[Kind, ...]) -> tuple[str, ...]:
    """Make what has names of ours that the spec does not use, as its owner may have; return these names."""
    compute, made = f"compute.googleapis.com/compute/v1/projects/{project}", list[str]()

    def make(path: str, body: dict[str, Any]) -> None:
        cloud.call("POST", path, body).raise_for_status()
        made.append(body["name"])

    if "network" in existing:
        network = f"projects/{project}/global/networks/their-network"
        make(f"{compute}/global/networks", {"name": f"{name}-network", "autoCreateSubnetworks": False})
        make(f"{compute}/regions/us-central1/routers", {"name": f"{name}-router", "network": network})
        peering = {"network": network, "purpose": "VPC_PEERING", "addressType": "INTERNAL", "address": "10.150.0.0"}
        make(f"{compute}/global/addresses", {"name": f"{name}-private-services", "prefixLength": 20, **peering})
    if "artifact_store" in existing:
        bucket = {"name": f"{project}-{name}-artifacts", "location": "us-central1"}
        make(f"storage.googleapis.com/storage/v1/b?project={project}", bucket)
    return tuple(made)


def theirs(cloud: Any, project: str, alike: tuple[str, ...]) -> dict[str, Any]:
    """Export what is theirs: documents by collection, and the objects of their cluster."""
    export = cloud.control("GET", "export")
    found: dict[str, Any] = {
        collection: {
            name: body
            for name, body in documents.items()
            if project in name and ("their" in name or name.rpartition("/")[2] in alike)
        }
        for collection, documents in export["services"].items()
    }
    found["clusters"] = {key: body for key, body in export["clusters"].items() if key.startswith(f"{project}/")}
    found["clusters"] = {key: body for key, body in found["clusters"].items() if key.endswith("their-cluster")}
    return {collection: documents for collection, documents in found.items() if documents}


def change_owner(project: str, owner: str | None) -> str:
    """Let the installation in their cluster name an owner, or none, as an older version's; return whom it named."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.connection import Cluster

    addresses = Addresses.from_environment()
    cluster = Cluster(read_cluster_access(addresses, project, "us-central1-a", "their-cluster"), addresses)
    parent = "/api/v1/namespaces/kubeflow/secrets/mlops-env"
    before = cluster.request("GET", parent).body["metadata"]["annotations"].get(OWNER, "")
    patch = {"metadata": {"annotations": {OWNER: owner}}}
    cluster.request("PATCH", parent, body=patch, content_type="application/merge-patch+json")
    cluster.close()
    return str(before)


@pytest.mark.parametrize("existing", COMBINATIONS)
def test_what_is_theirs_is_as_it_was(existing: tuple[Kind, ...], cloud: Any, tmp_path: Path) -> None:
    from flows.create_environment import create_environment
    from flows.destroy_environment import destroy_environment
    from flows.detect_drift import detect_drift
    from flows.provision_infra import provision_infra

    name = f"ex{sum(1 << KINDS.index(kind) for kind in existing)}"
    project = f"acme-{name}-project"
    spec = tmp_path / f"{name}.yaml"
    spec.write_text("".join([SPEC, *(THEIRS[kind] for kind in existing)]).format(name=name, project=project))
    cloud.make_existing(project)
    alike = make_alike(cloud, project, name, existing)
    before = theirs(cloud, project, alike)
    assert all(one in str(before) for one in alike)
    assert {"clusters", "sqladmin.instances", "compute.networks"} <= set(before)

    report = create_environment(str(spec))
    assert report.pipelines.healthy
    outputs = report.infrastructure.outputs
    assert (outputs.cluster.name == "their-cluster") == ("cluster" in existing)
    assert (outputs.database.instance == "their-database") == ("database" in existing)
    last = cloud.last_call()
    if existing == KINDS:
        assert create_environment(str(spec), return_state=True).message == "No changes"
    assert detect_drift(str(spec)).found == ()
    if "artifact_store" in existing:
        with pytest.raises(
            ReplacementRefusedError, match=f"goes from {project}-theirs to {project}-{name}-artifacts: the"
        ):
            provision_infra(str(spec), ["artifact_store.existing=null"])
    assert [call for call in cloud.calls_since(last) if call["mutating"]] == []

    if existing == KINDS:
        owner = change_owner(project, None)
        with pytest.raises(KubernetesError, match=r"names no owner; say whose it is; .* kubectl annotate secret"):
            destroy_environment(str(spec), confirmed_name=name)
        change_owner(project, owner)
    destroyed = destroy_environment(str(spec), confirmed_name=name, delete_data=True)
    assert destroyed.removed
    assert theirs(cloud, project, alike) == before
    assert [kept for kept in destroyed.kept if not kept.endswith("(existing)")] == []


@pytest.mark.long
def test_what_was_kept_in_what_is_theirs_is_taken_up_by_the_next_create(cloud: Any, tmp_path: Path) -> None:
    from flows.create_environment import create_environment
    from flows.destroy_environment import destroy_environment

    name, project = "exkept", "acme-exkept-project"
    spec = tmp_path / f"{name}.yaml"
    spec.write_text("".join([SPEC, *THEIRS.values()]).format(name=name, project=project))
    cloud.make_existing(project)
    before = theirs(cloud, project, ())
    assert create_environment(str(spec)).pipelines.healthy
    assert destroy_environment(str(spec), confirmed_name=name).removed
    after = theirs(cloud, project, ())
    assert list(after.pop("objects")) == [f"{project}-theirs/{name}/dataflow/"]
    assert after == before
    assert create_environment(str(spec)).pipelines.healthy
    bucket = f"storage.googleapis.com/storage/v1/b/{project}-theirs"
    for gone in (f"{bucket}/o/{name}%2Fdataflow%2F", bucket):  # their owner needs no leave
        cloud.call("DELETE", gone).raise_for_status()
    destroyed = destroy_environment(str(spec), confirmed_name=name, delete_data=True)
    assert [kept for kept in destroyed.kept if not kept.endswith("(existing)")] == []


def test_what_does_not_fit_stops_create_before_any_change(cloud: Any, tmp_path: Path) -> None:
    from flows.create_environment import create_environment
    from flows.plan import plan

    project = "acme-exunfit-project"
    cloud.make_existing(project)
    spec = tmp_path / "exunfit.yaml"
    spec.write_text("".join([SPEC, *THEIRS.values()]).format(name="exunfit", project=project))
    bucket = f"storage.googleapis.com/storage/v1/b/{project}-theirs"
    mixed = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}
    cloud.call("PATCH", bucket, mixed).raise_for_status()

    last = cloud.last_call()
    missing = ("cluster.existing.name=nobodys",)
    with pytest.raises(PreflightError, match=r"2 findings before any change: cluster nobodys .*--uniform-bucket-level"):
        create_environment(str(spec), missing)
    with pytest.raises(PreflightError, match=r"1 finding .* cluster nobodys in us-central1-a: it is not there"):
        plan(str(spec), missing)
    planned = plan(str(spec))
    assert [one.check for one in planned.findings] == ["uniform-access"]
    assert any(one.startswith(f"create stops here: bucket {project}-theirs: ") for one in planned.warnings)
    assert planned.changes
    assert [call for call in cloud.calls_since(last) if call["mutating"]] == []
