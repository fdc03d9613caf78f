"""The main job on the sandbox, as a user's process runs it: made, made again without a change, changed by one field.

On upstream's own manifests, where MLOPS_ENV_GIT_MIRROR names them; the other tests of flows are on the sandbox's.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from environment.errors import MlopsEnvError, ReplacementRefusedError, SpecError
from sandbox.variables import MANIFESTS

pytestmark = pytest.mark.told_all

UPSTREAM = os.environ.get("MLOPS_ENV_GIT_MIRROR", str(MANIFESTS))

SPEC = """\
name: {name}
cloud: sandbox
role: dev
project_id: acme-{name}-project
region: us-central1
zone: us-central1-a
name_prefix: {name}
state: {{bucket: acme-{name}-tfstate}}
labels: {{team: ml}}
"""


def write_spec(folder: Path, name: str) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(SPEC.format(name=name))
    return str(path)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_spec(tmp_path_factory.mktemp("specs"), "first")


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_ENV_GIT_MIRROR", UPSTREAM)
        yield


@pytest.fixture(scope="module")
def created(sandbox, prefect_server, spec):
    """The environment, made once for this module, by a run that keeps the results of all its tasks."""
    from prefect.settings import PREFECT_RESULTS_PERSIST_BY_DEFAULT, temporary_settings

    from flows.create_environment import create_environment

    kept = temporary_settings({PREFECT_RESULTS_PERSIST_BY_DEFAULT: True})
    with pytest.MonkeyPatch.context() as patch, kept:
        for name, value in sandbox.variables.items():
            patch.setenv(name, value)
        return create_environment(spec)


def test_the_first_run_makes_everything(created, cloud) -> None:
    assert created.infrastructure.outputs.cluster.name == "first-cluster"
    assert created.pipelines.healthy
    assert created.pipelines.object_count == 91
    assert created.pipelines.record.source == f"mirror {UPSTREAM}"
    assert created.pipelines.record.url.startswith("https://")


def test_the_second_run_changes_nothing(created, cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    state = create_environment(spec, return_state=True)
    assert state.is_completed()
    assert state.message == "No changes"
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []


def test_started_later_it_takes_what_is_there(created, cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    state = create_environment(spec, ["cluster.max_nodes=9"], start_at="deploy-kfp", return_state=True)
    assert (state.message, list(state.result().seconds)) == ("No changes", ["deploy-kfp"])
    assert state.result().infrastructure.outputs == created.infrastructure.outputs
    calls = cloud.calls_since(before)
    assert [call["path"] for call in calls if call["mutating"]] == []
    assert [call["path"] for call in calls if call["path"].endswith("record.json") and call["method"] != "GET"] == []


@pytest.mark.parametrize(
    ("start_at", "overrides", "missing"),
    [
        ("provision-infra", ["project_id=acme-never-made"], r"compute\.googleapis\.com.* are off"),
        ("deploy-kfp", ["state.prefix=elsewhere"], "its state has no outputs"),
    ],
)
def test_started_later_it_says_what_is_missing(created, cloud, spec, start_at, overrides, missing) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    with pytest.raises(MlopsEnvError, match=missing):
        create_environment(spec, overrides, start_at=start_at)
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []


def test_one_field_is_one_update_and_conflicts_are_taken_over_when_told_to(created, cloud, spec) -> None:
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.connection import Cluster
    from flows.create_environment import create_environment

    addresses = Addresses.from_environment()
    cluster = Cluster(read_cluster_access(addresses, "acme-first-project", "us-central1-a", "first-cluster"), addresses)
    edit = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/by-hand:1"}]
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-ui"
    by_hand = {"fieldManager": "kubectl-edit"}
    cluster.request("PATCH", path, by_hand, edit, content_type="application/json-patch+json")
    cluster.close()
    report = create_environment(spec, ["cluster.max_nodes=8"], force_conflicts=True)
    assert report.infrastructure.changes == ("update module.cluster.google_container_node_pool.this",)
    assert report.pipelines.changes == ("update Deployment kubeflow/ml-pipeline-ui",)


def test_another_namespace_is_refused_before_the_infrastructure_follows(created, cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match=r"set pipelines\.namespace to kubeflow"):
        create_environment(spec, ["pipelines.namespace=ml"])
    assert [call for call in cloud.calls_since(before) if call["mutating"]] == []


def test_the_record_and_the_state_hold_no_secret(created, cloud) -> None:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    manager = SecretManager(Addresses.from_environment(), "acme-first-project")
    password = manager.read("first-mysql-root-password")[1]
    kept = [
        cloud.call("GET", f"storage.googleapis.com/storage/v1/b/acme-first-tfstate/o/{name}?alt=media").text
        for name in ("mlops-env%2Ffirst%2Fdefault.tfstate", "mlops-env%2Ffirst%2Frecord.json")
    ]
    assert all(json.loads(text) for text in kept)
    assert all(password not in text for text in kept)
    export = json.dumps(cloud.control("GET", "export"))
    assert password not in export
    for file in cloud.data_dir.rglob("*"):
        if file.is_file():
            assert password.encode() not in file.read_bytes(), file


@pytest.fixture
def secrets(created, cloud) -> dict[str, bytes]:
    """Every secret that the create made or used, by what it is."""
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.connection import Cluster
    from clients.secret_manager import SecretManager

    addresses = Addresses.from_environment()
    manager = SecretManager(addresses, "acme-first-project")
    keys = json.loads(manager.read("first-artifact-keys")[1])
    known = {"access token": cloud.token, "root password": manager.read("first-mysql-root-password")[1], **keys}
    cluster = Cluster(read_cluster_access(addresses, "acme-first-project", "us-central1-a", "first-cluster"), addresses)
    found = {what: value.encode() for what, value in known.items()}
    for one in cluster.request("GET", "/api/v1/secrets").body["items"]:
        values = {key: base64.b64decode(value) for key, value in one.get("data", {}).items()}
        found |= {f"{one['metadata']['name']} {key}": value for key, value in values.items() if len(value) >= 16}
    cluster.close()
    return found


def as_written(value: bytes) -> Iterator[bytes]:
    """As it is, in JSON, and in base64 wherever it can begin there, as in a Kubernetes Secret or a pickled result."""
    yield value
    yield json.dumps(value.decode(errors="replace"))[1:-1].encode()
    for before in range(3):
        ends = -((before + len(value)) % 3) or None
        yield base64.b64encode(b"?" * before + value[:ends])[(0, 2, 3)[before] :]


def places(kept: dict[str, bytes], value: bytes) -> list[str]:
    forms = list(as_written(value))
    return [place for place, content in kept.items() if any(form in content for form in forms)]


def test_no_secret_is_in_what_prefect_keeps(created, secrets, prefect_keeps) -> None:
    from prefect import flow, get_run_logger, task
    from prefect.artifacts import create_markdown_artifact
    from prefect.events import emit_event
    from prefect.settings import get_current_settings
    from prefect.variables import Variable

    said = f"canary-{uuid4().hex}"

    @task(persist_result=True)
    def tell(word: str) -> str:
        get_run_logger().info(word)
        create_markdown_artifact(word, key="canary")
        emit_event("canary", {"prefect.resource.id": "canary", "word": word})
        Variable.set("canary", word, overwrite=True)
        return word

    @flow
    def told(word: str) -> str:
        return tell(word)

    told(said)
    database = Path(str(get_current_settings().server.database.connection_url.get_secret_value()).partition("///")[2])
    results = str(get_current_settings().results.local_storage_path)
    lists = {f"/{name}/filter" for name in ("flow_runs", "logs", "artifacts", "events", "variables")}

    def reaches(found: list[str]) -> bool:
        """Tell whether the search sees what was told, wherever Prefect keeps it; logs and events come late."""
        has_result = any(place.startswith(results) for place in found)
        return lists <= set(found) and has_result and any(place.startswith(str(database)) for place in found)

    kept = wait_until(prefect_keeps, lambda kept: reaches(places(kept, said.encode())))
    assert b"first-cluster" in kept["/logs/filter"], "the create's own lines are searched too"
    assert len(secrets) >= 6
    assert {what: places(kept, value) for what, value in secrets.items() if places(kept, value)} == {}


def wait_until(look: Callable[[], dict[str, bytes]], is_seen: Callable[[dict[str, bytes]], bool]) -> dict[str, bytes]:
    deadline = time.monotonic() + 30
    while not is_seen(found := look()):
        assert time.monotonic() < deadline
        time.sleep(1)
    return found


def test_another_machine_reads_the_outputs_and_leaves_no_plan(created, cloud, spec, tmp_path, monkeypatch) -> None:
    from clients.addresses import Addresses
    from clients.infrastructure import read_infrastructure
    from environment.spec_file import load_environment

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = cloud.last_call()
    outputs = read_infrastructure(load_environment(spec), Addresses.from_environment())
    assert outputs == created.infrastructure.outputs
    assert [call for call in cloud.calls_since(before) if call["mutating"] or call["bookkeeping"]] == []
    assert list(tmp_path.rglob("*.tfvars.json")) == []


def test_a_bad_spec_fails_before_any_call(cloud, spec) -> None:
    from flows.create_environment import create_environment

    before = cloud.last_call()
    with pytest.raises(SpecError, match="did you mean max_nodes"):
        create_environment(spec, ["cluster.max_node=8"])
    assert cloud.calls_since(before) == []
