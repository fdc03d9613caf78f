"""What each component brings and nothing else does."""

from typing import Any

import pytest
import yaml

from environment.paths import project_root

OFF = tuple(f"components.{name}=false" for name in ("notebooks", "training", "prediction", "dataflow"))
GRANT = "module.service_accounts.google_project_iam_member.this"
BUCKET_GRANT = "module.service_accounts.google_storage_bucket_iam_member.this"
ACT_AS = "module.service_accounts.google_service_account_iam_member.act_as"
ACCOUNT = "module.service_accounts.google_service_account.this"

VERTEX_AI = {f'{GRANT}["user/roles/aiplatform.user"]', f'{ACT_AS}["user/user"]'}
BROUGHT = {
    "training": VERTEX_AI,
    "prediction": VERTEX_AI,
    "dataflow": {
        f'{ACCOUNT}["dataflow"]',
        f'{GRANT}["dataflow/roles/dataflow.worker"]',
        f'{GRANT}["user/roles/dataflow.developer"]',
        f'{BUCKET_GRANT}["dataflow/roles/storage.objectUser"]',
        f'{ACT_AS}["user/dataflow"]',
        'module.artifact_store.google_storage_bucket_object.folder["dataflow"]',
        "module.network.google_compute_firewall.dataflow[0]",
    },
    "notebooks": {
        f'{ACCOUNT}["notebook"]',
        f'{GRANT}["notebook/roles/bigquery.jobUser"]',
        f'{GRANT}["notebook/roles/logging.logWriter"]',
        f'{GRANT}["notebook/roles/monitoring.metricWriter"]',
        f'{BUCKET_GRANT}["notebook/roles/storage.objectUser"]',
        "module.notebook[0].google_workbench_instance.this",
    },
}


@pytest.mark.parametrize("component", BROUGHT)
def test_a_component_brings_its_own(planner: Any, variables: Any, component: str) -> None:
    without = planner.addresses(variables("dev", *OFF))
    alone = planner.addresses(variables("dev", *OFF, f"components.{component}=true"))
    assert alone - without == BROUGHT[component]
    assert without - alone == set()


def test_a_notebook_starts_what_pipelines_start(planner: Any, variables: Any) -> None:
    assert {
        f'{GRANT}["notebook/roles/aiplatform.user"]',
        f'{GRANT}["notebook/roles/dataflow.developer"]',
        f'{ACT_AS}["notebook/notebook"]',
        f'{ACT_AS}["notebook/dataflow"]',
    } <= set(planner.resources(variables("dev")))


def test_the_roles_of_what_is_always_there(planner: Any, variables: Any) -> None:
    without = planner.addresses(variables("dev", *OFF))
    assert {address for address in without if "google_project_iam_member" in address} == {
        f'{GRANT}["node/roles/artifactregistry.reader"]',
        f'{GRANT}["node/roles/container.defaultNodeServiceAccount"]',
        f'{GRANT}["system/roles/cloudsql.client"]',
        f'{GRANT}["user/roles/bigquery.jobUser"]',
    }


def test_dataflow_stages_in_a_folder_of_the_bucket(planner: Any, variables: Any) -> None:
    folder = planner.resources(variables("dev"))[
        'module.artifact_store.google_storage_bucket_object.folder["dataflow"]'
    ]
    assert (folder["bucket"], folder["name"]) == ("acme-mlops-dev-acme-dev-artifacts", "dataflow/")


def test_workload_identity_binds_the_accounts_of_pipelines(planner: Any, variables: Any) -> None:
    resources = planner.resources(variables("dev"))
    bound = {
        address.split('["')[1].rstrip('"]'): values["member"]
        for address, values in resources.items()
        if ".workload_identity[" in address
    }
    assert bound == {
        key: f"serviceAccount:acme-mlops-dev.svc.id.goog[kubeflow/{key.split('/')[1]}]"
        for key in (
            "system/kubeflow-pipelines-cloudsql-proxy",
            "system/kubeflow-pipelines-minio-gcs-gateway",
            "system/ml-pipeline-ui",
            "system/ml-pipeline-visualizationserver",
            "user/kubeflow-pipelines-container-builder",
            "user/kubeflow-pipelines-viewer",
            "user/pipeline-runner",
        )
    }


def test_the_overlay_annotates_the_accounts_that_are_bound(planner: Any, variables: Any) -> None:
    rules = yaml.safe_load((project_root() / "kustomize" / "workload-identity" / "accounts.yaml").read_text())
    annotated = {
        f"{rule['source']['fieldPath'].removeprefix('data.').removesuffix('ServiceAccount')}/{target['select']['name']}"
        for rule in rules
        for target in rule["targets"]
    }
    addresses = planner.addresses(variables("dev", *OFF))
    assert annotated == {address.split('"')[1] for address in addresses if ".workload_identity[" in address}
