"""A real kube-apiserver with its etcd as a cluster's API server, where `KUBEBUILDER_ASSETS` names their folder.

That is envtest's convention. Both programs listen on ports of their own that the system chose; users come through the
cluster's gateway. RBAC is on, and the sandbox's token belongs to `system:masters`. Service account admission is off:
nobody signs tokens for pods that do not run.
"""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import httpx

from sandbox.clusters.certificates import write_private
from sandbox.clusters.folder import ClusterFolder

READY_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0


class RealServerError(RuntimeError):
    """The real API server did not start."""


def assets_folder() -> Path | None:
    """Return the folder with kube-apiserver and etcd, or None where no real server is wanted."""
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    return Path(assets) if assets else None


class RealServer:
    """The two processes of one cluster."""

    def __init__(self, folder: ClusterFolder, assets: Path, token: str) -> None:
        self._folder = folder
        self._assets = assets
        self._token = token
        self._processes: list[tuple[Path, subprocess.Popen[bytes]]] = []
        self.port = 0

    def start(self) -> None:
        """Start both programs and wait until the API server says that it is ready.

        Raises:
            RealServerError: A program is missing, ended, or was not ready in time.
        """
        path = self._folder.path
        write_private(path / "tokens.csv", f'{self._token},sandbox,sandbox,"system:masters"\n'.encode())
        client_port, peer_port, self.port = _free_ports(3)
        client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
        self._run("etcd", _etcd_arguments(path, client, peer))
        self._run("kube-apiserver", self._api_server_arguments(client))
        try:
            self._wait_until_ready()
        except RealServerError:
            self.stop()
            raise

    def stop(self) -> None:
        """End both, the API server first."""
        for pid_file, process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            pid_file.unlink(missing_ok=True)
        self._processes.clear()

    def _run(self, program: str, arguments: list[str]) -> None:
        executable = self._assets / program
        if not executable.exists():
            raise RealServerError(f"KUBEBUILDER_ASSETS names {self._assets}, which has no {program}")
        pid_file = self._folder.path / f"{program}.pid"
        _end_leftover(pid_file, self._folder.path)
        with (self._folder.path / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(executable), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        pid_file.write_text(str(process.pid))
        self._processes.append((pid_file, process))

    def _api_server_arguments(self, etcd: str) -> list[str]:
        path = self._folder.path
        return [
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--tls-cert-file={self._folder.certificate}",
            f"--tls-private-key-file={self._folder.key}",
            f"--cert-dir={path / 'certs'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            f"--token-auth-file={path / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            # The server's own key pair signs: one key less to keep. To verify, it must be named by its certificate.
            f"--service-account-key-file={self._folder.certificate}",
            f"--service-account-signing-key-file={self._folder.key}",
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true",
            f"--encryption-provider-config={_ensure_encryption(path / 'encryption.yaml')}",
        ]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        context = ssl.create_default_context(cafile=str(self._folder.authority))
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(verify=context, headers=headers, trust_env=False) as client:
            while time.monotonic() < deadline:
                for pid_file, process in self._processes:
                    if process.poll() is not None:
                        raise RealServerError(f"{pid_file.stem} ended: {_last_line(pid_file.with_suffix('.log'))}")
                if _is_ready(client, f"https://127.0.0.1:{self.port}/readyz"):
                    return
                time.sleep(0.1)
        raise RealServerError(f"kube-apiserver was not ready after {READY_TIMEOUT_SECONDS:.0f} s")


def _ensure_encryption(path: Path) -> Path:
    """Have Secrets encrypted at rest. Source: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/."""
    if not path.exists():
        keys = [{"name": "only", "secret": base64.b64encode(os.urandom(32)).decode()}]
        providers = [{"secretbox": {"keys": keys}}, {"identity": {}}]
        configuration = {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": providers}],
        }
        write_private(path, json.dumps(configuration).encode())  # JSON is YAML
    return path


def _etcd_arguments(path: Path, client: str, peer: str) -> list[str]:
    return [
        f"--data-dir={path / 'etcd'}",
        "--log-level=error",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _end_leftover(pid_file: Path, folder: Path) -> None:
    """End a program that outlived a killed sandbox: it still holds the cluster's data."""
    if not pid_file.exists():
        return
    pid = pid_file.read_text().strip()
    listing = subprocess.run(["ps", "-o", "args=", "-p", pid], capture_output=True, text=True, check=False)
    # The number may belong to another program by now; ours names the cluster's folder.
    if str(folder) in listing.stdout:
        os.kill(int(pid), signal.SIGKILL)
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while _is_alive(int(pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "no output"
