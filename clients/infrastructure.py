"""The infrastructure as Terraform tells it, read on any machine, changing nothing: typed outputs, and plans.

Plans that nobody will apply are made in a folder of their own, without the state's lock: they never disturb an apply,
and leave nothing behind. They are made against a copy of the state on this machine, which ends with the plan: the gcs
backend of Terraform would read the state twice, by two calls each time, and write an empty one where there is none.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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

LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
LOCAL_BACKEND_FILE = "backend_override.tf"


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
    text = _read_state(environment, addresses)
    return None if text is None else parse_state(text).infrastructure


def read_managed(environment: Environment, addresses: Addresses) -> ManagedState:
    """Return what Terraform manages; nothing where there is no state."""
    return parse_managed(_read_state(environment, addresses))


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


def prepare_plans(environment: Environment, addresses: Addresses) -> bool:
    """Bring the folder of plans that nobody applies up to date; tell whether there is one, from an earlier plan."""
    has_folder = plans_folder(_folder(environment, addresses), environment).is_dir()
    if has_folder:  # the first time a provider may have to be fetched: not before it is known that there is a state
        _prepared(environment, addresses, "")
    return has_folder


def _prepared(environment: Environment, addresses: Addresses, imports: str) -> Terraform:
    terraform = _plans(environment, addresses, has_imports=bool(imports))
    with _alone(terraform.folder):
        texts = {LOCAL_BACKEND_FILE: LOCAL_BACKEND} | ({IMPORTS_FILE: imports} if imports else {})
        terraform.prepare(project_root() / "terraform", environment.existing, texts)
        terraform.init()
    return terraform


def _plans(environment: Environment, addresses: Addresses, *, has_imports: bool = False) -> Terraform:
    applied = _folder(environment, addresses)
    return Terraform(plans_folder(applied, environment, has_imports=has_imports), addresses, logs=_logs(applied))


def read_plan(
    environment: Environment,
    addresses: Addresses,
    kept: StateFolder,
    *,
    refresh: bool = True,
    imports: str = "",
    is_ready: bool = False,
) -> dict[str, Any] | None:
    """Return what Terraform would do, as `terraform show -json` has it; values are in clear.

    None where nothing differs but what Google itself writes.

    Args:
        environment: The spec.
        addresses: Of the cloud.
        kept: What the state bucket holds.
        refresh: Look at what is there; without, the state is taken for it.
        imports: Import blocks that belong to the plan.
        is_ready: What `prepare_plans` has just returned; only without imports.
    """
    terraform = _plans(environment, addresses) if is_ready else _prepared(environment, addresses, imports)
    state = (kept.text or _read_state(environment, addresses)) if kept.state else None
    values = terraform_variables(environment, kept.suffix or UNKNOWN_SUFFIX)
    return terraform.read_plan(values, state, refresh=refresh)


def plans_folder(applied: Path, environment: Environment, *, has_imports: bool = False) -> Path:
    """Return where plans are made that nobody applies, beside the folder of those that are.

    Those with import blocks have one to themselves: others look into the common one at the same time. So have those of
    a spec that calls other things existing: a plan reads its modules for as long as it takes.
    """
    kind = "adoption" if has_imports else "plans"
    return applied.with_name("-".join((f"{applied.name}.{kind}", *sorted(environment.existing))))


def _read_state(environment: Environment, addresses: Addresses) -> str | None:
    storage = Storage(addresses, environment.project_id)
    return storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE_OBJECT}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Prepare a folder while no other process of this machine does."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
