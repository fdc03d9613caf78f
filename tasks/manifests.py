"""Step 3, first half: fetch upstream's manifests, render ours on them, check what they refer to."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import cast

from prefect import get_run_logger, task
from prefect.utilities.annotations import quote

from clients.kustomize import render
from clients.manifest_mirrors import FALLBACK, MIRROR, Mirror, cache_folder, fetch_mirror
from environment.objects import Manifest
from environment.paths import project_root
from environment.pipelines import KustomizeParameters, Rendered
from environment.placeholders import check_placeholders
from environment.references import check_references
from tasks.console import PASSING
from tasks.policy import ANEW, RETRIED

_told: set[str] = set()  # a plan, the look before a change and the change render the same: one line is enough

RETRIED_ONCE = {**RETRIED, "retries": 1}  # a machine without a network should learn it within seconds


@task(name="fetch-manifests", task_run_name="fetch manifests of Kubeflow Pipelines {version}", **RETRIED_ONCE)
def fetch_manifests(version: str) -> Mirror:
    """Bring the release's manifests into the local mirror, unless they are there."""
    return fetch_once(version)


def fetch_once(version: str) -> Mirror:
    """Bring them here, or return what this process has brought already."""
    return _fetch_once(version, os.environ.get(MIRROR), os.environ.get(FALLBACK), cache_folder())


@cache
def _fetch_once(version: str, mirror: str | None, fallback: str | None, folder: Path) -> Mirror:
    """Fetch once a process: create_environment does so early, deploy_kfp gets the same and asks nobody again."""
    return fetch_mirror(version)


@task(name="render-manifests", task_run_name="render manifests", **ANEW)
def render_manifests(parameters: KustomizeParameters, mirror: Mirror) -> Rendered:
    """Build our overlay; refuse what still holds placeholders, or names something that nothing makes."""
    rendered = render(parameters, project_root() / "kustomize", mirror)
    check_placeholders(rendered.manifests)
    check_references(rendered.manifests)
    count, version = len(rendered.manifests), parameters.version
    extra = PASSING if rendered.digest in _told else None
    _told.add(rendered.digest)
    get_run_logger().info(
        "Rendered %d objects of Kubeflow Pipelines %s from %s", count, version, mirror.source, extra=extra
    )
    return rendered


def quoted(rendered: Rendered) -> tuple[Manifest, ...]:
    """Return the manifests for another task: Prefect would look for futures in thousands of fields."""
    return cast("tuple[Manifest, ...]", quote(rendered.manifests))
