import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients import manifest_mirrors
from clients.git import git
from clients.manifest_mirrors import FALLBACK, MIRROR, cache_folder, fetch_mirror
from environment.errors import RenderError, UnreachableError

Files = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without mirrors, and without a GitHub."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(manifest_mirrors, "GITHUB", "https://127.0.0.1:9")
    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.delenv(FALLBACK, raising=False)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Make a folder of plain files: a release of pipelines, and the release of another project that it refers to."""

    def make(name: str) -> Path:
        root = tmp_path / name
        for base in ("env/gcp", "cluster-scoped-resources"):
            folder = root / "github.com/kubeflow/pipelines/2.14.4/manifests/kustomize" / base
            folder.mkdir(parents=True)
            remote = "https://github.com/argoproj/argo-workflows/manifests/base?ref=v3.6.7"
            (folder / "kustomization.yaml").write_text(f"# {name}\nresources: ['{remote}']\n")
        argo = root / "github.com/argoproj/argo-workflows/v3.6.7/manifests/base"
        argo.mkdir(parents=True)
        (argo / "kustomization.yaml").write_text("resources: []\n")
        return root

    return make


def _hub(tmp_path: Path, files: Files) -> str:
    """Turn plain files into repositories, as GitHub has them."""
    root = files("hub")
    for release in root.glob("github.com/*/*/*"):
        repository = tmp_path / "repositories" / release.parent.relative_to(root / "github.com")
        shutil.copytree(release, repository)
        git("init", "--quiet", folder=repository)
        git("add", "--all", folder=repository)
        git("commit", "--quiet", "--message", "release", folder=repository)
        git("tag", release.name, folder=repository)
    return (tmp_path / "repositories").as_uri()


def _tags(repository: Path) -> list[str]:
    return git(f"--git-dir={repository}", "tag", folder=repository).split()


def test_a_mirror_holds_the_release_and_those_it_refers_to(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    root = files("given")
    monkeypatch.setenv(MIRROR, str(root))
    mirror = fetch_mirror("2.14.4")
    assert mirror.source == f"mirror {root}"
    assert _tags(mirror.folder / "kubeflow/pipelines.git") == ["2.14.4"]
    assert _tags(mirror.folder / "argoproj/argo-workflows.git") == ["v3.6.7"]
    assert mirror.commit in mirror.revision
    assert mirror.folder.is_relative_to(cache_folder())


def test_equal_files_make_equal_commits(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(files("given")))
    one = fetch_mirror("2.14.4")
    shutil.rmtree(tmp_path / "cache")
    assert fetch_mirror("2.14.4") == one


def test_edited_files_are_another_mirror(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    root = files("given")
    monkeypatch.setenv(MIRROR, str(root))
    before = fetch_mirror("2.14.4")
    argo = root / "github.com/argoproj/argo-workflows/v3.6.7/manifests/base/kustomization.yaml"
    argo.write_text("resources: []\n# edited\n")
    after = fetch_mirror("2.14.4")
    assert after.folder != before.folder
    assert (after.commit, after.revision) != (before.commit, before.revision)
    assert after.commit == before.commit


def test_a_given_mirror_without_the_release_is_an_error(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(files("given")))
    monkeypatch.setenv(FALLBACK, str(files("fallback")))
    with pytest.raises(RenderError, match=r"has no github.com/kubeflow/pipelines at 2\.14\.5"):
        fetch_mirror("2.14.5")


def test_a_project_that_is_referred_to_must_be_there(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    root = files("given")
    shutil.rmtree(root / "github.com/argoproj")
    monkeypatch.setenv(MIRROR, str(root))
    with pytest.raises(RenderError, match=r"argoproj/argo-workflows at v3\.6\.7"):
        fetch_mirror("2.14.4")


def test_github_is_asked_once(tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_mirrors, "GITHUB", _hub(tmp_path, files))
    mirror = fetch_mirror("2.14.4")
    assert mirror.source == "GitHub"
    head = git("rev-parse", "2.14.4", folder=tmp_path / "repositories/kubeflow/pipelines").strip()
    assert mirror.commit == head
    shutil.rmtree(tmp_path / "repositories")
    assert fetch_mirror("2.14.4") == mirror


def test_what_was_fetched_comes_before_the_fallback(
    tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FALLBACK, str(files("fallback")))
    fallback = fetch_mirror("2.14.4")
    assert fallback.source == "the sandbox's skeleton"
    monkeypatch.setattr(manifest_mirrors, "GITHUB", _hub(tmp_path, files))
    fetched = fetch_mirror("2.14.4")
    assert fetched.source == "GitHub"
    assert fetched.revision != fallback.revision
    monkeypatch.setattr(manifest_mirrors, "GITHUB", "https://127.0.0.1:9")
    assert fetch_mirror("2.14.4") == fetched


def test_without_any_source_the_error_says_what_to_do() -> None:
    with pytest.raises(UnreachableError, match=r"the manifests of Kubeflow Pipelines 2\.14\.4") as caught:
        fetch_mirror("2.14.4")
    assert MIRROR in caught.value.hint
    assert not list(cache_folder().glob("manifests/*/2.14.4"))


def test_runs_at_the_same_time_end_with_one_mirror(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(files("given")))
    with ThreadPoolExecutor(4) as pool:
        mirrors = set(pool.map(fetch_mirror, ["2.14.4"] * 4))
    assert len(mirrors) == 1
    assert sorted(path.name for path in next(iter(mirrors)).folder.parent.iterdir()) == ["2.14.4"]


@pytest.mark.parametrize("broken", ["mirror.json", "kubeflow/pipelines.git"])
def test_a_mirror_that_lost_a_part_is_made_again(files: Files, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(files("given")))
    mirror = fetch_mirror("2.14.4")
    part = mirror.folder / broken
    part.unlink() if part.is_file() else shutil.rmtree(part)
    assert fetch_mirror("2.14.4") == mirror
    assert part.exists()
