import socket
from pathlib import Path

import pytest

from clients.git import git
from clients.manifest_sources import GitHub, PlainFiles, Repositories, local_source
from environment.errors import RenderError, UnreachableError
from environment.upstream import Release

RELEASE = Release("kubeflow/pipelines", "2.14.4")


def _repository(folder: Path) -> str:
    """Make a repository with a tagged release of manifests and of other files; return the commit."""
    (folder / "manifests/kustomize").mkdir(parents=True)
    (folder / "manifests/kustomize/kustomization.yaml").write_text("resources: []\n")
    (folder / "backend").mkdir()
    (folder / "backend/main.go").write_text("package main\n")
    git("init", "--quiet", folder=folder)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", "release", folder=folder)
    git("tag", "--annotate", "--message", "release", RELEASE.tag, folder=folder)
    git("config", "uploadpack.allowFilter", "true", folder=folder)
    return git("rev-parse", "HEAD", folder=folder).strip()


def test_a_tag_is_fetched_with_its_manifests_alone(tmp_path: Path) -> None:
    commit = _repository(tmp_path / "hub/kubeflow/pipelines")
    checkout = GitHub((tmp_path / "hub").as_uri(), 30).checkout(RELEASE, tmp_path / "here")
    assert checkout.commit == commit
    assert (checkout.folder / "manifests/kustomize/kustomization.yaml").is_file()
    assert not (checkout.folder / "backend").exists()


def test_a_release_that_does_not_exist_is_named(tmp_path: Path) -> None:
    _repository(tmp_path / "kubeflow/pipelines")
    with pytest.raises(RenderError, match=r"has no tag 9\.9\.9"):
        GitHub(tmp_path.as_uri(), 30).checkout(Release("kubeflow/pipelines", "9.9.9"), tmp_path / "here")


def test_an_address_that_refuses_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="git ls-remote"):
        GitHub("https://127.0.0.1:9", 30).checkout(RELEASE, tmp_path / "here")


def test_an_address_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = GitHub(f"https://127.0.0.1:{silent.getsockname()[1]}", 0.5)
        with pytest.raises(UnreachableError, match="took longer"):
            source.checkout(RELEASE, tmp_path / "here")


@pytest.mark.parametrize("name", ["pipelines", "pipelines.git"])
def test_a_folder_of_repositories_follows_its_tags(tmp_path: Path, name: str) -> None:
    repository = tmp_path / "github.com/kubeflow" / name
    _repository(repository)
    source = local_source(tmp_path, "mirror")
    assert isinstance(source, Repositories)
    before = source.key(RELEASE)
    assert source.key(RELEASE) == before
    assert (source.checkout(RELEASE, tmp_path / "here").folder / "manifests").is_dir()
    git("commit", "--quiet", "--allow-empty", "--message", "again", folder=repository)
    git("tag", "--force", RELEASE.tag, folder=repository)
    assert source.key(RELEASE) != before


def test_a_folder_of_files_follows_their_content(tmp_path: Path) -> None:
    file = tmp_path / "github.com/kubeflow/pipelines/2.14.4/manifests/kustomization.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("resources: []\n")
    source = local_source(tmp_path, "mirror")
    assert isinstance(source, PlainFiles)
    before = source.key(RELEASE)
    assert source.checkout(RELEASE, tmp_path / "here").folder == file.parent.parent
    file.write_text("resources: [a]\n")
    assert source.key(RELEASE) != before
    with pytest.raises(RenderError, match=r"mirror has no github\.com/kubeflow/pipelines at 1\.0"):
        source.checkout(Release("kubeflow/pipelines", "1.0"), tmp_path / "here")


def test_the_same_files_under_another_name_are_another_source(tmp_path: Path) -> None:
    (tmp_path / "github.com").mkdir()
    assert local_source(tmp_path, "one").key(RELEASE) != local_source(tmp_path, "other").key(RELEASE)


def test_a_folder_that_is_no_mirror_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"has no folder github\.com"):
        local_source(tmp_path, "mirror")


def test_git_reads_nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    (tmp_path / ".gitconfig").write_text("[alias]\n\tversion = !false\n[user]\n\tname = somebody\n")
    git("init", "--quiet", folder=tmp_path)
    hook = tmp_path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    git("commit", "--quiet", "--allow-empty", "--message", "one", folder=tmp_path)
    assert git("log", "--format=%an", folder=tmp_path).strip() == "mlops-env"


def test_a_missing_git_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match="git was not found") as caught:
        git("version", folder=tmp_path)
    assert "install git" in caught.value.hint
