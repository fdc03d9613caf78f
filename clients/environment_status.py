"""What is there of an environment: services, infrastructure and pipelines, read at the same time, changing nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.gke import read_cluster_access
from clients.infrastructure import read_infrastructure
from clients.kubernetes.apply_sets import list_installations
from clients.kubernetes.objects import Objects, close_cluster, open_cluster
from clients.kubernetes.pipelines import check_health, read_version, wait_for_ui_address
from clients.service_usage import ServiceUsage
from clients.storage import Storage
from environment.apply_set import PIPELINES
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
    """Ask the cluster, whoever installed them; where it does not answer, say so of what the record tells."""
    cluster = infrastructure.cluster
    try:
        access = read_cluster_access(addresses, environment.project_id, cluster.location, cluster.name)
        try:
            return _installed(open_cluster(addresses, access), environment.pipelines.namespace)
        finally:
            close_cluster(addresses, access)
    except MlopsEnvError as error:
        kept = record.pipelines if record else None
        return PipelinesStatus(
            version=kept.version if kept else "",
            namespace=kept.namespace if kept else environment.pipelines.namespace,
            url=kept.url if kept else None,
            healthy=False,
            problem=str(error),
        )


def _installed(objects: Objects, wanted_namespace: str) -> PipelinesStatus | None:
    namespaces = list_installations(objects, PIPELINES)
    if not namespaces:
        return None
    namespace = wanted_namespace if wanted_namespace in namespaces else next(iter(namespaces))
    version = read_version(objects, namespace)
    url = wait_for_ui_address(objects, namespace, timeout_seconds=0)
    problem = ""
    try:
        check_health(objects, namespace)
    except MlopsEnvError as error:
        problem = str(error)
    return PipelinesStatus(version=version, namespace=namespace, url=url, healthy=not problem, problem=problem)
