"""A worker of a process pool: runs that are cancelled, or whose worker is ended, and runs that nobody was there for."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import lifecycle

pytestmark = pytest.mark.long
GRACE_SECONDS = 120
HEARTBEAT_SECONDS = 30  # Prefect takes no less
LEASE_SECONDS = 120
HOUR = timedelta(hours=1)
SPEC = """\
name: {name}
cloud: sandbox
role: dev
project_id: acme-{name}-project
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-{name}-tfstate}}
"""


@pytest.fixture(scope="module")
def deployed(team) -> Any:
    """The team's server with our deployments."""
    team.register("create-dev", "drift-dev", "enable-services-dev")
    return team


@pytest.fixture
def slow_cloud(deployed) -> Iterator[None]:
    """Let a cluster take half a minute."""
    slow = {"profile": "realistic", "speedup": 10}
    lifecycle.control(deployed.sandbox, "POST", "latency", slow).raise_for_status()
    yield
    lifecycle.control(deployed.sandbox, "POST", "latency", {"profile": "none"}).raise_for_status()


def write_spec(team: Any, name: str) -> str:
    path = team.home / f"{name}.yaml"
    path.write_text(SPEC.format(name=name))
    return str(path)


def wait_for(is_so: Callable[[], bool], seconds: float, tell: Callable[[], str]) -> float:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + seconds, tell()
        time.sleep(1)
    return time.monotonic() - began


def is_making_the_cluster(team: Any, name: str) -> bool:
    calls = lifecycle.control(team.sandbox, "GET", "calls").json()["calls"]
    path = f"projects/acme-{name}-project/locations/us-central1-a/clusters"
    return any(one["method"] == "POST" and one["path"].endswith(path) and one["status"] == 200 for one in calls)


def read_state(team: Any, name: str, kind: str = "tfstate") -> httpx.Response:
    """Ask the bucket for Terraform's state, or its lock."""
    token = {"Authorization": f"Bearer {team.variables['GOOGLE_OAUTH_ACCESS_TOKEN']}"}
    path = f"storage.googleapis.com/storage/v1/b/acme-{name}-tfstate/o/mlops-env%2F{name}%2Fdefault.{kind}?alt=media"
    return httpx.get(f"{lifecycle.status(team.sandbox).url}/{path}", headers=token, trust_env=False)


def processes_of(team: Any, run_id: str) -> dict[int, str]:
    """Return a run's processes with their commands, and what is at work in a working folder of Terraform."""
    found = {}
    for one in Path("/proc").glob("[0-9]*"):
        try:
            is_run = run_id.encode() in (one / "environ").read_bytes()
            if is_run or os.readlink(one / "cwd").startswith(str(team.home / "state")):
                found[int(one.name)] = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended meanwhile
    return found


def cancel(team: Any, run_id: str, worker: subprocess.Popen[bytes]) -> None:
    team.api("POST", f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING"}})


def end_worker(team: Any, run_id: str, worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGTERM)


@pytest.mark.parametrize(("name", "stop"), [("cancelled", cancel), ("left", end_worker)])
def test_a_create_that_is_stopped_while_the_cluster_is_made_leaves_nothing_in_the_way(
    deployed, slow_cloud, name: str, stop: Callable[..., None]
) -> None:
    spec = write_spec(deployed, name)
    with deployed.worker() as worker:
        run_id = deployed.run("create-environment/create-dev", environment=spec)
        wait_for(lambda: is_making_the_cluster(deployed, name), 300, deployed.worker_log)
        assert processes_of(deployed, run_id)
        assert read_state(deployed, name, "tflock").status_code == 200
        stop(deployed, run_id, worker)

        def is_gone() -> bool:
            return not processes_of(deployed, run_id) and read_state(deployed, name, "tflock").status_code == 404

        took = wait_for(is_gone, GRACE_SECONDS, lambda: str(processes_of(deployed, run_id)))
        print(f"{name}: no process and no lock after {took:.0f} s")
        assert '"google_container_cluster"' in read_state(deployed, name).text
        if stop is cancel:
            assert deployed.ended(run_id, GRACE_SECONDS)["type"] == "CANCELLED"
    print(f"{name}: {deployed.state_of(run_id)}")

    lifecycle.control(deployed.sandbox, "POST", "latency", {"profile": "none"}).raise_for_status()
    with deployed.worker():
        again = deployed.run("create-environment/create-dev", environment=spec)
        state = deployed.ended(again, 600)
    assert state["type"] == "COMPLETED", state
    calls = lifecycle.control(deployed.sandbox, "GET", "calls").json()["calls"]
    made = [one for one in calls if one["method"] == "POST" and one["path"].endswith("us-central1-a/clusters")]
    assert [one["status"] for one in made if f"/acme-{name}-project/" in one["path"]] == [200], "one cluster, made once"


@pytest.fixture
def impatient(deployed) -> None:
    """Let a run be taken for lost soon after a heartbeat that did not come."""
    (found,) = deployed.api(
        "POST", "/automations/filter", {"automations": {"name": {"any_": ["mlops-env: end lost runs"]}}}
    )
    found["trigger"]["within"] = 2.5 * HEARTBEAT_SECONDS
    kept = {name: found[name] for name in ("name", "description", "enabled", "trigger", "actions")}
    deployed.api("PUT", f"/automations/{found['id']}", kept)


def test_a_run_that_is_killed_with_its_worker_is_crashed_and_keeps_nobody_waiting(
    deployed, impatient, slow_cloud
) -> None:
    name = "killed"
    lifecycle.control(deployed.sandbox, "POST", "latency", {"profile": "realistic"}).raise_for_status()

    def slots() -> int:
        limits = deployed.api("POST", "/v2/concurrency_limits/filter", {})
        return sum(one["active_slots"] for one in limits if one["name"] == f"mlops-env-{name}")

    with deployed.worker() as worker:
        often = {"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS)}}
        run_id = deployed.run("enable-services/enable-services-dev", often, environment=write_spec(deployed, name))
        wait_for(lambda: slots() == 1, 120, deployed.worker_log)
        worker.kill()
        for process in processes_of(deployed, run_id):
            os.kill(process, signal.SIGKILL)
    began = time.monotonic()
    assert deployed.state_of(run_id)["type"] == "RUNNING"
    state = deployed.ended(run_id, 4 * HEARTBEAT_SECONDS + 30)
    assert (state["type"], "no sign of life" in state["message"]) == ("CRASHED", True), state
    print(f"crashed after {time.monotonic() - began:.0f} s")
    wait_for(lambda: slots() == 0, LEASE_SECONDS + 30, lambda: str(slots()))
    print(f"its limit was free after {time.monotonic() - began:.0f} s")


def test_of_six_hours_without_a_worker_one_run_looks(deployed) -> None:
    """Last: it looks at what the test above has made."""
    deployment = deployed.api("GET", "/deployments/name/detect-drift/drift-dev")
    path = f"/deployments/{deployment['id']}"
    began = datetime.now(UTC).replace(microsecond=0) - 5 * HOUR - timedelta(minutes=10)
    hourly = {"interval": HOUR.total_seconds(), "anchor_date": began.isoformat()}
    parameters = {"environment": str(deployed.home / "cancelled.yaml")}
    schedules = [{"schedule": hourly, "slug": "drift", "active": True}]
    deployed.api("PATCH", path, {"parameters": parameters, "schedules": schedules})
    span = {"start_time": began.isoformat(), "end_time": (began + 5 * HOUR).isoformat(), "min_runs": 6}
    deployed.api("POST", f"{path}/schedule", span)

    due = {
        "deployment_id": {"any_": [deployment["id"]]},
        "expected_start_time": {"before_": datetime.now(UTC).isoformat()},
    }
    missed = deployed.runs(**due)
    assert len(missed) == 6
    with deployed.worker():
        states = [deployed.ended(one["id"], 600) for one in missed]
    assert [state["name"] for state in states] == [*["Skipped"] * 5, "In sync"], states
    assert all(" is due too" in state["message"] for state in states[:5])
