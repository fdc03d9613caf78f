from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from clients.addresses import Addresses
from clients.change_control import ChangeControl
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.objects import Objects
from clients.kubernetes.prerequisites import apply_prerequisites
from clients.pipeline_secrets import apply_secrets
from clients.root_user import APPLIED
from clients.secret_manager import SecretManager
from clients.service_usage import ServiceUsage
from environment.apply_set import ApplySet
from environment.errors import KubernetesError
from environment.names import Names
from environment.pipeline_secrets import secret_references

SET = ApplySet("mlops-env", "ml", "0.1.0")
NAMES = Names("pipeline-secrets", "acme")
PASSWORD = "password-of-the-test"


@pytest.fixture(scope="module")
def addresses(sandbox) -> Addresses:
    found = Addresses.from_environment(sandbox.variables)
    ServiceUsage(found, NAMES.project_id).enable(("secretmanager.googleapis.com",))
    return found


@pytest.fixture(scope="module")
def secret_manager(addresses) -> SecretManager:
    return SecretManager(addresses, NAMES.project_id)


@pytest.fixture(scope="module")
def objects(sandbox, addresses) -> Iterator[Objects]:
    found = Objects(Cluster(ClusterAccess(*sandbox.make_cluster(NAMES.project_id, "acme")), addresses))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml"}}
    apply_prerequisites(found, [namespace], SET, secret_references("ml"))
    yield found
    found.cluster.close()


def values(objects: Objects) -> dict[str, dict[str, str]]:
    found = {reference.name: objects.get(reference) for reference in secret_references("ml")}
    return {
        name: {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
        for name, secret in found.items()
        if secret
    }


def test_without_the_password_of_the_database_nothing_is_made(objects, addresses, secret_manager):
    with pytest.raises(KubernetesError, match=r"acme-mysql-root-password: .*run provision_infra"):
        apply_secrets(objects, SET, addresses, NAMES, {})
    assert values(objects) == {}
    assert secret_manager.annotations(NAMES.artifact_keys_secret) is None


def test_secrets_come_from_secret_manager_once(objects, addresses, secret_manager):
    secret_manager.create(NAMES.root_password_secret, {})
    secret_manager.add_version(NAMES.root_password_secret, PASSWORD)
    secret_manager.annotate(NAMES.root_password_secret, {APPLIED: "db/0"})  # the database is about to be given it
    with pytest.raises(KubernetesError, match=r"version 1 of acme-mysql-root-password .*run provision_infra first"):
        apply_secrets(objects, SET, addresses, NAMES, {})
    assert values(objects) == {}
    secret_manager.annotate(NAMES.root_password_secret, {APPLIED: "db/1"})

    changes, versions = apply_secrets(objects, SET, addresses, NAMES, {"team": "ml"})
    assert [str(one) for one in changes] == [
        "create secret acme-artifact-keys of Secret Manager",
        "create Secret ml/mysql-secret",
        "create Secret ml/mlpipeline-minio-artifact",
    ]
    assert versions == {"mysql-secret": "1", "mlpipeline-minio-artifact": "1"}
    made = values(objects)
    assert made["mysql-secret"] == {"username": "root", "password": PASSWORD}
    keys = made["mlpipeline-minio-artifact"]
    assert (len(keys["accesskey"]), len(keys["secretkey"])) == (20, 40)

    assert apply_secrets(objects, SET, addresses, NAMES, {"team": "ml"}) == ((), versions)
    assert values(objects) == made


def test_new_password_is_an_update_that_does_not_show_it(objects, addresses, secret_manager):
    before = values(objects)
    secret_manager.add_version(NAMES.root_password_secret, "another-password")
    secret_manager.annotate(NAMES.root_password_secret, {APPLIED: "db/2"})
    begun: list[int] = []
    how = {"control": ChangeControl(begin=lambda: begun.append(len(begun)))}
    changes, versions = apply_secrets(objects, SET, addresses, NAMES, {}, **how)
    apply_secrets(objects, SET, addresses, NAMES, {}, **how)
    assert begun == [0], "before the first change, and of no second one"
    assert [one.explain() for one in changes] == ["update Secret ml/mysql-secret: .data.password"]
    shown = "".join(one.model_dump_json() for one in changes)
    for value in ("another-password", PASSWORD):
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
    assert versions["mysql-secret"] == "2"
    assert values(objects)["mlpipeline-minio-artifact"] == before["mlpipeline-minio-artifact"]
