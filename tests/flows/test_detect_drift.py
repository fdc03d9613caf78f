"""What others change on the sandbox, layer by layer: found, classified, attributed, told once; noise is none.

The changes are in tests/data/outside_changes.yaml. They are made by gcloud and kubectl where those are on PATH, the
others by REST. What each layer can tell of who did it: of objects managedFields name the manager; of infrastructure
Compute Engine and Cloud SQL name the user of an operation, the other APIs nobody; of services nobody is named.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from environment.drift import OUTSIDE, PENDING
from environment.drift_notes import DETECTED, RESOLVED
from environment.errors import MlopsEnvError, SpecError
from environment.services import READ_BY_TERRAFORM

PROJECT = "acme-drifting-project"
SPEC = f"""\
name: drifting
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: drifting
state: {{bucket: acme-drifting-tfstate}}
"""
OUTSIDE_CHANGES = yaml.safe_load((Path(__file__).parents[1] / "data" / "outside_changes.yaml").read_text())
SERVICES = [f"{name}.googleapis.com" for name in OUTSIDE_CHANGES["services"]]
POOL = "module.cluster.google_container_node_pool.this"
CLUSTER = f"projects/{PROJECT}/locations/us-central1-a/clusters/drifting-cluster"
BOOKKEEPING = "storage.googleapis.com/storage/v1/b/acme-drifting-tfstate/o/mlops-env%2Fdrifting%2F"
UPLOAD = "storage.googleapis.com/upload/storage/v1/b/acme-drifting-tfstate/o?uploadType=media&name="
TIMEOUT = 120


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / "drifting.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def cloud(cloud, monkeypatch, tmp_path):
    """The sandbox, and a temporary folder that no other test uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield cloud
    cloud.control("DELETE", "faults")


class Detector:
    """Runs the flow and holds it to what every look has to keep; notes the events that are sent."""

    def __init__(self, cloud: Any, spec: Path) -> None:
        self.cloud = cloud
        self.spec = spec
        self.events: list[str] = []
        self.state: Any = None

    def emit(self, event: str, resource: dict[str, str], payload: dict[str, Any]) -> None:
        assert resource == {"prefect.resource.id": "mlops-env.environment.drifting"}
        assert json.dumps(payload)
        self.events.append(event)

    def __call__(self, *overrides: str, spec: Path | None = None) -> Any:
        from flows.detect_drift import detect_drift

        before = self.cloud.last_call()
        self.state = detect_drift(str(spec or self.spec), overrides, return_state=True)
        self.changed_nothing(before, notes=1)
        report = self.state.result()
        assert self.state.name == ("Drifted" if report.found else "In sync")
        return report

    def fails(self, error: type[Exception], match: str) -> None:
        from flows.detect_drift import detect_drift

        before = self.cloud.last_call()
        with pytest.raises(error, match=match):
            detect_drift(str(self.spec))
        self.changed_nothing(before, notes=0)
        assert self.events == []

    def changed_nothing(self, before: int, notes: int) -> None:
        """No mutating call, and of our own notes only the report: no lock was taken; no plan or folder is left."""
        calls = self.cloud.calls_since(before)
        assert calls
        assert [call for call in calls if call["mutating"]] == []
        assert len([call for call in calls if call["bookkeeping"]]) == notes
        assert [*Path(tempfile.gettempdir()).glob("mlops-env-*")] == []


@pytest.fixture
def detect(cloud, spec: Path, monkeypatch) -> Detector:
    detector = Detector(cloud, spec)
    monkeypatch.setattr("tasks.drift.emit_event", detector.emit)
    return detector


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    return {}


@pytest.fixture
def created(detect: Detector, reports: dict[str, Any]) -> Any:
    """The environment, made once for this module."""
    if not reports:
        reports["create"] = create(detect)
    return reports["create"]


def create(detect: Detector) -> Any:
    from flows.create_environment import create_environment

    return create_environment(str(detect.spec))


class Others:
    """People with gcloud and kubectl; what these programs need is in a folder of theirs."""

    def __init__(self, cloud: Any, created: Any, folder: Path) -> None:
        outputs = created.infrastructure.outputs
        self.cloud = cloud
        self.folder = folder
        self.names = {
            "project_id": PROJECT,
            "project": f"projects/{PROJECT}",
            "cluster": CLUSTER,
            "instance": outputs.database.instance,
            "bucket": outputs.artifact_store.bucket,
            "system_email": outputs.service_accounts.system,
        }

    def fill(self, value: Any) -> Any:
        if isinstance(value, str):
            for name, text in self.names.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        if isinstance(value, dict):
            return {key: self.fill(below) for key, below in value.items()}
        return [self.fill(below) for below in value] if isinstance(value, list) else value

    def infrastructure(self, change: dict[str, Any]) -> None:
        if "gcloud" in change and shutil.which("gcloud"):
            self.gcloud(*shlex.split(change["gcloud"]))
        elif "unbind" in change:
            place, role, member = change["unbind"]
            policy = self.cloud.call("POST", f"{place}:getIamPolicy", {}).raise_for_status().json()
            for binding in policy["bindings"]:
                if binding["role"] == role:
                    binding["members"].remove(member)
            self.cloud.call("POST", f"{place}:setIamPolicy", {"policy": policy}).raise_for_status()
        else:
            self.cloud.call(*change["rest"]).raise_for_status()

    def gcloud(self, *arguments: str) -> None:
        self.run("gcloud", *arguments, CLOUDSDK_CORE_PROJECT=PROJECT, CLOUDSDK_CONFIG=str(self.folder))

    def kubectl(self, change: dict[str, Any]) -> None:
        config = self.folder / "kubeconfig"
        if not config.exists():
            config.write_text(json.dumps(self.kubeconfig()))
        command, _, patch = change["kubectl"].partition(" --patch ")
        arguments = [*command.split(), *(["--patch", patch] if patch else [])]
        program = shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")
        self.run(program, *arguments, given=json.dumps(change.get("stdin")), KUBECONFIG=str(config))

    def kubeconfig(self) -> dict[str, Any]:
        found = self.cloud.call("GET", f"container.googleapis.com/v1/{CLUSTER}").json()
        authority = found["masterAuth"]["clusterCaCertificate"]
        cluster = {"server": f"https://{found['endpoint']}", "certificate-authority-data": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": self.cloud.token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": "kubeflow"}}],
            "current-context": "it",
        }

    def run(self, *command: str, given: str | None = None, **variables: str) -> None:
        environment = self.cloud.process_environment(**variables)
        done = subprocess.run(
            command, env=environment, input=given, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        assert done.returncode == 0, (command, done.stderr)


@pytest.fixture
def others(cloud, created, tmp_path) -> Others:
    return Others(cloud, created, tmp_path)


def record(cloud: Any) -> dict[str, Any]:
    return dict(cloud.call("GET", f"{BOOKKEEPING}record.json?alt=media").raise_for_status().json())


def test_without_a_state_it_cannot_be_told(detect, reports) -> None:
    assert not reports, "runs first"
    detect.fails(MlopsEnvError, "no state to compare with")


def test_right_after_create_all_is_in_sync(created, detect, monkeypatch) -> None:
    """Terraform need not show its plan: all that differs is what a create leaves, such as etags."""
    monkeypatch.setattr("clients.terraform.Terraform.show_plan", None)
    report = detect()
    assert (report.found, report.ignored, report.warnings, report.digest) == ((), (), (), "")
    assert (report.layers, report.unseen) == ((), ())
    assert (detect.state.name, detect.state.message, detect.events) == ("In sync", "In sync", [])


def test_what_google_itself_writes_is_no_drift(created, detect, cloud) -> None:
    database = f"projects/{PROJECT}/instances/{created.infrastructure.outputs.database.instance}"
    pool = f"{CLUSTER}/nodePools/drifting-pool"
    for collection, document, path, value in (
        ("container.clusters", CLUSTER, "resourceLabels.goog-fleet", "on"),
        ("container.clusters", CLUSTER, "currentMasterVersion", "1.99.9-gke.1"),
        ("container.clusters", CLUSTER, "currentNodeVersion", "1.99.9-gke.1"),
        ("container.node-pools", pool, "version", "1.99.9-gke.1"),
        ("sqladmin.instances", database, "settings.dataDiskSizeGb", "25"),
        ("sqladmin.instances", database, "settings.userLabels.goog-managed", "on"),
        ("sqladmin.instances", database, "maintenanceVersion", "MYSQL_8_0_99.R20990101.00_00"),
    ):
        where = {"collection": collection, "document": document, "path": path, "value": value}
        cloud.control("POST", "drift", {"name": "field", **where})
    assert detect().found == ()
    assert detect.events == []


def test_outside_changes_of_infrastructure_and_objects(created, others, detect, reports) -> None:
    for change in OUTSIDE_CHANGES["infrastructure"]:
        others.infrastructure(others.fill(change))
    for change in OUTSIDE_CHANGES["pipelines"]:
        others.kubectl(change)
    others.kubectl({"kubectl": "scale deployment/ml-pipeline-visualizationserver --replicas=2"})

    reports["drifted"] = report = detect()
    found = {one.address: one for one in report.found}
    wanted = others.fill([*OUTSIDE_CHANGES["infrastructure"], *OUTSIDE_CHANGES["pipelines"]])
    assert found.keys() == {change["address"] for change in wanted}
    for change in wanted:
        one = found[change["address"]]
        assert (one.kind, one.condition) == (OUTSIDE, change.get("condition", "changed")), change["kind"]
        assert {field.path for field in one.fields} >= {*change.get("fields", ())}, change["kind"]
        who = {name.partition(" at ")[0] for name in one.by}
        user = {"sandbox@sandbox.invalid"} if change.get("is_attributed") else set()
        assert who == ({change["by"]} if "by" in change else user), change["kind"]
    assert all(one.is_undone for one in report.found)
    assert "cHdk" not in report.model_dump_json()
    assert report.layers == ("infrastructure", "pipelines")
    assert detect.state.message == f"{len(found)} changed outside"
    assert detect.events == [DETECTED]


def test_same_drift_five_times_is_told_once(created, detect, cloud, reports) -> None:
    from environment.spec_file import load_environment
    from tasks.drift import keep_drift, read_drift_notes

    spec, report = load_environment(str(detect.spec)), reports["drifted"]
    again = [report.model_copy(update={"checked_at": f"2999-01-0{night}T00:00:00+00:00"}) for night in range(1, 5)]
    assert [keep_drift.fn(spec, one, read_drift_notes.fn(spec)) for one in again] == [""] * 4
    assert detect.events == []
    kept = cloud.call("GET", f"{BOOKKEEPING}drift.json?alt=media").json()
    assert kept["report"] == again[-1].model_dump(mode="json")
    assert kept["since"] == report.checked_at


def test_what_the_spec_asks_for_is_pending_and_what_its_rules_cover_is_ignored(created, detect, tmp_path) -> None:
    rules = [
        {"address": POOL, "attribute": "autoscaling*", "reason": "a busy week", "expires": "2999-01-01"},
        {"address": "Deployment kubeflow/ml-pipeline-ui", "reason": "was once mine", "expires": "2001-01-01"},
    ]
    ignoring = tmp_path / "drifting.yaml"
    ignoring.write_text(SPEC + f"drift: {{ignore: {json.dumps(rules)}}}\n")
    report = detect("cluster.disk_size_gib=120", spec=ignoring)
    pool = [one for one in report.found if one.address == POOL]
    assert [(one.kind, one.condition) for one in pool] == [(PENDING, "changed")]
    assert [field.path for one in pool for field in one.fields] == ["node_config[0].disk_size_gb"]
    assert [(one.address, one.note) for one in report.ignored] == [(POOL, "a busy week")]
    notes = {one.address: one.note for one in report.found if one.note}
    assert notes == {"Deployment kubeflow/ml-pipeline-ui": "ignored until 2001-01-01: was once mine"}
    assert detect.events == [DETECTED]


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        pytest.param({"path": "/serviceusage.*/services", "status": 403}, "403", id="services"),
        pytest.param({"path": "/compute.*/firewalls/", "status": 403}, "403", id="infrastructure"),
        pytest.param({"path": "/kubernetes/.*/roles", "status": 403}, "403", id="objects"),
        pytest.param({"path": "/kubernetes/", "reset": True}, "drifting-cluster|127.0.0.1", id="cluster"),
    ],
)
def test_it_fails_half_way_and_leaves_nothing(created, detect, cloud, monkeypatch, fault, match) -> None:
    from tasks.drift import look_at_objects

    monkeypatch.setattr(look_at_objects, "retry_delay_seconds", [0.0])
    cloud.control("POST", "faults", {"times": 0, **fault})
    detect.fails(MlopsEnvError, match)


def test_remediation_puts_all_of_it_back_and_says_so_in_the_record(created, detect, cloud, reports) -> None:
    from flows.remediate_drift import remediate_drift

    kept = record(cloud)
    older = {**kept, "tool_version": "0", "spec_digest": "0", "pipelines": {**kept["pipelines"], "url": None}}
    cloud.call("POST", f"{UPLOAD}mlops-env/drifting/record.json", older).raise_for_status()
    report = remediate_drift(str(detect.spec))
    assert {one.address for one in report.found.found} == {one.address for one in reports["drifted"].found}
    assert f"update {POOL}" in report.changes
    assert "update Deployment kubeflow/ml-pipeline" in report.changes
    assert "create Service kubeflow/ml-pipeline-visualizationserver" in report.changes
    assert report.left.found == ()
    assert detect.events == [DETECTED, RESOLVED]
    assert {**record(cloud), "finished_at": ""} == {**kept, "finished_at": ""}


def test_services_that_are_off_hide_what_is_remediated_with_them(created, others, detect, cloud) -> None:
    """Services have no twelve kinds of change, an API is on or off: it is twelve services, for what it means.

    Behind the APIs that Terraform reads with, a firewall rule is gone as well. It is seen when they are back, and put
    back in the same run; the objects, which have not drifted, are not touched.
    """
    from flows.remediate_drift import remediate_drift

    rule = next(one for one in OUTSIDE_CHANGES["infrastructure"] if one["kind"] == "firewall rule deleted")
    others.infrastructure(others.fill(rule))
    off = dict.fromkeys(SERVICES)
    if shutil.which("gcloud"):
        others.gcloud("services", "disable", *off, "--force")
    else:
        for service in off:
            path = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/{service}:disable"
            cloud.call("POST", path, {"disableDependentServices": True}).raise_for_status()

    before = cloud.last_call()
    report = remediate_drift(str(detect.spec))
    found = report.found
    assert [f"{one.kind}: {one}" for one in found.found] == [f"{OUTSIDE}: changed {service}" for service in sorted(off)]
    assert {str(field) for one in found.found for field in one.fields} == {"state: expected ENABLED, is DISABLED"}
    assert READ_BY_TERRAFORM & off.keys()
    assert (found.layers, found.unseen) == (("services",), ("infrastructure", "pipelines"))
    assert len(found.warnings) == 3
    assert {*report.changes} == {f"create {rule['address']}", *(f"enable {service}" for service in off)}
    assert (report.left.found, report.left.unseen) == ((), ())
    assert detect.events == [DETECTED, DETECTED, RESOLVED]
    changed = [call["path"] for call in cloud.calls_since(before) if call["mutating"] and call["actor"] == "user"]
    assert changed
    assert [path for path in changed if "/kubernetes/" in path] == []


def test_remediation_is_refused_in_prod(created, detect, cloud) -> None:
    from flows.remediate_drift import remediate_drift

    before = cloud.last_call()
    with pytest.raises(SpecError, match="prod environment is not remediated"):
        remediate_drift(str(detect.spec), ("role=prod",), approved=True)
    assert [call for call in cloud.calls_since(before) if call["mutating"] or call["bookkeeping"]] == []
