"""Every resource type of the sandbox by a real Terraform: made, unchanged, changed, unchanged, removed.

By the stand-in provider; and by the real one where MLOPS_ENV_GOOGLE_PROVIDER names its binary.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.terraform_binary import find_terraform
from environment.paths import project_root
from sandbox.provider.install import install, install_binary
from sandbox.provider.registry import DATA_SOURCES, RESOURCES

CONFIGURATION = Path(__file__).resolve().parents[1] / "data" / "every_type" / "main.tf"
REAL = "MLOPS_ENV_GOOGLE_PROVIDER"
NEEDED = ("cloudbilling", "cloudresourcemanager", "compute", "container", "iam")
"""What the configuration's data sources and the provider itself read before anything is enabled."""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=["stand-in", "real"])
def run(request: pytest.FixtureRequest, tmp_path: Path, sandbox: object) -> Run:
    """Run Terraform on the configuration in a project of its own."""
    if request.param == "stand-in":
        provider = install(tmp_path / "provider")
    elif REAL in os.environ:
        provider = install_binary(tmp_path / "provider", Path(os.environ[REAL]))
    else:
        pytest.skip(f"{REAL} is not set: no real provider to run")
    project = f"every-type-{request.param}"
    enable = f"serviceusage.googleapis.com/v1/projects/{project}/services:batchEnable"
    services = [f"{name}.googleapis.com" for name in NEEDED]
    sandbox.call("POST", enable, {"serviceIds": services}).raise_for_status()  # type: ignore[attr-defined]
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(CONFIGURATION, root)
    environment = sandbox.process_environment(  # type: ignore[attr-defined]
        TF_CLI_CONFIG_FILE=str(provider), TF_VAR_project=project, TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1"
    )

    def terraform(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [find_terraform(), *arguments, "-no-color"]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600)

    return terraform


def done(process: subprocess.CompletedProcess[str], *, code: int = 0) -> str:
    assert process.returncode == code, process.stdout[-5000:] + process.stderr
    return process.stdout


def test_the_configuration_has_every_type() -> None:
    text = CONFIGURATION.read_text()
    assert [name for name in RESOURCES if f'resource "{name}"' not in text] == []
    text += "".join(file.read_text() for file in project_root().glob("terraform/**/*.tf"))
    assert [name for name in DATA_SOURCES if f'data "{name}"' not in text] == []


def test_life_of_every_type(run: Run) -> None:
    done(run("init", "-input=false"))
    done(run("apply", "-auto-approve"))
    done(run("plan", "-detailed-exitcode"))
    assert "never-in-the-state" not in done(run("show", "-json"))

    changed = done(run("apply", "-auto-approve", "-var=second=true"))
    assert "must be replaced" not in changed
    assert "1 added" in changed
    assert "0 destroyed" in changed
    done(run("plan", "-detailed-exitcode", "-var=second=true"))

    assert "Destroy complete!" in done(run("destroy", "-auto-approve", "-var=second=true"))
