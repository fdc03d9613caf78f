"""An environment whose state was lost is adopted, wholly and in part; what would be lost by it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from environment.errors import ReplacementRefusedError

PROJECT, BUCKET = "acme-adopted-project", "acme-adopted-tfstate"
SPEC = f"""\
name: adopted
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: adopted
state: {{bucket: {BUCKET}}}
"""
pytestmark = pytest.mark.long
CLUSTER = "module.cluster.google_container_cluster.this"
DATABASE = "module.database.google_sql_database_instance.this"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "adopted.yaml"
    path.write_text(SPEC)
    return str(path)


def run(flow: str, spec: str, *overrides: str, **switches: Any) -> Any:
    from importlib import import_module

    from prefect import Flow

    found: Flow[..., Any] = getattr(import_module(f"flows.{flow}"), flow)
    return found(spec, list(overrides), **switches)


def state_object(name: str = "default.tfstate") -> tuple[Any, str]:
    from clients.addresses import Addresses
    from clients.storage import Storage

    return Storage(Addresses.from_environment(), PROJECT), f"mlops-env/adopted/{name}"


def infrastructure_changes(spec: str) -> list[str]:
    return [str(one) for one in run("plan", spec).changes if one.layer == "infrastructure"]


def test_a_lost_state_is_adopted_and_nothing_is_left_to_do(cloud, spec) -> None:
    from environment.approval import Answer
    from flows.approval import asking

    run("enable_services", spec)
    made = run("provision_infra", spec).outputs
    assert run("adopt_environment", spec, approved=True).adopted == ()

    storage, name = state_object()
    storage.delete(BUCKET, name)
    storage.delete(BUCKET, state_object("suffix.json")[1])
    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match=rf"replace {CLUSTER} \(forced by .*") as refused:
        run("adopt_environment", spec, "network.master_cidr=172.16.9.0/28", approved=True)
    assert "master_ipv4_cidr_block" in str(refused.value)
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []

    seen: list[Any] = []

    def ask(plan: Any) -> Answer:
        seen.append(plan)
        return Answer(decision="approve")

    with asking(ask):
        report = run("adopt_environment", spec)
    assert len(report.adopted) == 18
    assert {CLUSTER, DATABASE} <= {*report.adopted}
    actions = {one.action for one in seen[0].changes}
    assert "import" in actions
    assert not actions & {"replace", "delete"}
    assert infrastructure_changes(spec) == []
    from clients.addresses import Addresses
    from clients.infrastructure import read_infrastructure
    from environment.spec_file import load_environment

    assert read_infrastructure(load_environment(spec), Addresses.from_environment()) == made


def test_of_a_half_lost_state_only_what_is_missing_is_imported(cloud, spec) -> None:
    storage, name = state_object()
    state = json.loads(storage.read(BUCKET, name))
    lost = ("google_sql_database_instance", "google_service_account", "google_storage_bucket")
    state["resources"] = [one for one in state["resources"] if one["type"] not in lost]
    storage.write(BUCKET, name, json.dumps({**state, "serial": state["serial"] + 1}))
    report = run("adopt_environment", spec, approved=True)
    types = {address.split(".")[2].split("[")[0] for address in report.adopted}
    assert types == {*lost}
    assert infrastructure_changes(spec) == []
