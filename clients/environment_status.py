"""What is there of an environment: services, infrastructure and pipelines, read at the same time, changing nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.gke import read_cluster_access
from clients.infrastructure import read_infrastructure
from clients.kubernetes.objects import open_cluster
from clients.kubernetes.pipelines import check_health, wait_for_ui_address
from clients.service_usage import ServiceUsage
from clients.storage import Storage
from environment.errors import MlopsEnvError
from environment.infrastructure import Infrastructure
from environment.record import RECORD_OBJECT, EnvironmentRecord
from environment.services import missing_services
from environment.spec import Environment
from environment.status import EnvironmentStatus, LastRun, PipelinesStatus, ServicesStatus


def read_status(environment: Environment, addresses: Addresses) -> EnvironmentStatus:
    """Look at all three layers.

    Raises:
        MlopsEnvError: When services or state cannot be read; a cluster that does not answer is part of the status.
    """
    with ThreadPoolExecutor(3) as pool:
        services = pool.submit(ServiceUsage(addresses, environment.project_id).list_enabled)
        infrastructure = pool.submit(read_infrastructure, environment, addresses)
        record = pool.submit(read_record, environment, addresses)
        missing = missing_services(environment.services, services.result())
        found = infrastructure.result()
        kept = record.result()
    return EnvironmentStatus(
        environment=environment.name,
        project_id=environment.project_id,
        services=ServicesStatus(
            enabled=tuple(name for name in environment.services if name not in missing), missing=missing
        ),
        infrastructure=found,
        pipelines=_pipelines(environment, addresses, found, kept) if found else None,
        last_run=LastRun.of(kept, environment.digest) if kept else None,
    )


def read_record(environment: Environment, addresses: Addresses) -> EnvironmentRecord | None:
    """Return what the last create wrote down beside the state, None where there is nothing."""
    storage = Storage(addresses, environment.project_id)
    text = storage.read(environment.state.bucket, f"{environment.state_prefix}/{RECORD_OBJECT}")
    return EnvironmentRecord.read(text)


def _pipelines(
    environment: Environment,
    addresses: Addresses,
    infrastructure: Infrastructure,
    record: EnvironmentRecord | None,
) -> PipelinesStatus | None:
    if record is None:
        return None
    namespace, cluster = record.pipelines.namespace, infrastructure.cluster
    url, problem = record.pipelines.url, ""
    try:
        access = read_cluster_access(addresses, environment.project_id, cluster.location, cluster.name)
        objects = open_cluster(addresses, access)
        check_health(objects, namespace)
        url = wait_for_ui_address(objects, namespace, timeout_seconds=0) or url
    except MlopsEnvError as error:
        problem = str(error)
    return PipelinesStatus(
        version=record.pipelines.version, namespace=namespace, url=url, healthy=not problem, problem=problem
    )
