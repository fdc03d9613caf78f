"""Kubeflow Pipelines on a cluster: its version, its UI's address, its API's health through the API server's proxy.

Sources: https://www.kubeflow.org/docs/components/pipelines/reference/api/kubeflow-pipeline-api-spec/ (healthz),
https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/ (service proxy).
"""

from __future__ import annotations

from clients.kubernetes.discovery import Resource
from clients.kubernetes.objects import Objects
from clients.kubernetes.watch import watch
from environment.errors import KubernetesError, TransientKubernetesError
from environment.objects import ObjectReference
from environment.pipelines_ui import PROXY_CONFIG, age_seconds, ui_address

CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps", True)
API_SERVICE = "ml-pipeline:8888"
INSTALL_CONFIG, APP_VERSION = "pipeline-install-config", "appVersion"
HEALTH_PATH = "apis/v2beta1/healthz"


def read_version(objects: Objects, namespace: str) -> str:
    """Return the release that is installed in a namespace, empty where its configuration does not say."""
    return read_install_config(objects, namespace).get(APP_VERSION, "")


def read_install_config(objects: Objects, namespace: str) -> dict[str, str]:
    """Return what the installation in a namespace works with, empty where there is none."""
    config = objects.get(ObjectReference("", "v1", "ConfigMap", namespace, INSTALL_CONFIG)) or {}
    return dict(config.get("data") or {})


def wait_for_ui_address(objects: Objects, namespace: str, *, timeout_seconds: float) -> str | None:
    """Return the UI's address once the proxy agent has registered, None where it has not in time.

    The time counts from the installation, not from now: an agent that never registers is not waited for in every run.
    """
    query = {"fieldSelector": f"metadata.name={PROXY_CONFIG}"}
    for found in watch(objects, CONFIG_MAPS, namespace, query, timeout_seconds=timeout_seconds):
        config = next(iter(found.values()), None)
        if config is None:
            return None  # this installation has no proxy
        if address := ui_address(config):
            return address
        if age_seconds(config) > timeout_seconds:
            return None
    return None


def check_health(objects: Objects, namespace: str) -> None:
    """Ask the Kubeflow Pipelines API for its health.

    Raises:
        TransientKubernetesError: While it has no endpoint, or does not answer yet.
        KubernetesError: When it cannot be asked.
    """
    path = f"/api/v1/namespaces/{namespace}/services/{API_SERVICE}/proxy/{HEALTH_PATH}"
    try:
        answer = objects.cluster.request("GET", path, resource=f"the health of Service {namespace}/ml-pipeline")
    except TransientKubernetesError as error:
        hint = "may the control plane reach port 8888 of the nodes, and does pod ml-pipeline run?"
        raise TransientKubernetesError(
            error.message, hint, status=error.status, reason=error.reason, resource=error.resource
        ) from error
    if not isinstance(answer.body, dict):
        raise KubernetesError(f"{path} answered something else than its health: is this Kubeflow Pipelines?")
