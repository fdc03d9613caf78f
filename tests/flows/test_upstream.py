"""The main job on upstream's own manifests, where MLOPS_ENV_GIT_MIRROR names them, in a namespace of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SPEC = """\
name: upstream
cloud: sandbox
role: staging
project_id: acme-upstream
region: europe-west4
name_prefix: up
state: {bucket: acme-upstream-tfstate}
pipelines: {namespace: ml}
"""


@pytest.mark.skipif("MLOPS_ENV_GIT_MIRROR" not in os.environ, reason="MLOPS_ENV_GIT_MIRROR names no manifests")
def test_upstreams_own_manifests_come_up_and_stay(cloud, tmp_path: Path) -> None:
    from flows.create_environment import create_environment

    spec = tmp_path / "upstream.yaml"
    spec.write_text(SPEC)
    report = create_environment(str(spec))
    assert report.pipelines.healthy
    assert report.pipelines.object_count == 91
    assert report.pipelines.record.source == f"mirror {os.environ['MLOPS_ENV_GIT_MIRROR']}"
    before = cloud.last_call()
    assert create_environment(str(spec)).change_count == 0
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []
