"""A Prefect server, a process worker and a sandbox, each a process of its own, as a team has them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from environment.paths import project_root
from sandbox import lifecycle

SECONDS = 180.0
BUSY_TRIES = 3
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass
class Team:
    """What the team has: the machine's folder, Prefect's address, the variables that point to both and the cloud."""

    home: Path
    url: str
    variables: dict[str, str]

    @property
    def sandbox(self) -> Path:
        """The folder of the sandbox."""
        return self.home / "sandbox"

    def register(self, *deployments: str) -> None:
        """Run `mlops-env register` for these of our deployments."""
        document = yaml.safe_load((project_root() / "prefect.yaml").read_text())
        document["deployments"] = [one for one in document["deployments"] if one["name"] in deployments]
        path = self.home / "prefect.yaml"
        path.write_text(yaml.safe_dump(document))
        command = [sys.executable, "-c", "from cli.main import main; main()", "register", "--prefect-file", str(path)]
        done = subprocess.run(command, env=self.variables, cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start `prefect worker start`, which makes the pool if it comes first; end it with all that it started."""
        words = ("prefect", "worker", "start", "--pool", "mlops-env", "--type", "process")
        with process(*words, home=self.home, env=self.variables) as one:
            yield one

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the server's API; again where its SQLite was busy, as Prefect's own client does."""
        with httpx.Client(base_url=f"{self.url}/api", trust_env=False, timeout=60) as client:
            for _ in range(BUSY_TRIES):
                answer = client.request(method, path, json=body)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                time.sleep(2)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def runs(self, **conditions: Any) -> list[dict[str, Any]]:
        """Return runs of flows in the order that they were planned for."""
        question = {"flow_runs": conditions, "sort": "EXPECTED_START_TIME_ASC"}
        return list(self.api("POST", "/flow_runs/filter", question))

    def run(self, deployment: str, job_variables: dict[str, Any] | None = None, **parameters: Any) -> str:
        """Plan a run of "flow/deployment" for now; return its id."""
        found = self.api("GET", f"/deployments/name/{deployment}")
        body = {"parameters": parameters, "job_variables": job_variables, "state": {"type": "SCHEDULED"}}
        return str(self.api("POST", f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def state_of(self, run_id: str) -> dict[str, Any]:
        """Return the state of a run."""
        return dict(self.api("GET", f"/flow_runs/{run_id}")["state"])

    def ended(self, run_id: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Wait until a run has ended; return its state."""
        state: dict[str, Any] = {}

        def has_ended() -> bool:
            state.update(self.state_of(run_id))
            return state["type"] in ENDED

        wait_for(has_ended, seconds, lambda: f"{state}\n{self.worker_log()}")
        return state

    def worker_log(self) -> str:
        """Return what the worker and its runs printed."""
        return "\n".join(path.read_text() for path in self.home.glob("worker-*.log"))


def wait_for(is_so: Callable[[], bool], seconds: float = SECONDS, tell: Callable[[], str] = lambda: "") -> None:
    """Wait until something is so; fail with what `tell` says."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, tell()
        time.sleep(1)


@contextmanager
def process(*words: str, home: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of a Python module in a session of its own, and end it in the end."""
    log = home / f"{words[1]}-{len(list(home.glob('*.log')))}.log"
    with log.open("wb") as output:
        one = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *words],
            **{"env": env, "cwd": home, "stdin": subprocess.DEVNULL, "stdout": output, "stderr": output},
            start_new_session=True,
        )
    try:
        yield one
    finally:
        one.send_signal(signal.SIGTERM)
        try:
            one.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()


@pytest.fixture(scope="module")
def team(prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A fresh server; our deployments are yet to be registered."""
    with a_team(prefect_database, tmp_path_factory.mktemp("team")) as found:
        yield found


@contextmanager
def a_team(prefect_database: Path, home: Path) -> Iterator[Team]:
    """Start server and sandbox, and stop them in the end."""
    (home / "prefect").mkdir()
    shutil.copy(prefect_database, home / "prefect" / "prefect.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        **{"PREFECT_HOME": str(home / "prefect"), "PREFECT_API_URL": f"{url}/api"},
        **{"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_UI_STATIC_DIRECTORY": str(home / "ui")},
        **{"PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false", "PREFECT_WORKER_QUERY_SECONDS": "1"},
        **{"XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache")},
    }
    variables.pop("MLOPS_ENV_GIT_MIRROR", None)
    try:
        with process("prefect", "server", "start", "--port", str(port), home=home, env=variables):
            lifecycle.start(home / "sandbox")  # meanwhile
            variables |= lifecycle.environment_variables(home / "sandbox")
            wait_for(lambda: _answers(f"{url}/api/health"), 120, (home / "server-0.log").read_text)
            yield Team(home, url, variables)
    finally:
        lifecycle.stop(home / "sandbox")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
