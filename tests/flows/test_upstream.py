"""The main job on upstream's own manifests, where MLOPS_ENV_GIT_MIRROR names them, in a namespace of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

UPSTREAM = os.environ.get("MLOPS_ENV_GIT_MIRROR", "")
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


@pytest.mark.long
@pytest.mark.skipif(not UPSTREAM, reason="MLOPS_ENV_GIT_MIRROR names no manifests")
def test_upstreams_own_manifests_come_up_and_stay(cloud, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLOPS_ENV_GIT_MIRROR", UPSTREAM)
    from flows.create_environment import create_environment

    spec = tmp_path / "upstream.yaml"
    spec.write_text(SPEC)
    report = create_environment(str(spec))
    assert report.pipelines.healthy
    assert report.pipelines.object_count == 91
    assert report.pipelines.record.source == f"mirror {UPSTREAM}"
    before = cloud.last_call()
    assert create_environment(str(spec)).change_count == 0
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []
