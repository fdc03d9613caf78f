"""Apply and re-apply the objects of Kubeflow Pipelines: our code against kubectl, each on empty clusters of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from benchmarks.local_cloud import LocalCloud
from benchmarks.measure import Series
from benchmarks.pipelines import Kubectl, pipelines_manifests
from benchmarks.table import Results
from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.installation import install
from clients.kubernetes.objects import Objects
from environment.apply_set import ApplySet
from environment.objects import Manifest

ORACLES = "MLOPS_ENV_ORACLES"
APPLY_SET = ApplySet("benchmark", "kubeflow", "0")


class Comparison:
    """Four series: ours and kubectl's, first time and again."""

    def __init__(self, manifests: Sequence[Manifest], kubectl: Kubectl) -> None:
        self._manifests = manifests
        self._kubectl = kubectl
        self._ours = Series("our code"), Series("our code, again")
        self._theirs = Series("kubectl apply --server-side"), Series("kubectl apply --server-side, again")

    def run_ours(self, access: ClusterAccess, addresses: Addresses) -> None:
        """Install twice, each time with new connections and nothing known."""
        for series in self._ours:
            objects = Objects(Cluster(access, addresses))
            series.add_call(lambda objects=objects: install(objects, self._manifests, APPLY_SET))  # type: ignore[misc]
            objects.cluster.close()

    def run_theirs(self, access: ClusterAccess, token: str) -> None:
        """Install twice."""
        pointing = self._kubectl.kubeconfig(access, token)
        for series, command in zip(self._theirs, (self._kubectl.install(), self._kubectl.install_again()), strict=True):
            series.add_command(command, pointing)

    def results(self, title: str) -> Results:
        """Return the rows."""
        results = Results(title)
        for ours, theirs in zip(self._ours, self._theirs, strict=True):
            results.add(ours, theirs)
            results.add(theirs)
        results.note("ours is called in this process, kubectl is a process of its own, and waits for definitions first")
        return results


def measure_apply(cloud: LocalCloud, runs: int, folder: Path) -> Iterator[Results]:
    """Measure on clusters of the sandbox, and on the real API server where there is one."""
    source, manifests = pipelines_manifests(cloud)
    comparison = Comparison(manifests, Kubectl(folder, manifests))
    for number in range(runs):
        comparison.run_ours(cloud.make_cluster(f"ours-{number}"), cloud.addresses)
        comparison.run_theirs(cloud.make_cluster(f"kubectl-{number}"), cloud.token)
    what = f"Apply of {len(manifests)} objects from {source}"
    yield comparison.results(f"{what}, on the sandbox")
    if not os.environ.get(ORACLES):
        return
    comparison = Comparison(manifests, Kubectl(folder, manifests))
    for number in range(runs):
        with _real_server(folder / f"ours-{number}") as (access, token):
            comparison.run_ours(access, replace(cloud.addresses, token=token))
        with _real_server(folder / f"kubectl-{number}") as (access, token):
            comparison.run_theirs(access, token)
    yield comparison.results(f"{what}, on a real API server")


@contextmanager
def _real_server(folder: Path) -> Iterator[tuple[ClusterAccess, str]]:
    """Start a real API server by the oracles' script; return where it answers and an administrator's token."""
    scripts = os.environ[ORACLES]
    folder.mkdir()
    # The programs are in the user's own cache.
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    command = [f"{scripts}/kubernetes-up", str(folder), str(_free_port())]
    try:
        up = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=900)
        config = yaml.safe_load(Path(up.stdout.strip()).read_text())
        authority = (folder / "certs" / "apiserver.crt").read_text()  # it signs itself
        access = ClusterAccess(config["clusters"][0]["cluster"]["server"], authority)
        yield access, config["users"][0]["user"]["token"]
    finally:
        subprocess.run([f"{scripts}/kubernetes-down", str(folder)], check=False, timeout=60, capture_output=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
