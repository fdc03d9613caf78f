"""Runs of the same environment exclude each other: the outermost run takes the Prefect limit `mlops-env-NAME`.

Child flows run inside their parent's limit: taking it again would wait for themselves. Terraform's state lock is the
truth below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.runtime import flow_run

WAIT_SECONDS = 3600.0


def limit_name(environment: str) -> str:
    """Return the name of an environment's limit."""
    return f"mlops-env-{environment}"


@contextmanager
def exclusive(environment: str) -> Iterator[None]:
    """Hold the environment's limit while the outermost run lasts."""
    if flow_run.parent_flow_run_id is not None:
        yield
        return
    _ensure_limit(limit_name(environment))
    with concurrency(limit_name(environment), occupy=1, timeout_seconds=WAIT_SECONDS, strict=True):
        yield


def _ensure_limit(name: str) -> None:
    """Make the limit if it is missing: one that does not exist would exclude nothing."""
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            try:
                client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            except ObjectAlreadyExists:
                return  # another run made it between our look and our act
