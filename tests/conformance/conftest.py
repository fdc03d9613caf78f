"""Real programs to compare the sandbox with. `MLOPS_ENV_ORACLES` names the folder of scripts that start them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import sandbox as sandbox_package
from clients.kubernetes.connection import ClusterAccess
from clients.kustomize import render
from clients.manifest_mirrors import MIRROR, fetch_mirror
from environment.paths import project_root
from environment.pipeline_secrets import artifact_keys_secret, encode_artifact_keys, mysql_secret
from environment.pipelines import KustomizeParameters

PARAMETERS = KustomizeParameters(
    version="2.14.4",
    namespace="kubeflow",
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


def free_ports(count: int) -> int:
    """Return the first of so many free ports in a row."""
    for first in range(21000 + os.getpid() % 1000 * 10, 60000, 10):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for offset, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise OSError(f"no {count} free ports in a row")


SKELETON = str(Path(sandbox_package.__file__).parent / "manifests")


@pytest.fixture(scope="session")
def real_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a real kube-apiserver, started for these tests."""
    oracles = os.environ.get("MLOPS_ENV_ORACLES")
    if not oracles:
        pytest.skip("MLOPS_ENV_ORACLES is not set: no real API server to compare with")
    folder = tmp_path_factory.mktemp("kube-apiserver")
    port = str(free_ports(3))
    # The tests' own cache folder is empty, and the program is in the user's.
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    command = [f"{oracles}/kubernetes-up", str(folder), port]
    up = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, env=environment)
    try:
        assert up.returncode == 0, f"the real API server does not start: {up.stderr[-2000:]}"
        yield Path(up.stdout.strip())
    finally:
        subprocess.run([f"{oracles}/kubernetes-down", str(folder)], check=False, timeout=60)


@pytest.fixture(scope="session")
def real_kubernetes(real_kubeconfig: Path) -> Iterator[httpx.Client]:
    """A client with all rights on a real API server."""
    config = yaml.safe_load(real_kubeconfig.read_text())
    token, address = config["users"][0]["user"]["token"], config["clusters"][0]["cluster"]["server"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, verify=False, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def widget_server(real_kubernetes: httpx.Client) -> httpx.Client:
    """A real API server that serves the custom kind Widget (widgets.yaml)."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    definition = yaml.safe_load((Path(__file__).parent / "widgets.yaml").read_text())
    real_kubernetes.post(definitions, json=definition)
    for _ in range(2000):
        if real_kubernetes.get("/apis/example.com/v1/widgets").status_code == 200:
            return real_kubernetes
    raise AssertionError("the custom kind is not served")


@pytest.fixture(scope="session")
def real_access(real_kubeconfig: Path) -> tuple[ClusterAccess, str]:
    """How our clients reach the real API server, and the token of its administrator."""
    config = yaml.safe_load(real_kubeconfig.read_text())
    authority = (real_kubeconfig.parent / "certs" / "apiserver.crt").read_text()
    access = ClusterAccess(config["clusters"][0]["cluster"]["server"], authority)
    return access, config["users"][0]["user"]["token"]


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All objects of the release: upstream's where MLOPS_ENV_GIT_MIRROR has them, else the skeleton's."""
    return rendered_with(os.environ.get(MIRROR) or SKELETON, tmp_path_factory)


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All objects of the release as the sandbox's skeleton has them."""
    return rendered_with(SKELETON, tmp_path_factory)


def rendered_with(source: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Render, in a namespace kubeflow, with the Secrets that we add."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MIRROR, source)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        rendered = render(PARAMETERS, project_root() / "kustomize", fetch_mirror("2.14.4"))
    secrets = [
        mysql_secret("kubeflow", "root", "of-the-test"),
        artifact_keys_secret("kubeflow", encode_artifact_keys("a" * 20, "b" * 40)),
    ]
    return [*rendered.manifests, *secrets]
