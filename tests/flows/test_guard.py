"""What would be lost is refused before any change, and goes through when it is named, on the sandbox."""

from __future__ import annotations

import base64
import json
import re
import shlex
from typing import Any

import pytest

from environment.errors import PreflightError, ReplacementRefusedError, SpecError, TerraformError

PROJECT = "acme-guarded-project"
ZONE = "us-central1-a"
SPEC = f"""\
name: guarded
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: guarded
state: {{bucket: acme-guarded-tfstate}}
"""
POOL = "module.cluster.google_container_node_pool.this"
CLUSTER = "module.cluster.google_container_cluster.this"
NOTEBOOK = "module.notebook[0].google_workbench_instance.this"
DATABASE = "module.database.google_sql_database_instance.this"
PROTECTED = "cluster.deletion_protection=true"
OTHER_RANGE = "network.subnet_cidr=10.11.0.0/20"
INSTANCES = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances"
CLUSTERS = f"/container.googleapis.com/v1/projects/{PROJECT}/locations/us-central1-a/clusters"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "guarded.yaml"
    path.write_text(SPEC)
    return str(path)


def create(spec: str, *overrides: str, allow: tuple[str, ...] | list[str] = ()) -> Any:
    from flows.create_environment import create_environment

    return create_environment(spec, list(overrides), allow_replace=allow)


def outputs(spec: str) -> Any:
    from clients.addresses import Addresses
    from clients.infrastructure import read_infrastructure
    from environment.spec_file import load_environment

    return read_infrastructure(load_environment(spec), Addresses.from_environment())


def cluster(spec: str) -> Any:
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses, found = Addresses.from_environment(), outputs(spec).cluster
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, found.location, found.name)).cluster


def refusal(cloud: Any, spec: str, *overrides: str, allow: tuple[str, ...] | list[str] = ()) -> str:
    """Run into the guard; return what it says, after no mutating call."""
    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError) as caught:
        create(spec, *overrides, allow=allow)
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    return str(caught.value)


def named(message: str) -> list[str]:
    words = shlex.split(message[message.index("--allow-replace") :])
    return words[1::2]


def test_cluster_that_got_no_machines_is_replaced_by_the_next_create(cloud, spec) -> None:
    """First: it begins with nothing. Protection does not hold what never was."""
    cloud.control("POST", "capacity", {"zone": ZONE, "available": False})
    with pytest.raises(
        TerraformError, match=rf"not have enough resources.*{ZONE}.*choose another zone with --set zone"
    ):
        create(spec, PROTECTED)
    status = cloud.call("GET", f"{CLUSTERS[1:]}/guarded-cluster").json()
    assert (status["status"], status["conditions"][0]["code"]) == ("ERROR", "GCE_STOCKOUT")
    cloud.control("POST", "capacity", {"zone": ZONE, "available": True})

    before = cloud.last_call()
    assert create(spec, PROTECTED).pipelines.healthy
    path = f"{CLUSTERS.removeprefix('/container.googleapis.com')}/guarded-cluster"
    calls = [(call["method"], call["path"]) for call in cloud.calls_since(before)]
    assert calls.count(("DELETE", path)) == 1


def test_what_is_allowed_and_protected_is_refused_before_terraform_does(cloud, spec) -> None:
    message = refusal(cloud, spec, OTHER_RANGE, PROTECTED, allow=[CLUSTER, POOL, NOTEBOOK])
    assert message == (
        f"provision-infra: refused: replace {CLUSTER}: deletion protection is on; turn it off with a create of its own "
        "first, which changes nothing else: --set cluster.deletion_protection=false"
    )


def test_selector_is_changed_by_a_new_deployment_only_with_consent(cloud, spec) -> None:
    objects = cluster(spec)
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
    claims = "/api/v1/namespaces/kubeflow/persistentvolumeclaims"
    found = objects.request("GET", path).body
    for key in ("uid", "resourceVersion", "managedFields", "creationTimestamp", "generation"):
        found["metadata"].pop(key, None)
    found.pop("status", None)
    found["spec"]["selector"]["matchLabels"]["old"] = found["spec"]["template"]["metadata"]["labels"]["old"] = "yes"
    objects.request("DELETE", path)
    objects.request("POST", path.rpartition("/")[0], {}, found)
    kept = [one["metadata"]["uid"] for one in objects.request("GET", claims).body["items"]]

    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match=r"replace Deployment kubeflow/ml-pipeline-ui .*selector"):
        create(spec, "cluster.max_nodes=9")  # not even the infrastructure, which comes first
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    report = create(spec, allow=["Deployment kubeflow/ml-pipeline-ui"])
    assert report.infrastructure.changes == (f"update {CLUSTER}",), "its protection is off from here on"
    assert "replace Deployment kubeflow/ml-pipeline-ui" in report.pipelines.changes
    assert "old" not in objects.request("GET", path).body["spec"]["selector"]["matchLabels"]
    assert [one["metadata"]["uid"] for one in objects.request("GET", claims).body["items"]] == kept


def test_forced_replacement_is_refused_before_services_are_enabled_and_names_address_and_attribute(cloud, spec) -> None:
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/dataflow.googleapis.com"
    cloud.call("POST", f"{service}:disable", {"disableDependentServices": True}).raise_for_status()
    message = refusal(cloud, spec, OTHER_RANGE, "components.notebooks=false")
    assert message.startswith("enable-services: refused: ")
    assert "\n" not in message
    assert re.search(rf"replace {re.escape(CLUSTER)} \(forced by \S", message)
    assert f"delete {NOTEBOOK}" in message
    assert named(message) == [CLUSTER, POOL, NOTEBOOK]
    left = f"Database {outputs(spec).database.instance}/metadb"
    assert named(refusal(cloud, spec, "database.names.metadata=kfp_metadata")) == [left]
    assert cloud.call("GET", service).json()["state"] == "DISABLED"
    cloud.call("POST", f"{service}:enable", {}).raise_for_status()


IN_STATE = f"guarded-cluster, .* of project {PROJECT} is in the state of the environment guarded, not of rival"


@pytest.mark.parametrize(
    ("fields", "is_off", "problem"),
    [
        (("name: rival",), False, IN_STATE),
        (("name: rival",), True, IN_STATE),
        (
            ("name: rival", "state: {bucket: rival-tfstate}"),
            False,
            "is labelled as of the environment guarded, not rival",
        ),
        (("project_id: acme-rival",), False, f"the state of guarded in project {PROJECT}, not acme-rival"),
    ],
)
def test_names_and_state_of_another_environment_are_refused(cloud, spec, tmp_path, fields, is_off, problem) -> None:
    """Before services are enabled, and where all are on."""
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/dataflow.googleapis.com"
    if is_off:
        cloud.call("POST", f"{service}:disable", {"disableDependentServices": True}).raise_for_status()
    other = tmp_path / "rival.yaml"
    other.write_text("\n".join({line.partition(":")[0]: line for line in (*SPEC.splitlines(), *fields)}.values()))
    before = cloud.last_call()
    with pytest.raises(SpecError, match=problem):
        create(str(other))
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    cloud.call("POST", f"{service}:enable", {}).raise_for_status()


def test_endpoint_that_lets_nobody_in_is_opened_by_a_create(cloud, spec, monkeypatch) -> None:
    """Its objects are compared once it lets us in: neither plan nor create is stopped by that before."""
    from flows import provision_infra
    from flows.plan import plan

    apply, let_in = provision_infra.terraform_apply, "cluster.authorized_networks=[127.0.0.0/8]"

    def applied(*arguments: Any) -> None:
        apply(*arguments)
        cloud.control("DELETE", "faults")

    monkeypatch.setattr(provision_infra, "terraform_apply", applied)
    cloud.control("POST", "faults", {"path": f"/kubernetes/{PROJECT}/", "reset": True, "times": 0})
    try:
        planned = plan(spec, [let_in])
        report = create(spec, let_in)
    finally:
        cloud.control("DELETE", "faults")
    assert [str(change) for change in planned.changes] == [f"update {CLUSTER}"]
    assert [one for one in planned.warnings if "not compared before its endpoint is open" in one]
    assert report.infrastructure.changes == (f"update {CLUSTER}",)
    assert report.pipelines.healthy


@pytest.mark.long
def test_cluster_that_was_lost_is_made_again_and_finds_the_earlier_runs(cloud, spec) -> None:
    """What they are in: instance, databases, password, bucket."""
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    create(spec)
    earlier = outputs(spec)
    database, bucket = earlier.database.instance, earlier.artifact_store.bucket
    password = (SecretManager(Addresses.from_environment(), PROJECT).read("guarded-mysql-root-password") or ("", ""))[1]
    instance, names = f"{INSTANCES}/{database}", ["pipelinedb", "metadb", "cachedb"]
    for name in names:  # as the services do when they start
        cloud.call("POST", f"{instance}/databases", {"name": name}).raise_for_status()
    cloud.call("DELETE", f"{CLUSTERS[1:]}/guarded-cluster").raise_for_status()
    with pytest.raises(ReplacementRefusedError, match=r"database\.names\.pipelines goes from pipelinedb to other"):
        create(spec, "database.names.pipelines=other")

    before = cloud.last_call()
    made = create(spec).infrastructure
    assert set(made.changes) == {f"create {CLUSTER}", f"create {POOL}"}
    assert (made.outputs.database, made.outputs.artifact_store) == (earlier.database, earlier.artifact_store)
    assert {call["service"] for call in cloud.calls_since(before) if call["mutating"]}.isdisjoint(
        {"sqladmin.googleapis.com", "secretmanager.googleapis.com"}
    )
    objects = cluster(spec)
    config = objects.request("GET", "/api/v1/namespaces/kubeflow/configmaps/pipeline-install-config").body
    keys = ("pipelineDb", "mlmdDb", "cacheDb", "bucketName", "gcsCloudSqlInstanceName")
    wired = [*names, bucket, f"{PROJECT}:us-central1:{database}"]
    assert [config["data"][key] for key in keys] == wired
    secret = objects.request("GET", "/api/v1/namespaces/kubeflow/secrets/mysql-secret").body
    assert base64.b64decode(secret["data"]["password"]).decode() == password
    assert cloud.lets_in(PROJECT, database, password)
    kept = {one["name"] for one in cloud.call("GET", f"{instance}/databases").json()["items"]}
    assert kept > set(names)


def test_all_that_stands_in_the_way_is_told_at_once_and_nothing_is_changed(cloud, spec) -> None:
    """Also where nobody pays, so that whose the names are cannot be asked."""
    project, user = "acme-guarded-unpaid", "user@sandbox.localhost"
    names = [f"{one}.googleapis.com" for one in ("compute", "container", "iam", "secretmanager", "sqladmin")]
    services = f"serviceusage.googleapis.com/v1/projects/{project}/services:batchEnable"
    cloud.call("POST", services, {"serviceIds": names}).raise_for_status()
    cloud.control("POST", "project", {"project_id": project, "billing": False})
    denied = {"project_id": project, "email": user, "roles": ["roles/owner"], "denied": ["container.clusters.create"]}
    cloud.control("POST", "principals", denied)
    abroad = {"values": {"allowedValues": ["in:eu-locations"]}}
    policy = {"project_id": project, "constraint": "gcp.resourceLocations", "rule": abroad}
    cloud.control("POST", "policy", policy)
    before = cloud.last_call()
    with pytest.raises(PreflightError) as caught:
        create(spec, f"project_id={project}", f"state.bucket={project}-tfstate")
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    assert "3 findings before any change: " in str(caught.value)
    for words in ("no active billing account", "lacks container.clusters.create", "gcp.resourceLocations"):
        assert words in str(caught.value)


def test_all_that_the_message_names_goes_with_permission_and_the_database_is_backed_up_for_good(cloud, spec) -> None:
    """Last: the environment has another range from here on, and another database."""
    from clients.addresses import Addresses
    from clients.storage import Storage
    from environment.state_folder import format_suffix

    tfstate, folder = "acme-guarded-tfstate", "mlops-env/guarded"
    old = outputs(spec).database.instance
    storage = Storage(Addresses.from_environment(), PROJECT)
    storage.write(tfstate, f"{folder}/suffix.json", format_suffix("wxyz"))  # of a replacement that never was
    state = json.loads(storage.read(tfstate, f"{folder}/default.tfstate") or "")
    (found,) = (one for one in state["resources"] if one["type"] in DATABASE)
    found["instances"][0]["status"] = "tainted"
    storage.write(tfstate, f"{folder}/default.tfstate", json.dumps({**state, "serial": state["serial"] + 1}))
    message = refusal(cloud, spec, OTHER_RANGE)
    assert f"replace {DATABASE} (tainted, though it is there)" in message
    before = cloud.last_call()
    report = create(spec, OTHER_RANGE, allow=named(message))
    assert report.pipelines.healthy
    new = report.infrastructure.outputs.database.instance
    assert new not in (old, "guarded-mysql-wxyz")
    calls = [(call["method"], call["path"]) for call in cloud.calls_since(before) if call["mutating"]]
    instance = f"/sql/v1beta4/projects/{PROJECT}/instances/{old}"
    assert calls.index(("POST", f"{instance}/backupRuns")) < calls.index(("DELETE", instance))
    backups = cloud.call("GET", f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/backups").json()["backups"]
    assert [(one["instance"], one["state"]) for one in backups] == [(old, "SUCCESSFUL")]
    assert create(spec, OTHER_RANGE).change_count == 0
