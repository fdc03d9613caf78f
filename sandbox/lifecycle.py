"""Start, stop and look at the sandbox's process.

One process per data folder, held by a lock that ends with it: a killed one is never taken for a running one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.files import LOCK_FILE, LOG_FILE, SERVER_FILE, SETTINGS_FILE, TERRAFORM_FOLDER, ensure_token
from sandbox.kernel.latency import Profile

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, since all is http here; reading the system's authorities for each client takes 30 ms."""
BUILTIN, REGISTRY = "builtin", "registry"


class LifecycleError(RuntimeError):
    """The sandbox did not start or stop: one line that says why."""


@dataclass(frozen=True)
class SandboxStatus:
    """The sandbox of a data folder; `clusters` are {"project_id", "name", "endpoint"}."""

    running: bool
    url: str | None
    pid: int | None
    data_dir: str
    clusters: list[dict[str, str]]


def start(data_dir: Path, *, provider: str | None = None, latency: Profile | None = None) -> SandboxStatus:
    """Start the sandbox unless it runs, and return when it answers; what is None stays as it is.

    Args:
        data_dir: The folder that holds everything.
        provider: Terraform's google provider: "builtin", "registry", or a binary's path.
        latency: How long calls and operations take.

    Raises:
        LifecycleError: When it ends before it answers.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _starting(data_dir):
        _keep_settings(data_dir, provider)
        if not is_running(data_dir):
            _spawn(data_dir, latency or "none")
        elif latency is not None:
            control(data_dir, "POST", "latency", {"profile": latency}).raise_for_status()
    return status(data_dir)


def stop(data_dir: Path) -> bool:
    """Stop the process; say whether there was one. What it holds stays."""
    if not is_running(data_dir):
        return False
    pid = _server(data_dir)["pid"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while is_running(data_dir):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += STOP_TIMEOUT_SECONDS
        time.sleep(0.02)
    for process in [one for one in _spawned if one.pid == pid]:
        process.wait()  # it has let go of the lock, and is about to end
        _spawned.remove(process)
    return True


def reset(data_dir: Path) -> None:
    """Forget everything: services, clusters, calls and faults."""
    if is_running(data_dir):
        control(data_dir, "POST", "reset", {}).raise_for_status()
        return
    for path in data_dir.glob("cloud.db*"):
        path.unlink()
    shutil.rmtree(data_dir / "clusters", ignore_errors=True)


def status(data_dir: Path) -> SandboxStatus:
    """Tell whether it runs, where, and which clusters it has."""
    if not is_running(data_dir):
        return SandboxStatus(False, None, None, str(data_dir), [])
    server = _server(data_dir)
    clusters = control(data_dir, "GET", "clusters").json()["clusters"]
    return SandboxStatus(True, _url(data_dir), server["pid"], str(data_dir), clusters)


def is_running(data_dir: Path) -> bool:
    """Tell whether a process holds the folder's lock and has said where it answers."""
    return _is_locked(data_dir / LOCK_FILE) and (data_dir / SERVER_FILE).is_file()


def control(data_dir: Path, method: str, route: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """Call a control route of the running sandbox."""
    headers = {"Authorization": f"Bearer {ensure_token(data_dir)}"}
    with httpx.Client(trust_env=False, timeout=60, headers=headers, verify=NO_TLS) as client:
        return client.request(method, f"{_url(data_dir)}/_sandbox/{route}", json=body)


def environment_variables(data_dir: Path) -> dict[str, str]:
    """Return the variables that point mlops-env, terraform, gcloud and kubectl at the running sandbox."""
    from sandbox.variables import variables_for

    provider = json.loads((data_dir / SETTINGS_FILE).read_text())["provider"]
    return variables_for(_url(data_dir), ensure_token(data_dir), provider, data_dir / TERRAFORM_FOLDER)


_spawned: list[subprocess.Popen[bytes]] = []
"""Remembered, since Python warns about a process that is forgotten while it runs; ours is meant to outlive us."""


def _spawn(data_dir: Path, latency: Profile) -> None:
    with (data_dir / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--data-dir", str(data_dir), "--latency", latency],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _spawned.append(process)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _answers(data_dir, process.pid):
        if process.poll() is not None:
            raise LifecycleError(f"the sandbox ended while it started: {_last_line(data_dir / LOG_FILE)}")
        if time.monotonic() > deadline:
            process.kill()
            raise LifecycleError(
                f"the sandbox did not answer in {START_TIMEOUT_SECONDS:.0f} s, see {data_dir / LOG_FILE}"
            )
        time.sleep(0.02)


def _answers(data_dir: Path, pid: int) -> bool:
    try:
        if _server(data_dir)["pid"] != pid:
            return False
        return (
            httpx.get(f"{_url(data_dir)}/_sandbox/health", trust_env=False, timeout=5, verify=NO_TLS).status_code == 200
        )
    except (OSError, ValueError, httpx.TransportError):
        return False


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    """Let only one caller at a time look and start."""
    with (data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_locked(path: Path) -> bool:
    try:
        with path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _keep_settings(data_dir: Path, provider: str | None) -> None:
    path = data_dir / SETTINGS_FILE
    if provider is None and path.is_file():
        return
    chosen = provider or BUILTIN
    if chosen not in (BUILTIN, REGISTRY) and not os.access(chosen, os.X_OK):
        raise LifecycleError(
            f"--provider {chosen}: no executable file; use builtin, registry or a provider binary's path"
        )
    path.write_text(json.dumps({"provider": chosen}))


def _server(data_dir: Path) -> dict[str, int]:
    return dict(json.loads((data_dir / SERVER_FILE).read_text()))


def _url(data_dir: Path) -> str:
    return f"http://127.0.0.1:{_server(data_dir)['port']}"


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
