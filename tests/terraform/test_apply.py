"""The root module applied to the sandbox: everything is made, and then nothing more wants to change."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from environment.infrastructure import Infrastructure, parse_outputs
from environment.services import enabling_batches

POOL = "module.cluster.google_container_node_pool.this"
CLUSTER = "module.cluster.google_container_cluster.this"
DATABASE = "module.database.google_sql_database_instance.this"
CHANGES = (
    "cluster.max_nodes=8",
    "cluster.machine_type=n2-standard-4",
    "cluster.release_channel=STABLE",
    "cluster.authorized_networks=[203.0.113.0/24]",
    "database.backups=true",
    "database.highly_available=true",
    "database.private_ip=false",
)
OFF = ("components.notebooks=false", "components.dataflow=false", "network.private_cluster=false", "labels.team=x")
PLACE = ("project_id=terraform-apply", "name_prefix=tf", "state.bucket=terraform-apply-tfstate")


class Applied:
    """The state of one apply, and plans against it."""

    def __init__(self, planner: Any, variables: Any) -> None:
        self.planner = planner
        self.variables = variables
        self.change("apply", "-auto-approve")

    def change(self, command: str, *flags: str, overrides: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Run plan, apply or destroy; return its events."""
        values = self.variables("dev", *PLACE, *overrides)
        (self.planner.folder / "values.tfvars.json").write_text(json.dumps(values))
        said = self.planner.run(command, "-json", "-input=false", "-var-file=values.tfvars.json", *flags)
        return [json.loads(line) for line in said.splitlines()]

    def planned(self, *overrides: str, refresh: bool = False) -> dict[str, str]:
        """Plan with other values: action by address."""
        events = self.change("plan", f"-refresh={str(refresh).lower()}", overrides=overrides)
        changes = [event["change"] for event in events if event["type"] == "planned_change"]
        return {change["resource"]["addr"]: change["action"] for change in changes}

    def outputs(self) -> Infrastructure:
        return parse_outputs(json.loads(self.planner.run("output", "-json")))


@pytest.fixture(scope="module")
def applied(planner: Any, sandbox: Any, spec: Any, variables: Any) -> Iterator[Applied]:
    for batch in enabling_batches(spec("dev", *PLACE).services):
        path = "serviceusage.googleapis.com/v1/projects/terraform-apply/services:batchEnable"
        sandbox.call("POST", path, {"serviceIds": list(batch)}).raise_for_status()
    before = dict(planner.environment)
    planner.environment |= {name: value for name, value in sandbox.variables.items() if name.startswith("GOOGLE_")}
    yield Applied(planner, variables)
    planner.environment = before
    (planner.folder / "terraform.tfstate").unlink()


def test_a_second_plan_is_empty_and_makes_no_mutating_call(applied: Applied, sandbox: Any) -> None:
    last = sandbox.last_call()
    assert applied.planned(refresh=True) == {}
    assert [call for call in sandbox.calls_since(last) if call["mutating"]] == []


def test_the_outputs_are_what_was_made(applied: Applied, spec: Any) -> None:
    names = spec("dev", *PLACE).names
    outputs = applied.outputs()
    assert outputs.cluster.name == names.cluster
    assert outputs.cluster.workload_pool == "terraform-apply.svc.id.goog"
    assert outputs.database.connection_name == f"terraform-apply:us-central1:{names.database('x1y2z3')}"
    assert outputs.database.private_address is not None
    assert outputs.database.private_address.startswith("10.40.")
    assert outputs.artifact_store.dataflow_url == f"gs://{names.bucket}/dataflow/"
    assert outputs.service_accounts.user == "tf-kfp-user@terraform-apply.iam.gserviceaccount.com"
    assert outputs.notebook is not None
    assert outputs.notebook.location == "us-central1-a"


def test_no_secret_is_in_the_state(applied: Applied) -> None:
    state = json.loads((applied.planner.folder / "terraform.tfstate").read_text())
    attributes = [instance["attributes"] for resource in state["resources"] for instance in resource["instances"]]
    held = [key for values in attributes for key, value in values.items() if value and "password" in key]
    assert held == []
    assert applied.planner.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] not in json.dumps(state)


def test_fields_are_changed_in_place(applied: Applied) -> None:
    assert applied.planned(*CHANGES) == {POOL: "update", CLUSTER: "update", DATABASE: "update"}


def test_a_component_that_goes_takes_its_own_along(applied: Applied) -> None:
    planned = applied.planned("components.notebooks=false")
    assert set(planned.values()) == {"delete"}
    assert [address for address in planned if "notebook" not in address] == []
    assert "module.notebook[0].google_workbench_instance.this" in planned


def test_after_changes_a_plan_is_empty_again(applied: Applied) -> None:
    changes = (*CHANGES, *OFF)
    ended = [event for event in applied.change("apply", "-auto-approve", overrides=changes) if "hook" in event]
    assert {POOL, CLUSTER, DATABASE} <= {event["hook"]["resource"]["addr"] for event in ended}
    assert applied.planned(*changes, refresh=True) == {}
    assert applied.outputs().notebook is None
