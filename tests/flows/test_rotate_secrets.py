"""New passwords and keys, on a cluster and a database made by hand: stopped at each step, and gone on with."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from environment.errors import ApprovalError, MlopsEnvError, PreflightError
from environment.rotation import BEGUN, ENDING, HALF_WAY

pytestmark = pytest.mark.told_all

PROJECT, BUCKET = "acme-rotated-project", "acme-rotated-tfstate"
SPEC = f"""\
name: rotated
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: rotated
state: {{bucket: {BUCKET}}}
"""
ACCOUNTS = {role: f"{role}@{PROJECT}.iam.gserviceaccount.com" for role in ("node", "system", "user")}
OUTPUTS: dict[str, Any] = {
    "network": {"name": "given", "subnetwork": "given"},
    "cluster": {"name": "given", "location": "us-central1-a", "endpoint": "1.2.3.4", "workload_pool": "given"},
    "database": {"instance": "given", "connection_name": f"{PROJECT}:us-central1:given", "version": "MYSQL_8_0"},
    "artifact_store": {"bucket": "acme-rotated-artifacts", "url": "gs://acme-rotated-artifacts"},
    "service_accounts": ACCOUNTS,
}
STATE = {
    "version": 4,
    "serial": 1,
    "lineage": "given",
    "outputs": {key: {"value": one} for key, one in OUTPUTS.items()},
}
PASSWORD, KEYS = "rotated-mysql-root-password", "rotated-artifact-keys"
VERSION = "mlops-env/version-of-mysql-secret"
SQL = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances"


@pytest.fixture(scope="module")
def spec(sandbox, prefect_server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An installation that uses a database; the spec's path."""
    path = tmp_path_factory.mktemp("specs") / "rotated.yaml"
    path.write_text(SPEC)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.variables.items():
            patch.setenv(name, value)
        from clients.addresses import Addresses
        from clients.root_user import ensure_root_user
        from clients.service_usage import ServiceUsage
        from clients.storage import Storage
        from flows.deploy_kfp import deploy_kfp

        addresses = Addresses.from_environment()
        needed = ("secretmanager.googleapis.com", "storage.googleapis.com", "sqladmin.googleapis.com")
        ServiceUsage(addresses, PROJECT).enable(needed)
        settings = {"tier": "db-custom-1-3840"}
        database = {"name": "given", "databaseVersion": "MYSQL_8_0", "region": "us-central1", "settings": settings}
        sandbox.call("POST", SQL, database).raise_for_status()
        sandbox.make_cluster(PROJECT, "given")
        storage = Storage(addresses, PROJECT)
        storage.ensure_bucket(BUCKET, "us-central1", {})
        storage.write(BUCKET, "mlops-env/rotated/default.tfstate", json.dumps(STATE))
        ensure_root_user(addresses, PROJECT, "given", PASSWORD, {})
        deploy_kfp(str(path))
    return str(path)


@pytest.fixture
def cloud(cloud, spec):
    """The sandbox; no fault outlives a test."""
    yield cloud
    cloud.control("DELETE", "faults")


def rotate(spec: str, *overrides: str, **switches: Any) -> Any:
    from flows.rotate_secrets import rotate_secrets

    return rotate_secrets(spec, list(overrides), **switches)


def value_of(secret: str) -> tuple[str, str]:
    from clients.addresses import Addresses
    from clients.secret_manager import SecretManager

    found = SecretManager(Addresses.from_environment(), PROJECT).read(secret)
    assert found is not None
    return found


def objects() -> Any:
    from clients.addresses import Addresses
    from clients.gke import read_cluster_access
    from clients.kubernetes.objects import open_cluster

    addresses = Addresses.from_environment()
    return open_cluster(addresses, read_cluster_access(addresses, PROJECT, "us-central1-a", "given"))


def get(kind: str, group: str, name: str) -> dict[str, Any]:
    from environment.objects import ObjectReference

    found = objects().get(ObjectReference(group, "v1", kind, "kubeflow", name))
    assert found is not None
    return dict(found)


def password_of_the_cluster() -> str:
    return base64.b64decode(get("Secret", "", "mysql-secret")["data"]["password"]).decode()


def noted_version() -> str:
    return str(get("Deployment", "apps", "ml-pipeline")["spec"]["template"]["metadata"]["annotations"][VERSION])


def lets_in(cloud: Any, password: str) -> bool:
    return bool(cloud.lets_in(PROJECT, "given", password))


def states_of(cloud: Any, secret: str) -> list[str]:
    path = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets/{secret}/versions"
    return [one["state"] for one in cloud.call("GET", path).json()["versions"]]


def note(cloud: Any) -> int:
    path = f"storage.googleapis.com/storage/v1/b/{BUCKET}/o/mlops-env%2Frotated%2Frotation.json"
    return int(cloud.call("GET", path).status_code)


# Method, path, how many calls pass (those of dry runs), whether the pods' password is the new one then, what is said.
USERS = "/instances/given/users"
STOPS = [
    ("PUT", USERS, 0, False, BEGUN),
    ("PATCH", "/secrets/mysql-secret", 1, False, HALF_WAY),
    ("PATCH", "/deployments/cache-server", 2, True, HALF_WAY),
    ("POST", f"/secrets/{PASSWORD}/versions/1:disable", 0, True, ENDING),
]


def others_leave_the_pods_alone(cloud: Any, spec: str, used: str) -> None:
    """The database has not been given the new password yet; neither an install nor an apply may lock the pods out."""
    from prefect import flow

    from environment.spec_file import load_environment
    from tasks.infrastructure import ensure_database_root_user, read_infrastructure

    with pytest.raises(MlopsEnvError, match=f"version 2 of {PASSWORD} is newer than .*; run provision_infra first"):
        deploy(spec).result()
    assert password_of_the_cluster() == used
    environment = load_environment(spec, [])
    flow(lambda: ensure_database_root_user(environment, read_infrastructure(environment)), name="apply")()
    assert (lets_in(cloud, used), lets_in(cloud, value_of(PASSWORD)[1])) == (True, True)


def newest_entry(spec: str) -> Any:
    from clients.addresses import Addresses
    from clients.history import read_history
    from environment.spec_file import load_environment

    return read_history(load_environment(spec, []), Addresses.from_environment(), 1)[0]


def test_stopped_anywhere_the_system_works_and_the_next_run_goes_on(cloud, spec) -> None:
    """Each stop is a run of the same rotation; at each the pods' password, old or new, lets them in."""
    old = value_of(PASSWORD)[1]
    for method, path, passing, is_new, said in STOPS:
        fault = {"method": method, "path": path, "after": passing, "status": 400, "times": 0}
        cloud.control("POST", "faults", fault)
        with pytest.raises(MlopsEnvError) as stopped:
            rotate(spec)
        cloud.control("DELETE", "faults")
        assert [one for one in (BEGUN, HALF_WAY, ENDING) if one in str(stopped.value)] == [said]
        used = password_of_the_cluster()
        assert (used != old) == is_new, path
        assert lets_in(cloud, used), path
        assert note(cloud) == 200
        if path == USERS:
            others_leave_the_pods_alone(cloud, spec, used)
    assert newest_entry(spec).changes[-1] == "delete old password of user root@% of given", "done before the failure"
    report = rotate(spec)
    assert report.resumed
    assert value_of(PASSWORD) == ("2", password_of_the_cluster())
    assert noted_version() == "2"
    assert (lets_in(cloud, password_of_the_cluster()), lets_in(cloud, old)) == (True, False)
    assert states_of(cloud, PASSWORD) == states_of(cloud, KEYS) == ["ENABLED", "DISABLED"]
    assert note(cloud) == 404


def test_a_whole_rotation_restarts_the_readers_and_create_has_nothing_left_to_do(cloud, spec) -> None:
    from flows.deploy_kfp import deploy_kfp

    before, old = cloud.last_call(), (value_of(PASSWORD)[0], value_of(KEYS)[0])
    after_it_was_noted = {"method": "GET", "path": "rotation.json", "status": 503, "after": 2}
    cloud.control("POST", "faults", after_it_was_noted)
    report = rotate(spec)
    assert not report.resumed, "it is its own"
    restarted = [one for one in report.changes if one.startswith("update Deployment ")]
    assert {"update Deployment kubeflow/ml-pipeline", "update Deployment kubeflow/minio"} <= {*restarted}
    assert report.changes[:2] == ("update user root@% of given", f"update secret {KEYS} of Secret Manager")
    assert report.changes[-3:] == (
        "delete old password of user root@% of given",
        f"disable version {old[0]} of secret {PASSWORD} of Secret Manager",
        f"disable version {old[1]} of secret {KEYS} of Secret Manager",
    )
    patched = [call["path"] for call in cloud.calls_since(before) if call["method"] == "PATCH" and call["mutating"]]
    assert len([path for path in patched if "/deployments/" in path]) == len(restarted)
    entry = newest_entry(spec)
    assert (entry.action, entry.outcome, entry.changes) == ("rotate-secrets", "succeeded", report.changes)
    assert deploy_kfp(spec, return_state=True).message == "No changes"


def test_no_value_is_left_behind(cloud, spec, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In Prefect's database, the sandbox's, its call log, caches and states: all are under one folder here."""
    keys = json.loads(value_of(KEYS)[1])
    values = [value_of(PASSWORD)[1], *keys.values()]
    needles = [form for one in values for form in (one.encode(), base64.b64encode(one.encode()))]
    files = [path for path in tmp_path_factory.getbasetemp().rglob("*") if path.is_file()]
    assert len(files) > 20
    texts = {path: path.read_bytes() for path in files}
    assert [path for path, text in texts.items() if any(needle in text for needle in needles)] == []
    assert not any(needle.decode() in json.dumps(cloud.calls_since(0)) for needle in needles)


def test_what_is_not_as_the_spec_says_stops_it_before_anything(cloud, spec) -> None:
    edit = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/by-hand:1"}]
    path = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline"
    by_hand = {"fieldManager": "kubectl-edit"}
    objects().cluster.request("PATCH", path, by_hand, edit, content_type="application/json-patch+json")
    before = cloud.last_call()
    with pytest.raises(PreflightError, match=r"update Deployment kubeflow/ml-pipeline: .*run create first"):
        rotate(spec)
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []


def test_where_approval_is_required_a_person_sees_what_is_rotated(cloud, spec, monkeypatch) -> None:
    from environment.approval import Answer
    from flows.approval import asking
    from flows.deploy_kfp import deploy_kfp

    deploy_kfp(spec, force_conflicts=True)
    seen: list[Any] = []

    def ask(plan: Any) -> Answer:
        seen.append(plan)
        return Answer(decision="approve" if len(seen) > 1 else "reject", reason="not today")

    before = cloud.last_call()
    with asking(ask), pytest.raises(ApprovalError, match="rejected: not today"):
        rotate(spec, "approval.required=true")
    assert [call["path"] for call in cloud.calls_since(before) if call["mutating"]] == []
    addresses = [str(one) for one in seen[0].changes]
    assert "update user root@% of given" in addresses
    assert "update Secret kubeflow/mysql-secret" in addresses
    assert "update Deployment kubeflow/ml-pipeline" in addresses
    ended = {one for one in addresses if one.startswith(("delete ", "disable "))}
    assert ended == {
        "delete old password of user root@% of given",
        f"disable version {value_of(PASSWORD)[0]} of secret {PASSWORD} of Secret Manager",
        f"disable version {value_of(KEYS)[0]} of secret {KEYS} of Secret Manager",
    }
    with asking(ask):
        report = rotate(spec, "approval.required=true")
    assert ended <= {*report.changes} <= {*addresses}


USER, SYSTEM = "user-gcp-sa", "system-gcp-sa"
EMAILS = {name: f"rotated-kfp-{name.split('-')[0]}@{PROJECT}.iam.gserviceaccount.com" for name in (USER, SYSTEM)}
BY_KEY = "identity=service_account_key"
IAM = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts"


def deploy(spec: str, *overrides: str) -> Any:
    from flows.deploy_kfp import deploy_kfp

    return deploy_kfp(spec, list(overrides), return_state=True, force_conflicts=True)


def keys_of(cloud: Any, name: str) -> list[str]:
    found = cloud.call("GET", f"{IAM}/{EMAILS[name]}/keys").json().get("keys") or ()
    return [key["name"].rsplit("/", 1)[-1] for key in found]


def held_key(name: str) -> dict[str, str]:
    return dict(json.loads(base64.b64decode(get("Secret", "", name)["data"]["application_default_credentials.json"])))


def test_pods_act_by_keys_that_are_nowhere_else_and_are_rotated(cloud, spec, tmp_path_factory) -> None:
    """Refused by policy; made, with one lost on the way; unchanged; rotated; and gone with Workload Identity."""
    cloud.call(
        "POST", "serviceusage.googleapis.com/v1/projects/acme-rotated-project/services/iam.googleapis.com:enable"
    )
    for name in (USER, SYSTEM):
        account = EMAILS[name].partition("@")[0]
        cloud.call("POST", IAM, {"accountId": account}).raise_for_status()

    policy = {"project_id": PROJECT, "constraint": "iam.disableServiceAccountKeyCreation"}
    cloud.control("POST", "policy", {**policy, "rule": {"enforce": True}})
    with pytest.raises(PreflightError, match=r"iam\.disableServiceAccountKeyCreation forbids keys"):
        deploy(spec, BY_KEY).result()
    cloud.control("POST", "policy", {**policy, "rule": None})

    fault = {"method": "PATCH", "path": f"/secrets/{USER}", "after": 1, "times": 0, "status": 400}
    cloud.control("POST", "faults", fault)
    assert deploy(spec, BY_KEY).is_failed()
    (lost,) = keys_of(cloud, USER)
    cloud.control("DELETE", "faults")
    theirs = cloud.call("POST", f"{IAM}/{EMAILS[SYSTEM]}/keys", {}).json()["name"].rsplit("/", 1)[-1]
    deploy(spec, BY_KEY).result()
    first = {name: held_key(name)["private_key_id"] for name in (USER, SYSTEM)}
    assert keys_of(cloud, USER) == [first[USER]]
    assert lost != first[USER]
    assert sorted(keys_of(cloud, SYSTEM)) == sorted([first[SYSTEM], theirs])
    assert deploy(spec, BY_KEY).message == "No changes"

    report = rotate(spec, BY_KEY)
    second = {name: held_key(name)["private_key_id"] for name in (USER, SYSTEM)}
    assert keys_of(cloud, USER) == [second[USER]]
    assert sorted(keys_of(cloud, SYSTEM)) == sorted([second[SYSTEM], theirs])
    assert {*first.values()} & {*second.values()} == set()
    assert f"delete key {first[USER]} of {EMAILS[USER]}" in report.changes
    for name in ("cloudsqlproxy", "minio", "ml-pipeline-ui", "ml-pipeline-visualizationserver"):
        template = get("Deployment", "apps", name)["spec"]["template"]
        assert template["metadata"]["annotations"][f"mlops-env/version-of-{SYSTEM}"] == second[SYSTEM]
        assert f"update Deployment kubeflow/{name}" in report.changes

    for name in (USER, SYSTEM):
        lines = held_key(name)["private_key"].splitlines()
        encoded = get("Secret", "", name)["data"]["application_default_credentials.json"]
        needles = [lines[5].encode(), encoded[400:460].encode()]
        files = [path for path in tmp_path_factory.getbasetemp().rglob("*") if path.is_file()]
        assert [path for path in files if any(needle in path.read_bytes() for needle in needles)] == []

    deploy(spec).result()
    assert (keys_of(cloud, USER), keys_of(cloud, SYSTEM)) == ([], [theirs])
    assert deploy(spec).message == "No changes"
