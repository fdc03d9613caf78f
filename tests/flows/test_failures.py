"""One environment that is made while everything goes wrong that heals, and then meets what does not heal."""

from __future__ import annotations

import base64
import json
import os
import shlex
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from environment.errors import (
    KubernetesError,
    PermissionDeniedError,
    ReplacementRefusedError,
    RolloutError,
    StateLockedError,
    TerraformError,
    UnreachableError,
)

NAME = "wrong"
PROJECT = f"acme-{NAME}-project"
CLUSTER = f"{PROJECT}/us-central1-a/{NAME}-cluster"
BUCKET = f"acme-{NAME}-tfstate"
LOCK = f"mlops-env/{NAME}/default.tflock"
SPEC = f"""\
name: {NAME}
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: {NAME}
state: {{bucket: {BUCKET}}}
"""
OFF = "Cloud SQL Admin API has not been used in project 1 before or it is disabled."
PASSING: list[dict[str, Any]] = [
    {"path": "serviceusage.*/services", "method": "GET", "status": 503},
    {"path": "storage/v1/b/", "method": "GET", "status": 503},
    {"path": "storage/v1/b\\?", "method": "POST", "reset": True},
    {"path": "/upload/", "method": "POST", "status": 429},
    {"path": "compute.*/networks", "method": "POST", "status": 503},
    {"path": "compute.*/subnetworks", "method": "POST", "reset": True},
    {"path": "container.*/clusters", "method": "POST", "status": 503},
    {"path": f"{NAME}-gke-node@", "method": "GET", "status": 404, "times": 3},
    {"path": "secretmanager.*/secrets\\?", "method": "POST", "status": 503},
    {"path": ":addVersion", "status": 429},
    {
        "path": "sqladmin.*/instances\\?",
        "method": "POST",
        "status": 403,
        "reason": "accessNotConfigured",
        "message": OFF,
    },
    {"path": "sqladmin.*/users", "method": "GET", "status": 503},
    {"path": "sqladmin.*/users", "method": "POST", "reset": True},
    {"path": "/kubernetes/.*/namespaces/kubeflow\\?", "method": "PATCH", "status": 503},
    {"path": "/kubernetes/.*/secrets/mysql-secret", "method": "PATCH", "status": 429},
    {"path": "/kubernetes/.*/deployments/ml-pipeline\\?.*force=false$", "method": "PATCH", "reset": True},
    {"path": "/kubernetes/.*healthz", "status": 503},
]
"""On each kind of call one failure that heals; of the new service account, three reads that do not find it yet.

The one of Cloud SQL stops the apply half way: what follows is another plan.
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / f"{NAME}.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture(scope="module")
def created(sandbox, prefect_server, spec) -> Iterator[Any]:
    """The environment, made once for this module; a run before had died right after it made a service account."""
    from flows.create_environment import create_environment

    accounts = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"
    for service in ("iam.googleapis.com",):
        sandbox.call("POST", f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/{service}:enable", {})
    account = {"accountId": f"{NAME}-gke-node", "serviceAccount": {"displayName": f"GKE nodes of {NAME}"}}
    sandbox.call("POST", accounts, account).raise_for_status()
    for fault in PASSING:
        sandbox.control("POST", "faults", fault)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.variables.items():
            patch.setenv(name, value)
        report = create_environment(spec)
    sandbox.control("DELETE", "faults")
    return report


@pytest.fixture
def faults(cloud, created) -> Iterator[Callable[..., None]]:
    """Makes calls fail for good, until the test ends."""

    def add(path: str, **fault: Any) -> None:
        cloud.control("POST", "faults", {"path": path, "times": 0, **fault})

    yield add
    cloud.control("DELETE", "faults")


def mutating(cloud, before: int) -> list[str]:
    return [f"{call['method']} {call['path']}" for call in cloud.calls_since(before) if call["mutating"]]


def password() -> str:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    found = SecretManager(Addresses.from_environment(), PROJECT).read(f"{NAME}-mysql-root-password")
    assert found
    return found[1]


def test_what_heals_does_not_stop_it(created, cloud) -> None:
    assert created.pipelines.healthy
    assert 'create module.service_accounts.google_service_account.this["node"]' in created.infrastructure.changes


def test_an_apply_that_met_an_api_that_is_off_is_planned_anew(created, cloud) -> None:
    path = f"/projects/{PROJECT}/instances"
    made = [call for call in cloud.calls_since(0) if call["method"] == "POST" and call["path"].endswith(path)]
    assert [call["status"] for call in made] == [403, 200]


def test_a_refused_bucket_is_a_question_of_permission_not_of_absence(cloud, faults, spec) -> None:
    from flows.provision_infra import provision_infra

    said = "user@acme.example does not have storage.buckets.get access to the Google Cloud Storage bucket."
    faults(f"storage/v1/b/{BUCKET}", status=403, message=said)
    with pytest.raises(
        PermissionDeniedError, match=r"grant user@acme\.example a role with storage\.buckets\.get"
    ) as no:
        provision_infra(spec)
    assert "missing" not in str(no.value)
    assert "not exist" not in str(no.value)


def test_terraform_s_own_diagnostic_is_one_line_and_names_address_and_principal(cloud, faults, spec) -> None:
    from flows.create_environment import create_environment

    said = f'Required "container.clusters.update" permission(s) for "projects/{PROJECT}".'
    faults("container.*/clusters/", method="PUT", status=403, message=said)
    state = create_environment(spec, ["cluster.max_nodes=8"], return_state=True)
    error = state.result(raise_on_failure=False)
    assert isinstance(error, TerraformError)
    assert error.address == "module.cluster.google_container_node_pool.this"
    assert "Error 403" in error.message
    what_to_do, _, log = error.hint.partition("; the full log is ")
    assert what_to_do == "grant user@sandbox.localhost a role with container.clusters.update"
    assert "container.clusters.update" in Path(log).read_text()
    assert "\n" not in str(error)
    assert state.is_failed()
    assert error.message in state.message


def test_a_provider_that_does_not_start_is_said(cloud, created, spec, tmp_path, monkeypatch) -> None:
    from flows.provision_infra import provision_infra

    folder = tmp_path / "registry.terraform.io/hashicorp/google/7.45.0/linux_amd64"
    folder.mkdir(parents=True)
    binary = folder / "terraform-provider-google_v7.45.0"
    binary.write_text("#!/bin/sh\nexit 3\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    rc = tmp_path / "terraform.rc"
    rc.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{tmp_path}" }} }}\n')
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(rc))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(TerraformError, match="provider") as failure:
        provision_infra(spec)
    assert "\n" not in str(failure.value)


def test_a_lock_is_told_with_holder_age_and_how_to_release_it(cloud, created, spec, monkeypatch) -> None:
    from clients import terraform
    from clients.addresses import Addresses
    from clients.storage import Storage
    from flows.provision_infra import provision_infra

    info = {"ID": "6a5e", "Operation": "OperationTypeApply", "Who": "ann@gone", "Version": "1.15.5", "Info": ""}
    info |= {"Created": "2026-01-02T03:04:05.123456789Z", "Path": f"gs://{BUCKET}/{LOCK}"}
    Storage(Addresses.from_environment(), PROJECT).write(BUCKET, LOCK, json.dumps(info))
    monkeypatch.setattr(terraform, "LOCK_TIMEOUT", "0s")
    before = cloud.last_call()
    with pytest.raises(StateLockedError, match=r"by ann@gone since 2026-01-02 03:04:05 UTC \(.*ago\), for apply") as no:
        provision_infra(spec)
    assert mutating(cloud, before) == []
    command = shlex.split(no.value.hint.partition("release its lock with: ")[2])
    subprocess.run(command, env=cloud.process_environment(), check=True, capture_output=True, timeout=60)
    assert provision_infra(spec, return_state=True).message == "No changes"


def test_an_object_that_the_cluster_refuses_is_named_with_field_and_reason(cloud, created, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    cluster = kubernetes()
    path = "/apis/apps/v1/namespaces/kubeflow/deployments"
    mine = cluster.request("GET", f"{path}/ml-pipeline-ui").body
    foreign = {"app": "by-somebody-else"}
    template = {**mine["spec"]["template"], "metadata": {"labels": foreign}}
    other = {
        "metadata": {"name": "ml-pipeline-ui"},
        "spec": {"selector": {"matchLabels": foreign}, "template": template},
    }
    cluster.request("DELETE", f"{path}/ml-pipeline-ui")
    cluster.request("POST", path, body=other)
    before = cloud.last_call()
    with pytest.raises(
        ReplacementRefusedError, match=r"Deployment kubeflow/ml-pipeline-ui \(forced by \.spec\.selector"
    ):
        deploy_kfp(spec, force_conflicts=True)
    assert mutating(cloud, before) == []
    cluster.request("DELETE", f"{path}/ml-pipeline-ui")
    assert deploy_kfp(spec).healthy


def test_a_workload_that_never_gets_ready_is_told_with_its_reason_and_last_words(cloud, created, spec) -> None:
    from flows.create_environment import create_environment

    workload = {"cluster": CLUSTER, "namespace": "kubeflow", "name": "metadata-writer"}
    cloud.control("POST", "workload", {**workload, "failure": "crash", "last_log_line": "cannot reach metadata:8080"})
    run_id = deployed_run({"environment": spec, "overrides": ["pipelines.rollout_timeout_seconds=3"]})
    state = begin(create_environment, run_id)
    error = state.result(raise_on_failure=False)
    assert isinstance(error, RolloutError)
    assert error.resource == "Deployment kubeflow/metadata-writer"
    assert "CrashLoopBackOff" in error.message
    assert "cannot reach metadata:8080" in error.message
    assert error.message in state.message
    cloud.control("POST", "workload", {**workload, "failure": None})
    retry(run_id)
    state = begin(create_environment, run_id)
    assert (state.message, state.result().infrastructure.changes) == ("No changes", ())
    assert children_of(run_id) == {
        ("enable-services", "COMPLETED", "No changes"): 2,
        ("provision-infra", "COMPLETED", "No changes"): 2,
        ("deploy-kfp", "FAILED", ""): 1,
        ("deploy-kfp", "COMPLETED", "No changes"): 1,
    }


def deployed_run(parameters: dict[str, Any]) -> UUID:
    """Plan a run of a deployment; return its id."""
    from prefect import get_client

    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow_from_name("create-environment"), "retried")
        return client.create_flow_run_from_deployment(deployment, parameters=parameters).id


def begin(flow: Any, run_id: UUID) -> Any:
    """Begin a planned run, as a worker does; return its last state."""
    from prefect import get_client
    from prefect.flow_engine import run_flow

    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
    return run_flow(flow, flow_run=run, parameters=run.parameters, return_type="state")


def retry(run_id: UUID) -> None:
    """Do what the UI's button does."""
    from prefect import get_client
    from prefect.states import AwaitingRetry

    with get_client(sync_client=True) as client:
        assert client.set_flow_run_state(run_id, AwaitingRetry(), force=True).state.name == "AwaitingRetry"


def children_of(run_id: UUID) -> Counter[tuple[str, str, str]]:
    """Count the runs below a run that was tried twice by flow, how they ended, and with which words if well."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

    below = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run_id]))
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(run_id).run_count == 2
        runs = client.read_flow_runs(flow_run_filter=below)
    flows = {"enable-services", "provision-infra", "deploy-kfp"}
    named = ((next(flow for flow in flows if run.name.startswith(flow)), run.state) for run in runs)
    return Counter((name, one.type.value, str(one.message) * one.is_completed()) for name, one in named if one)


def test_a_cluster_out_of_reach_is_given_up_soon_with_the_hint(cloud, faults, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    faults(f"/kubernetes/{CLUSTER}", reset=True)
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="authorized networks"):
        deploy_kfp(spec)
    assert time.monotonic() - began < 20


def test_a_cluster_s_refusal_keeps_its_words(cloud, faults, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    said = 'namespaces "kubeflow" is forbidden: User "ann@acme.example" cannot patch resource "namespaces"'
    faults(f"/kubernetes/{CLUSTER}/api/v1/namespaces/kubeflow", method="PATCH", status=403, message=said)
    before = cloud.last_call()
    with pytest.raises(KubernetesError, match=r"ann@acme\.example.*grant the credentials in use a role"):
        deploy_kfp(spec)
    assert mutating(cloud, before) == []


def test_secrets_rest_in_no_file(cloud, created) -> None:
    import prefect.settings

    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    keys = SecretManager(Addresses.from_environment(), PROJECT).read(f"{NAME}-artifact-keys")
    assert keys
    parts = [str(value) for value in json.loads(keys[1]).values()]
    secrets = [one.encode() for one in (password(), keys[1], *parts)]
    forbidden = [*secrets, *map(base64.b64encode, secrets)]
    url = prefect.settings.get_current_settings().server.database.connection_url.get_secret_value()
    places = [Path(url.partition(":///")[2]).parent, cloud.data_dir, Path(os.environ["PREFECT_HOME"])]
    places += [Path(os.environ["XDG_STATE_HOME"]), Path(os.environ["XDG_CACHE_HOME"])]
    files = [file for place in places for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
    assert len(files) > 20
    assert [file for file in files if any(one in file.read_bytes() for one in forbidden)] == []


def kubernetes() -> Any:
    """Return the cluster as somebody with kubectl sees it."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses = Addresses.from_environment()
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, "us-central1-a", f"{NAME}-cluster")).cluster
