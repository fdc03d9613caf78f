"""The way by hand of kustomize/README.md, as far as it goes without a cluster."""

import base64
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.git import git_environment
from clients.kustomize_binary import find_kustomize
from clients.manifest_mirrors import FALLBACK, MIRROR, Mirror, fetch_mirror
from environment.paths import project_root
from environment.pipelines import KustomizeParameters
from environment.placeholders import check_placeholders
from environment.references import missing_references
from environment.spec import SUPPORTED_PIPELINES

KUSTOMIZE = project_root() / "kustomize"
TEMPLATES = ("gcp-configs.env", "mysql-credential.env", "artifact-credential.env")
VALUES = {
    "YOUR_BUCKET": "acme-artifacts",
    "YOUR_PROJECT_ID": "acme-mlops-dev",
    "YOUR_CONNECTION_NAME": "acme-mlops-dev:us-central1:acme-mysql",
    "YOUR_SYSTEM_ACCOUNT": "system@acme-mlops-dev.iam.gserviceaccount.com",
    "YOUR_USER_ACCOUNT": "user@acme-mlops-dev.iam.gserviceaccount.com",
    "YOUR_PASSWORD": "from-a-test",
    "YOUR_ACCESS_KEY": "test-access",
    "YOUR_SECRET_KEY": "test-secret",
}


@pytest.fixture(scope="module")
def mirror() -> Mirror:
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv(MIRROR, str(project_root() / "sandbox/manifests"))
        variables.delenv(FALLBACK, raising=False)
        return fetch_mirror("2.14.4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the folder with its templates filled in."""
    copied = shutil.copytree(KUSTOMIZE, tmp_path / "kustomize")
    for name in TEMPLATES:
        text = (copied / f"{name}.template").read_text()
        for placeholder, value in VALUES.items():
            text = text.replace(placeholder, value)
        (copied / name).write_text(text)
    return copied


def _build(folder: Path, mirror: Mirror) -> list[dict[str, Any]]:
    variables = git_environment({f"url.{mirror.folder.as_uri()}/.insteadOf": "https://github.com/"})
    command = [*find_kustomize(), str(folder)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def test_the_two_folders_build_what_mlops_env_builds_and_the_secrets(folder: Path, mirror: Mirror) -> None:
    first, rest = _build(folder / "cluster-scoped", mirror), _build(folder, mirror)
    assert (len(first), len(rest)) == (15, 76)
    check_placeholders([*first, *rest])
    assert missing_references([*first, *rest]) == []
    secrets = {item["metadata"]["name"]: item["data"] for item in rest if item["kind"] == "Secret"}
    assert {name: sorted(data) for name, data in secrets.items()} == {
        "mysql-secret": ["password", "username"],
        "mlpipeline-minio-artifact": ["accesskey", "secretkey"],
    }
    assert base64.b64decode(secrets["mysql-secret"]["password"]) == b"from-a-test"


def test_another_namespace_is_one_line_in_each_folder(folder: Path, mirror: Mirror) -> None:
    for path in (folder / "kustomization.yaml", folder / "cluster-scoped/kustomization.yaml"):
        path.write_text(re.sub("^namespace: kubeflow$", "namespace: ml", path.read_text(), flags=re.MULTILINE))
    objects = [*_build(folder / "cluster-scoped", mirror), *_build(folder, mirror)]
    assert {item["metadata"].get("namespace") for item in objects} == {"ml", None}
    assert missing_references(objects) == []


def test_the_template_has_the_lines_that_mlops_env_writes(folder: Path) -> None:
    lines = (folder / "gcp-configs.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    parameters = KustomizeParameters(
        version="2.14.4",
        namespace="kubeflow",
        project_id=VALUES["YOUR_PROJECT_ID"],
        bucket=VALUES["YOUR_BUCKET"],
        connection_name=VALUES["YOUR_CONNECTION_NAME"],
        private_ip=True,
        system_account=VALUES["YOUR_SYSTEM_ACCOUNT"],
        user_account=VALUES["YOUR_USER_ACCOUNT"],
        pipeline_db="pipelinedb",
        mlmd_db="metadb",
        cache_db="cachedb",
    )
    assert given == parameters.config()


def test_the_readmes_check_finds_what_was_left_out(folder: Path) -> None:
    (check,) = re.findall(r"^ *(grep .*)$", (KUSTOMIZE / "README.md").read_text(), flags=re.MULTILINE)
    filled = subprocess.run(["sh", "-c", check], cwd=folder, capture_output=True, text=True, check=False)
    assert filled.stdout == ""
    shutil.copy(folder / "mysql-credential.env.template", folder / "mysql-credential.env")
    left = subprocess.run(["sh", "-c", check], cwd=folder, capture_output=True, text=True, check=False)
    assert left.stdout == "mysql-credential.env:3:password=YOUR_PASSWORD\n"


def test_the_release_is_pinned_to_one_that_the_spec_takes() -> None:
    paths = [KUSTOMIZE / "kustomization.yaml", KUSTOMIZE / "cluster-scoped/kustomization.yaml"]
    pinned = {match for path in paths for match in re.findall(r"\?ref=([\w.]+)", path.read_text())}
    assert len(pinned) == 1
    assert pinned <= set(SUPPORTED_PIPELINES)


def test_filled_templates_are_never_committed() -> None:
    ignored = (KUSTOMIZE.parent / ".gitignore").read_text().splitlines()
    assert set(TEMPLATES) <= set(ignored)
