"""Put back what others have changed: a look, then create's own steps for exactly the layers that have drifted.

It is a flow of its own, so that the look has no way to change anything. The steps and their guard are those of create.
What a layer hides (an API that is off, a cluster that is gone) is looked at as soon as the layer is back. A look ends
it, so that what it says of the end is read and not assumed.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from environment.drift import DriftReport, RemediationReport, remediation_refusal
from environment.reports import describe_changes
from environment.spec import Environment
from flows.deploy_kfp import deploy_kfp
from flows.detect_drift import detect_drift
from flows.enable_services import enable_services
from flows.exclusion import exclusive
from flows.guard import guard_before_services
from flows.history import recorded
from flows.names import run_name
from flows.provision_infra import provision_infra
from flows.steps import run_step
from tasks.plan import read_state_folder
from tasks.record import update_record
from tasks.spec import load_spec


@flow(name="remediate-drift", flow_run_name=run_name("remediate"))
def remediate_drift(
    environment: str, overrides: tuple[str, ...] = (), approved: bool = False
) -> State[RemediationReport]:
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
        found = _look(environment, overrides)
        left = _put_back(spec, found, done, environment, overrides, approved) if found.layers else found
    report = RemediationReport(found=found, changes=tuple(done), left=left)
    return Completed(message=describe_changes(len(done)), data=report)


def _put_back(
    spec: Environment,
    report: DriftReport,
    done: list[str],
    environment: str,
    overrides: tuple[str, ...],
    approved: bool,
) -> DriftReport:
    """Bring back layer by layer what has drifted, as far as it can be seen by then; return what the last look found."""
    kept = read_state_folder(spec)
    services = infrastructure = pipelines = None
    if "services" in report.layers:
        if "infrastructure" in report.layers:
            guard_before_services(spec, ())
        services = run_step(enable_services, environment, overrides, approved)
        done += [f"enable {service}" for service in services.changed]
        report = _seen_anew(report, environment, overrides)
    if "infrastructure" in report.layers:
        infrastructure = run_step(provision_infra, environment, overrides, approved)
        done += infrastructure.changes
        report = _seen_anew(report, environment, overrides)
    is_moved = infrastructure is not None and infrastructure.outputs != kept.infrastructure
    if "pipelines" in report.layers or is_moved:
        force = not any(one.layer == "pipelines" for one in report.ignored)
        pipelines = run_step(deploy_kfp, environment, overrides, approved, force)
        done += pipelines.changes
    update_record(spec, services, infrastructure, pipelines, report)
    return _look(environment, overrides)


def _seen_anew(report: DriftReport, environment: str, overrides: tuple[str, ...]) -> DriftReport:
    """Look again where the layer that is back now had hidden something."""
    return _look(environment, overrides) if report.unseen else report


def _look(environment: str, overrides: tuple[str, ...]) -> DriftReport:
    report: DriftReport = run_step(detect_drift, environment, overrides)
    return report
