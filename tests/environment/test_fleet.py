"""What came of many environments: the worst of it is the exit code, and specs that cannot go together are refused."""

from __future__ import annotations

import pytest

from environment.changes import Change
from environment.drift import OUTSIDE, Drift, DriftReport, RemediationReport
from environment.errors import SpecError
from environment.fleet import (
    FleetMember,
    FleetReport,
    Outcome,
    Report,
    check_fleet,
    describe_fleet,
    failed_member,
    fleet_failure,
    fleet_table,
    member_of,
)
from environment.reports import PlanBasis, PlanReport
from environment.spec import Environment

BASIS = PlanBasis(spec_digest="d", state_serial=None, state_lineage=None, manifests_digest=None)
ENABLED = Change(layer="services", action="enable", address="sqladmin.googleapis.com")
GONE = Drift(layer="pipelines", kind=OUTSIDE, condition="missing", address="Service kubeflow/ml-pipeline")


def spec(name: str = "dev", cloud: str = "google", project: str = "", prefix: str = "") -> Environment:
    return Environment.model_validate(
        {
            "name": name,
            "cloud": cloud,
            "role": "dev",
            "project_id": project or f"acme-{name}",
            "region": "us-central1",
            "name_prefix": prefix or name,
            "state": {"bucket": f"acme-{name}-tfstate"},
        }
    )


def fleet(*outcomes: Outcome) -> FleetReport:
    members = [
        FleetMember(environment=f"e{number}", project_id=f"acme-e{number}", outcome=outcome, cause=f"c{number}")
        for number, outcome in enumerate(outcomes)
    ]
    return FleetReport(action="plan", members=tuple(members))


def planned(*changes: Change) -> PlanReport:
    return PlanReport(environment="dev", project_id="acme-dev", changes=changes, basis=BASIS)


def drifted(*found: Drift) -> DriftReport:
    return DriftReport(environment="dev", project_id="acme-dev", checked_at="T", found=found)


@pytest.mark.parametrize(
    ("outcomes", "code", "said"),
    [
        (("done", "done"), 0, "2 done"),
        (("done", "changes"), 2, "1 done, 1 changes"),
        (("drift", "done"), 2, "1 drift, 1 done"),
        (("drift", "failed", "done"), 1, "1 drift, 1 failed, 1 done"),
        (("failed",), 1, "1 failed"),
    ],
)
def test_the_worst_is_the_exit_code(outcomes: tuple[Outcome, ...], code: int, said: str) -> None:
    report = fleet(*outcomes)
    assert (report.exit_code, describe_fleet(report)) == (code, said)


@pytest.mark.parametrize(
    ("report", "outcome", "changes"),
    [
        (planned(), "done", 0),
        (planned(ENABLED), "changes", 1),
        (drifted(), "done", 0),
        (drifted(GONE), "drift", 1),
        (RemediationReport(found=drifted(GONE), changes=("create it",), left=drifted()), "done", 1),
        (RemediationReport(found=drifted(GONE), changes=(), left=drifted(GONE)), "drift", 0),
        (None, "done", 0),
    ],
)
def test_each_flow_is_judged_by_its_report(report: Report | None, outcome: Outcome, changes: int) -> None:
    member = member_of(spec(), report, 1.25)
    assert (member.outcome, member.changes, member.report) == (outcome, changes, report)


def test_a_failure_names_each_that_failed_in_one_line() -> None:
    members = (failed_member(spec("dev"), "no\n quota", 2.0), member_of(spec("staging"), planned(), 3.0))
    report = FleetReport(action="create", members=members)
    error = fleet_failure(report)
    assert str(error) == "1 of 2 failed: dev: no quota"
    assert error.report is report
    assert fleet_table(report) == [
        {"environment": "dev", "outcome": "failed", "changes": 0, "seconds": 2.0, "cause": "no quota"},
        {"environment": "staging", "outcome": "done", "changes": 0, "seconds": 3.0, "cause": ""},
    ]


@pytest.mark.parametrize(
    ("specs", "why"),
    [
        ([], "there is no spec to work on"),
        ([spec("dev"), spec("dev")], "two specs are of the name dev"),
        (
            [spec("dev", project="acme-one", prefix="ml"), spec("qa", project="acme-one", prefix="ml")],
            "dev and qa both have name_prefix ml in project acme-one; .* give each a name_prefix of its own",
        ),
        ([spec("dev"), spec("box", "sandbox")], "dev of cloud: google and box of cloud: sandbox"),
    ],
)
def test_what_cannot_go_together_is_refused(specs: list[Environment], why: str) -> None:
    with pytest.raises(SpecError, match=why):
        check_fleet(specs)


def test_what_can_go_together_is_not() -> None:
    check_fleet([spec("dev"), spec("staging")])
    check_fleet([spec("dev", project="acme-one"), spec("staging", project="acme-one")])
    check_fleet([spec("dev", prefix="ml"), spec("staging", prefix="ml")])
