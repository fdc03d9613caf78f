"""A team's Prefect on this machine: a server of its own, a process pool with a worker, and one deployment of create."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from benchmarks.local_cloud import COMMAND

PREFECT = (sys.executable, "-m", "prefect")
FLOW, POOL, DEPLOYMENT = "create-environment", "benchmark", "create"
START_SECONDS = 400.0
POLL_SECONDS = 1.0
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Team:
    """The running server, and what its worker's runs see."""

    url: str
    server_id: int

    def create(self, specs: Sequence[Path], deadline_seconds: float) -> None:
        """Have all specs created at the same time, and wait until they are.

        Raises:
            SystemExit: When they have not, or one did not end well.
        """
        from prefect import get_client  # whose client asks again where the server is too busy to answer
        from prefect.settings import PREFECT_API_URL, temporary_settings

        with temporary_settings({PREFECT_API_URL: self.url}), get_client(sync_client=True) as api:
            deployment = api.read_deployment_by_name(f"{FLOW}/{DEPLOYMENT}").id
            planned = [
                api.create_flow_run_from_deployment(deployment, parameters={"environment": str(spec)}) for spec in specs
            ]
            deadline = time.monotonic() + deadline_seconds
            while not all(run.state and run.state.is_final() for run in planned):
                if time.monotonic() > deadline:
                    raise SystemExit(f"not done after {deadline_seconds:.0f} s: {[run.state_name for run in planned]}")
                time.sleep(POLL_SECONDS)
                planned = [api.read_flow_run(run.id) for run in planned]
        if bad := [run.state.message for run in planned if run.state and not run.state.is_completed()]:
            raise SystemExit(f"{len(bad)} of {len(planned)} did not end well: {bad[0]}")

    def server_mib(self) -> tuple[float, float]:
        """Return the server's memory: now, and at most so far (RSS)."""
        status = Path(f"/proc/{self.server_id}/status").read_text()
        sizes = {line.partition(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Vm")}
        return int(sizes["VmRSS"]) / 1024, int(sizes["VmHWM"]) / 1024


@contextmanager
def prefect_team(folder: Path, variables: Mapping[str, str], limit: int) -> Iterator[Team]:
    """Start server and worker, with a pool that runs so many at a time; stop them at the end."""
    folder.mkdir()
    file = folder / "prefect.yaml"
    deployment = {
        "name": DEPLOYMENT,
        "entrypoint": "flows.create_environment.create_environment",
        "parameters": {"environment": "sandbox"},
        "work_pool": {"name": POOL},
    }
    file.write_text(yaml.safe_dump({"pull": [], "deployments": [deployment]}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {**variables, "PREFECT_API_URL": url, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    environment["PREFECT_CLIENT_MAX_RETRIES"] = "8"  # as docs/prefect.md has it for a worker
    server = [*PREFECT, "server", "start", "--port", str(port), "--no-ui"]
    with _running(server, environment, folder / "server.log") as server_id:
        _wait_for(url, folder / "server.log")
        subprocess.run(
            [COMMAND, "register", "--prefect-file", str(file)], env=environment, check=True, capture_output=True
        )
        worker = [*PREFECT, "worker", "start", "--pool", POOL, "--limit", str(limit)]
        with _running(worker, environment, folder / "worker.log"):
            yield Team(url, server_id)


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{url}/health", trust_env=False, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                said = log.read_text()[-1000:]
                raise SystemExit(f"Prefect's server did not start in {START_SECONDS:.0f} s: {said}") from None
            time.sleep(POLL_SECONDS)
