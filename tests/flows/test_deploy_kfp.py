"""Step 3 alone, on a cluster that somebody else made: of the infrastructure it knows the state's outputs only."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from environment.errors import ApplyConflictError, ReplacementRefusedError, TerraformError
from sandbox.variables import MANIFESTS

PROJECT = "acme-deploy-project"
UPSTREAM = os.environ.get("MLOPS_ENV_GIT_MIRROR", str(MANIFESTS))
SPEC = f"""\
name: deploy
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: deploy
state: {{bucket: acme-deploy-tfstate}}
"""
OUTPUTS: dict[str, Any] = {
    "network": {"name": "given", "subnetwork": "given"},
    "cluster": {
        "name": "given",
        "location": "us-central1-a",
        "endpoint": "1.2.3.4",
        "workload_pool": f"{PROJECT}.svc.id.goog",
    },
    "database": {"instance": "given", "connection_name": f"{PROJECT}:us-central1:given", "version": "MYSQL_8_0"},
    "artifact_store": {"bucket": "acme-deploy-artifacts", "url": "gs://acme-deploy-artifacts"},
    "service_accounts": {role: f"{role}@{PROJECT}.iam.gserviceaccount.com" for role in ("node", "system", "user")},
}


def state() -> str:
    """Return a Terraform state with outputs and nothing else."""
    typed = {
        name: {"value": value, "type": ["object", dict.fromkeys(value, "string")]} for name, value in OUTPUTS.items()
    }
    return json.dumps(
        {"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "given", "outputs": typed, "resources": []}
    )


@pytest.fixture
def spec(cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The spec, on a machine that has never seen it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("MLOPS_ENV_GIT_MIRROR", UPSTREAM)
    path = tmp_path / "deploy.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture(scope="module")
def given(sandbox) -> None:
    """Make cluster, state and the password of the database's root user by hand."""
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager
    from clients.service_usage import ServiceUsage
    from clients.storage import Storage

    addresses = Addresses.from_environment(sandbox.variables)
    ServiceUsage(addresses, PROJECT).enable(("secretmanager.googleapis.com", "storage.googleapis.com"))
    storage = Storage(addresses, PROJECT)
    storage.ensure_bucket("acme-deploy-tfstate", "us-central1", {})
    storage.write("acme-deploy-tfstate", "mlops-env/deploy/default.tfstate", state())
    secrets = SecretManager(addresses, PROJECT)
    secrets.create("deploy-mysql-root-password", {})
    secrets.add_version("deploy-mysql-root-password", "password-of-the-test")
    sandbox.make_cluster(PROJECT, "given")


@pytest.fixture(scope="module")
def reports() -> list[Any]:
    """What the first run reported."""
    return []


@pytest.fixture
def deployed(cloud, given, spec, reports):
    """Kubeflow Pipelines on that cluster, installed once for this module."""
    from flows.deploy_kfp import deploy_kfp

    if not reports:
        reports.append(deploy_kfp(spec))
    return reports[0]


def cluster():
    """Return the cluster as somebody with kubectl sees it."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses = Addresses.from_environment()
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, "us-central1-a", "given"))


def mutating(cloud, before: int) -> list[tuple[str, str]]:
    return [(call["method"], call["path"]) for call in cloud.calls_since(before) if call["mutating"]]


def test_it_installs_on_a_given_cluster(deployed, cloud, spec) -> None:
    assert (deployed.object_count, deployed.healthy, deployed.warnings) == (91, True, ())
    assert deployed.record.url.startswith("https://")
    assert deployed.record.namespace == "kubeflow"


def test_again_it_changes_nothing(deployed, cloud, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    before = cloud.last_call()
    again = deploy_kfp(spec, return_state=True)
    assert again.message == "No changes"
    assert again.result().record == deployed.record
    assert mutating(cloud, before) == []


def test_a_second_installation_in_another_namespace_is_refused(deployed, cloud, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    before = cloud.last_call()
    refusal = r"namespace kubeflow of this cluster.*--allow-replace 'Namespace kubeflow'"
    with pytest.raises(ReplacementRefusedError, match=refusal):
        deploy_kfp(spec, ["pipelines.namespace=ml"])
    assert mutating(cloud, before) == []


def test_status_knows_it_though_no_create_left_a_record(deployed, cloud, spec) -> None:
    from clients.addresses import Addresses
    from clients.environment_status import read_status
    from environment.spec_file import load_environment

    found = read_status(load_environment(spec), Addresses.from_environment())
    assert found.last_run is None
    assert found.pipelines is not None
    assert found.pipelines.model_dump() == {
        "version": "2.14.4",
        "namespace": "kubeflow",
        "url": deployed.record.url,
        "healthy": True,
        "problem": "",
    }


def test_its_connections_are_closed_at_the_end(deployed, cloud, spec) -> None:
    from clients.kubernetes import objects
    from flows.deploy_kfp import deploy_kfp

    deploy_kfp(spec)
    left = [access.endpoint for _, access in objects._open]  # of other tests in this process there may be some
    assert cluster().cluster.endpoint not in left


def test_what_it_works_with_is_known_where_the_note_is_lost(deployed, cloud, spec) -> None:
    from clients.addresses import Addresses
    from clients.storage import Storage
    from environment.spec_file import load_environment
    from flows.deploy_kfp import deploy_kfp

    environment = load_environment(spec)
    storage, place = Storage(Addresses.from_environment(), PROJECT), f"{environment.state_prefix}/databases.json"
    note = storage.read(environment.state.bucket, place)
    storage.delete(environment.state.bucket, place)
    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match=r"database\.names\.cache goes from cachedb to other"):
        deploy_kfp(spec, ["database.names.cache=other"])
    assert mutating(cloud, before) == []
    storage.write(environment.state.bucket, place, note or "")


def test_what_others_set_stops_it_until_told_otherwise(deployed, cloud, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
    edit = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/by-hand:1"}]
    cluster().cluster.request(
        "PATCH", path, {"fieldManager": "kubectl-edit"}, edit, content_type="application/json-patch+json"
    )
    before = cloud.last_call()
    with pytest.raises(ApplyConflictError, match="kubectl-edit"):
        deploy_kfp(spec)
    assert mutating(cloud, before) == []
    assert deploy_kfp(spec, force_conflicts=True).changes == ("update Deployment kubeflow/ml-pipeline-ui",)


def test_new_password_restarts_the_pods_that_read_it(deployed, cloud, spec) -> None:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager
    from flows.deploy_kfp import deploy_kfp

    secrets = SecretManager(Addresses.from_environment(), PROJECT)
    secrets.add_version("deploy-mysql-root-password", "another-password")
    changes = deploy_kfp(spec).changes
    assert changes[0] == "update Secret kubeflow/mysql-secret"
    restarted = ("cache-server", "metadata-grpc-deployment", "ml-pipeline")
    assert set(changes[1:]) == {f"update Deployment kubeflow/{name}" for name in restarted}


def test_no_secret_is_left_behind(deployed, cloud) -> None:
    import prefect.settings

    url = prefect.settings.get_current_settings().server.database.connection_url.get_secret_value()
    database = Path(url.partition(":///")[2])
    assert database.is_file()
    folders = [database.parent, Path(os.environ["XDG_STATE_HOME"]), Path(os.environ["XDG_CACHE_HOME"])]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert files
    for value in (b"password-of-the-test", base64.b64encode(b"password-of-the-test")):
        assert [file for file in files if value in file.read_bytes()] == []


def test_without_infrastructure_it_says_what_to_run_first(cloud, given, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    with pytest.raises(TerraformError, match="run provision_infra"):
        deploy_kfp(spec, ["state.prefix=elsewhere"])


def test_it_moves_to_another_namespace_with_permission(deployed, cloud, spec) -> None:
    """Last: the installation is elsewhere from here on."""
    from flows.deploy_kfp import deploy_kfp

    report = deploy_kfp(spec, ["pipelines.namespace=ml"], allow_replace=["Namespace kubeflow"])
    assert report.changes[0] == "delete Namespace kubeflow"
    assert (report.record.namespace, report.healthy) == ("ml", True)
