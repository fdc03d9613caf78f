"""What others change on the sandbox, layer by layer: found, classified, attributed, told once; noise is none."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from environment.drift import OUTSIDE, PENDING, DriftField
from environment.drift_notes import DETECTED, RESOLVED
from environment.errors import MlopsEnvError, SpecError

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
POOL = "module.cluster.google_container_node_pool.this"
POOL_DOCUMENT = f"projects/{PROJECT}/locations/us-central1-a/clusters/drifting-cluster/nodePools/drifting-pool"
CLUSTER_DOCUMENT = POOL_DOCUMENT.partition("/nodePools/")[0]
BUCKET = "module.artifact_store.google_storage_bucket.this"
DATABASE = "module.database.google_sql_database_instance.this"
SERVER = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline"
UI = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
VIEWER = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-viewer-crd"
SCALED = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-visualizationserver"
SECRET = "/api/v1/namespaces/kubeflow/secrets/mlpipeline-minio-artifact"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / "drifting.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def cloud(cloud, monkeypatch):
    """The sandbox, with its own manifests."""
    monkeypatch.delenv("MLOPS_ENV_GIT_MIRROR", raising=False)
    return cloud


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
        self.state = detect_drift(str(spec or self.spec), list(overrides), return_state=True)
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

    def changed_nothing(self, before: int, notes: int) -> None:
        """No mutating call, and of our own notes only the report: no lock was taken; no plan is left."""
        calls = self.cloud.calls_since(before)
        assert calls
        assert [call for call in calls if call["mutating"]] == []
        assert len([call for call in calls if call["bookkeeping"]]) == notes
        assert [*Path(tempfile.gettempdir()).glob("mlops-env-plan-*")] == []


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


def kubernetes(created: Any) -> Any:
    """Return the cluster as somebody with kubectl sees it."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses, found = Addresses.from_environment(), created.infrastructure.outputs.cluster
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, found.location, found.name)).cluster


def edit(created: Any, path: str, manager: str, *operations: dict[str, Any]) -> None:
    """Change an object as kubectl does."""
    kubernetes(created).request(
        "PATCH", path, {"fieldManager": manager}, list(operations), content_type="application/json-patch+json"
    )


def drift_in(cloud: Any, name: str, **where: Any) -> None:
    cloud.control("POST", "drift", {"name": name, **where})


def lines(report: Any) -> list[str]:
    return [f"{one.kind}: {one}" for one in report.found]


def test_without_a_state_it_cannot_be_told(detect, reports) -> None:
    assert not reports, "runs first"
    detect.fails(MlopsEnvError, "no state to compare with")


def test_right_after_create_all_is_in_sync(created, detect) -> None:
    report = detect()
    assert (report.found, report.ignored, report.warnings, report.digest) == ((), (), (), "")
    assert report.layers == ()
    assert (detect.state.name, detect.state.message, detect.events) == ("In sync", "In sync", [])


def test_what_google_itself_writes_is_no_drift(created, detect, cloud) -> None:
    instance = created.infrastructure.outputs.database.instance
    for collection, document, path, value in (
        ("container.clusters", CLUSTER_DOCUMENT, "resourceLabels.goog-fleet", "on"),
        ("container.clusters", CLUSTER_DOCUMENT, "currentMasterVersion", "1.99.9-gke.1"),
        ("container.clusters", CLUSTER_DOCUMENT, "currentNodeVersion", "1.99.9-gke.1"),
        ("container.node-pools", POOL_DOCUMENT, "version", "1.99.9-gke.1"),
        ("sqladmin.instances", f"projects/{PROJECT}/instances/{instance}", "settings.dataDiskSizeGb", "25"),
    ):
        drift_in(cloud, "field", collection=collection, document=document, path=path, value=value)
    assert detect().found == ()
    assert detect.events == []


def test_outside_changes_of_services_and_infrastructure(created, detect, cloud) -> None:
    instance = created.infrastructure.outputs.database.instance
    bucket = created.infrastructure.outputs.artifact_store.bucket
    system = f"serviceAccount:{created.infrastructure.outputs.service_accounts.system}"
    services = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services"
    database = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances/{instance}"
    secret = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets/drifting-mysql-root-password"
    pool = f"container.googleapis.com/v1/{POOL_DOCUMENT}"
    scaling = {"autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 9}}
    firewall = f"compute.googleapis.com/compute/v1/projects/{PROJECT}/global/firewalls/drifting-control-plane"
    for method, path, body in (
        ("POST", f"{services}/dataflow.googleapis.com:disable", {"disableDependentServices": True}),
        ("POST", f"{pool}:setAutoscaling", scaling),
        ("DELETE", firewall, None),
        ("PATCH", f"storage.googleapis.com/storage/v1/b/{bucket}", {"labels": {"role": "mine", "whose": "mine"}}),
        ("PATCH", database, {"settings": {"tier": "db-custom-2-7680"}}),
        ("DELETE", f"{database}/users?name=root&host=%25", None),
        ("POST", f"{secret}/versions/1:disable", {}),
    ):
        cloud.call(method, path, body).raise_for_status()
    drift_in(cloud, "unbind", resource=f"projects/{PROJECT}", role="roles/cloudsql.client", member=system)

    report = detect()
    found = {one.address: one for one in report.found}
    role = "module.service_accounts.google_project_iam_member.this"
    assert lines(report) == [
        f"{OUTSIDE}: changed dataflow.googleapis.com",
        f"{OUTSIDE}: changed {BUCKET}",
        f"{OUTSIDE}: missing module.cluster.google_compute_firewall.control_plane[0]",
        f"{OUTSIDE}: changed {POOL}",
        f"{OUTSIDE}: changed {DATABASE}",
        f'{OUTSIDE}: missing {role}["system/roles/cloudsql.client"]',
        f"{OUTSIDE}: changed secret drifting-mysql-root-password of Secret Manager",
        f"{OUTSIDE}: missing user root@% of {instance}",
    ]
    assert [field.path for field in found[BUCKET].fields] == ["effective_labels.role", "effective_labels.whose"]
    assert found[POOL].fields == (DriftField(path="autoscaling[0].max_node_count", expected=5, actual=9),)
    assert [str(field) for field in found["dataflow.googleapis.com"].fields] == ["state: expected ENABLED, is DISABLED"]
    assert report.layers == ("services", "infrastructure")
    assert detect.state.message == "8 changed outside"
    assert detect.events == [DETECTED]


def test_same_drift_again_is_told_once_and_kept_beside_the_state(created, detect, cloud) -> None:
    report = detect()
    assert len(report.found) == 8
    assert detect.events == []
    name = "mlops-env%2Fdrifting%2Fdrift.json"
    kept = cloud.call("GET", f"storage.googleapis.com/storage/v1/b/acme-drifting-tfstate/o/{name}?alt=media").json()
    assert kept["report"] == report.model_dump(mode="json")
    assert kept["since"] < kept["report"]["checked_at"]


def test_what_the_spec_asks_for_is_pending_and_what_its_rules_cover_is_ignored(created, detect, tmp_path) -> None:
    rule = {"address": POOL, "attribute": "autoscaling*", "reason": "a busy week", "expires": "2999-01-01"}
    ignoring = tmp_path / "drifting.yaml"
    ignoring.write_text(SPEC + f"drift: {{ignore: [{json.dumps(rule)}]}}\n")
    report = detect("cluster.disk_size_gib=120", spec=ignoring)
    pool = [one for one in report.found if one.address == POOL]
    assert [(one.kind, one.condition) for one in pool] == [(PENDING, "changed")]
    assert [field.path for one in pool for field in one.fields] == ["node_config[0].disk_size_gb"]
    assert [(one.address, one.note) for one in report.ignored] == [(POOL, "a busy week")]
    assert detect.events == [DETECTED]


def test_outside_changes_of_objects_name_who_made_them(created, detect) -> None:
    image = "/spec/template/spec/containers/0/image"
    edit(created, SERVER, "kubectl-edit", {"op": "replace", "path": image, "value": "ghcr.io/mine:1"})
    edit(created, UI, "kubectl-label", {"op": "replace", "path": "/metadata/labels/app", "value": "mine"})
    edit(created, VIEWER, "kubectl-patch", {"op": "remove", "path": "/metadata/labels/app"})
    edit(created, SCALED, "kubectl-scale", {"op": "replace", "path": "/spec/replicas", "value": 2})
    edit(created, SECRET, "kubectl-edit", {"op": "replace", "path": "/data/accesskey", "value": "cHdk"})
    kubernetes(created).request("DELETE", "/api/v1/namespaces/kubeflow/configmaps/workflow-controller-configmap")
    kubernetes(created).request("DELETE", "/api/v1/namespaces/kubeflow/services/ml-pipeline-ui")

    report = detect()
    found = {one.address: one for one in report.found if one.layer == "pipelines"}
    assert {address: (one.kind, one.condition) for address, one in found.items()} == {
        "ConfigMap kubeflow/workflow-controller-configmap": (OUTSIDE, "missing"),
        "Deployment kubeflow/ml-pipeline": (OUTSIDE, "changed"),
        "Deployment kubeflow/ml-pipeline-ui": (OUTSIDE, "changed"),
        "Deployment kubeflow/ml-pipeline-viewer-crd": (OUTSIDE, "changed"),
        "Secret kubeflow/mlpipeline-minio-artifact": (OUTSIDE, "changed"),
        "Service kubeflow/ml-pipeline-ui": (OUTSIDE, "missing"),
    }
    (field,) = found["Deployment kubeflow/ml-pipeline"].fields
    assert (field.path.rpartition(".")[2], field.actual, field.by) == ("image", "ghcr.io/mine:1", "kubectl-edit")
    # Nobody owns a field that was taken out: the label of ml-pipeline-viewer-crd.
    by = {address: [who.partition(" at ")[0] for who in one.by] for address, one in found.items() if one.by}
    assert by == {
        "Deployment kubeflow/ml-pipeline": ["kubectl-edit"],
        "Deployment kubeflow/ml-pipeline-ui": ["kubectl-label"],
        "Secret kubeflow/mlpipeline-minio-artifact": ["kubectl-edit"],
    }
    assert "cHdk" not in report.model_dump_json()
    assert report.layers == ("services", "infrastructure", "pipelines")


def test_it_fails_half_way_and_leaves_nothing(created, detect, cloud) -> None:
    fault = {"method": "GET", "path": "/sqladmin.googleapis.com/.*/instances/.*", "status": 403, "times": 100}
    cloud.control("POST", "faults", fault)
    try:
        detect.fails(MlopsEnvError, "403|ermission")
    finally:
        cloud.control("DELETE", "faults")
    assert detect.events == []


def test_remediation_puts_all_of_it_back(created, detect) -> None:
    from flows.remediate_drift import remediate_drift

    report, changes = remediate_drift(str(detect.spec))
    assert report.layers == ("services", "infrastructure", "pipelines")
    assert "enable dataflow.googleapis.com" in changes
    assert f"update {POOL}" in changes
    assert any(line.startswith("update Deployment kubeflow/ml-pipeline") for line in changes)
    assert detect().found == ()
    assert detect.events == [RESOLVED]


def test_remediation_of_the_only_layer_that_has_drifted(created, detect) -> None:
    from flows.remediate_drift import remediate_drift

    edit(created, UI, "kubectl-label", {"op": "replace", "path": "/metadata/labels/app", "value": "mine"})
    before = detect.cloud.last_call()
    report, changes = remediate_drift(str(detect.spec))
    assert report.layers == ("pipelines",)
    assert changes == ("update Deployment kubeflow/ml-pipeline-ui",)
    assert [one for one in detect.cloud.calls_since(before) if one["mutating"] and "googleapis" in one["path"]] == []


def test_remediation_is_refused_in_prod(created, detect, cloud) -> None:
    from flows.remediate_drift import remediate_drift

    before = cloud.last_call()
    with pytest.raises(SpecError, match="prod environment is not remediated"):
        remediate_drift(str(detect.spec), ["role=prod"], approved=True)
    assert [call for call in cloud.calls_since(before) if call["mutating"] or call["bookkeeping"]] == []
