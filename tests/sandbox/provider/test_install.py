"""Terraform finds the provider where it is installed, and starts it from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.provider.install import VERSION, install, install_binary

ROOT = """
terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project = "p"
}
"""
NETWORK = """
resource "google_compute_network" "this" {
  name = "n"
}
"""
EMBEDDED = Path(sys.executable).parent / "mlops-env-terraform"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _program(folder: Path) -> Path:
    (found,) = (
        (folder / "mirror").rglob("linux_amd64/*")
        if sys.platform != "darwin"
        else (folder / "mirror").rglob("darwin_arm64/*")
    )
    return found


@pytest.fixture(params=["terraform", "embedded"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Run Terraform in a root module with an installed provider."""
    binary = shutil.which("terraform") if request.param == "terraform" else str(EMBEDDED)
    if binary is None or not Path(binary).exists():
        pytest.skip(f"no {request.param} here")
    configuration = install(tmp_path / "a folder")
    root = tmp_path / "root"
    root.mkdir()

    def terraform(content: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (root / "main.tf").write_text(content)
        environment = {"PATH": "", "HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(configuration), **variables}
        return subprocess.run(
            [binary, *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=60
        )

    return terraform


def test_configurations_are_validated_with_the_real_schema(run: Run, tmp_path: Path) -> None:
    assert run(ROOT + NETWORK, "init", "-input=false").returncode == 0
    assert run(ROOT + NETWORK, "validate").returncode == 0

    answer = json.loads(run(ROOT + NETWORK.replace("name", "title"), "validate", "-json").stdout)
    assert answer["error_count"] == 2
    assert {item["summary"] for item in answer["diagnostics"]} == {"Missing required argument", "Unsupported argument"}
    assert len([*(tmp_path / "a folder").glob("schemas-*")]) == 1, "kept by the first command"


def test_a_call_without_an_address_says_which_variable_is_missing(run: Run) -> None:
    run(ROOT + NETWORK, "init", "-input=false")
    failed = run(ROOT + 'data "google_project" "this" {}', "plan", "-no-color", "-input=false")
    assert failed.returncode == 1
    assert "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT" in " ".join(failed.stderr.replace("│", " ").split())


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    outdated = tmp_path / "schemas-0"
    outdated.write_text("")
    configuration = install(tmp_path)
    assert not outdated.exists()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    assert install(tmp_path) == configuration
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_the_hashed_program_is_the_same_everywhere(tmp_path: Path) -> None:
    install(tmp_path / "one")
    install(tmp_path / "two")
    assert _program(tmp_path / "one").read_bytes() == _program(tmp_path / "two").read_bytes()


def test_a_binary_of_the_users_takes_the_place_of_the_stand_in(tmp_path: Path) -> None:
    binary = tmp_path / "terraform-provider-google_v7.46.1_x5"
    binary.write_text("#!/bin/sh\necho mine\n")
    binary.chmod(0o755)
    install(tmp_path / "folder")
    install_binary(tmp_path / "folder", binary)
    program = _program(tmp_path / "folder")
    assert program.name == "terraform-provider-google_v7.46.1"
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "mine\n"

    install(tmp_path / "folder")
    assert _program(tmp_path / "folder").name == f"terraform-provider-google_v{VERSION}"


def test_a_binary_without_a_version_counts_as_the_stand_ins(tmp_path: Path) -> None:
    binary = tmp_path / "my-build"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    install_binary(tmp_path / "folder", binary)
    assert os.readlink(_program(tmp_path / "folder")) == str(binary)
    assert _program(tmp_path / "folder").name.endswith(VERSION)


def test_what_is_no_executable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(FileNotFoundError, match="plain is no executable file"):
        install_binary(tmp_path / "folder", tmp_path / "plain")


def test_by_hand_it_says_what_it_is(tmp_path: Path) -> None:
    install(tmp_path)
    started = subprocess.run([_program(tmp_path)], capture_output=True, text=True, env={}, timeout=60)
    assert started.returncode == 1
    assert "This is a Terraform provider" in started.stderr
