"""Put back what others have changed: a look, then create's own steps for exactly the layers that have drifted.

It is a flow of its own, so that the look has no way to change anything. The steps and their guard are those of create.
What a layer hides (an API that is off, a cluster that is gone) is looked at as soon as the layer is back. A look ends
it, so that what it says of the end is read and not assumed.
"""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from environment.changes import INFRASTRUCTURE, PIPELINES, SERVICES, Layer
from environment.drift import DriftReport, RemediationReport, remediation_refusal
from environment.reports import describe_changes
from environment.spec import Environment
from environment.state_folder import StateFolder, has_moved
from flows.approval import permitted
from flows.deploy_kfp import deploy_kfp
from flows.detect_drift import detect_drift
from flows.enable_services import enable_services
from flows.guard import looking_ahead
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
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
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved whatever the plan turns out to be.
    """
    spec = load_spec(environment, overrides)
    if refusal := remediation_refusal(spec.role):
        raise refusal
    kept = read_state_folder(spec)
    found = _look(environment, overrides)
    with permitted(
        spec,
        environment,
        overrides,
        approved=approved,
        layers=_layers(found),
        force_conflicts=_takes_over(found),
    ) as permission:
        found = _of_now(spec, kept, found, environment, overrides)
        with (
            recorded(spec, "remediate", permission.consent) as journal,
            looking_ahead(_takes_over(found), layers=_layers(found)),
        ):
            left = _put_back(spec, found, environment, overrides, approved) if found.layers else found
    report = RemediationReport(found=found, changes=journal.changes, left=left)
    return completed(report, describe_changes(len(report.changes)))


def _of_now(
    spec: Environment, kept: StateFolder, found: DriftReport, environment: str, overrides: tuple[str, ...]
) -> DriftReport:
    """Return what was found, or look again where another run ended meanwhile: this one may have waited for it."""
    if not has_moved(kept, read_state_folder(spec)):
        return found
    get_run_logger().warning("%s was changed by another run since the look at it: looking again", spec.name)
    return _look(environment, overrides)


def _put_back(
    spec: Environment,
    report: DriftReport,
    environment: str,
    overrides: tuple[str, ...],
    approved: bool,
) -> DriftReport:
    """Bring back layer by layer what has drifted, as far as it can be seen by then; return what the last look found."""
    kept = read_state_folder(spec)
    services = infrastructure = pipelines = None
    if SERVICES in report.layers:
        services = run_step(enable_services, environment, overrides, approved)
        report = _seen_anew(report, environment, overrides)
    if INFRASTRUCTURE in report.layers:
        infrastructure = run_step(provision_infra, environment, overrides, approved)
        report = _seen_anew(report, environment, overrides)
    is_moved = infrastructure is not None and infrastructure.outputs != kept.infrastructure
    if PIPELINES in report.layers or is_moved:
        pipelines = run_step(deploy_kfp, environment, overrides, approved, _takes_over(report))
    update_record(spec, services, infrastructure, pipelines, report)
    return _look(environment, overrides)


def _layers(report: DriftReport) -> tuple[Layer, ...]:
    """Return the layers that may be changed: the objects follow an infrastructure that is made anew."""
    return (*report.layers, PIPELINES) if report.layers[-1:] == (INFRASTRUCTURE,) else report.layers


def _takes_over(report: DriftReport) -> bool:
    """Tell whether fields of objects that others have set are taken over."""
    return not any(one.layer == PIPELINES for one in report.ignored)


def _seen_anew(report: DriftReport, environment: str, overrides: tuple[str, ...]) -> DriftReport:
    """Look again where the layer that is back now had hidden something."""
    return _look(environment, overrides) if report.unseen else report


def _look(environment: str, overrides: tuple[str, ...]) -> DriftReport:
    report: DriftReport = run_step(detect_drift, environment, overrides)
    return report
