"""Runs of the same environment exclude each other: the outermost run takes the Prefect limit `mlops-env-NAME`.

Child flows run inside their parent's limit: taking it again would wait for themselves. Terraform's state lock is the
truth below it, so a server that fails to renew our slot does not end a run.

A killed run leaves its slot taken. A server that stays takes it back when the lease ends. A temporary one forgets its
leases when it ends, and the slot would stay taken for ever in its database: there a lock file, which the system
releases with the process, tells that the holder is no more.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from prefect import get_client, get_run_logger
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import get_current_settings

from environment.errors import MlopsEnvError

WAIT_SECONDS = 3600.0
LEASE_SECONDS = 120.0
TEMPORARY_SERVER = "MLOPS_ENV_TEMPORARY_SERVER"
"""Set by whoever started a temporary server for this process."""


_held: ContextVar[frozenset[str]] = ContextVar("held_environments", default=frozenset())


def limit_name(environment: str) -> str:
    """Return the name of an environment's limit."""
    return f"mlops-env-{environment}"


@contextmanager
def exclusive(environment: str) -> Iterator[None]:
    """Hold the environment's limit while the outermost of our own runs lasts, whoever may have started that."""
    if environment in _held.get():
        yield
        return
    name = limit_name(environment)
    with _alone_on_this_machine(name):
        _ensure_limit(name)
        with concurrency(
            name,
            occupy=1,
            timeout_seconds=WAIT_SECONDS,
            lease_duration=LEASE_SECONDS,
            strict=True,
            raise_on_lease_renewal_failure=False,
        ):
            token = _held.set(_held.get() | {environment})
            try:
                yield
            finally:
                _held.reset(token)


def is_server_temporary() -> bool:
    """Tell whether the server ends with this process."""
    return bool(os.environ.get(TEMPORARY_SERVER)) or get_current_settings().api.url is None


@contextmanager
def _alone_on_this_machine(name: str) -> Iterator[None]:
    """Under a temporary server, hold a lock file; what the limit's database says of other holders is then stale."""
    if not is_server_temporary():
        yield
        return
    path = Path(get_current_settings().home) / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        _wait_for(lock.fileno(), name)
        with get_client(sync_client=True) as client:
            try:
                if client.read_global_concurrency_limit_by_name(name).active_slots:
                    client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=0))
            except ObjectNotFound:
                pass  # the first run of this environment
        yield


def _wait_for(descriptor: int, name: str) -> None:
    deadline, is_told = time.monotonic() + WAIT_SECONDS, False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise MlopsEnvError(
                    f"{name}: another run on this machine did not end in {WAIT_SECONDS:.0f} s"
                ) from None
            if not is_told:
                get_run_logger().warning("Another run of this environment is under way here: waiting until it ends")
                is_told = True
            time.sleep(0.2)


def _ensure_limit(name: str) -> None:
    """Make the limit if it is missing: one that does not exist would exclude nothing. Say so if we shall wait."""
    with get_client(sync_client=True) as client:
        try:
            limit = client.read_global_concurrency_limit_by_name(name)
            if limit.active_slots >= limit.limit:
                get_run_logger().warning("Another run holds the limit %s: waiting until it ends", name)
        except ObjectNotFound:
            try:
                client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            except ObjectAlreadyExists:
                return  # another run made it between our look and our act
