"""Step 3, first half: fetch upstream's manifests, render ours on them, check what they refer to."""

from __future__ import annotations

from prefect import get_run_logger, task

from clients.kustomize import render
from clients.manifest_mirrors import Mirror, fetch_mirror
from environment.paths import project_root
from environment.pipelines import KustomizeParameters, Rendered
from environment.placeholders import check_placeholders
from environment.references import check_references
from tasks.policy import RETRIED

RETRIED_ONCE = {**RETRIED, "retries": 1}  # a machine without a network should learn it within seconds


@task(name="fetch-manifests", task_run_name="fetch manifests of Kubeflow Pipelines {version}", **RETRIED_ONCE)
def fetch_manifests(version: str) -> Mirror:
    """Bring the release's manifests into the local mirror, unless they are there."""
    mirror = fetch_mirror(version)
    get_run_logger().info("Manifests of Kubeflow Pipelines %s come from: %s", version, mirror.source)
    return mirror


@task(name="render-manifests", task_run_name="render manifests")
def render_manifests(parameters: KustomizeParameters, mirror: Mirror) -> Rendered:
    """Build our overlay; refuse what still holds placeholders, or names something that nothing makes."""
    rendered = render(parameters, project_root() / "kustomize", mirror)
    check_placeholders(rendered.manifests)
    check_references(rendered.manifests)
    return rendered
