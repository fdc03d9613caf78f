"""Who changed what, and how it ended, on the sandbox; a run that changed nothing leaves nothing."""

from __future__ import annotations

import json
from asyncio import CancelledError
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from environment.errors import MlopsEnvError, PermissionDeniedError, TransientGoogleApiError

PROJECT = "acme-history-project"
SPEC = f"""\
name: told
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: told
state: {{bucket: acme-told-tfstate}}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "told.yaml"
    path.write_text(SPEC)
    return str(path)


def entries(spec: str) -> tuple[Any, ...]:
    from clients.addresses import Addresses
    from clients.history import read_history
    from environment.spec_file import load_environment

    return read_history(load_environment(spec, []), Addresses.from_environment(), 20)


def create(spec: str, *overrides: str) -> Any:
    from flows.create_environment import create_environment

    return create_environment(spec, list(overrides))


def cluster() -> Any:
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses = Addresses.from_environment()
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, "us-central1-a", "told-cluster")).cluster


def test_where_nothing_was_made_there_is_no_history(cloud, spec) -> None:
    assert entries(spec) == ()


def test_failed_run_is_told_with_what_it_did_until_then(cloud, spec) -> None:
    fault = {"method": "POST", "path": "/sqladmin.googleapis.com/.*/instances", "status": 403, "times": 100}
    cloud.control("POST", "faults", fault)
    try:
        with pytest.raises(MlopsEnvError):
            create(spec)
    finally:
        cloud.control("DELETE", "faults")
    (entry,) = entries(spec)
    assert (entry.action, entry.outcome, entry.environment) == ("create", "failed", "told")
    assert {
        "enable compute.googleapis.com",
        "create bucket acme-told-tfstate",
        "create module.network.google_compute_network.this",
    } <= {*entry.changes}
    assert not any("google_sql_database_instance" in change for change in entry.changes)
    assert entry.error.startswith("provision-infra: ")
    assert "403" in entry.error or "ermission" in entry.error


def test_run_that_changed_something_is_told_and_one_that_did_not_is_not(cloud, spec) -> None:
    report = create(spec)
    newest = entries(spec)[0]
    assert (newest.outcome, newest.error) == ("succeeded", "")
    assert sorted(newest.changes) == sorted((*report.infrastructure.changes, *report.pipelines.changes))
    assert newest.versions["pipelines"] == report.pipelines.record.version
    assert newest.run.startswith("create-told-")
    assert newest.run_id
    before = cloud.last_call()
    assert create(spec).change_count == 0
    calls = cloud.calls_since(before)
    assert [call["path"] for call in calls if call["mutating"]] == []
    assert len(entries(spec)) == 2


def test_step_by_itself_is_told_too_and_from_before_its_first_change_on(cloud, spec, monkeypatch) -> None:
    from clients.service_usage import ServiceUsage
    from flows.enable_services import enable_services

    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/dataflow.googleapis.com"
    cloud.call("POST", f"{service}:disable", {"disableDependentServices": True}).raise_for_status()
    enable, seen = ServiceUsage.enable, []

    def enable_seen(usage: ServiceUsage, services: Any, **how: Any) -> None:
        seen.append(entries(spec)[0])
        enable(usage, services, **how)

    monkeypatch.setattr(ServiceUsage, "enable", enable_seen)
    enable_services(spec)
    assert [(one.outcome, one.finished_at, one.changes) for one in seen] == [("unfinished", None, ())]
    newest = entries(spec)[0]
    assert (newest.run_id, newest.action, newest.outcome) == (seen[0].run_id, "enable-services", "succeeded")
    assert newest.changes == ("enable dataflow.googleapis.com",)


def after(first: BaseException, error: Exception) -> Exception:
    """Return an error that came while another was handled."""
    error.__context__ = first
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (PermissionDeniedError("no"), None),
        (TransientGoogleApiError("no answer"), "failed"),
        (TimeoutError("too late"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (after(KeyboardInterrupt(), ConnectionError("the server is gone")), "interrupted"),
        (after(CancelledError(), TimeoutError("too late")), "failed"),
        (after(ValueError(), ConnectionError("the server is gone")), "failed"),
    ],
)
def test_run_that_ends_at_its_first_change_is_told_where_nobody_knows(
    cloud, spec, monkeypatch, error: BaseException, outcome: str | None
) -> None:
    """A change that was refused is none; one that was interrupted, or got no answer, may have been made."""
    from environment.spec_file import load_environment
    from flows.history import recorded
    from tasks.history import current_journal

    monkeypatch.setattr("flows.history.flow_run", SimpleNamespace(name="", id=str(uuid4())))
    before = entries(spec)

    def run() -> None:
        with recorded(load_environment(spec, []), "test"):
            current_journal().begin()
            assert len(entries(spec)) == len(before) + 1
            raise error

    with pytest.raises(type(error)):
        run()
    assert [one.outcome for one in entries(spec) if one not in before] == ([outcome] if outcome else [])


def test_step_that_fails_after_changes_is_told_with_them(cloud, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    workload = {"cluster": f"{PROJECT}/us-central1-a/told-cluster", "namespace": "kubeflow", "name": "ml-pipeline-ui"}
    cloud.control("POST", "workload", {**workload, "failure": "crash"})
    kubernetes = cluster()
    kubernetes.request("DELETE", "/api/v1/namespaces/kubeflow/services/ml-pipeline")
    with pytest.raises(MlopsEnvError, match="ml-pipeline-ui"):
        deploy_kfp(spec, ["pipelines.rollout_timeout_seconds=2"])
    cloud.control("POST", "workload", {**workload, "failure": None})
    newest = entries(spec)[0]
    assert (newest.action, newest.outcome) == ("deploy-kfp", "failed")
    assert newest.changes == ("create Service kubeflow/ml-pipeline",)
    assert "ml-pipeline-ui" in newest.error


def test_refused_run_changed_nothing(cloud, spec) -> None:
    before = entries(spec)
    with pytest.raises(MlopsEnvError, match="allow-replace"):
        create(spec, "network.subnet_cidr=10.11.0.0/20")
    assert entries(spec) == before


def test_command_prints_them(cloud, spec, capsys, monkeypatch) -> None:
    from cli.history import history

    history(spec, [], None, 1, True)
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["outcome"], entry["project_id"]) == ("failed", PROJECT)
    history(spec, [], None, 20, False)
    *_, second, oldest = capsys.readouterr().out.strip().splitlines()
    assert "create succeeded" in second
    assert "create failed" in oldest
