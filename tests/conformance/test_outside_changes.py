"""What others change by kubectl on a real API server: found, attributed, and put back, by what looks for drift.

The changes are those of tests/data/outside_changes.yaml, which the flows' tests make on the sandbox.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.editors import read_editors
from clients.kubernetes.installation import install
from clients.kubernetes.objects import Objects
from clients.kubernetes.plan import plan_changes
from environment.apply_set import ApplySet
from environment.drift import OUTSIDE, Drift
from environment.object_drift import object_drift
from environment.objects import reference_of

SET = ApplySet("mlops-env", "kubeflow", "0.1.0")
DATA = Path(__file__).parents[1] / "data" / "outside_changes.yaml"
CHANGES = yaml.safe_load(DATA.read_text())["pipelines"]


@pytest.fixture(scope="module")
def objects(real_access: tuple[ClusterAccess, str], skeleton: list[dict[str, Any]]) -> Iterator[Objects]:
    access, token = real_access
    found = Objects(Cluster(access, Addresses(token=token)))
    install(found, skeleton, SET, force=True)
    yield found
    found.cluster.close()


@pytest.fixture
def kubectl(real_kubeconfig: Path) -> Any:
    program = shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")

    def run(line: str, given: Any = None) -> None:
        command, _, patch = line.partition(" --patch ")
        arguments = [program, "--namespace=kubeflow", *command.split(), *(["--patch", patch] if patch else [])]
        environment = {**os.environ, "KUBECONFIG": str(real_kubeconfig), "HOME": str(real_kubeconfig.parent)}
        done = subprocess.run(
            arguments, env=environment, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (line, done.stderr)

    return run


def look(objects: Objects, manifests: list[dict[str, Any]]) -> dict[str, Drift]:
    changes = plan_changes(objects, manifests, SET)
    editors = read_editors(objects, map(reference_of, manifests), changes, SET.namespace)
    return {one.address: one for one in object_drift(changes, editors, same_manifests=True)}


def test_right_after_an_apply_there_is_none(objects, skeleton) -> None:
    assert look(objects, skeleton) == {}


def test_outside_changes_are_found_attributed_and_put_back(objects, skeleton, kubectl) -> None:
    for change in CHANGES:
        kubectl(change["kubectl"], change.get("stdin"))
    kubectl("scale deployment/ml-pipeline-visualizationserver --replicas=2")
    found = look(objects, skeleton)
    assert found.keys() == {change["address"] for change in CHANGES}
    for change in CHANGES:
        one = found[change["address"]]
        assert (one.kind, one.condition) == (OUTSIDE, change.get("condition", "changed")), change["kind"]
        assert {field.path for field in one.fields} >= {*change.get("fields", ())}, change["kind"]
        who = {name.partition(" at ")[0] for name in one.by}
        assert who == ({change["by"]} if "by" in change else set()), change["kind"]

    changes = install(objects, skeleton, SET, force=True)
    assert {change.address for change in changes} == found.keys()
    assert look(objects, skeleton) == {}
