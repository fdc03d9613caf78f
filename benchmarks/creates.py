"""First and second create, the calls that each makes, and what bounds the second: one plan and one dry run."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.local_cloud import COMMAND, LocalCloud
from benchmarks.measure import Sample, Series
from benchmarks.pipelines import Kubectl, pipelines_manifests
from benchmarks.table import Results
from clients.gke import read_cluster_access
from clients.terraform import VARIABLES, child_environment, working_folder
from clients.terraform_binary import find_terraform

CREATE = (COMMAND, "create", "sandbox")
START_PREFECT = """
from cli.prefect_server import TemporaryServer
server = TemporaryServer()
import prefect.flows
with server.ready():
    pass
"""


def prefect_start(cloud: LocalCloud, runs: int) -> Series:
    """Measure what Prefect costs before a flow can start: its temporary server, and its import at the same time."""
    series = Series("Prefect's own start and end")
    for _ in range(runs):
        series.add_command([sys.executable, "-c", START_PREFECT], cloud.variables)
    return series


def measure_creates(cloud: LocalCloud, runs: int, folder: Path) -> Results:
    """Measure creates without latency; the environment of the last one stays."""
    first, second = Series("first create"), Series("second create")
    first_calls = second_calls = (0, 0)
    for _ in range(runs):
        cloud.control("POST", "reset")
        first.add_command(CREATE, cloud.variables)
        first_calls = cloud.user_calls()
    for _ in range(runs):
        cloud.control("DELETE", "calls")
        second.add_command(CREATE, cloud.variables)
        second_calls = cloud.user_calls()
    prefect = prefect_start(cloud, runs)
    plan, dry_run, bound = _measure_bound(cloud, runs, folder)
    results = Results("Create, without latency")
    results.add(first)
    results.add(second, bound)
    results.add_ratio(prefect, f"{(second.median - prefect.median) / bound.median:.2f}", "second create without it")
    results.add(bound)
    results.add(plan)
    results.add(dry_run)
    for name, (made, mutating) in (("first", first_calls), ("second", second_calls)):
        results.note(f"{name} create: {made} calls, {mutating} of them mutating")
    return results


def _measure_bound(cloud: LocalCloud, runs: int, folder: Path) -> tuple[Series, Series, Series]:
    environment = cloud.environment()
    _, manifests = pipelines_manifests(cloud)
    access = read_cluster_access(
        cloud.addresses, environment.project_id, environment.location, environment.names.cluster
    )
    kubectl = Kubectl(folder, manifests)
    pointing = kubectl.kubeconfig(access, cloud.token)
    place = str(working_folder(cloud.addresses, environment.state.bucket, environment.state_prefix))
    plan = Series("terraform plan")
    dry_run = Series(f"kubectl apply --dry-run=server, {len(manifests)} objects")
    command = [find_terraform(), "plan", "-input=false", f"-var-file={VARIABLES}"]
    for _ in range(runs):
        plan.add_command(command, child_environment(cloud.variables), place)
        dry_run.add_command(kubectl.dry_run(), pointing)
    both = zip(plan.samples, dry_run.samples, strict=True)
    bound = Series("plan and dry run", [Sample(a.wall + b.wall, (a.cpu or 0) + (b.cpu or 0)) for a, b in both])
    return plan, dry_run, bound
