"""Write the EnvironmentRecord beside Terraform's state: our own bookkeeping, touched only when it changes."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from prefect import task

from clients.addresses import Addresses
from clients.storage import Storage
from environment.record import RECORD_OBJECT, EnvironmentRecord
from environment.reports import CreateReport
from environment.spec import Environment
from tasks.policy import RETRIED


@task(name="write-record", task_run_name="write record of {environment.name}", **RETRIED)
def write_record(environment: Environment, report: CreateReport) -> bool:
    """Write the record unless an equal one is there; say whether it was written."""
    record = EnvironmentRecord(
        environment=environment.name,
        project_id=environment.project_id,
        spec_digest=environment.digest,
        tool_version=version("mlops-env"),
        services=report.services.enabled,
        infrastructure=report.infrastructure.outputs,
        pipelines=report.pipelines.record,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    storage = Storage(Addresses.from_environment(), environment.project_id)
    name = f"{environment.state_prefix}/{RECORD_OBJECT}"
    kept = EnvironmentRecord.read(storage.read(environment.state.bucket, name))
    if kept is not None and record.same_as(kept):
        return False
    return storage.write(environment.state.bucket, name, record.model_dump_json(indent=2))
