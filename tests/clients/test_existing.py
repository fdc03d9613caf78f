"""What exists is read from the sandbox by the real clients: what fits gives no finding, what does not gives all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.existing import read_existing
from clients.gke import read_cluster_access
from clients.kubernetes.connection import Cluster
from clients.kubernetes.objects import Objects
from clients.root_user import ensure_root_user
from clients.sql_admin import SqlAdmin
from clients.storage import Storage
from environment.apply_set import PIPELINES, ApplySet, Extent
from environment.existing import existing_findings
from environment.findings import Finding
from environment.spec import Environment
from environment.spec_file import load_environment
from environment.state_folder import STATE_OBJECT

HOST, FIT, UNFIT = "acme-look-host", "acme-look-fit", "acme-look-unfit"


def spec_of(project: str, *overrides: str) -> Environment:
    theirs = (
        f"project_id={project}",
        f"state.bucket={project}-tfstate",
        "network.existing={network: their-network, subnetwork: their-subnet}",
        "cluster.existing={name: their-cluster, location: us-central1-a}",
        "database.existing={instance: their-database}",
        f"artifact_store.existing={{bucket: {project}-theirs}}",
    )
    return load_environment("dev", [*theirs, *overrides])


@pytest.fixture(scope="module")
def look(sandbox: Any) -> Any:
    """Return what finds what does not fit, without a mutating call."""
    addresses = Addresses(endpoint=sandbox.url, token=sandbox.token)

    def find(environment: Environment) -> tuple[Finding, ...]:
        last = sandbox.last_call()
        found = existing_findings(environment, read_existing(environment, addresses))
        assert [call for call in sandbox.calls_since(last) if call["mutating"]] == []
        return found

    return find


def test_what_fits_gives_no_finding(sandbox: Any, look: Any) -> None:
    sandbox.make_existing(FIT)
    assert look(spec_of(FIT)) == ()
    shared = "acme-look-service"
    sandbox.make_existing(shared, f"{shared}-host")
    assert look(spec_of(shared, f"network.existing.project={shared}-host")) == ()
    found = look(spec_of(shared, f"network.existing.project={FIT}"))
    assert [one.check for one in found] == ["shared-vpc", "cluster-network"]
    assert look(load_environment("dev")) == ()


def test_what_an_earlier_spec_has_made_is_told(sandbox: Any, look: Any) -> None:
    project, addresses = "acme-look-made", Addresses(endpoint=sandbox.url, token=sandbox.token)
    sandbox.make_existing(project)
    spec, storage = spec_of(project), Storage(addresses, project)
    storage.ensure_bucket(spec.state.bucket, "us-central1", {})
    bucket = {"mode": "managed", "type": "google_storage_bucket", "name": "this"}
    state = {"resources": [{**bucket, "instances": [{"attributes": {"name": f"{project}-theirs"}}]}]}
    storage.write(spec.state.bucket, f"{spec.state_prefix}/{STATE_OBJECT}", json.dumps(state))
    assert [(one.check, one.subject) for one in look(spec)] == [("made-here", f"bucket {project}-theirs")]


def test_a_user_is_ours_once_our_password_names_its_instance(
    sandbox: Any, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is made: a run may die right after."""
    project, addresses = "acme-look-user", Addresses(endpoint=sandbox.url, token=sandbox.token)
    sandbox.make_existing(project)
    spec = spec_of(project)
    enable = f"serviceusage.googleapis.com/v1/projects/{project}/services/secretmanager.googleapis.com:enable"
    sandbox.call("POST", enable, {}).raise_for_status()
    users = f"sqladmin.googleapis.com/sql/v1beta4/projects/{project}/instances/their-database/users"
    user = {"name": spec.database_user, "host": "%", "password": "of-the-test"}
    sandbox.call("POST", users, user).raise_for_status()
    assert [one.check for one in look(spec)] == ["database-user"]
    sandbox.call("DELETE", f"{users}?name={spec.database_user}&host=%25").raise_for_status()

    def die(*args: Any, **kwargs: Any) -> None:
        sandbox.call("POST", users, user).raise_for_status()
        raise InterruptedError

    monkeypatch.setattr(SqlAdmin, "set_password", die)
    secret = spec.names.root_password_secret
    with pytest.raises(InterruptedError):
        ensure_root_user(addresses, project, "their-database", secret, {}, user=spec.database_user)
    assert look(spec) == ()


def test_an_installation_is_ours_if_it_names_us(sandbox: Any, look: Any) -> None:
    """A run of ours died right after the namespace; definitions are there that a destroy left to others."""
    project, addresses = "acme-look-owner", Addresses(endpoint=sandbox.url, token=sandbox.token)
    sandbox.make_existing(project)
    spec = spec_of(project)
    ours = ApplySet(PIPELINES, "kubeflow", "0", spec.owner, is_guest=True)
    cluster = Cluster(read_cluster_access(addresses, project, "us-central1-a", "their-cluster"), addresses)
    objects = Objects(cluster)
    objects.apply(ours.member(named("v1", "Namespace", "kubeflow")), field_manager="test")
    objects.apply(ours.member(workflows()), field_manager="test")
    assert look(spec) == ()
    for owner, checks in ((spec.owner, []), ("dev of acme-lab", ["other-installation"]), ("", ["other-installation"])):
        objects.apply(replace(ours, owner=owner).parent(Extent()), field_manager="test", force=True)
        assert [one.check for one in look(spec)] == checks
    objects.delete(ours.reference)
    objects.apply(replace(ours, owner="x of y").member(named("v1", "Namespace", "kubeflow")), field_manager="test")
    assert [one.check for one in look(spec)] == ["namespace"]
    cluster.close()


def test_what_is_not_there_is_told_at_once(sandbox: Any, look: Any) -> None:
    sandbox.make_existing(HOST)  # their-network alone is here for a project that has nothing
    nothing = "acme-look-nothing"
    found = look(spec_of(nothing, f"network.existing.project={HOST}"))
    assert [one.check for one in found] == ["api", "api", "bucket", "shared-vpc"]
    assert {one.fix for one in found if one.check == "api"} >= {
        f"gcloud services enable container.googleapis.com --project={nothing}",
        f"gcloud services enable sqladmin.googleapis.com --project={nothing}",
    }


def test_all_that_does_not_fit_is_told_at_once(sandbox: Any, look: Any) -> None:
    make_unfit(sandbox)
    checks = [one.check for one in look(spec_of(UNFIT))]
    assert checks == [
        *("private-google-access", "cluster-network", "workload-identity", "node-metadata", "node-scopes"),
        *("namespace", "other-installation", "capacity"),
        *("authentication-plugin", "database-address", "database-contents", "bucket-location", "uniform-access"),
    ]
    made_in_it = load_environment(
        "dev",
        [
            *(f"project_id={UNFIT}", f"state.bucket={UNFIT}-tfstate"),
            "network.existing={network: their-network, subnetwork: their-subnet}",
        ],
    )
    assert [one.check for one in look(made_in_it)] == [
        *("secondary-ranges", "secondary-ranges", "private-google-access", "private-services")
    ]


def named(version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}}


def workflows() -> dict[str, Any]:
    names = {"kind": "Workflow", "plural": "workflows", "singular": "workflow", "listKind": "WorkflowList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": "v1alpha1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": versions}
    return {**named("apiextensions.k8s.io/v1", "CustomResourceDefinition", "workflows.argoproj.io"), "spec": spec}


def make_unfit(sandbox: Any) -> None:
    """Make what somebody may have who never thought of us."""

    def post(path: str, body: dict[str, Any]) -> None:
        sandbox.call("POST", path, body).raise_for_status()

    names = ("compute", "container", "secretmanager", "sqladmin", "storage")
    services = [f"{one}.googleapis.com" for one in names]
    post(f"serviceusage.googleapis.com/v1/projects/{UNFIT}/services:batchEnable", {"serviceIds": services})
    compute = f"compute.googleapis.com/compute/v1/projects/{UNFIT}"
    network = f"projects/{UNFIT}/global/networks/their-network"
    post(f"{compute}/global/networks", {"name": "their-network", "autoCreateSubnetworks": False})
    post(f"{compute}/global/networks", {"name": "another", "autoCreateSubnetworks": True})
    subnetwork = {"name": "their-subnet", "network": network, "ipCidrRange": "10.1.0.0/20"}
    post(f"{compute}/regions/us-central1/subnetworks", subnetwork)
    pool = {
        "name": "their-pool",
        "initialNodeCount": 1,
        "config": {"oauthScopes": ["https://www.googleapis.com/auth/devstorage.read_only"]},
    }
    cluster = {"cluster": {"name": "their-cluster", "network": "another", "nodePools": [pool]}}
    post(f"container.googleapis.com/v1/projects/{UNFIT}/locations/us-central1-a/clusters", cluster)
    addresses = Addresses(endpoint=sandbox.url, token=sandbox.token)
    theirs = Cluster(read_cluster_access(addresses, UNFIT, "us-central1-a", "their-cluster"), addresses)
    (node,) = theirs.request("GET", "/api/v1/nodes").body["items"]
    requests = {"requests": {"cpu": "3500m"}}
    hog = {"nodeName": node["metadata"]["name"], "containers": [{"name": "a", "image": "b", "resources": requests}]}
    theirs.request("POST", "/api/v1/namespaces/default/pods", body={**named("v1", "Pod", "hog"), "spec": hog})
    theirs.request("POST", "/api/v1/namespaces", body=named("v1", "Namespace", "kubeflow"))
    theirs.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body=workflows())
    theirs.close()
    instances = f"sqladmin.googleapis.com/sql/v1beta4/projects/{UNFIT}/instances"
    settings = {"tier": "db-custom-1-3840", "edition": "ENTERPRISE"}
    body = {"name": "their-database", "region": "us-central1", "databaseVersion": "MYSQL_8_0", "settings": settings}
    post(instances, body)
    post(f"{instances}/their-database/databases", {"name": "pipelinedb"})
    post(f"storage.googleapis.com/storage/v1/b?project={UNFIT}", {"name": f"{UNFIT}-theirs", "location": "EU"})
