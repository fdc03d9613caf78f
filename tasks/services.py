"""Step 1: one task per call to Service Usage."""

from __future__ import annotations

import time

from prefect import get_run_logger, task
from prefect.runtime import task_run

from clients.addresses import Addresses
from clients.service_usage import ServiceUsage
from environment.errors import GoogleApiError, TransientError, TransientGoogleApiError
from environment.services import RETIRED, missing_services, retired_alone, stays_off
from environment.spec import Environment
from tasks.console import DETAIL, PASSING
from tasks.history import current_journal
from tasks.policy import RETRIED


@task(name="list-enabled-services", task_run_name="list enabled services of {environment.project_id}", **RETRIED)
def list_enabled_services(environment: Environment, just_enabled: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Read which services are on, again until those are that were just enabled; a retired one may stay off."""
    get_run_logger().info("Listing enabled services", extra=PASSING)
    enabled = ServiceUsage(Addresses.of(environment), environment.project_id).list_enabled()
    still_off = [service for service in missing_services(just_enabled, enabled) if service not in RETIRED]
    if still_off:
        raise TransientGoogleApiError(f"enabled, and still off: {', '.join(still_off)}", "run again")
    return enabled


def _named(services: tuple[str, ...]) -> str:
    return services[0] if len(services) == 1 else f"{len(services)} services"


def _batch_name() -> str:
    return f"enable {_named(task_run.parameters['services'])}"


@task(name="enable-services-batch", task_run_name=_batch_name, timeout_seconds=900, **RETRIED)
def enable_batch(environment: Environment, services: tuple[str, ...]) -> str:
    """Enable up to twenty services; return a warning where a retired one cannot be enabled any more."""
    usage = ServiceUsage(Addresses.of(environment), environment.project_id)
    get_run_logger().info("Enabling %s", _named(services), extra=PASSING)
    journal = current_journal()
    if not RETIRED.keys() >= {*services}:  # those are tried in vain each time
        journal.begin()
    try:
        usage.enable(services, on_enabled=lambda: journal.note(*(f"enable {service}" for service in services)))
    except TransientError:
        raise
    except GoogleApiError as error:
        if retired_alone(services, str(error)) is None:
            raise
        warning = stays_off(services[0])
        get_run_logger().warning("%s [%s]", warning, error.message)
        return warning
    names = ", ".join(service.removesuffix(".googleapis.com") for service in services)
    get_run_logger().info("Enabled %s", names)
    return ""


@task(name="probe-service", task_run_name="probe {service}", **RETRIED)
def probe_service(environment: Environment, service: str, enabled_at: float) -> float:
    """Ask a newly enabled API for something harmless; return the seconds since it was enabled."""
    ServiceUsage(Addresses.of(environment), environment.project_id).probe(service, environment.region)
    waited = time.time() - enabled_at
    get_run_logger().info("%s answers %.0f s after it was enabled", service, waited, extra=DETAIL)
    return waited
