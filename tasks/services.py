"""Step 1: one task per call to Service Usage."""

from __future__ import annotations

import time

from prefect import get_run_logger, task

from clients.addresses import Addresses
from clients.service_usage import ServiceUsage
from environment.errors import GoogleApiError, PermissionDeniedError, TransientError
from environment.services import RETIRED, stays_off
from environment.spec import Environment
from tasks.console import DETAIL, PASSING
from tasks.policy import RETRIED


@task(name="list-enabled-services", task_run_name="list enabled services of {environment.project_id}", **RETRIED)
def list_enabled_services(environment: Environment) -> tuple[str, ...]:
    """Read which services are on."""
    get_run_logger().info("Listing enabled services", extra=PASSING)
    return ServiceUsage(Addresses.from_environment(), environment.project_id).list_enabled()


@task(name="enable-services-batch", task_run_name="enable {services}", timeout_seconds=900, **RETRIED)
def enable_batch(environment: Environment, services: tuple[str, ...]) -> str:
    """Enable up to twenty services; return a warning where a retired one cannot be enabled any more."""
    usage = ServiceUsage(Addresses.from_environment(), environment.project_id)
    get_run_logger().info("Enabling %d services", len(services), extra=PASSING)
    try:
        usage.enable(services)
    except (TransientError, PermissionDeniedError):
        raise
    except GoogleApiError as error:
        retired = [service for service in services if service in RETIRED]
        if not retired:
            raise
        warning = stays_off(retired[0])
        get_run_logger().warning("%s [%s]", warning, error.message)
        return warning
    names = ", ".join(service.removesuffix(".googleapis.com") for service in services)
    get_run_logger().info("Enabled %s", names)
    return ""


@task(name="probe-service", task_run_name="probe {service}", **RETRIED)
def probe_service(environment: Environment, service: str, enabled_at: float) -> float:
    """Ask a newly enabled API for something harmless; return the seconds since it was enabled."""
    ServiceUsage(Addresses.from_environment(), environment.project_id).probe(service, environment.region)
    waited = time.time() - enabled_at
    get_run_logger().info("%s answers %.0f s after it was enabled", service, waited, extra=DETAIL)
    return waited
