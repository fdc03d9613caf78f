"""`mlops-env ui`: where Kubeflow Pipelines' user interface answers."""

from __future__ import annotations

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, SET
from cli.report import out


def ui(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD) -> None:
    """Print the address of the Kubeflow Pipelines UI."""
    spec, _ = select_cloud(environment, set_, cloud)
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster
    from clients.kubernetes.pipelines import wait_for_ui_address
    from environment.pipelines_ui import without_address

    addresses = Addresses.of(spec)
    access = read_cluster_access(addresses, spec.project_id, spec.location, spec.cluster_name)
    namespace = spec.pipelines.namespace
    url = wait_for_ui_address(open_cluster(addresses, access), namespace, timeout_seconds=0)
    out.print(url or without_address(namespace), markup=False)
