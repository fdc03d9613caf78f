"""The infrastructure as Terraform tells it, read on any machine, changing nothing: typed outputs, and plans.

Plans that nobody will apply are made in a folder of their own, without the state's lock: they never disturb an apply,
and leave nothing behind. Where there is no state yet, they are made against an empty one on this machine, in a folder
that ends with the plan: Terraform's gcs backend would write one to the bucket, even to plan.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clients.addresses import Addresses
from clients.storage import Storage
from clients.terraform import Terraform, alone_in, working_folder
from environment.adoption import IMPORTS_FILE
from environment.destruction import ManagedState, parse_managed
from environment.infrastructure import Infrastructure
from environment.names import UNKNOWN_SUFFIX
from environment.paths import project_root
from environment.spec import Environment
from environment.state_folder import STATE_OBJECT, StateFolder, parse_state
from environment.terraform_variables import terraform_variables

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


def _folder(environment: Environment, addresses: Addresses) -> Path:
    return working_folder(addresses, environment.state.bucket, environment.state_prefix)


def open_terraform(environment: Environment, addresses: Addresses) -> Terraform:
    """Return Terraform in the environment's own working folder."""
    folder = _folder(environment, addresses)
    return Terraform(folder, addresses, logs=_logs(folder))


def _logs(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.logs")


@contextmanager
def terraform_folder(environment: Environment, addresses: Addresses, on_wait: Callable[[], None]) -> Iterator[None]:
    """Be alone in the environment's own working folder.

    Raises:
        StateLockedError: When another run on this machine stays in it.
    """
    with alone_in(_folder(environment, addresses), on_wait):
        yield


@contextmanager
def importing(environment: Environment, addresses: Addresses, imports: str) -> Iterator[None]:
    """Let plans of the environment's own working folder import: to be entered when the folder is prepared."""
    path = _folder(environment, addresses) / IMPORTS_FILE
    path.write_text(imports)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_infrastructure(environment: Environment, addresses: Addresses) -> Infrastructure | None:
    """Return the outputs, None where there is no state or an apply has not come to its outputs."""
    storage = Storage(addresses, environment.project_id)
    text = storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE_OBJECT}")
    return None if text is None else parse_state(text).infrastructure


def read_managed(environment: Environment, addresses: Addresses) -> ManagedState:
    """Return what Terraform manages; nothing where there is no state."""
    storage = Storage(addresses, environment.project_id)
    return parse_managed(storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE_OBJECT}"))


def read_neighbours(environment: Environment, addresses: Addresses) -> dict[str, ManagedState]:
    """Return what Terraform manages for the other environments whose states are in the same bucket, by their names."""
    storage, bucket = Storage(addresses, environment.project_id), environment.state.bucket
    folder = environment.state_prefix.rpartition("/")[0]
    states = {
        name.removesuffix(f"/{STATE_OBJECT}").rpartition("/")[2]: name
        for name in storage.list_names(bucket, f"{folder}/")
        if name.endswith(f"/{STATE_OBJECT}") and name != f"{environment.state_prefix}/{STATE_OBJECT}"
    }
    return {other: parse_managed(storage.read(bucket, name)) for other, name in states.items()}


def read_plan(
    environment: Environment, addresses: Addresses, kept: StateFolder, *, refresh: bool = True, imports: str = ""
) -> dict[str, Any] | None:
    """Return what Terraform would do, as `terraform show -json` has it; values are in clear.

    None where nothing differs but what Google itself writes.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        kept: What the state bucket holds.
        refresh: Look at what is there; without, the state is taken for it.
        imports: Import blocks that belong to the plan.
    """
    values = terraform_variables(environment, kept.suffix or UNKNOWN_SUFFIX)
    with _reader(environment, addresses, kept, imports) as terraform:
        return terraform.read_plan(values, refresh=refresh)


def plans_folder(applied: Path, environment: Environment, *, has_imports: bool = False) -> Path:
    """Return where plans are made that nobody applies, beside the folder of those that are.

    Those with import blocks have one to themselves: others look into the common one at the same time. So have those of
    a spec that calls other things existing: a plan reads its modules for as long as it takes.
    """
    kind = "adoption" if has_imports else "plans"
    return applied.with_name("-".join((f"{applied.name}.{kind}", *sorted(environment.existing))))


@contextmanager
def _reader(
    environment: Environment, addresses: Addresses, kept: StateFolder, imports: str = ""
) -> Iterator[Terraform]:
    """Return an initialised Terraform for plans that nobody applies."""
    source = project_root() / "terraform"
    if kept.state is None:
        with TemporaryDirectory(prefix="mlops-env-terraform-") as folder:
            terraform = Terraform(Path(folder), addresses)
            terraform.prepare(source, environment.existing)
            (Path(folder) / "backend_override.tf").write_text(LOCAL_STATE)
            (Path(folder) / IMPORTS_FILE).write_text(imports)
            terraform.init()
            yield terraform
        return
    applied = _folder(environment, addresses)
    folder_of_plans = plans_folder(applied, environment, has_imports=bool(imports))
    terraform = Terraform(folder_of_plans, addresses, logs=_logs(applied))
    with _alone(folder_of_plans):
        terraform.prepare(source, environment.existing)
        terraform.init(environment.state.bucket, environment.state_prefix)
        if imports:
            (folder_of_plans / IMPORTS_FILE).write_text(imports)
    yield terraform


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Prepare a folder while no other process of this machine does."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
