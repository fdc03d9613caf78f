"""The sandbox's skeleton of Kubeflow Pipelines against the real manifests, where MLOPS_ENV_GIT_MIRROR names them."""

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.git import git_environment
from clients.kustomize_binary import find_kustomize
from clients.manifest_mirrors import FALLBACK, MIRROR, fetch_mirror
from environment.kustomization import BASES, UPSTREAM
from environment.paths import project_root
from environment.references import references

SKELETON = project_root() / "sandbox/manifests"
REAL = os.environ.get(MIRROR, "")
pytestmark = pytest.mark.skipif(not REAL, reason=f"{MIRROR} is not set")

Manifests = list[dict[str, Any]]


def _build(root: str, folder: Path) -> Manifests:
    """Build upstream's two folders as they are, without our overlay."""
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv(MIRROR, root)
        variables.delenv(FALLBACK, raising=False)
        mirror = fetch_mirror("2.14.4")
    resources = "".join(f"- {UPSTREAM}/{base}?ref=2.14.4\n" for base in BASES)
    (folder / "kustomization.yaml").write_text(f"resources:\n{resources}")
    variables_of_git = git_environment({f"url.{mirror.folder.as_uri()}/.insteadOf": "https://github.com/"})
    command = [*find_kustomize(), str(folder)]
    done = subprocess.run(command, env=variables_of_git, capture_output=True, text=True, check=True)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [document for document in yaml.load_all(done.stdout, loader) if document]


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    return _build(str(SKELETON), tmp_path_factory.mktemp("skeleton"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    return _build(REAL, tmp_path_factory.mktemp("real"))


def _identity(item: dict[str, Any]) -> tuple[str, str, str, str]:
    metadata = item["metadata"]
    return item["apiVersion"], item["kind"], metadata.get("namespace", ""), metadata["name"]


def _deployments(manifests: Manifests) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item["spec"] for item in manifests if item["kind"] == "Deployment"}


def test_it_makes_the_same_91_objects(skeleton: Manifests, real: Manifests) -> None:
    assert len(real) == 91
    assert sorted(map(_identity, skeleton)) == sorted(map(_identity, real))


def test_they_refer_to_the_same_things(skeleton: Manifests, real: Manifests) -> None:
    named, expected = (
        Counter(reference for item in manifests for reference in references(item, {"kubeflow"}))
        for manifests in (skeleton, real)
    )
    assert named - expected == Counter()
    assert expected - named == Counter()


def test_definitions_have_the_same_names_versions_and_scopes(skeleton: Manifests, real: Manifests) -> None:
    def facts(manifests: Manifests) -> dict[str, Any]:
        return {
            item["metadata"]["name"]: {
                "group": item["spec"]["group"],
                "scope": item["spec"]["scope"],
                "names": item["spec"]["names"],
                "versions": [
                    (
                        version["name"],
                        version["served"],
                        version["storage"],
                        "status" in version.get("subresources", {}),
                    )
                    for version in item["spec"]["versions"]
                ],
                "columns": [
                    (column["name"], column["jsonPath"])
                    for column in item["spec"]["versions"][0].get("additionalPrinterColumns", [])
                ],
            }
            for item in manifests
            if item["kind"] == "CustomResourceDefinition"
        }

    assert facts(skeleton) == facts(real)


def test_workloads_run_the_same_images_on_the_same_ports(skeleton: Manifests, real: Manifests) -> None:
    def facts(manifests: Manifests) -> dict[str, Any]:
        return {
            name: {
                "selector": spec["selector"]["matchLabels"],
                "containers": [
                    (
                        container["name"],
                        container["image"],
                        [port["containerPort"] for port in container.get("ports", [])],
                    )
                    for container in spec["template"]["spec"]["containers"]
                ],
                "host network": spec["template"]["spec"].get("hostNetwork", False),
            }
            for name, spec in _deployments(manifests).items()
        }

    assert facts(skeleton) == facts(real)


def test_services_and_parameters_are_the_same(skeleton: Manifests, real: Manifests) -> None:
    def facts(manifests: Manifests) -> dict[str, Any]:
        services = {
            item["metadata"]["name"]: (item["spec"]["selector"], [port["port"] for port in item["spec"]["ports"]])
            for item in manifests
            if item["kind"] == "Service"
        }
        configs = {
            item["metadata"]["name"]: sorted(set(item.get("data", {})) - {"warning"})
            for item in manifests
            if item["kind"] == "ConfigMap"
        }
        return {"services": services, "configs": configs}

    assert facts(skeleton) == facts(real)
