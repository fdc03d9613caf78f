"""The main job: enable the services, provision the infrastructure, deploy Kubeflow Pipelines, in this order."""

from __future__ import annotations

import time
from typing import Any

from prefect import Flow, flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.client.schemas.objects import State

from environment.changes import INFRASTRUCTURE, LAYERS, SERVICES, Layer
from environment.report_texts import create_markdown
from environment.reports import CreateReport, InfrastructureReport, describe_changes
from environment.spec import Environment
from environment.steps import ENABLE_SERVICES, Step, layers_from, services_as_left
from flows.approval import permitted
from flows.deploy_kfp import deploy_kfp
from flows.enable_services import enable_services
from flows.guard import look_first, looking_ahead, refuse_names_of_others
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
from flows.provision_infra import provision_infra
from flows.steps import run_step
from tasks.infrastructure import read_infrastructure
from tasks.manifests import fetch_manifests
from tasks.pipelines import check_recorded_namespace
from tasks.preflight import EXISTING
from tasks.record import write_record
from tasks.services import list_enabled_services
from tasks.spec import load_spec


@flow(name="create-environment", flow_run_name=run_name("create"))
def create_environment(
    environment: str,
    overrides: tuple[str, ...] = (),
    approved: bool = False,
    force_conflicts: bool = False,
    allow_replace: tuple[str, ...] = (),
    start_at: Step = ENABLE_SERVICES,
) -> State[CreateReport]:
    """Make the environment, or bring it to what the spec says; a second run changes nothing.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved whatever the plan turns out to be.
        force_conflicts: Take over fields of objects that others have set or added since, instead of stopping.
        allow_replace: Addresses of what may be lost: cluster, node pool, database, bucket, VPC, notebook, Deployment…
        start_at: The step to begin with. What those before it would give has to be there; of what has changed in the
            spec they do nothing.
    """
    spec = load_spec(environment, overrides)
    layers = layers_from(start_at)
    seconds: dict[str, float] = {}
    with (
        permitted(
            spec,
            environment,
            overrides,
            approved=approved,
            layers=layers,
            allow_replace=allow_replace,
            force_conflicts=force_conflicts,
        ) as permission,
        recorded(spec, "create", permission.consent),
        looking_ahead(force_conflicts, allow_replace, layers=layers),
    ):
        manifests = fetch_manifests.submit(spec.pipelines.version)  # while Google and Terraform are at work
        if SERVICES in layers:
            services = _timed(seconds, enable_services, environment, overrides, approved)
        else:
            services = services_as_left(spec, list_enabled_services(spec))
        _check_before_infrastructure(spec, layers, allow_replace)
        if manifests.state.is_final():
            manifests.result()  # manifests that cannot be had are better missed before the infrastructure is made
        if INFRASTRUCTURE in layers:
            infrastructure = _timed(seconds, provision_infra, environment, overrides, approved, allow_replace)
        else:
            infrastructure = InfrastructureReport(outputs=read_infrastructure(spec))
        manifests.result()
        pipelines = _timed(seconds, deploy_kfp, environment, overrides, approved, force_conflicts, allow_replace)
        report = CreateReport(
            environment=spec.name,
            services=services,
            infrastructure=infrastructure,
            pipelines=pipelines,
            seconds=seconds,
        )
        write_record(spec, report, is_whole=layers == LAYERS)
    _publish(report)
    return completed(report, describe_changes(report.change_count))


def _check_before_infrastructure(spec: Environment, layers: tuple[Layer, ...], allow_replace: tuple[str, ...]) -> None:
    """Stop at what is in the way, now that the APIs answer; of an environment that was made, at what others have."""
    has_record = check_recorded_namespace(spec, allow_replace)
    if INFRASTRUCTURE in layers and not has_record:
        refuse_names_of_others(spec)
        look_first(spec)
    elif spec.existing:
        look_first(spec, (EXISTING,))


def _timed(seconds: dict[str, float], step: Flow[..., Any], *arguments: Any) -> Any:
    """Run a child flow and note how long it took."""
    began = time.monotonic()
    report = run_step(step, *arguments)
    seconds[step.name] = round(time.monotonic() - began, 1)
    return report


def _publish(report: CreateReport) -> None:
    create_markdown_artifact(
        key=f"environment-{report.environment}", markdown=create_markdown(report), description="What create did"
    )
    if url := report.pipelines.record.url:
        create_link_artifact(
            key=f"pipelines-ui-{report.environment}",
            link=url,
            link_text="Kubeflow Pipelines",
            description="UI of Kubeflow Pipelines",
        )
