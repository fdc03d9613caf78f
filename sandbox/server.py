"""Puts the local Google Cloud together from its data folder and serves it.

<data folder>/
    token           the one credential that is taken, 0600
    server.json     {"pid", "port"} of the running or last process
    cloud.db        everything that the services remember
    clusters/       a folder per cluster
    sandbox.log
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from sandbox.app import App
from sandbox.clusters.manager import Clusters
from sandbox.connections import KEEP_ALIVE_SECONDS, NotingProtocol
from sandbox.control.cluster_access import authorized
from sandbox.control.cluster_faults import faulty
from sandbox.control.routes import Control
from sandbox.files import SERVER_FILE, TERRAFORM_FOLDER, VAULT_FILE, ensure_token
from sandbox.kernel.access import Access
from sandbox.kernel.calls import CallLog
from sandbox.kernel.clock import Clock
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import Faults
from sandbox.kernel.latency import Latency, Profile
from sandbox.kernel.operations import Operations
from sandbox.kernel.policies import Policies
from sandbox.kernel.principals import Principals
from sandbox.kernel.projects import Projects
from sandbox.kernel.store import Store
from sandbox.provider.preloaded import preloading
from sandbox.vault import Vault


def build(data_dir: Path, base_url: str, latency: Latency) -> tuple[App, Clusters]:
    """Make the application and its clusters over what the folder holds."""
    token = ensure_token(data_dir)
    store, clock, calls, faults = Store(data_dir / "cloud.db"), Clock(), CallLog(), Faults()
    policies = Policies(store)
    principals, access = Principals(token, clock), Access(store, policies)

    def users(app: ASGIApp, key: str) -> ASGIApp:
        return faulty(authorized(app, key, token, principals, access), key, faults)

    clusters = Clusters(data_dir, token, calls, pace=latency.pace, user_calls=users)
    cloud = Cloud(
        store=store,
        vault=Vault(data_dir / VAULT_FILE),
        clock=clock,
        latency=latency,
        operations=Operations(store, clock, latency),
        projects=Projects(store, clock),
        policies=policies,
        principals=principals,
        access=access,
        clusters=clusters,
        base_url=base_url,
    )

    def reset() -> None:
        for key in list(clusters.addresses()):
            clusters.delete(key)
        store.clear()
        faults.clear()
        calls.clear()
        cloud.projects.spread_seconds = 0.0

    control = Control(cloud, calls, faults, clusters.export, clusters.set_failure, reset)
    return App(cloud, calls, faults, control), clusters


def serve(data_dir: Path, profile: Profile, speedup: float) -> None:
    """Serve until the process is told to end."""
    listener = _listen(_last_port(data_dir))
    port = listener.getsockname()[1]
    app, clusters = build(data_dir, f"http://127.0.0.1:{port}", Latency(profile, speedup))
    config = uvicorn.Config(
        app,
        http=NotingProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
    # Uvicorn raises the signal again when it has ended, and by default that kills us before the clusters are stopped.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    try:
        clusters.start_all()
        gc.freeze()  # modules are no garbage
        (data_dir / SERVER_FILE).write_text(json.dumps({"pid": os.getpid(), "port": port}))
        with preloading(data_dir / TERRAFORM_FOLDER):
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        clusters.stop_all()


def _last_port(data_dir: Path) -> int:
    """Return the port of the last process, so that links and variables stay good; 0 lets the system choose."""
    try:
        return int(json.loads((data_dir / SERVER_FILE).read_text())["port"])
    except (OSError, ValueError, KeyError):
        return 0


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every answer takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    return listener
