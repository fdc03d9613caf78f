"""Looking at what exists and belongs to somebody else, before anything is changed."""

from __future__ import annotations

from prefect import get_run_logger, task

from clients.addresses import Addresses
from clients.existing import read_existing
from environment.existing import existing_findings
from environment.findings import Finding, refuse
from environment.spec import Environment
from tasks.console import PASSING
from tasks.policy import RETRIED


@task(name="look-at-existing", task_run_name="look at what exists for {environment.name}", **RETRIED)
def look_at_existing(environment: Environment) -> tuple[Finding, ...]:
    """Return what does not fit of what the spec calls existing."""
    get_run_logger().info("Looking at what exists", extra=PASSING)
    return existing_findings(environment, read_existing(environment, Addresses.of(environment)))


@task(name="check-existing", task_run_name="check what exists for {environment.name}", **RETRIED)
def check_existing(environment: Environment) -> None:
    """Stop where something that exists does not fit.

    Raises:
        PreflightError: Names all of it, each with the command that puts it right.
    """
    refuse(look_at_existing.fn(environment))
