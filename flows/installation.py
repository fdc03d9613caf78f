"""What an installation of Kubeflow Pipelines should be, and a connection to where it is: how flows on it begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clients.kubernetes.connection import ClusterAccess
from environment.infrastructure import Infrastructure
from environment.pipeline_parameters import kustomize_parameters
from environment.pipelines import Rendered
from environment.spec import Environment
from tasks.infrastructure import read_infrastructure
from tasks.manifests import fetch_manifests, render_manifests
from tasks.pipelines import cluster_connections, reach_cluster, read_cluster_access


@dataclass(frozen=True)
class Installation:
    """Where it is, on what, and in `rendered` all that the cluster should hold."""

    outputs: Infrastructure
    access: ClusterAccess
    rendered: Rendered


@contextmanager
def rendered_installation(spec: Environment) -> Iterator[Installation]:
    """Render what the cluster should hold, reach it meanwhile, and stay connected to it."""
    mirror = fetch_manifests.submit(spec.pipelines.version)
    outputs = read_infrastructure(spec)
    rendering = render_manifests.submit(kustomize_parameters(spec, outputs), mirror.result())
    access = read_cluster_access(spec, outputs)
    with cluster_connections(access):
        reach_cluster(access)
        yield Installation(outputs, access, rendering.result())
