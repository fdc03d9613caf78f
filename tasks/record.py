"""Write the EnvironmentRecord beside Terraform's state: our own bookkeeping, touched only when it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from prefect import task

from clients.addresses import Addresses
from clients.storage import Storage
from environment.drift import PENDING, DriftReport
from environment.record import RECORD_OBJECT, EnvironmentRecord
from environment.reports import CreateReport, InfrastructureReport, PipelinesReport, ServicesReport
from environment.spec import Environment
from tasks.policy import RETRIED


@task(name="write-record", task_run_name="write record of {environment.name}", **RETRIED)
def write_record(environment: Environment, report: CreateReport, *, is_whole: bool = True) -> bool:
    """Write the record unless an equal one is there; say whether it was written.

    Of a create that skipped steps it does not say that all is made from this spec: that is left as it was.
    """
    record = EnvironmentRecord(
        environment=environment.name,
        project_id=environment.project_id,
        spec_digest=environment.digest,
        tool_version=version("mlops-env"),
        services=report.services.enabled,
        infrastructure=report.infrastructure.outputs,
        pipelines=report.pipelines.record,
        finished_at=_now(),
    )

    def update(kept: EnvironmentRecord | None) -> EnvironmentRecord:
        if is_whole:
            return record
        return record.model_copy(update={"spec_digest": kept.spec_digest if kept else ""})

    return _keep(environment, update)


@task(name="update-record", task_run_name="update record of {environment.name}", **RETRIED)
def update_record(
    environment: Environment,
    services: ServicesReport | None,
    infrastructure: InfrastructureReport | None,
    pipelines: PipelinesReport | None,
    seen: DriftReport,
) -> bool:
    """Bring the record up to date with what a remediation did of some layers; say whether it was written.

    It counts as made from this spec only where, by what was seen, nothing is pending in the other layers. Where no
    create has come to its end there is no record, and the next create writes it.
    """
    steps = {"services": services, "infrastructure": infrastructure, "pipelines": pipelines}
    is_whole = not any(steps[one.layer] is None and one.kind == PENDING for one in seen.found)
    stamps = {"spec_digest": environment.digest, "tool_version": version("mlops-env")} if is_whole else {}

    def update(kept: EnvironmentRecord | None) -> EnvironmentRecord | None:
        return kept and kept.brought_up_to_date(
            services.enabled if services else None,
            infrastructure.outputs if infrastructure else None,
            pipelines.record if pipelines else None,
            finished_at=_now(),
            **stamps,
        )

    return _keep(environment, update)


def _keep(environment: Environment, update: Callable[[EnvironmentRecord | None], EnvironmentRecord | None]) -> bool:
    storage = Storage(Addresses.of(environment), environment.project_id)
    name = f"{environment.state_prefix}/{RECORD_OBJECT}"
    kept = EnvironmentRecord.read(storage.read(environment.state.bucket, name))
    record = update(kept)
    if record is None or (kept is not None and record.same_as(kept)):
        return False
    return storage.write(environment.state.bucket, name, record.model_dump_json(indent=2))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
