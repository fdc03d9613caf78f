"""All checks at the same time, within ten seconds. Nothing but reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar

from clients.addresses import Addresses
from clients.credentials import UNKNOWN, principal
from clients.existing import read_existing
from clients.manifest_mirrors import Mirror, fetch_mirror
from clients.preflight.capacity import look_at_quotas
from clients.preflight.endpoint import look_at_endpoint
from clients.preflight.manifests import look_at_manifests
from clients.preflight.names import There, look_at_names, look_at_ranges, look_at_state_bucket, read_found
from clients.preflight.project import (
    BILLING,
    POLICIES,
    look_at_billing,
    look_at_permissions,
    look_at_policies,
    look_at_project,
)
from clients.preflight.tools import look_at_tools, read_tools
from environment.capacity import capacity_of
from environment.doctor import DoctorReport, Looked, found_one, put_together
from environment.errors import CredentialsError, ImpersonationRefusedError, MlopsEnvError, ServiceDisabledError
from environment.existing import existing_findings
from environment.spec import Environment

SECONDS = 9.0
EXISTING = "existing"
CLOUD_CHECKS = ("billing", "permissions", "policies", "state-bucket", EXISTING, "names", "ranges", "quotas", "endpoint")
LOCAL_CHECKS = ("tools", "manifests")
ALL_CHECKS = ("project", *CLOUD_CHECKS, *LOCAL_CHECKS)
NOT_TURNED_ON = {"billing": BILLING, "policies": POLICIES}
"""APIs that a check asks and an environment does without: create does not turn them on."""

Check = Callable[[], Looked]
T = TypeVar("T")


def look(
    environment: Environment,
    addresses: Addresses,
    checks: Collection[str] = ALL_CHECKS,
    fetch: Callable[[str], Mirror] = fetch_mirror,
) -> DoctorReport:
    """Look at everything that an environment needs before it is made.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        checks: Those to make.
        fetch: Brings the manifests of a release here.
    """
    deadline = time.monotonic() + SECONDS
    who = _begin(lambda: principal(addresses)) if "permissions" in checks else None
    tools = _begin(read_tools) if "tools" in checks else None
    needs_found = {"names", "ranges", "quotas", "endpoint"} & {*checks}
    found = _begin(lambda: read_found(environment, addresses)) if needs_found else None
    makers = _checks(environment, addresses, fetch, found)
    futures = {name: _begin_check(environment, name, makers[name]) for name in ALL_CHECKS if name in checks}
    looks = _telling({name: _result(name, future, deadline) for name, future in futures.items()})
    us, versions = _by(deadline, who, UNKNOWN), _by(deadline, tools, {})
    whole = put_together(looks.values())
    return DoctorReport(
        environment=environment.name,
        project_id=environment.project_id,
        principal=us,
        tools=versions,
        capacity=capacity_of(environment),
        findings=whole.findings,
        quotas=whole.quotas,
        notes=whole.notes,
        checks=tuple(looks),
        later=tuple(name for name, one in looks.items() if one.is_off),
        unanswered=tuple(name for name, one in looks.items() if not one.is_made),
    )


def _telling(looks: dict[str, Looked]) -> dict[str, Looked]:
    """Leave out what only says in other words that there is no project, or that the credentials are refused."""
    refused = next((name for name, one in looks.items() if _is_about_credentials(one)), None)
    if refused is None and not looks.get("project", Looked()).findings:
        return looks
    kept = (refused or "project", *LOCAL_CHECKS)
    return {name: one for name, one in looks.items() if name in kept}


def _checks(
    environment: Environment,
    addresses: Addresses,
    fetch: Callable[[str], Mirror],
    found: Future[There] | None,
) -> dict[str, Check]:
    def there() -> There:
        assert found is not None
        return found.result()

    return {
        "project": lambda: look_at_project(environment, addresses),
        "billing": lambda: look_at_billing(environment, addresses),
        "permissions": lambda: look_at_permissions(environment, addresses),
        "policies": lambda: look_at_policies(environment, addresses),
        "state-bucket": lambda: look_at_state_bucket(environment, addresses),
        EXISTING: lambda: Looked(findings=existing_findings(environment, read_existing(environment, addresses))),
        "names": lambda: look_at_names(environment, addresses, there()),
        "ranges": lambda: look_at_ranges(environment, addresses, there().found),
        "quotas": lambda: look_at_quotas(environment, addresses, there().found),
        "endpoint": lambda: look_at_endpoint(environment, addresses, there().found),
        "tools": look_at_tools,
        "manifests": lambda: look_at_manifests(environment, addresses, fetch),
    }


def _begin(make: Callable[[], T]) -> Future[T]:
    """Begin something that nobody waits for longer than he wants to: also the process ends without it."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(make())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="doctor", daemon=True).start()
    return future


def _begin_check(environment: Environment, name: str, check: Check) -> Future[Looked]:
    return _begin(lambda: _settled(environment, name, check))


def _by(deadline: float, future: Future[T] | None, otherwise: T) -> T:
    """Return a result, or something else where there is none in time."""
    try:
        return future.result(max(0.0, deadline - time.monotonic())) if future else otherwise
    except FutureTimeout:
        return otherwise


def _settled(environment: Environment, name: str, check: Check) -> Looked:
    """Make a check; that it cannot be made is something to tell too."""
    try:
        return check()
    except ImpersonationRefusedError as error:
        return found_one("impersonation", str(error.message).rpartition(" ")[2], error.message, error.hint)
    except CredentialsError as error:
        return found_one("credentials", "Google credentials", error.message, error.hint)
    except ServiceDisabledError:
        if service := NOT_TURNED_ON.get(name):
            fix = f"gcloud services enable {service} --project={environment.project_id}"
            return Looked(notes=(f"{name}: not looked at, {service} is off ({fix})",), is_made=False)
        return Looked(notes=(f"{name}: not looked at yet, create turns the API on first",), is_off=True)
    except MlopsEnvError as error:
        return Looked(notes=(f"{name}: not looked at ({error.message})",), is_made=False)


def _result(name: str, future: Future[Looked], deadline: float) -> Looked:
    silent = Looked(notes=(f"{name}: not looked at, no answer within {SECONDS:g} s",), is_made=False)
    return _by(deadline, future, silent)


def _is_about_credentials(one: Looked) -> bool:
    return any(finding.check in ("credentials", "impersonation") for finding in one.findings)
