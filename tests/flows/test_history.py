"""Who changed what, and how it ended, on the sandbox; a run that changed nothing leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from environment.errors import MlopsEnvError

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


@pytest.fixture
def cloud(cloud, monkeypatch):
    """The sandbox, with its own manifests."""
    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    return cloud


def entries(spec: str) -> tuple[Any, ...]:
    from clients.addresses import Addresses
    from clients.history import read_history
    from environment.spec_file import load_environment

    return read_history(load_environment(spec, []), Addresses.from_environment(), 20)


def create(spec: str, *overrides: str) -> Any:
    from flows.create_environment import create_environment

    return create_environment(spec, list(overrides))


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
    assert "enable compute.googleapis.com" in entry.changes
    assert entry.error.startswith("provision-infra: ")
    assert "403" in entry.error or "ermission" in entry.error


def test_run_that_changed_something_is_told_and_one_that_did_not_is_not(cloud, spec) -> None:
    report = create(spec)
    newest = entries(spec)[0]
    assert (newest.outcome, newest.error) == ("succeeded", "")
    assert len(newest.changes) == report.change_count
    assert newest.versions["pipelines"] == report.pipelines.record.version
    assert newest.run.startswith("create-told-")
    assert newest.run_id
    before = cloud.last_call()
    assert create(spec).change_count == 0
    calls = cloud.calls_since(before)
    assert [call["path"] for call in calls if call["mutating"]] == []
    assert len(entries(spec)) == 2


def test_refused_run_changed_nothing(cloud, spec) -> None:
    with pytest.raises(MlopsEnvError, match="allow-replace"):
        create(spec, "network.subnet_cidr=10.11.0.0/20")
    assert len(entries(spec)) == 2


def test_command_prints_them(cloud, spec, capsys, monkeypatch) -> None:
    from cli.history import history

    history(spec, [], None, 1, True)
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["outcome"], entry["project_id"]) == ("succeeded", PROJECT)
    history(spec, [], None, 20, False)
    newest, oldest = capsys.readouterr().out.strip().splitlines()
    assert "create succeeded" in newest
    assert "create failed" in oldest
