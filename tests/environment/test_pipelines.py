import json
from typing import Any

import pytest
from pydantic import ValidationError

from environment.kustomization import generated_files
from environment.pipelines import KustomizeParameters, digest_of

GIVEN: dict[str, Any] = {
    "version": "2.14.4",
    "namespace": "ml",
    "project_id": "acme-mlops-dev",
    "bucket": "acme-artifacts",
    "connection_name": "acme-mlops-dev:us-central1:acme-mysql-abc123",
    "private_ip": True,
    "system_account": "system@acme-mlops-dev.iam.gserviceaccount.com",
    "user_account": "user@acme-mlops-dev.iam.gserviceaccount.com",
    "pipeline_db": "pipelinedb",
    "mlmd_db": "metadb",
    "cache_db": "cachedb",
}


def test_parameters_become_the_lines_of_one_file() -> None:
    files = generated_files(KustomizeParameters(**GIVEN), "overlay")
    lines = dict(line.split("=", 1) for line in files["gcp-configs.env"].splitlines())
    assert lines == {
        "pipelineDb": "pipelinedb",
        "mlmdDb": "metadb",
        "cacheDb": "cachedb",
        "bucketName": "acme-artifacts",
        "gcsProjectId": "acme-mlops-dev",
        "gcsCloudSqlInstanceName": "acme-mlops-dev:us-central1:acme-mysql-abc123",
        "defaultPipelineRoot": "gs://acme-artifacts/v2/artifacts",
        "databaseAddressType": "PRIVATE",
        "systemServiceAccount": "system@acme-mlops-dev.iam.gserviceaccount.com",
        "userServiceAccount": "user@acme-mlops-dev.iam.gserviceaccount.com",
    }


def test_a_database_without_a_private_address_is_reached_by_its_public_one() -> None:
    assert KustomizeParameters(**GIVEN | {"private_ip": False}).config()["databaseAddressType"] == "PUBLIC"


def test_the_kustomization_builds_the_release_of_the_spec_in_its_namespace() -> None:
    files = generated_files(KustomizeParameters(**GIVEN | {"version": "2.14.3"}), "overlay")
    kustomization = json.loads(files["kustomization.yaml"])
    assert kustomization["namespace"] == "ml"
    assert [resource.split("?")[0].rpartition("/kustomize/")[2] for resource in kustomization["resources"]] == [
        "cluster-scoped-resources",
        "env/gcp",
    ]
    assert all("ref=2.14.3" in resource for resource in kustomization["resources"])


def test_a_project_of_a_domain_is_taken() -> None:
    project = {"project_id": "example.com:mlops-dev", "connection_name": "example.com:mlops-dev:us-central1:mysql"}
    assert KustomizeParameters(**GIVEN | project).project_id == "example.com:mlops-dev"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bucket", "acme\nsystemServiceAccount=evil@example.com"),
        ("bucket", "acme artifacts"),
        ("connection_name", "acme-mysql"),
        ("system_account", "system"),
        ("user_account", "user@acme\n"),
        ("pipeline_db", "pipeline-db;drop"),
        ("namespace", "ML"),
        ("version", "master"),
        ("version", "2.14.4&ref=main"),
        ("project_id", "your project"),
    ],
)
def test_values_that_are_no_such_thing_are_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match=field):
        KustomizeParameters(**GIVEN | {field: value})


def test_the_digest_depends_on_the_objects_and_their_order_alone() -> None:
    one, other = {"kind": "A", "metadata": {"name": "a", "labels": {}}}, {"kind": "B"}
    turned = {"metadata": {"labels": {}, "name": "a"}, "kind": "A"}
    assert digest_of([one, other]) == digest_of([turned, other])
    assert digest_of([one, other]) != digest_of([other, one])
    assert digest_of([one]) != digest_of([one, other])
    assert digest_of([]).startswith("sha256:")
