"""Step 1: enable the Cloud APIs that the environment needs."""

from __future__ import annotations

import time

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import wait

from environment.approval import Approved, check_approved, unapproved
from environment.changes import SERVICES
from environment.reports import ServicesReport, describe_changes
from environment.services import PROBES, RETIRED, enabling, enabling_batches, missing_services, stays_off
from environment.spec import Environment
from flows.approval import permitted
from flows.guard import look_ahead
from flows.history import recorded
from flows.names import run_name
from flows.outcome import completed
from tasks.services import enable_batch, list_enabled_services, probe_service
from tasks.spec import load_spec


@flow(name="enable-services", flow_run_name=run_name("enable-services"))
def enable_services(environment: str, overrides: tuple[str, ...] = (), approved: bool = False) -> State[ServicesReport]:
    """Enable what is missing and wait until each API answers.

    Args:
        environment: A name in deployments/, a path of a spec, or block:NAME on the Prefect server.
        overrides: Fields of the spec for this run, such as cluster.max_nodes=8.
        approved: Do not ask, where the spec requires approval: a person has approved whatever the plan turns out to be.
    """
    spec = load_spec(environment, overrides)
    with (
        permitted(spec, environment, overrides, approved=approved, layers=(SERVICES,)) as permission,
        recorded(spec, "enable-services", permission.consent),
    ):
        report = _enable(spec, permission.approved)
    create_table_artifact(
        key=f"services-{spec.name}",
        table=[{"service": name, "enabled by this run": name in report.changed} for name in report.enabled],
        description="Cloud APIs of the environment",
    )
    return completed(report, describe_changes(report.change_count))


def _enable(spec: Environment, approved: Approved) -> ServicesReport:
    enabled = list_enabled_services(spec)
    missing = missing_services(spec.services, enabled)
    # A retired service that could not be enabled before is in no plan: nobody was asked, so it is not tried again.
    given_up = [one.address for one in unapproved(enabling(missing), approved) if one.address in RETIRED]
    missing = tuple(service for service in missing if service not in given_up)
    check_approved(enabling(missing), approved)
    if missing:
        look_ahead(spec)
    warnings = [stays_off(service) for service in given_up]
    # One batch after the other: Google refuses parallel activations in one project.
    warnings += [warning for batch in enabling_batches(missing) if (warning := enable_batch(spec, batch))]
    if missing:
        enabled = list_enabled_services(spec, just_enabled=missing)
    changed = tuple(service for service in missing if service in enabled)
    enabled_at = time.time()
    # After a run that died before this, nothing is probed: what has not spread then is met, and waited for, by step 2.
    probes = [probe_service.submit(spec, service, enabled_at) for service in changed if service in PROBES]
    wait(probes)
    for probe in probes:
        probe.result()
    present = tuple(service for service in spec.services if service in enabled)
    return ServicesReport(enabled=present, changed=changed, warnings=tuple(warnings))
