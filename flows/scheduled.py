"""Whether a run that a schedule began is still wanted: after an outage all that were missed would begin at once.

The newest of them looks at what all of them would have looked at, so the others are skipped. So is one that comes
while another run changes the environment: what it would find is half a change, and the next one comes anyway. A run
that a person began, or retries, is never skipped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from flows.exclusion import limit_name

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun


def reason_to_skip(environment: str) -> str:
    """Say why the surrounding run need not look at the environment; empty where it should."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(flow_run.id))
        if not run.auto_scheduled or run.run_count > 1:  # a retry is somebody's wish
            return ""
        return _newer_is_due(client, run) or _is_changing(client, environment)


def _newer_is_due(client: SyncPrefectClient, run: FlowRun) -> str:
    planned, now = run.expected_start_time, datetime.now(UTC)
    if planned is None or run.deployment_id is None:
        return ""
    newer = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[run.deployment_id])),
        flow_run_filter=FlowRunFilter(
            expected_start_time=FlowRunFilterExpectedStartTime(after_=planned + timedelta(seconds=1), before_=now)  # type: ignore[arg-type]
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
    )
    due = next((one.expected_start_time for one in newer if one.auto_scheduled and one.expected_start_time), None)
    if due is None:
        return ""
    return f"planned for {planned:%Y-%m-%d %H:%M}, and the one of {due:%Y-%m-%d %H:%M} is due too"


def _is_changing(client: SyncPrefectClient, environment: str) -> str:
    try:
        limit = client.read_global_concurrency_limit_by_name(limit_name(environment))
    except ObjectNotFound:
        return ""
    is_taken = limit.active_slots >= limit.limit
    return f"another run is changing {environment}; the next one looks again" if is_taken else ""
