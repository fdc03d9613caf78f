"""When Terraform is initialised again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clients.addresses import Addresses
from clients.terraform import Terraform

LOCK = ".terraform.lock.hcl"
PROVIDER = ".terraform/providers/registry.terraform.io/hashicorp/google/7.45.0/linux_amd64/terraform-provider-google"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose `init` leaves a lock, a provider and the backend's data, and counts itself."""
    (tmp_path / "main.tf").write_text("terraform {}")

    def init(self: Terraform, command: str, on_event: object, **options: object) -> list[object]:
        for name in (LOCK, PROVIDER, ".terraform/terraform.tfstate"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("{}")
        runs = tmp_path / "runs"
        runs.write_text(f"{int(runs.read_text()) + 1 if runs.is_file() else 1}")
        return []

    monkeypatch.setattr(Terraform, "_run", init)
    return tmp_path


def initialise(folder: Path, bucket: str = "state", **variables: str) -> int:
    """Initialise, and return how often that has been done for real."""
    Terraform(folder, Addresses(), variables).init(bucket, "mlops-env/dev")
    return int((folder / "runs").read_text())


def test_it_is_done_once_while_nothing_changes(folder: Path) -> None:
    assert [initialise(folder), initialise(folder)] == [1, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "main.tf").write_text('terraform { required_version = ">= 1.5" }'),
        lambda folder: (folder / "modules").mkdir() or (folder / "modules" / "new.tf").write_text(""),
        lambda folder: (folder / LOCK).write_text("another version"),
        lambda folder: (folder / PROVIDER).unlink(),
        lambda folder: (folder / ".terraform" / "terraform.tfstate").unlink(),
    ],
)
def test_it_is_done_again_when_something_has_changed(folder: Path, change: Callable[[Path], object]) -> None:
    initialise(folder)
    change(folder)
    assert initialise(folder) == 2


def test_it_is_done_again_for_another_bucket_or_provider_mirror(folder: Path) -> None:
    initialise(folder)
    assert initialise(folder, bucket="other") == 2
    configuration = folder / "terraformrc"
    configuration.write_text("provider_installation {}")
    assert initialise(folder, bucket="other", TF_CLI_CONFIG_FILE=str(configuration)) == 3
