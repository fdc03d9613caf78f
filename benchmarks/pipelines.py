"""The objects of Kubeflow Pipelines, as our code and as kubectl apply them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.local_cloud import LocalCloud
from clients.infrastructure import read_infrastructure
from clients.kubernetes.connection import ClusterAccess
from clients.kustomize import render
from clients.manifest_mirrors import fetch_mirror
from environment.objects import Manifest, split_prerequisites
from environment.paths import project_root
from environment.pipeline_parameters import kustomize_parameters
from environment.pipeline_secrets import artifact_keys_secret, encode_artifact_keys, mysql_secret


def find_kubectl() -> str:
    """Return the kubectl to compare with: one on PATH, else the one that pip installed."""
    return shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")


def pipelines_manifests(cloud: LocalCloud) -> tuple[str, list[dict[str, Any]]]:
    """Return where the created environment's manifests come from, and all of them; the Secrets' values are made up."""
    environment = cloud.environment()
    infrastructure = read_infrastructure(environment, cloud.addresses)
    if infrastructure is None:
        raise SystemExit("the environment is not there")
    mirror = fetch_mirror(environment.pipelines.version)
    rendered = render(kustomize_parameters(environment, infrastructure), project_root() / "kustomize", mirror)
    namespace = environment.pipelines.namespace
    keys = encode_artifact_keys("a" * 20, "b" * 40)
    secrets = [mysql_secret(namespace, "root", "of-the-benchmark"), artifact_keys_secret(namespace, keys)]
    return mirror.source, [*rendered.manifests, *secrets]


class Kubectl:
    """kubectl with manifests in files: what has to be first, and the rest."""

    def __init__(self, folder: Path, manifests: Sequence[Manifest]) -> None:
        self._folder = folder
        first, rest = split_prerequisites(manifests)
        self._first = self._write("first.yaml", first)
        self._rest = self._write("rest.yaml", rest)

    def _write(self, name: str, manifests: Sequence[Manifest]) -> str:
        path = self._folder / name
        path.write_text("\n---\n".join(map(json.dumps, manifests)))
        return str(path)

    def kubeconfig(self, access: ClusterAccess, token: str) -> dict[str, str]:
        """Return variables that point kubectl at a cluster, with a cache of discovery of its own."""
        place = self._folder / access.endpoint.rpartition(":")[2]
        place.mkdir(exist_ok=True)
        authority = place / "ca.pem"
        authority.write_text(access.ca_certificate)
        cluster = {"server": access.endpoint, "certificate-authority": str(authority)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        config = place / "config"
        config.touch(0o600)
        config.write_text(json.dumps(document))
        return {"PATH": os.environ["PATH"], "HOME": str(place), "KUBECONFIG": str(config)}

    def install(self) -> list[str]:
        """Return a command that applies all: definitions are waited for, as one does by hand."""
        kubectl = find_kubectl()
        apply = f"{kubectl} apply --server-side --force-conflicts -f"
        wait = f"{kubectl} wait --for=condition=Established --timeout=60s crd --all"
        return ["/bin/sh", "-ec", f"{apply} {self._first}; {wait}; {apply} {self._rest}"]

    def install_again(self) -> list[str]:
        """Return a command that applies all where the definitions are there."""
        apply = f"{find_kubectl()} apply --server-side --force-conflicts"
        return ["/bin/sh", "-ec", f"{apply} -f {self._first} -f {self._rest}"]

    def dry_run(self) -> list[str]:
        """Return a command that asks the server what applying all would change, changing nothing."""
        return ["/bin/sh", "-ec", f"{self.install_again()[-1]} --dry-run=server"]
