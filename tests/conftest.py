"""One sandbox per test process, with everything that it needs in a folder of its own."""

from __future__ import annotations

import base64
import fcntl
import gc
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.prefect_server import ServerProcess, be_quiet
from sandbox import lifecycle
from sandbox.services.sqladmin.passwords import HASHES, hash_password

be_quiet()  # before Prefect is imported; pytest keeps what flows log all the same


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox process; `variables` point any program at it."""

    data_dir: Path
    url: str
    token: str
    variables: dict[str, str]

    def control(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a control route."""
        answer = lifecycle.control(self.data_dir, method, route, body)
        answer.raise_for_status()
        return dict(answer.json())

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Call a Google API: `path` starts with its host's name."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(trust_env=False, headers=headers, timeout=60, verify=lifecycle.NO_TLS) as client:
            return client.request(method, f"{self.url}/{path}", json=body)

    def calls_since(self, number: int) -> list[dict[str, Any]]:
        """Return the call log after a number, without those of clusters' own controllers, which come at any time."""
        calls = self.control("GET", f"calls?since={number}")["calls"]
        return [call for call in calls if call["actor"] != "controller"]

    def last_call(self) -> int:
        """Return the number of the newest call."""
        return int(self.control("GET", f"calls?since={sys.maxsize}")["last"])

    def lets_in(self, project_id: str, instance: str, password: str, user: str = "root") -> bool:
        """Tell whether a database takes a user's password: by the hashes that it keeps."""
        with sqlite3.connect(f"file:{next(self.data_dir.glob('*.db'))}?mode=ro", uri=True) as store:
            name = f"%{project_id}/instances/{instance}/{user}@%"
            (body,) = store.execute("SELECT body FROM documents WHERE name LIKE ?", (name,)).fetchone()
        found = json.loads(body)
        hashes = [found[key] for key in HASHES if key in found]
        return any(hash_password(password, one.partition(":")[0]) == one for one in hashes)

    def make_cluster(self, project_id: str, name: str) -> tuple[str, str]:
        """Make a cluster in us-central1-a, with a network of the same name; return its endpoint and its CA as PEM."""
        for service in ("compute", "container"):
            self.call(
                "POST",
                f"serviceusage.googleapis.com/v1/projects/{project_id}/services/{service}.googleapis.com:enable",
                {},
            )
        network = {"name": name, "autoCreateSubnetworks": True}
        self.call("POST", f"compute.googleapis.com/compute/v1/projects/{project_id}/global/networks", network)
        clusters = f"container.googleapis.com/v1/projects/{project_id}/locations/us-central1-a/clusters"
        body = {"cluster": {"name": name, "initialNodeCount": 1, "network": name}}
        self.call("POST", clusters, body).raise_for_status()
        found = self.call("GET", f"{clusters}/{name}").json()
        authority = base64.b64decode(found["masterAuth"]["clusterCaCertificate"]).decode()
        return f"https://{found['endpoint']}", authority

    def make_existing(self, project_id: str, host: str = "") -> None:
        """Make what somebody may have before us, fit for an environment; the network in another project, if given.

        their-network with their-subnet, their-cluster, their-database, and the bucket PROJECT-theirs.
        """
        host = host or project_id
        for project in {project_id, host}:
            enable = f"serviceusage.googleapis.com/v1/projects/{project}/services:batchEnable"
            services = ("compute", "container", "servicenetworking", "sqladmin", "storage", "cloudresourcemanager")
            self._make(enable, {"serviceIds": [f"{one}.googleapis.com" for one in services]})
        compute = f"compute.googleapis.com/compute/v1/projects/{host}"
        if host != project_id:
            self._make(f"{compute}/enableXpnHost", {})
            self._make(f"{compute}/enableXpnResource", {"xpnResource": {"id": project_id, "type": "PROJECT"}})
        network = f"projects/{host}/global/networks/their-network"
        self._make(f"{compute}/global/networks", {"name": "their-network", "autoCreateSubnetworks": False})
        ranges = {"pods": "10.120.0.0/16", "services": "10.130.0.0/20"}
        subnetwork = {
            "name": "their-subnet",
            "network": network,
            "ipCidrRange": "10.110.0.0/20",
            "privateIpGoogleAccess": True,
            "secondaryIpRanges": [{"rangeName": name, "ipCidrRange": cidr} for name, cidr in ranges.items()],
        }
        self._make(f"{compute}/regions/us-central1/subnetworks", subnetwork)
        address = {"name": "their-range", "network": network, "purpose": "VPC_PEERING", "addressType": "INTERNAL"}
        self._make(f"{compute}/global/addresses", {**address, "address": "10.140.0.0", "prefixLength": 20})
        peering = {"network": network, "reservedPeeringRanges": ["their-range"]}
        google = "servicenetworking.googleapis.com/v1/services/servicenetworking.googleapis.com"
        number = self.call("GET", f"cloudresourcemanager.googleapis.com/v1/projects/{host}").json()["projectNumber"]
        peering["network"] = f"projects/{number}/global/networks/their-network"
        self._make(f"{google}/connections", peering)
        node = {"oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"], "machineType": "e2-standard-4"}
        cluster = {
            "name": "their-cluster",
            "network": network,
            "subnetwork": f"projects/{host}/regions/us-central1/subnetworks/their-subnet",
            "ipAllocationPolicy": {
                "useIpAliases": True,
                "clusterSecondaryRangeName": "pods",
                "servicesSecondaryRangeName": "services",
            },
            "workloadIdentityConfig": {"workloadPool": f"{project_id}.svc.id.goog"},
            "nodePools": [
                {
                    "name": "their-pool",
                    "initialNodeCount": 3,
                    "config": {**node, "workloadMetadataConfig": {"mode": "GKE_METADATA"}},
                }
            ],
        }
        clusters = f"container.googleapis.com/v1/projects/{project_id}/locations/us-central1-a/clusters"
        self._make(clusters, {"cluster": cluster})
        flag = {"name": "default_authentication_plugin", "value": "mysql_native_password"}
        database = {
            "name": "their-database",
            "region": "us-central1",
            "databaseVersion": "MYSQL_8_0",
            "settings": {
                "tier": "db-custom-1-3840",
                "edition": "ENTERPRISE",
                "databaseFlags": [flag],
                "ipConfiguration": {"ipv4Enabled": True, "privateNetwork": network},
            },
        }
        self._make(f"sqladmin.googleapis.com/sql/v1beta4/projects/{project_id}/instances", database)
        uniform = {"uniformBucketLevelAccess": {"enabled": True}}
        bucket = {"name": f"{project_id}-theirs", "location": "us-central1", "iamConfiguration": uniform}
        self._make(f"storage.googleapis.com/storage/v1/b?project={project_id}", bucket)

    def _make(self, path: str, body: dict[str, Any]) -> None:
        answer = self.call("POST", path, body)
        assert answer.status_code == 200, f"{path}: {answer.text}"

    def process_environment(self, **more: str) -> dict[str, str]:
        """Return this process's environment with the sandbox's variables in it."""
        return {**os.environ, **self.variables, **more}


def start_sandbox(data_dir: Path) -> RunningSandbox:
    """Start a sandbox over a folder."""
    status = lifecycle.start(data_dir)
    variables = lifecycle.environment_variables(data_dir)
    return RunningSandbox(data_dir, str(status.url), variables["GOOGLE_OAUTH_ACCESS_TOKEN"], variables)


def pytest_xdist_auto_num_workers() -> int:
    """As many processes as there are processors, which flows keep busy; each needs about a gigabyte."""
    return min(os.cpu_count() or 1, 6)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End with the folders whose files are quick, so that all processes end at about the same time."""
    quick = ("environment", "kustomize", "sandbox", "scripts", "tasks")
    items.sort(key=lambda item: item.nodeid.split("/")[1] in quick)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one process, and in one all of conformance: its real API server is slow to start."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "tests/conformance" if file.startswith("tests/conformance/") else file

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _private_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep caches, states and Prefect's database of the tests apart from the user's."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PREFECT_HOME": str(home / "prefect"),
        "MLOPS_ENV_SANDBOX_DIR": str(home / "sandbox"),
        "TMPDIR": str(home / "tmp"),
    }
    (home / "tmp").mkdir()
    tempfile.tempdir = None  # it remembers
    before = {name: os.environ.get(name) for name in folders}
    os.environ.update(folders)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    tempfile.tempdir = None


@pytest.fixture(scope="session")
def prefect_database(pytestconfig: pytest.Config) -> Path:
    """Prefect's database, empty, for copies: its migrations take many seconds, so pytest's cache keeps the outcome."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir(f"prefect-{version('prefect')}")
    database, unfinished = folder / "prefect.db", folder / "unfinished.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            unfinished.unlink(missing_ok=True)
            url = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{unfinished}"}
            upgrade = [sys.executable, "-W", "ignore", "-m", "prefect", "server", "database", "upgrade", "--yes"]
            subprocess.run(upgrade, env={**os.environ, **url}, check=True, capture_output=True)
            unfinished.rename(database)
    return database


@pytest.fixture(scope="session")
def prefect_server(prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Start the server that a command starts, over a database of its own; flows of this process report to it.

    Prefect's own harness does the same, but imports all of the server into this process too, which takes seconds.
    """
    home = tmp_path_factory.mktemp("prefect")
    shutil.copy(prefect_database, home / "prefect.db")
    # No test of flows has automations.
    settings = {"PREFECT_HOME": str(home), "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false"}
    server = ServerProcess({**os.environ, **settings})
    import prefect.main  # noqa: F401 (sets logging up, which in the middle of a test would take pytest's handlers away)
    from prefect.context import _temporary_global_settings_context, get_settings_context
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings

    database = {PREFECT_SERVER_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{home / 'prefect.db'}"}
    with (
        server.ready(),
        temporary_settings(database),
        _temporary_global_settings_context(get_settings_context()),
    ):
        gc.freeze()  # modules are no garbage, and a run makes enough to look through all of them many times
        yield
        APILogWorker.instance().drain()
        EventsWorker.drain_all()
    server.stop()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Start the sandbox that the tests of this process share: each takes a project of its own."""
    data_dir = tmp_path_factory.mktemp("sandbox") / "data"
    yield start_sandbox(data_dir)
    lifecycle.stop(data_dir)


@pytest.fixture(scope="session")
def real_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a kube-apiserver and an etcd, as KUBEBUILDER_ASSETS names it; skips where there is none."""
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        return Path(assets)
    if not os.environ.get("MLOPS_ENV_ORACLES"):
        pytest.skip("neither KUBEBUILDER_ASSETS nor MLOPS_ENV_ORACLES is set: no real API server")
    folder = tmp_path_factory.mktemp("programs")
    built = sorted((Path.home() / ".cache" / "oracles").glob("kube-apiserver-v*"))
    programs = {"kube-apiserver": str(built[-1]) if built else None, "etcd": shutil.which("etcd")}
    for name, program in programs.items():
        if program is None:
            pytest.skip(f"the oracles' {name} has not been built or installed yet")
        (folder / name).symlink_to(program)
    return folder
