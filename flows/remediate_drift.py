"""Put back what others have changed: a look, then create's own steps for exactly the layers that have drifted.

It is a flow of its own, so that the look has no way to change anything. The steps and their guard are those of create.
"""

from __future__ import annotations

from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from environment.drift import DriftReport, remediation_refusal
from environment.reports import describe_changes
from flows.deploy_kfp import deploy_kfp
from flows.detect_drift import detect_drift
from flows.enable_services import enable_services
from flows.exclusion import exclusive
from flows.history import recorded
from flows.names import run_name
from flows.provision_infra import provision_infra
from tasks.spec import load_spec


@flow(name="remediate-drift", flow_run_name=run_name("remediate"))
def remediate_drift(
    environment: str, overrides: tuple[str, ...] = (), approved: bool = False
) -> State[tuple[DriftReport, tuple[str, ...]]]:
    """Look for drift and bring the layers that have drifted back to what the spec says; refused in prod.

    Fields of objects that others have set are taken over, unless a rule of the spec ignores some of them: then a
    conflict stops the run, as in create.

    Args:
        environment: A name in `deployments/`, or a path of a spec.
        overrides: "KEY=VALUE" with dotted spec fields.
        approved: Whether a person has approved the change, where the spec requires it.
    """
    spec = load_spec(environment, overrides, approved=approved)
    if refusal := remediation_refusal(spec.role):
        raise refusal
    with exclusive(spec.name), recorded(spec, "remediate") as done:
        report: DriftReport = _run(detect_drift, environment, overrides)
        if "services" in report.layers:
            enabled = _run(enable_services, environment, overrides, approved)
            done += [f"enable {service}" for service in enabled.changed]
        if "infrastructure" in report.layers:
            done += _run(provision_infra, environment, overrides, approved).changes
        if "pipelines" in report.layers:
            force = not any(one.layer == "pipelines" for one in report.ignored)
            done += _run(deploy_kfp, environment, overrides, approved, force).changes
        changes = tuple(done)
    return Completed(message=describe_changes(len(changes)), data=(report, changes))


def _run(step: Flow[..., Any], *arguments: Any) -> Any:
    """Run a child flow; its failure is ours, with its own error."""
    return step(*arguments)
