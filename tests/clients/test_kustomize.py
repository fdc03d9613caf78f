import shutil
from pathlib import Path

import pytest

from clients import kustomize
from clients.kustomize import render
from clients.kustomize_binary import find_kustomize
from clients.manifest_mirrors import FALLBACK, MIRROR, Mirror, cache_folder, fetch_mirror
from environment.errors import RenderError
from environment.paths import project_root
from environment.pipelines import KustomizeParameters

ROOT = project_root()
PARAMETERS = KustomizeParameters(
    version="2.14.4",
    namespace="ml",
    project_id="acme-mlops-dev",
    bucket="acme-artifacts",
    connection_name="acme-mlops-dev:us-central1:acme-mysql-abc123",
    private_ip=True,
    system_account="system@acme-mlops-dev.iam.gserviceaccount.com",
    user_account="user@acme-mlops-dev.iam.gserviceaccount.com",
    pipeline_db="pipelinedb",
    mlmd_db="metadb",
    cache_db="cachedb",
)


@pytest.fixture(scope="module")
def filled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a cache with a mirror of the sandbox's skeleton and one render on it."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("XDG_CACHE_HOME", str(cache))
        variables.setenv(MIRROR, str(ROOT / "sandbox/manifests"))
        variables.delenv(FALLBACK, raising=False)
        render(PARAMETERS, ROOT / "kustomize", fetch_mirror("2.14.4"))
    return cache


@pytest.fixture
def mirror(tmp_path: Path, filled_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """Give the test a copy of that cache as its own."""
    shutil.copytree(filled_cache, tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(MIRROR, str(ROOT / "sandbox/manifests"))
    monkeypatch.delenv(FALLBACK, raising=False)
    return fetch_mirror("2.14.4")


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """Copy our overlay, to be edited."""
    return shutil.copytree(ROOT / "kustomize", tmp_path / "overlay")


def test_a_render_is_kept_until_an_input_changes(
    tmp_path: Path, mirror: Mirror, overlay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render(PARAMETERS, overlay, mirror)
    with monkeypatch.context() as without_program:
        without_program.setattr(kustomize, "find_kustomize", lambda: pytest.fail("kustomize was run again"))
        assert render(PARAMETERS, overlay, mirror) == first
    other_bucket = PARAMETERS.model_copy(update={"bucket": "other-artifacts"})
    assert render(other_bucket, overlay, mirror).digest != first.digest
    labels = overlay / "labels/kustomization.yaml"
    labels.write_text(labels.read_text().replace("mlops-env", "others"))
    assert render(PARAMETERS, overlay, mirror).digest != first.digest


def test_a_kept_render_that_was_damaged_is_made_again(tmp_path: Path, mirror: Mirror, overlay: Path) -> None:
    first = render(PARAMETERS, overlay, mirror)
    (kept,) = (tmp_path / "cache/mlops-env/renders").iterdir()
    kept.write_text(kept.read_text().replace("acme-artifacts", "evil-artifacts"))
    assert render(PARAMETERS, overlay, mirror) == first


def test_the_same_inputs_give_the_same_digest(tmp_path: Path, mirror: Mirror, overlay: Path) -> None:
    first = render(PARAMETERS, overlay, mirror)
    shutil.rmtree(tmp_path / "cache/mlops-env/renders")
    again = render(PARAMETERS, overlay, mirror)
    assert again == first
    assert again.source == mirror.source
    assert again.commit == mirror.commit


def test_nothing_is_left_behind(tmp_path: Path, mirror: Mirror, overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    shutil.rmtree(tmp_path / "cache/mlops-env/renders")
    render(PARAMETERS, overlay, mirror)
    assert list(temporary.iterdir()) == []


def test_an_overlay_that_does_not_fit_is_one_line(mirror: Mirror, overlay: Path) -> None:
    proxy = overlay / "pipelines/cloudsql-proxy.yaml"
    proxy.write_text(proxy.read_text().replace("name: cloudsqlproxy", "name: none"))
    with pytest.raises(RenderError, match=r"^kustomize: .*none") as caught:
        render(PARAMETERS, overlay, mirror)
    assert "\n" not in caught.value.message


def test_what_the_mirror_lacks_is_not_looked_for_on_the_network(mirror: Mirror, overlay: Path) -> None:
    other = PARAMETERS.model_copy(update={"version": "2.17.0"})
    with pytest.raises(RenderError, match=r"kustomize: fatal: .*2\.17\.0"):
        render(other, overlay, mirror)
    shutil.rmtree(mirror.folder / "argoproj")
    shutil.rmtree(cache_folder() / "renders")
    with pytest.raises(RenderError, match=r"kustomize: fatal: .*argo-workflows"):
        render(PARAMETERS, overlay, mirror)


def test_git_and_python_are_all_that_a_render_needs(
    tmp_path: Path, mirror: Mirror, overlay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = shutil.which("git")
    assert git is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(git)
    find_kustomize.cache_clear()
    shutil.rmtree(tmp_path / "cache/mlops-env/renders")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "nonsense")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@127.0.0.1:9")
    assert len(render(PARAMETERS, overlay, mirror).manifests) == 89
    find_kustomize.cache_clear()
