"""A fleet: one thing done to many environments, each by itself, and what came of each: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from environment.drift import DriftReport, RemediationReport
from environment.errors import FleetError, SpecError
from environment.reports import CreateReport, PlanReport
from environment.spec import Environment

Action = Literal["create", "plan", "drift", "remediate"]
Outcome = Literal["done", "changes", "drift", "failed"]
"""`changes` are those of a plan, `drift` is what is left: both mean that there is something to do."""
Report = CreateReport | PlanReport | DriftReport | RemediationReport

REPORTS: Mapping[Action, type[Report]] = {
    "create": CreateReport,
    "plan": PlanReport,
    "drift": DriftReport,
    "remediate": RemediationReport,
}
COLUMNS = ("environment", "outcome", "changes", "seconds", "cause")


class FleetMember(BaseModel):
    """What came of one environment.

    Attributes:
        changes: What was changed, or would be, or has drifted.
        cause: One line, where it failed.
        report: What its flow has reported; None where it failed.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    outcome: Outcome
    changes: int = 0
    seconds: float = 0.0
    cause: str = ""
    report: Report | None = None


class FleetReport(BaseModel):
    """What came of all, in the order in which they were named."""

    model_config = ConfigDict(frozen=True)

    action: Action
    members: tuple[FleetMember, ...]

    @property
    def failed(self) -> tuple[FleetMember, ...]:
        """Those that failed."""
        return tuple(one for one in self.members if one.outcome == "failed")

    @property
    def exit_code(self) -> int:
        """The worst of them: 1 failed, 2 there is something to do, 0 neither."""
        outcomes = {one.outcome for one in self.members}
        return 1 if "failed" in outcomes else 2 if outcomes & {"changes", "drift"} else 0


def check_fleet(specs: Iterable[Environment]) -> None:
    """Refuse specs that cannot be worked on in one run.

    Raises:
        SpecError: When there is none, when two are of one name, and so might keep one state, when the resources of two
            would have the same names in one project, or when they are of two clouds.
    """
    found = list(specs)
    if not found:
        raise SpecError("there is no spec to work on", "put one into deployments/, or give a path")
    names: set[str] = set()
    places: dict[tuple[str, str], str] = {}
    for spec in found:
        if spec.name in names:
            raise SpecError(f"two specs are of the name {spec.name}", "environments of one run need names of their own")
        names.add(spec.name)
        other = places.setdefault((spec.project_id, spec.name_prefix), spec.name)
        if other != spec.name:
            raise SpecError(
                f"{other} and {spec.name} both have name_prefix {spec.name_prefix} in project {spec.project_id}",
                "their resources would have the same names: give each a name_prefix of its own",
            )
    clouds = {spec.cloud: spec.name for spec in found}
    if len(clouds) > 1:
        each = " and ".join(f"{name} of cloud: {cloud}" for cloud, name in sorted(clouds.items()))
        raise SpecError(f"one run has one cloud, but there are {each}", "name those of one, or use --cloud sandbox")


def member_of(spec: Environment, report: Report | None, seconds: float) -> FleetMember:
    """Return what a flow's report says of its environment."""
    changes, outcome = _judge(report)
    return FleetMember(
        environment=spec.name,
        project_id=spec.project_id,
        outcome=outcome,
        changes=changes,
        seconds=round(seconds, 1),
        report=report,
    )


def _judge(report: Report | None) -> tuple[int, Outcome]:
    match report:
        case CreateReport():
            return report.change_count, "done"
        case PlanReport():
            return report.change_count, "changes" if report.changes else "done"
        case DriftReport():
            return len(report.found), "drift" if report.found else "done"
        case RemediationReport():
            return len(report.changes), "drift" if report.left.found else "done"
        case None:
            return 0, "done"


def failed_member(spec: Environment, cause: str, seconds: float) -> FleetMember:
    """Return an environment that failed, with the cause in one line."""
    return FleetMember(
        environment=spec.name,
        project_id=spec.project_id,
        outcome="failed",
        seconds=round(seconds, 1),
        cause=" ".join(cause.split()),
    )


def describe_fleet(report: FleetReport) -> str:
    """Say it as a final state's message, such as "2 done, 1 changes"."""
    outcomes = [one.outcome for one in report.members]
    return ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes))


def fleet_failure(report: FleetReport) -> FleetError:
    """Return the error of a fleet in which some failed."""
    causes = "; ".join(f"{one.environment}: {one.cause}" for one in report.failed)
    return FleetError(f"{len(report.failed)} of {len(report.members)} failed: {causes}", report=report)


def fleet_table(report: FleetReport) -> list[dict[str, Any]]:
    """Return a row for each environment, by COLUMNS."""
    return [{column: getattr(one, column) for column in COLUMNS} for one in report.members]
