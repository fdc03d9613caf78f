"""Many environments at once: each one's own flow, in a process of its own; the failure of one stops no other."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any

from prefect import Flow, flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from clients.child_process import ending_children
from environment.fleet import (
    Action,
    FleetMember,
    FleetReport,
    check_fleet,
    describe_fleet,
    failed_member,
    fleet_failure,
    fleet_table,
)
from environment.spec import Environment
from environment.spec_file import find_specs
from environment.steps import ENABLE_SERVICES, Step
from flows.names import run_name
from flows.outcome import completed
from tasks.fleet import run_environment
from tasks.spec import load_spec

PARALLELISM = 4
MEMBER = "flows.fleet_member"
FLOWS: Mapping[Action, str] = {
    "create": "create_environment",
    "plan": "plan",
    "drift": "detect_drift",
    "remediate": "remediate_drift",
}
"""Each action's flow, which bears its module's name; a process imports the one that it runs."""


def flow_of(action: Action) -> Flow[..., Any]:
    """Return the flow that does this to one environment."""
    name = FLOWS[action]
    found: Flow[..., Any] = getattr(import_module(f"flows.{name}"), name)
    return found


@flow(name="fleet", flow_run_name=run_name("fleet", of="action"))
def fleet(
    environments: tuple[str, ...] = (),
    overrides: tuple[str, ...] = (),
    action: Action = "plan",
    approved: bool = False,
    force_conflicts: bool = False,
    start_at: Step = ENABLE_SERVICES,
    parallelism: Annotated[int, Field(ge=1)] = PARALLELISM,
) -> State[FleetReport]:
    """Plan, create, look for drift in, or remediate many environments at once; one that fails stops no other.

    Args:
        environments: Names in deployments/, paths of specs, or folders of them; without any, all in deployments/
            but those that are for the sandbox.
        overrides: Fields of each spec for this run, such as cluster.max_nodes=8.
        action: What is done to each.
        approved: Do not ask, where a spec requires approval, whatever its plan turns out to be.
        force_conflicts: In a create, take over fields of objects that others have set or added since.
        start_at: In a create, the step to begin with.
        parallelism: How many are worked on at the same time; one that waits for approval counts.
    """
    specs = {name: load_spec(name, overrides) for name in find_specs(environments)}
    check_fleet(specs.values())
    switches = _switches(action, approved=approved, force_conflicts=force_conflicts, start_at=start_at)
    pool: ThreadPoolTaskRunner[State[FleetMember]] = ThreadPoolTaskRunner(max_workers=parallelism)
    with pool as runner, ending_children():
        running = [
            runner.submit(
                run_environment,
                {
                    "module": MEMBER,
                    "action": action,
                    "spec": spec,
                    "parameters": {"environment": name, "overrides": list(overrides), **switches},
                },
            )
            for name, spec in specs.items()
        ]
        members = tuple(_member(spec, one) for spec, one in zip(specs.values(), running, strict=True))
    report = FleetReport(action=action, members=members)
    create_table_artifact(key=f"fleet-{action}", table=fleet_table(report), description="What came of each environment")
    if report.failed:
        raise fleet_failure(report)
    return completed(report, describe_fleet(report))


def _switches(action: Action, *, approved: bool, **of_create: Any) -> dict[str, Any]:
    """Return what the action's own flow knows of them."""
    if action == "create":
        return {"approved": approved, **of_create}
    return {"approved": approved} if action == "remediate" else {}


def _member(spec: Environment, running: PrefectFuture[State[FleetMember]]) -> FleetMember:
    found: Any = running.result(raise_on_failure=False)
    return found if isinstance(found, FleetMember) else failed_member(spec, str(found), 0.0)
