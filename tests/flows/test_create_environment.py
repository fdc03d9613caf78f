"""The main job on the sandbox, as a user's process runs it: made, made again without a change, changed by one field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from environment.errors import ReplacementRefusedError, SpecError

SPEC = """\
name: {name}
cloud: sandbox
role: dev
project_id: acme-{name}-project
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-{name}-tfstate}}
labels: {{team: ml}}
"""


def write_spec(folder: Path, name: str) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(SPEC.format(name=name))
    return str(path)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_spec(tmp_path_factory.mktemp("specs"), "first")


@pytest.fixture(scope="module")
def created(sandbox, prefect_server, spec):
    """The environment, made once for this module."""
    from flows.create_environment import create_environment

    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.variables.items():
            patch.setenv(name, value)
        patch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
        return create_environment(spec)


def test_the_first_run_makes_everything(created, cloud) -> None:
    assert created.infrastructure.outputs.cluster.name == "first-cluster"
    assert created.pipelines.healthy
    assert created.pipelines.object_count == 91
    assert created.pipelines.record.url.startswith("https://")


def test_the_second_run_changes_nothing(created, cloud, spec, monkeypatch) -> None:
    from flows.create_environment import create_environment

    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    before = cloud.last_call()
    state = create_environment(spec, return_state=True)
    assert state.is_completed()
    assert state.message == "No changes"
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []


def test_one_field_is_one_update_and_conflicts_are_taken_over_when_told_to(created, cloud, spec, monkeypatch) -> None:
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.connection import Cluster
    from flows.create_environment import create_environment

    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    addresses = Addresses.from_environment()
    cluster = Cluster(read_cluster_access(addresses, "acme-first-project", "us-central1-a", "first-cluster"), addresses)
    edit = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/by-hand:1"}]
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
    by_hand = {"fieldManager": "kubectl-edit"}
    cluster.request("PATCH", path, by_hand, edit, content_type="application/json-patch+json")
    cluster.close()
    report = create_environment(spec, ["cluster.max_nodes=8"], force_conflicts=True)
    assert report.infrastructure.changes == ("update module.cluster.google_container_node_pool.this",)
    assert report.pipelines.changes == ("update Deployment kubeflow/ml-pipeline-ui",)


def test_another_namespace_is_refused_before_the_infrastructure_follows(created, cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match=r"set pipelines\.namespace to kubeflow"):
        create_environment(spec, ["pipelines.namespace=ml"])
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []


def test_the_record_and_the_state_hold_no_secret(created, cloud) -> None:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    manager = SecretManager(Addresses.from_environment(), "acme-first-project")
    password = manager.read("first-mysql-root-password")[1]
    kept = [
        cloud.call("GET", f"storage.googleapis.com/storage/v1/b/acme-first-tfstate/o/{name}?alt=media").text
        for name in ("mlops-env%2Ffirst%2Fdefault.tfstate", "mlops-env%2Ffirst%2Frecord.json")
    ]
    assert all(json.loads(text) for text in kept)
    assert all(password not in text for text in kept)
    export = json.dumps(cloud.control("GET", "export"))
    assert password not in export
    for file in cloud.data_dir.rglob("*"):
        if file.is_file():
            assert password.encode() not in file.read_bytes(), file


def test_another_machine_reads_the_outputs_and_leaves_no_plan(created, cloud, spec, tmp_path, monkeypatch) -> None:
    from clients.addresses import Addresses
    from clients.infrastructure import read_infrastructure
    from environment.spec_file import load_environment

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = cloud.last_call()
    outputs = read_infrastructure(load_environment(spec), Addresses.from_environment())
    assert outputs == created.infrastructure.outputs
    assert [call for call in cloud.calls_since(before) if call["mutating"] or call["bookkeeping"]] == []
    assert list(tmp_path.rglob("*.tfvars.json")) == []


def test_a_bad_spec_fails_before_any_call(cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    with pytest.raises(SpecError, match="did you mean max_nodes"):
        create_environment(spec, ["cluster.max_node=8"])
    assert cloud.calls_since(before) == []
