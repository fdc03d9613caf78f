"""Kubeflow Pipelines' manifests, applied by kubectl to a real API server and to the sandbox's: both store the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import sandbox as sandbox_package
from clients.kustomize import render
from clients.manifest_mirrors import MIRROR, fetch_mirror
from environment.paths import project_root
from environment.pipelines import KustomizeParameters
from sandbox.clusters.certificates import ensure_certificates
from sandbox.clusters.server import TlsServer
from sandbox.kubernetes.app import create_app

TOKEN = "token"
FIRST = ("Namespace", "CustomResourceDefinition")
PARAMETERS = KustomizeParameters(
    version="2.14.4",
    namespace="compared",
    project_id="acme-mlops-dev",
    bucket="acme-mlops-dev-artifacts",
    connection_name="acme-mlops-dev:us-central1:mysql",
    private_ip=True,
    system_account="system@acme-mlops-dev.iam.gserviceaccount.com",
    user_account="user@acme-mlops-dev.iam.gserviceaccount.com",
    pipeline_db="pipelinedb",
    mlmd_db="metadb",
    cache_db="cachedb",
)


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What has to be there first, and the rest: upstream's where MLOPS_ENV_GIT_MIRROR has them, else the skeleton's."""
    folder = tmp_path_factory.mktemp("manifests")
    given = os.environ.get(MIRROR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MIRROR, given or str(Path(sandbox_package.__file__).parent / "manifests"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        rendered = render(PARAMETERS, project_root() / "kustomize", fetch_mirror("2.14.4")).manifests
    paths = folder / "first.yaml", folder / "rest.yaml"
    for path, is_first in zip(paths, (True, False), strict=True):
        path.write_text(yaml.safe_dump_all([one for one in rendered if (one["kind"] in FIRST) is is_first]))
    return paths


@pytest.fixture(scope="module")
def own_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of an API server of the sandbox."""
    folder = tmp_path_factory.mktemp("cluster")
    ensure_certificates(folder)
    app = create_app(folder / "objects.db", TOKEN)
    server = TlsServer(app, folder / "server.pem", folder / "server.key", 0)
    server.start()
    cluster = {"server": f"https://127.0.0.1:{server.port}", "certificate-authority": str(folder / "ca.pem")}
    config = {
        "clusters": [{"name": "own", "cluster": cluster}],
        "users": [{"name": "user", "user": {"token": TOKEN}}],
        "contexts": [{"name": "own", "context": {"cluster": "own", "user": "user"}}],
        "current-context": "own",
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(config))
    yield folder / "kubeconfig"
    app.state.close()
    server.stop()


class Kubectl:
    """kubectl on one of the servers, with a cache of its own."""

    def __init__(self, kubeconfig: Path, cache: Path) -> None:
        program = Path(sys.executable).with_name("kubectl")
        self._command = [str(program), "--kubeconfig", str(kubeconfig), "--cache-dir", str(cache)]

    def __call__(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def apply(self, manifests: tuple[Path, Path]) -> dict[tuple[str, str], dict[str, Any]]:
        """Apply all, and return what is stored by kind and name."""
        options = ("apply", "--server-side", "--force-conflicts", "-o", "json", "-f")
        first, rest = manifests
        items = json.loads(self(*options, str(first)))["items"]
        self("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
        items += json.loads(self(*options, str(rest)))["items"]
        return {(each["kind"], each["metadata"]["name"]): each for each in items}


def comparable(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        key: value
        for key, value in obj["metadata"].items()
        if key not in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")
    }
    rest = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    if obj["kind"] == "Service":
        rest["spec"] = {key: value for key, value in obj["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    owners = [{**each, "time": ""} for each in obj["metadata"].get("managedFields", []) if each["operation"] == "Apply"]
    if "namespace" in metadata:
        return {**rest, "metadata": metadata, "owners": owners}
    # Other tests apply the cluster's own objects too, as members of a set.
    labels = {key: value for key, value in metadata.get("labels", {}).items() if not key.startswith("applyset.")}
    return {**rest, "metadata": {**metadata, "labels": labels}}


def test_the_same_objects_are_stored(
    manifests: tuple[Path, Path], own_kubeconfig: Path, real_kubeconfig: Path, tmp_path: Path
) -> None:
    own, real = Kubectl(own_kubeconfig, tmp_path / "own"), Kubectl(real_kubeconfig, tmp_path / "real")
    stored, expected = own.apply(manifests), real.apply(manifests)
    assert set(stored) == set(expected)
    assert len(stored) > 80
    for name in expected:
        assert comparable(stored[name]) == comparable(expected[name]), name
    versions = {name: obj["metadata"]["resourceVersion"] for name, obj in stored.items() if name[0] not in FIRST}
    again = {name: obj["metadata"]["resourceVersion"] for name, obj in own.apply(manifests).items()}
    assert {name: again[name] for name in versions} == versions
