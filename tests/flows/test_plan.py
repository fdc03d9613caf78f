"""What create would change, on the sandbox: of nothing, of what was just made, and of what was changed since."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environment.changes import MASK, FieldChange
from environment.errors import MlopsEnvError

PROJECT = "acme-planned-project"
SPEC = f"""\
name: planned
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: planned
state: {{bucket: acme-planned-tfstate}}
"""
POOL = "module.cluster.google_container_node_pool.this"
UI = "Deployment kubeflow/ml-pipeline-ui"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "planned.yaml"
    path.write_text(SPEC)
    return str(path)


class Planner:
    """Runs the flow and holds it to what every plan has to keep."""

    def __init__(self, cloud: Any, spec: str) -> None:
        self.cloud = cloud
        self.spec = spec
        self.message = ""

    def __call__(self, *overrides: str) -> Any:
        from flows.plan import plan

        before = self.cloud.last_call()
        state = plan(self.spec, list(overrides), return_state=True)
        self.changed_nothing(before)
        self.message = state.message
        return state.result()

    def fails(self, error: type[Exception], match: str) -> None:
        from flows.plan import plan

        before = self.cloud.last_call()
        with pytest.raises(error, match=match):
            plan(self.spec)
        self.changed_nothing(before)

    def changed_nothing(self, before: int) -> None:
        """No mutating call, not even of our own notes: no lock was taken, no state written; no plan is left."""
        calls = self.cloud.calls_since(before)
        assert calls
        assert [call for call in calls if call["mutating"] or call["bookkeeping"]] == []
        assert [*Path(tempfile.gettempdir()).glob("mlops-env-plan-*")] == []


@pytest.fixture
def plan(cloud, spec: str) -> Planner:
    return Planner(cloud, spec)


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    """What the first plan and the first create reported."""
    return {}


@pytest.fixture
def created(plan: Planner, reports: dict[str, Any]) -> Any:
    """The environment, planned and then made, once for this module."""
    from flows.create_environment import create_environment

    if not reports:
        reports["plan"] = plan()
        reports["message"] = plan.message
        reports["create"] = create_environment(plan.spec)
    return reports["create"]


def cluster(created: Any) -> Any:
    """Return the cluster as somebody with kubectl sees it."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses, found = Addresses.from_environment(), created.infrastructure.outputs.cluster
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, found.location, found.name)).cluster


def edit(created: Any, path: str, manager: str, *operations: dict[str, Any]) -> None:
    """Change an object as kubectl does."""
    cluster(created).request(
        "PATCH", path, {"fieldManager": manager}, list(operations), content_type="application/json-patch+json"
    )


@pytest.fixture
def turn_off(cloud) -> Iterator[Any]:
    """Turn services off, and on again."""
    services = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services"
    turned = []

    def act(name: str) -> None:
        turned.append(name)
        cloud.call("POST", f"{services}/{name}:disable", {"disableDependentServices": True}).raise_for_status()

    yield act
    for name in turned:
        cloud.call("POST", f"{services}/{name}:enable", {}).raise_for_status()


def test_where_nothing_is_the_plan_is_what_create_then_does(created, reports) -> None:
    planned = [str(change) for change in reports["plan"].changes]
    services = [f"enable {name}" for name in created.services.changed]
    infrastructure = [
        line.replace(created.infrastructure.outputs.database.instance, "DATABASE")
        for line in created.infrastructure.changes
    ]
    done = [*services, *infrastructure, *created.pipelines.changes]
    unknown = "planned-mysql-(known after apply)"
    assert sorted(line.replace(unknown, "DATABASE") for line in planned) == sorted(done)
    assert reports["message"] == f"{len(done)} changes"
    assert [warning.split(" ")[0] for warning in reports["plan"].warnings] == []


def test_right_after_create_it_is_empty_and_no_lock_is_in_its_way(created, plan, cloud) -> None:
    from clients.addresses import Addresses
    from clients.storage import Storage

    storage = Storage(Addresses.from_environment(), PROJECT)
    lock = json.dumps({"ID": "1", "Operation": "OperationTypeApply", "Who": "somebody"})
    storage.write("acme-planned-tfstate", "mlops-env/planned/default.tflock", lock)
    report = plan()
    assert storage.read("acme-planned-tfstate", "mlops-env/planned/default.tflock") == lock
    objects = "storage.googleapis.com/storage/v1/b/acme-planned-tfstate/o"
    cloud.call("DELETE", f"{objects}/mlops-env%2Fplanned%2Fdefault.tflock").raise_for_status()
    assert (report.changes, report.warnings, plan.message) == ((), (), "No changes")
    assert report.basis.manifests_digest == created.pipelines.record.digest
    assert report.basis.state_serial is not None


def test_one_field_is_one_update_that_says_from_what_to_what(created, plan) -> None:
    (change,) = plan("cluster.max_nodes=8").changes
    assert (change.layer, change.action, change.address) == ("infrastructure", "update", POOL)
    assert change.fields == (FieldChange(path="autoscaling[0].max_node_count", before=5, after=8),)
    assert plan.message == "1 change"


def test_replacement_names_what_forces_it_and_takes_the_objects_along(created, plan) -> None:
    report = plan("network.subnet_cidr=10.99.0.0/20")
    (cluster,) = [one for one in report.changes if one.address == "module.cluster.google_container_cluster.this"]
    assert cluster.action == "replace"
    assert cluster.replace_paths
    assert set(cluster.replace_paths) <= {field.path.split("[")[0] for field in cluster.fields}
    objects = [one for one in report.changes if one.layer == "pipelines"]
    assert {one.action for one in objects} == {"create"}
    assert len(objects) == created.pipelines.object_count


def test_service_that_was_turned_off_is_enabled(created, plan, turn_off) -> None:
    turn_off("dataflow.googleapis.com")
    report = plan()
    assert [str(change) for change in report.changes] == ["enable dataflow.googleapis.com"]
    assert report.warnings == ()


def test_what_cannot_be_looked_at_is_said(created, plan, turn_off) -> None:
    turn_off("container.googleapis.com")
    report = plan()
    assert "enable container.googleapis.com" in map(str, report.changes)
    assert {change.layer for change in report.changes} == {"services"}
    assert [warning.partition(":")[0] for warning in report.warnings] == ["infrastructure", "pipelines"]
    assert all("container.googleapis.com is off" in warning for warning in report.warnings)


def test_new_password_and_deleted_object_are_what_create_then_puts_right(created, plan) -> None:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager
    from flows.create_environment import create_environment

    secrets = SecretManager(Addresses.from_environment(), PROJECT)
    old = secrets.read("planned-mysql-root-password")[1]
    secrets.add_version("planned-mysql-root-password", "password-to-come")
    cluster(created).request("DELETE", "/api/v1/namespaces/kubeflow/configmaps/workflow-controller-configmap")
    report = plan()
    by_address = {change.address: change for change in report.changes}
    (field,) = by_address["Secret kubeflow/mysql-secret"].fields
    assert field == FieldChange(path=".data.password", before=MASK, after=MASK)
    restarted = {f"Deployment kubeflow/{name}" for name in ("cache-server", "metadata-grpc-deployment", "ml-pipeline")}
    user = f"user root@% of {created.infrastructure.outputs.database.instance}"
    configuration = "ConfigMap kubeflow/workflow-controller-configmap"
    assert by_address[configuration].action == "create"
    assert set(by_address) == {"Secret kubeflow/mysql-secret", user, configuration, *restarted}
    text = report.model_dump_json()
    assert old not in text
    assert "password-to-come" not in text
    assert create_environment(plan.spec).change_count == len(report.changes)


def test_it_fails_half_way_and_leaves_nothing(created, plan, cloud) -> None:
    fault = {"method": "GET", "path": "/sqladmin.googleapis.com/.*/instances/.*", "status": 403, "times": 100}
    cloud.control("POST", "faults", fault)
    try:
        plan.fails(MlopsEnvError, "403|ermission")
    finally:
        cloud.control("DELETE", "faults")


def test_label_that_somebody_changed_is_named_with_its_owner(created, plan) -> None:
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
    ours = cluster(created).request("GET", path).body["metadata"]["labels"]["app"]
    edit(created, path, "kubectl-label", {"op": "replace", "path": "/metadata/labels/app", "value": "mine"})
    (change,) = plan().changes
    assert (change.layer, change.action, change.address) == ("pipelines", "update", UI)
    assert change.fields == (
        FieldChange(path=".metadata.labels.app", before="mine", after=ours, owner="kubectl-label"),
    )


def test_namespace_that_is_gone_is_made_with_all_that_was_in_it(created, plan) -> None:
    """Last: it leaves the cluster without it."""
    cluster(created).request("DELETE", "/api/v1/namespaces/kubeflow")
    changes = plan().changes
    assert {(change.layer, change.action) for change in changes} == {("pipelines", "create")}
    assert {"Namespace kubeflow", UI, "Secret kubeflow/mysql-secret"} <= {change.address for change in changes}
