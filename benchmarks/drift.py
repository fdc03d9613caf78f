"""A look for drift over all three layers, against `terraform plan` alone on the same state, with latency.

The look also lists services, compares all objects of the cluster by a dry run, looks at users and secrets, and keeps
its report; most of that happens while Terraform is at work, which reads more at the same time for it, without a lock.
The look is timed in a new process from the first line of its flow to the last: what Prefect takes to start, and to make
a run and end it, are rows of their own.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.creates import prefect_start
from benchmarks.local_cloud import COMMAND, LocalCloud
from benchmarks.measure import Sample, Series
from benchmarks.table import Results
from clients.terraform import VARIABLES, child_environment, working_folder
from clients.terraform_binary import find_terraform

DRIFT = (COMMAND, "drift", "sandbox")
LOOK = """
import functools, time
from cli.prefect_server import TemporaryServer
server = TemporaryServer()
from flows.detect_drift import detect_drift
from clients.preload import preload
preload()
look = detect_drift.fn

@functools.wraps(look)
def timed(*given, **named):
    began = time.monotonic()
    try:
        return look(*given, **named)
    finally:
        seconds.append(time.monotonic() - began)

detect_drift.fn, seconds = timed, []
with server.ready():
    began = time.monotonic()
    detect_drift("sandbox")
    print(*seconds, time.monotonic() - began - sum(seconds))
"""


def measure_drift(cloud: LocalCloud, runs: int) -> Results:
    """Measure looks at an environment that is in sync, and plans of it, in turns."""
    environment = cloud.environment()
    place = str(working_folder(cloud.addresses, environment.state.bucket, environment.state_prefix))
    command = [find_terraform(), "plan", "-input=false", f"-var-file={VARIABLES}"]
    command_line, look, plan = Series("mlops-env drift, in sync"), Series("the look itself"), Series("terraform plan")
    making = Series("Prefect's making and ending of a run")
    command_line.add_command(DRIFT, cloud.variables)
    command_line.samples.clear()  # it has made the folder of its plans
    cloud.control("POST", "latency", {"profile": "realistic"})
    try:
        for _ in range(runs):
            plan.add_command(command, child_environment(cloud.variables), place)
            for series, sample in zip((look, making), _look(cloud), strict=True):
                series.samples.append(sample)
            command_line.add_command(DRIFT, cloud.variables)
    finally:
        cloud.control("POST", "latency", {"profile": "none"})
    results = Results("Drift, with latency")
    results.add(look, plan)
    results.add(command_line, plan)
    results.add(prefect_start(cloud, runs))
    results.add(making)
    results.add(plan)
    return results


def _look(cloud: LocalCloud) -> list[Sample]:
    """Look once in a process of its own; return what the look took, and what Prefect took around it."""
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(command, env=cloud.variables, capture_output=True, text=True, check=True)
    return [Sample(float(seconds)) for seconds in done.stdout.splitlines()[-1].split()]
