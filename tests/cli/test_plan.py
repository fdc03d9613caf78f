"""What `mlops-env plan` prints and returns, given what the flow reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import main as command
from cli import plan as plan_command
from environment.capacity import Capacity
from environment.changes import Change, FieldChange
from environment.errors import TerraformError
from environment.reports import PlanBasis, PlanReport

BASIS = PlanBasis(spec_digest="d", state_serial=1, state_lineage="l", manifests_digest="sha256:m")
REPLACED = Change(
    layer="infrastructure",
    action="replace",
    address='module.a.google_container_cluster.this["' + "x" * 120 + '"]',
    fields=(FieldChange(path="subnetwork", before="a", after="b"), FieldChange(path="note", before=1, after=2)),
    replace_paths=("subnetwork",),
)
ENABLED = Change(layer="services", action="enable", address="sqladmin.googleapis.com")


class Nothing:
    """Stands in for what the command would start."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a report, or on the error that the flow ends with."""

    def act(outcome: PlanReport | Exception, *arguments: str) -> tuple[int, str, str]:
        def flow(name: str, *_: Any) -> PlanReport:
            assert name == "plan"
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(plan_command, "run_flow", flow)
        monkeypatch.setattr(plan_command, "TemporaryServer", Nothing)
        monkeypatch.setattr(plan_command, "reach_cloud", lambda spec: None)
        monkeypatch.setattr("sys.argv", ["mlops-env", "plan", "sandbox", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return act


def report(*changes: Change, warnings: tuple[str, ...] = ()) -> PlanReport:
    return PlanReport(environment="dev", project_id="acme-dev", changes=changes, warnings=warnings, basis=BASIS)


def test_nothing_to_change_is_0(run) -> None:
    assert run(report())[:2] == (0, "dev (acme-dev): no changes\n")


def test_nodes_and_disks_are_told_in_total(run) -> None:
    size = Capacity(nodes=1, most_nodes=5, disks=3, most_disks=7, disk_gib=350, most_disk_gib=750)
    out = run(report().model_copy(update={"capacity": size}))[1]
    assert out.splitlines()[1] == "  in all: 1 to 5 nodes, 3 to 7 disks with 350 to 750 GiB"


def test_changes_are_2_and_a_tree_whose_lines_are_whole(run) -> None:
    code, out, err = run(report(ENABLED, REPLACED, warnings=("x is off",)))
    assert code == 2
    assert out.splitlines() == [
        "dev (acme-dev): 2 changes",
        "├── services: 1 to enable",
        "│   └── enable sqladmin.googleapis.com",
        "└── infrastructure: 1 to replace",
        f"    └── replace {REPLACED.address} (forced by subnetwork)",
        "        ├── subnetwork: a → b",
        "        └── note: 1 → 2",
    ]
    assert "x is off" in err


def test_json_is_one_document_and_nothing_else(run) -> None:
    code, out, err = run(report(REPLACED, warnings=("x is off",)), "--json")
    assert (code, err) == (2, "")
    document = json.loads(out)
    (change,) = document["changes"]
    assert (change["layer"], change["action"], change["address"]) == ("infrastructure", "replace", REPLACED.address)
    assert change["fields"][1] == {"path": "note", "before": 1, "after": 2, "owner": ""}
    assert document["warnings"] == ["x is off"]


def test_failure_is_1(run) -> None:
    code, out, err = run(TerraformError("terraform plan: no", "look"))
    assert (code, out) == (1, "")
    assert err.strip() == "mlops-env: terraform plan: no; look"
