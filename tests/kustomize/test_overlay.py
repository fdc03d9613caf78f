import os
from collections import Counter
from typing import Any

import pytest
import yaml

from clients.kustomize import render
from clients.manifest_mirrors import FALLBACK, MIRROR, fetch_mirror
from environment.cluster_room import free_room
from environment.existing_requirements import REQUESTED
from environment.paths import project_root
from environment.pipelines import KustomizeParameters, Rendered
from environment.placeholders import check_placeholders
from environment.references import missing_references

ROOT = project_root()
UPSTREAM = os.environ.get(MIRROR, "")
SYSTEM, USER = (f"{name}@acme-mlops-dev.iam.gserviceaccount.com" for name in ("system", "user"))
PARAMETERS = KustomizeParameters(
    version="2.14.4",
    namespace="ml",
    project_id="acme-mlops-dev",
    bucket="acme-artifacts",
    connection_name="acme-mlops-dev:us-central1:acme-mysql-abc123",
    private_ip=True,
    system_account=SYSTEM,
    user_account=USER,
    pipeline_db="acme_pipelines",
    mlmd_db="acme_metadata",
    cache_db="acme_cache",
)
IDENTITIES = {
    "ml-pipeline-ui": SYSTEM,
    "ml-pipeline-visualizationserver": SYSTEM,
    "kubeflow-pipelines-minio-gcs-gateway": SYSTEM,
    "kubeflow-pipelines-cloudsql-proxy": SYSTEM,
    "pipeline-runner": USER,
    "kubeflow-pipelines-container-builder": USER,
    "kubeflow-pipelines-viewer": USER,
}


def _render(source: str, **changes: Any) -> Rendered:
    """Render on the skeleton, or on the manifests that MLOPS_ENV_GIT_MIRROR names."""
    with pytest.MonkeyPatch.context() as variables:
        variables.delenv(FALLBACK, raising=False)
        variables.setenv(MIRROR, UPSTREAM if source == "upstream" else str(ROOT / "sandbox/manifests"))
        mirror = fetch_mirror(PARAMETERS.version)
    return render(PARAMETERS.model_copy(update=changes), ROOT / "kustomize", mirror)


@pytest.fixture(
    scope="module",
    params=[
        "skeleton",
        pytest.param("upstream", marks=pytest.mark.skipif(not UPSTREAM, reason=f"{MIRROR} is not set")),
    ],
)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rendered(source: str) -> Rendered:
    return _render(source)


def _get(rendered: Rendered, kind: str, name: str) -> dict[str, Any]:
    (found,) = (item for item in rendered.manifests if item["kind"] == kind and item["metadata"]["name"] == name)
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def test_pods_act_by_keys_where_the_spec_says_so(source: str) -> None:
    rendered = _render(source, identity="service_account_key")
    assert missing_references(rendered.manifests) == []
    assert not [text for text in _texts(list(rendered.manifests)) if text in (SYSTEM, USER)]
    for name in ("cloudsqlproxy", "minio", "ml-pipeline-ui", "ml-pipeline-visualizationserver"):
        pod = _get(rendered, "Deployment", name)["spec"]["template"]["spec"]
        assert {"name": "gcp-credentials", "secret": {"secretName": "system-gcp-sa"}} in pod["volumes"]
        (container,) = pod["containers"]
        assert container["image"]
        (mount,) = (one for one in container["volumeMounts"] if one["name"] == "gcp-credentials")
        (variable,) = (one for one in container["env"] if one["name"] == "GOOGLE_APPLICATION_CREDENTIALS")
        assert variable["value"] == f"{mount['mountPath']}/application_default_credentials.json"
    defaults = _get(rendered, "ConfigMap", "workflow-controller-configmap")["data"]["workflowDefaults"]
    patch = yaml.safe_load(yaml.safe_load(defaults)["spec"]["podSpecPatch"])
    assert patch["volumes"][0]["secret"] == {"secretName": "user-gcp-sa"}
    assert patch["containers"][0]["name"] == "main"


@pytest.mark.skipif(not UPSTREAM, reason=f"{MIRROR} is not set")
def test_an_existing_cluster_is_asked_for_the_room_that_the_release_takes() -> None:
    rendered = _render("upstream")
    templates = [
        item["spec"]["template"] for item in rendered.manifests if item["kind"] in ("Deployment", "StatefulSet")
    ]
    pods = [{"spec": {**template["spec"], "nodeName": "one"}} for template in templates]
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    left = free_room([{"metadata": {"name": "one"}, "status": ready}], pods)
    assert (-left.millicores, -left.mebibytes) == REQUESTED[PARAMETERS.version]


def test_all_of_the_release_is_there_but_its_secrets(rendered: Rendered) -> None:
    kinds = Counter(item["kind"] for item in rendered.manifests)
    assert kinds == {
        "Namespace": 1,
        "CustomResourceDefinition": 11,
        "ServiceAccount": 18,
        "Role": 12,
        "ClusterRole": 1,
        "RoleBinding": 12,
        "ClusterRoleBinding": 1,
        "ConfigMap": 6,
        "Service": 9,
        "PriorityClass": 1,
        "Deployment": 16,
        "Application": 1,
    }
    assert kinds.total() == 89


def test_namespaces_and_definitions_come_first(rendered: Rendered) -> None:
    kinds = [item["kind"] for item in rendered.manifests[:12]]
    assert kinds == ["Namespace"] + ["CustomResourceDefinition"] * 11


def test_nothing_is_left_in_another_namespace(rendered: Rendered) -> None:
    assert _get(rendered, "Namespace", "ml")
    assert {item["metadata"].get("namespace") for item in rendered.manifests} == {"ml", None}
    subjects = [
        subject
        for item in rendered.manifests
        if item["kind"] in ("RoleBinding", "ClusterRoleBinding")
        for subject in item["subjects"]
    ]
    assert {subject["namespace"] for subject in subjects} == {"ml"}
    hosts = [text for item in rendered.manifests for text in _texts(item.get("data", {})) if ":9000" in text]
    assert hosts
    assert all("minio-service.ml:9000" in text for text in hosts)
    assert not [text for item in rendered.manifests for text in _texts(item) if ".kubeflow:" in text]


def test_upstreams_own_namespace_works_too(source: str) -> None:
    rendered = _render(source, namespace="kubeflow")
    assert {item["metadata"].get("namespace") for item in rendered.manifests} == {"kubeflow", None}
    assert missing_references(rendered.manifests) == []


def test_everything_that_is_named_is_made(rendered: Rendered) -> None:
    assert missing_references(rendered.manifests) == []


@pytest.mark.parametrize(
    ("kind", "name", "named"),
    [
        ("ServiceAccount", "ml-pipeline", "Deployment ml/ml-pipeline names ServiceAccount ml/ml-pipeline"),
        ("ServiceAccount", "argo", "RoleBinding ml/argo-binding names ServiceAccount ml/argo"),
        ("ConfigMap", "pipeline-install-config", "names ConfigMap ml/pipeline-install-config"),
        ("Service", "minio-service", "ConfigMap ml/workflow-controller-configmap names Service ml/minio-service"),
        ("Service", "mysql", "ConfigMap ml/pipeline-install-config names Service ml/mysql"),
        ("PriorityClass", "workflow-controller", "Deployment ml/workflow-controller names PriorityClass"),
    ],
)
def test_what_is_taken_away_is_missed(rendered: Rendered, kind: str, name: str, named: str) -> None:
    kept = [item for item in rendered.manifests if (item["kind"], item["metadata"]["name"]) != (kind, name)]
    assert any(named in line for line in missing_references(kept))


def test_only_what_others_make_is_missing_without_their_list(rendered: Rendered) -> None:
    missing = {line.rpartition(" names ")[2] for line in missing_references(rendered.manifests, ())}
    assert missing == {
        "Secret ml/mysql-secret, which nothing makes",
        "Secret ml/mlpipeline-minio-artifact, which nothing makes",
        "Secret ml/webhook-server-tls, which nothing makes",
        "ServiceAccount ml/default, which nothing makes",
    }


def test_no_placeholder_survives(rendered: Rendered) -> None:
    check_placeholders(rendered.manifests)
    assert not [text for item in rendered.manifests for text in _texts(item) if text.startswith("your")]


def test_the_environments_values_are_the_installations(rendered: Rendered) -> None:
    config = _get(rendered, "ConfigMap", "pipeline-install-config")["data"]
    expected = {
        "pipelineDb": "acme_pipelines",
        "mlmdDb": "acme_metadata",
        "cacheDb": "acme_cache",
        "bucketName": "acme-artifacts",
        "gcsProjectId": "acme-mlops-dev",
        "gcsCloudSqlInstanceName": "acme-mlops-dev:us-central1:acme-mysql-abc123",
        "defaultPipelineRoot": "gs://acme-artifacts/v2/artifacts",
        "appVersion": "2.14.4",
    }
    assert expected.items() <= config.items()
    assert not {"systemServiceAccount", "databaseAddressType"} & config.keys()
    assert _get(rendered, "ConfigMap", "kfp-launcher")["data"] == {
        "defaultPipelineRoot": "gs://acme-artifacts/v2/artifacts"
    }
    workflows = _get(rendered, "ConfigMap", "workflow-controller-configmap")["data"]["artifactRepository"]
    assert 'bucket: "acme-artifacts"' in workflows


@pytest.mark.parametrize(("private_ip", "kind"), [(True, "PRIVATE"), (False, "PUBLIC")])
def test_the_database_proxy_asks_for_one_kind_of_address(source: str, private_ip: bool, kind: str) -> None:
    deployment = _get(_render(source, private_ip=private_ip), "Deployment", "cloudsqlproxy")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["command"] == [
        "/cloud_sql_proxy",
        f"-ip_address_types={kind}",
        "-term_timeout=10s",
        "-dir=/cloudsql",
        "-instances=$(GCP_CLOUDSQL_INSTANCE_NAME)=tcp:0.0.0.0:3306",
        "-use_http_health_check",
    ]
    assert "args" not in container
    assert pod["metadata"]["annotations"]["mlops-env/database-instance"] == PARAMETERS.connection_name


def test_another_bucket_restarts_the_api_server(rendered: Rendered) -> None:
    pod = _get(rendered, "Deployment", "ml-pipeline")["spec"]["template"]
    assert pod["metadata"]["annotations"]["mlops-env/bucket"] == "acme-artifacts"


def test_another_database_restarts_the_service_that_reads_it(rendered: Rendered) -> None:
    pods = {
        name: _get(rendered, "Deployment", name)["spec"]["template"]["metadata"]["annotations"]["mlops-env/database"]
        for name in ("ml-pipeline", "metadata-grpc-deployment", "cache-server")
    }
    assert list(pods.values()) == ["acme_pipelines", "acme_metadata", "acme_cache"]


def test_exactly_the_accounts_that_terraform_binds_are_annotated(rendered: Rendered) -> None:
    annotated = {
        item["metadata"]["name"]: annotation
        for item in rendered.manifests
        if item["kind"] == "ServiceAccount"
        and (annotation := item["metadata"].get("annotations", {}).get("iam.gke.io/gcp-service-account"))
    }
    assert annotated == IDENTITIES


def test_everything_is_labelled_and_selectors_are_upstreams(rendered: Rendered) -> None:
    for item in rendered.manifests:
        assert item["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "mlops-env"
    for item in (item for item in rendered.manifests if item["kind"] == "Deployment"):
        selector, pod = item["spec"]["selector"]["matchLabels"], item["spec"]["template"]["metadata"]["labels"]
        assert "app.kubernetes.io/managed-by" not in selector | pod
        assert selector.items() <= pod.items()


def test_every_service_selects_a_deployment(rendered: Rendered) -> None:
    pods = [
        item["spec"]["template"]["metadata"]["labels"] for item in rendered.manifests if item["kind"] == "Deployment"
    ]
    for service in (item for item in rendered.manifests if item["kind"] == "Service"):
        assert any(service["spec"]["selector"].items() <= labels.items() for labels in pods), service["metadata"]
