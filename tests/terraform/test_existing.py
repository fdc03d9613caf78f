"""Every combination of what exists and what is made: what exists is in no plan, what is made keeps its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.infrastructure import LOCAL_BACKEND, LOCAL_BACKEND_FILE
from clients.terraform import EXISTING, Terraform, root_files
from environment.existing_parts import KINDS, Kind
from environment.paths import project_root
from environment.spec import Environment
from environment.spec_file import load_environment
from environment.terraform_plan import parse_plan
from environment.terraform_variables import terraform_variables

PROJECT = "acme-existing-plans"
PLACE = (f"project_id={PROJECT}", "name_prefix=ours", f"state.bucket={PROJECT}-tfstate")
THEIRS: dict[Kind, str] = {
    "network": "network.existing={network: their-network, subnetwork: their-subnet}",
    "cluster": "cluster.existing={name: their-cluster, location: us-central1-a}",
    "database": "database.existing={instance: their-database}",
    "artifact_store": f"artifact_store.existing={{bucket: {PROJECT}-theirs}}",
}
OURS_IN_THEIRS = {
    "module.network.google_compute_firewall.dataflow[0]",
    'module.artifact_store.google_storage_bucket_object.folder["dataflow"]',
}
COMBINATIONS = [
    pytest.param(
        frozenset(existing), id="+".join(existing) or "none", marks=[pytest.mark.long] if 1 < count < 4 else []
    )
    for count in range(5)
    for existing in combinations(KINDS, count)
]


def spec_of(existing: frozenset[Kind]) -> Environment:
    return load_environment("dev", [*PLACE, *(THEIRS[kind] for kind in KINDS if kind in existing)])


@pytest.fixture(scope="module")
def plan(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Environment], dict[str, Any]]]:
    """Return what plans a spec against an empty state, beside what exists."""
    sandbox.make_existing(PROJECT)
    addresses = Addresses(endpoint=sandbox.url, token=sandbox.token)
    environment = sandbox.process_environment()

    def make(spec: Environment) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("plan")
        terraform = Terraform(folder, addresses, environment)
        terraform.prepare(project_root() / "terraform", spec.existing, {LOCAL_BACKEND_FILE: LOCAL_BACKEND})
        terraform.init()
        return terraform.read_plan(terraform_variables(spec, "x1y2z3"), None)

    return make


@pytest.fixture(scope="module")
def all_new(plan: Any) -> dict[str, Any]:
    """The plan of an environment that makes all."""
    return dict(plan(spec_of(frozenset())))


@pytest.mark.parametrize("existing", COMBINATIONS)
def test_what_exists_is_in_no_plan(existing: frozenset[Kind], plan: Any, all_new: Any, sandbox: Any) -> None:
    last = sandbox.last_call()
    found = parse_plan(all_new if not existing else plan(spec_of(existing)))
    assert [call for call in sandbox.calls_since(last) if call["mutating"]] == []
    addresses = {change.address for change in found.changes}
    assert {change.action for change in found.changes} == {"create"}
    of_theirs = {one for one in addresses if one.startswith(tuple(f"module.{kind}." for kind in existing))}
    assert of_theirs <= OURS_IN_THEIRS
    new = {change.address for change in parse_plan(all_new).changes}
    made = {one for one in new if not one.startswith(tuple(f"module.{kind}." for kind in existing))}
    nodes = {one for one in made if "cluster" in existing and '["node' in one}
    assert addresses - of_theirs == made - nodes


def test_what_is_ours_goes_into_what_is_theirs(plan: Any) -> None:
    document = plan(spec_of(frozenset(KINDS)))
    made = {one["address"]: one["change"]["after"] for one in document["resource_changes"]}
    buckets = {one["bucket"] for address, one in made.items() if ".google_storage_bucket_iam_member." in address}
    assert buckets == {f"{PROJECT}-theirs"}
    folder = made['module.artifact_store.google_storage_bucket_object.folder["dataflow"]']
    assert (folder["bucket"], folder["name"]) == (f"{PROJECT}-theirs", "ours/dataflow/")
    network = f"projects/{PROJECT}/global/networks/their-network"
    assert made["module.network.google_compute_firewall.dataflow[0]"]["network"] == network
    notebook = made["module.notebook[0].google_workbench_instance.this"]["gce_setup"][0]["network_interfaces"][0]
    assert notebook["subnet"].endswith("/subnetworks/their-subnet")
    outputs = document["planned_values"]["outputs"]
    assert outputs["cluster"]["value"]["name"] == "their-cluster"
    assert outputs["cluster"]["value"]["workload_pool"] == f"{PROJECT}.svc.id.goog"
    assert outputs["database"]["value"]["connection_name"] == f"{PROJECT}:us-central1:their-database"
    assert outputs["database"]["value"]["private_address"].startswith("10.140.")
    assert outputs["service_accounts"]["value"]["node"] is None


def test_a_network_of_another_project_is_read_there(plan: Any, sandbox: Any) -> None:
    host, service = "acme-shared-host", "acme-shared-service"
    sandbox.make_existing(service, host)
    overrides = (f"project_id={service}", "name_prefix=ours", f"state.bucket={service}-tfstate", THEIRS["network"])
    document = plan(load_environment("dev", [*overrides, f"network.existing.project={host}"]))
    made = {one["address"]: one["change"]["after"] for one in document["resource_changes"]}
    network = f"projects/{host}/global/networks/their-network"
    assert made["module.cluster.google_container_cluster.this"]["network"] == network
    database = made["module.database.google_sql_database_instance.this"]["settings"][0]["ip_configuration"][0]
    assert database["private_network"] == network
    rules = {address: one for address, one in made.items() if ".google_compute_firewall." in address}
    assert {one["project"] for one in rules.values()} == {host}
    assert len(rules) == 2


def test_a_file_of_what_exists_takes_the_place_of_the_roots() -> None:
    source = project_root() / "terraform"
    files = root_files(source, {"network"})
    assert files[Path("network.tf")] == source / EXISTING / "network.tf"
    assert files[Path("cluster.tf")] == source / "cluster.tf"
    assert root_files(source, ())[Path("network.tf")] == source / "network.tf"
