"""Several environments in one command: which flow runs, what is printed, and the exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import fleet as fleet_command
from cli import main as command
from environment.changes import Change
from environment.errors import FleetError
from environment.fleet import FleetMember, FleetReport, Outcome
from environment.reports import PlanBasis, PlanReport

BASIS = PlanBasis(spec_digest="d", state_serial=None, state_lineage=None, manifests_digest=None)
ENABLED = Change(layer="services", action="enable", address="sqladmin.googleapis.com")
PLAN = PlanReport(environment="dev", project_id="acme-dev", changes=(ENABLED,), basis=BASIS)
LONG = "x" * 200


class Nothing:
    """Stands in for what the command would start."""


def fleet(*outcomes: Outcome) -> FleetReport:
    members = [
        FleetMember(
            environment=f"e{number}",
            project_id=f"acme-e{number}",
            outcome=outcome,
            cause=f"terraform plan: {LONG}" if outcome == "failed" else "",
            report=PLAN if outcome == "changes" else None,
        )
        for number, outcome in enumerate(outcomes)
    ]
    return FleetReport(action="plan", members=tuple(members))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on what the fleet ends with; return exit code, output and what the flow was given."""

    def act(report: FleetReport, *arguments: str) -> tuple[int, str, str, list[Any]]:
        given: list[Any] = []

        def flow(name: str, names: tuple[str, ...], overrides: list[str], *_: Any, **switches: Any) -> FleetReport:
            given.extend([name, names, overrides, switches])
            if report.failed:
                raise FleetError("some failed", report=report)
            return report

        monkeypatch.setattr(fleet_command, "run_flow", flow)
        monkeypatch.setattr(fleet_command, "TemporaryServer", Nothing)
        monkeypatch.setattr(fleet_command, "reach_cloud", lambda spec: None)
        monkeypatch.setattr("sys.argv", ["mlops-env", *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err, given

    return act


@pytest.mark.parametrize(
    ("arguments", "names", "overrides", "switches"),
    [
        (
            ["create", "--all", "--yes"],
            ("dev", "prod", "staging"),
            [],
            {
                "action": "create",
                "approved": True,
                "force_conflicts": False,
                "start_at": "enable-services",
                "parallelism": 4,
            },
        ),
        (
            ["plan", "dev", "sandbox", "--cloud", "sandbox", "--parallelism", "2"],
            ("dev", "sandbox"),
            ["cloud=sandbox"],
            {"action": "plan", "parallelism": 2},
        ),
        (["drift", "--all"], ("dev", "prod", "staging"), [], {"action": "drift", "parallelism": 4}),
        (
            ["drift", "dev", "staging", "--remediate"],
            ("dev", "staging"),
            [],
            {"action": "remediate", "approved": False, "parallelism": 4},
        ),
    ],
)
def test_which_environments_are_taken_and_how(run, arguments, names, overrides, switches) -> None:
    code, _, _, given = run(fleet("done"), *arguments)
    assert (code, given) == (0, ["fleet", names, overrides, switches])


def test_a_table_says_what_came_of_each_and_the_exit_code_is_the_worst(run) -> None:
    code, out, err, _ = run(fleet("done", "changes", "failed"), "plan", "--all")
    assert code == 1
    assert "enable sqladmin.googleapis.com" in out
    table = [line.split() for line in out.splitlines() if line.startswith(("environment", "e"))]
    assert table == [
        ["environment", "outcome", "changes", "seconds", "cause"],
        ["e0", "done", "0", "0"],
        ["e1", "changes", "0", "0"],
        ["e2", "failed", "0", "0", "terraform", "plan:", LONG],
    ]
    assert err.splitlines()[-1] == "mlops-env: 1 of 3 failed"
    assert run(fleet("done", "changes"), "plan", "--all")[0] == 2


def test_json_is_one_document(run) -> None:
    code, out, _, _ = run(fleet("done", "failed"), "plan", "--all", "--json")
    assert code == 1
    assert [one["outcome"] for one in json.loads(out)["members"]] == ["done", "failed"]
