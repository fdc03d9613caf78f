"""The command when it fails, is interrupted or killed: what it says and how it exits, and that the same one goes on."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import lifecycle

COMMAND = [str(Path(sys.executable).parent / "mlops-env")]
PROJECT = "acme-crash-project"
SPEC = f"""\
name: crash
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: crash
state: {{bucket: acme-crash-tfstate}}
"""
LOCK = "storage.googleapis.com/storage/v1/b/acme-{name}-tfstate/o/mlops-env%2F{name}%2Fdefault.tflock"
SECONDS = 120


class Machine:
    """A user's machine with a sandbox of its own."""

    def __init__(self, home: Path, prefect_database: Path) -> None:
        (home / "prefect").mkdir()
        shutil.copy(prefect_database, home / "prefect")
        self.data_dir = home / "sandbox"
        self.spec = str(home / "crash.yaml")
        Path(self.spec).write_text(SPEC)
        names = {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "PREFECT_HOME": "prefect"}
        folders = {name: str(home / folder) for name, folder in names.items()}
        self.variables = {**os.environ, **folders, "MLOPS_ENV_SANDBOX_DIR": str(self.data_dir)}
        self.variables.pop("PREFECT_API_URL", None)
        self.interrupts: Any = signal.default_int_handler  # SIG_IGN as in the background of a script

    def is_locked(self, name: str = "crash") -> bool:
        """Tell whether Terraform's state is locked."""
        token = {"Authorization": f"Bearer {(self.data_dir / 'token').read_text()}"}
        url = lifecycle.status(self.data_dir).url
        return httpx.get(f"{url}/{LOCK.format(name=name)}", headers=token, trust_env=False).status_code != 404

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        before = signal.signal(signal.SIGINT, self.interrupts)  # whoever ignores them hands that on
        try:
            return subprocess.Popen(
                [*COMMAND, *(arguments or ("create", self.spec))],
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def control(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = lifecycle.control(self.data_dir, method, route, body)
        answer.raise_for_status()
        return dict(answer.json())

    def end_when(
        self, seen: Callable[[dict[str, Any]], bool], number: signal.Signals, *arguments: str
    ) -> tuple[int, str]:
        """Run create, or what is given, and send it a signal once a call was seen; return exit code and output."""
        before = max((call["number"] for call in self.control("GET", "calls")["calls"]), default=0)
        process = self.start(*arguments)
        deadline = time.monotonic() + SECONDS
        while not any(map(seen, self.control("GET", f"calls?since={before}")["calls"])):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(number)
        err = process.communicate(timeout=SECONDS)[1]
        return process.returncode, err

    def kill_sandbox(self) -> lifecycle.SandboxStatus:
        """Kill the sandbox as a crash would; return what it was."""
        before = lifecycle.status(self.data_dir)
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        while lifecycle.is_running(self.data_dir):
            time.sleep(0.01)
        return before

    def export(self) -> str:
        """Return the whole cloud, without its history and what follows from the database's random suffix."""
        found = self.control("GET", "export")
        objects = found["services"]["objects"]
        found["services"]["objects"] = {name: body for name, body in objects.items() if "/history/" not in name}
        text = json.dumps(found, sort_keys=True)
        suffix = re.search(r"crash-mysql-([a-z0-9]{6})", text)
        assert suffix
        text = text.replace(suffix[1], "SUFFIX")
        text = re.sub(r"cloudsqlproxy-[a-z0-9]{8,10}", "cloudsqlproxy-HASH", text)
        return re.sub(r"p(\d+)-[0-9a-f]{6}@gcp-sa-cloud-sql", r"p\1-HASH@gcp-sa-cloud-sql", text)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, prefect_database: Path) -> Iterator[Machine]:
    found = Machine(tmp_path_factory.mktemp("machine"), prefect_database)
    lifecycle.start(found.data_dir)
    yield found
    lifecycle.stop(found.data_dir)


def is_post(path: str) -> Callable[[dict[str, Any]], bool]:
    """Recognise a call that made something."""
    return lambda call: call["method"] == "POST" and call["path"].endswith(path) and call["status"] == 200


def is_patch(part: str) -> Callable[[dict[str, Any]], bool]:
    """Recognise a change of an object."""
    return lambda call: call["mutating"] and call["method"] == "PATCH" and part in call["path"]


def is_call(method: str, part: str) -> Callable[[dict[str, Any]], bool]:
    """Recognise a call that was answered well."""
    return lambda call: call["method"] == method and part in call["path"] and call["status"] < 300


def one_line(err: str) -> str:
    """Return the last line, after a look that nothing of Prefect's or Python's own is on the way."""
    assert "Traceback" not in err
    assert "Task run failed" not in err
    assert "Encountered exception" not in err
    return err.strip().splitlines()[-1]


def test_no_credentials_is_said_within_seconds(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GCE_METADATA_IP": "192.0.2.1"}  # RFC 5737
    began = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "status", "dev"], env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(done.stderr).startswith(
        "mlops-env: no Google credentials were found; run `gcloud auth application-"
    )
    assert time.monotonic() - began < 20


@pytest.mark.long
def test_the_same_command_finishes_after_runs_and_the_sandbox_were_killed(machine: Machine) -> None:
    for method, slow in (
        ("GET", "/global/networks/crash-network"),  # read by the provider when it is made, as the subnetwork is
        ("POST", "compute.*/subnetworks"),
        ("GET", "/subnetworks/crash-subnet"),
        ("POST", "container.*/nodePools"),
        ("PATCH", "/deployments/ml-pipeline\\?.*force=false$"),
    ):  # so that we come in time
        machine.control("POST", "faults", {"method": method, "path": slow, "delay_s": 2})
    code, err = machine.end_when(is_post("/global/networks"), signal.SIGINT)
    assert code == 130
    assert one_line(err) == "mlops-env: interrupted; run the same command again to go on"
    assert not machine.is_locked()
    code, err = machine.end_when(is_post("/subnetworks"), signal.SIGTERM)
    assert (code, one_line(err)) == (143, "mlops-env: terminated; run the same command again to go on")
    assert not machine.is_locked()

    assert machine.end_when(is_post("/clusters"), signal.SIGKILL)[0] == -signal.SIGKILL
    assert machine.end_when(is_patch("/deployments/"), signal.SIGKILL)[0] == -signal.SIGKILL
    before = machine.kill_sandbox()
    done = machine.run()
    assert done.returncode == 0, done.stderr
    after = lifecycle.status(machine.data_dir)
    assert (after.url, after.clusters) == (before.url, before.clusters)
    assert json.loads(machine.run("status", machine.spec, "--json").stdout)["state"] == "ready"
    found = machine.export()
    machine.control("POST", "reset", {})
    assert machine.run().returncode == 0
    assert machine.export() == found, "an undisturbed run makes something else"


@pytest.mark.long
def test_a_fleet_s_member_ends_well_when_its_parent_is_killed(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be heard any more; Terraform writes its state all the same, and the history says how it ended."""
    monkeypatch.setattr(machine, "interrupts", signal.SIG_IGN)
    spec = tmp_path / "orphan.yaml"
    spec.write_text(SPEC.replace("crash", "orphan"))
    machine.control("POST", "faults", {"path": "compute.*/subnetworks", "delay_s": 2, "times": 0})
    killed = machine.end_when(is_post("/global/networks"), signal.SIGKILL, "create", f"{tmp_path}/")
    machine.control("DELETE", "faults")
    assert killed[0] == -signal.SIGKILL
    deadline = time.monotonic() + SECONDS
    while (entry := json.loads(machine.run("history", str(spec), "--json").stdout)[0])["outcome"] == "unfinished":
        assert time.monotonic() < deadline
        time.sleep(1)
    assert (entry["outcome"], machine.is_locked("orphan")) == ("interrupted", False), entry
    assert "create module.network.google_compute_network.this" in entry["changes"]


def test_a_failure_is_one_line_and_the_traceback_is_for_debug(machine: Machine) -> None:
    said = "Permission 'serviceusage.services.list' denied on resource 'projects/p' (or it may not exist)."
    fault = {"path": "serviceusage.*/services", "method": "GET", "status": 403, "message": said, "times": 0}
    machine.control("POST", "faults", fault)
    for command in ("create", "status"):
        done = machine.run(command, machine.spec)
        assert done.returncode == 1
        assert one_line(done.stderr).replace("enable-services: ", "") == (
            f"mlops-env: could not list the enabled services: {said}; "
            "grant user@sandbox.localhost a role with serviceusage.services.list"
        )
    assert "Traceback" in machine.run("--debug", "status", machine.spec).stderr
    machine.control("DELETE", "faults")


@pytest.mark.long
def test_the_same_destroy_finishes_after_it_was_interrupted_and_killed(machine: Machine) -> None:
    """Last: in the namespace, and between the sweep and the network."""
    destroy = ("destroy", machine.spec, "--yes", "crash", "--delete-data")
    machine.control("POST", "faults", {"path": "/nodePools/crash-pool", "method": "DELETE", "delay_s": 2})
    code, err = machine.end_when(is_call("DELETE", "/api/v1/namespaces/kubeflow"), signal.SIGINT, *destroy)
    assert (code, one_line(err)) == (130, "mlops-env: interrupted; run the same command again to go on")
    assert machine.end_when(is_call("POST", "/removePeering"), signal.SIGKILL, *destroy)[0] == -signal.SIGKILL

    done = machine.run(*destroy)
    assert (done.returncode, done.stdout.strip().splitlines()[-1].split()) == (0, ["left", "nothing"]), done.stderr
    history = json.loads(machine.run("history", machine.spec, "--json").stdout)
    told = [one["outcome"] for one in history if one["action"] == "destroy"]
    assert told == ["succeeded", "unfinished", "interrupted"]
