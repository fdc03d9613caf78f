"""Adopting what is there and missing in the state: what that is, and the plan that imports it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_run_logger, task

from clients import adoption, infrastructure, inventory
from clients.addresses import Addresses
from clients.storage import Storage
from environment.adoption import Candidate, candidates, check_only_kept, found_suffix, import_blocks
from environment.destruction import ManagedState, check_owners
from environment.spec import Environment
from environment.state_folder import SUFFIX_OBJECT, StateFolder, format_suffix
from environment.terraform_plan import InfrastructurePlan, parse_plan
from tasks.console import PASSING
from tasks.policy import RETRIED

Candidates = tuple[Candidate, ...]


@task(name="find-suffix", task_run_name="find database of {environment.name}", **RETRIED)
def find_suffix(environment: Environment, kept: StateFolder) -> StateFolder:
    """Return the folder with the suffix of the database that is there, where it holds none; refuse what is others'."""
    found, _ = inventory.read_inventory(environment, Addresses.of(environment), ManagedState())
    check_owners(found, environment)
    if kept.suffix:
        return kept
    return kept.model_copy(update={"suffix": found_suffix(found, environment.names)})


@task(name="find-adoptable", task_run_name="find what can be adopted", **RETRIED)
def find_adoptable(environment: Environment, kept: StateFolder) -> Candidates:
    """Return what Terraform would make and is there already."""
    addresses = Addresses.of(environment)
    get_run_logger().info("Looking for what is there and missing in the state", extra=PASSING)
    document = infrastructure.read_plan(environment, addresses, kept)
    return adoption.existing(environment, addresses, candidates(document or {}, environment.names))


@task(name="plan-adoption", task_run_name="plan adoption", **RETRIED)
def plan_adoption(environment: Environment, kept: StateFolder, found: Candidates) -> InfrastructurePlan:
    """Plan the imports and what follows from them; refuse a plan that loses something."""
    addresses = Addresses.of(environment)
    document = infrastructure.read_plan(environment, addresses, kept, imports=import_blocks(found))
    planned = parse_plan(document or {})
    check_only_kept(planned.changes)
    return planned


@task(name="keep-suffix", task_run_name="keep database suffix", **RETRIED)
def keep_suffix(environment: Environment, kept: StateFolder) -> None:
    """Write the suffix of the database that was found, where none is kept."""
    storage, name = Storage(Addresses.of(environment), environment.project_id), SUFFIX_OBJECT
    if kept.suffix:
        text = format_suffix(kept.suffix)
        storage.write(environment.state.bucket, f"{environment.state_prefix}/{name}", text, only_if_absent=True)


@contextmanager
def importing(environment: Environment, found: Candidates) -> Iterator[None]:
    """Let the plan of the working folder import."""
    with infrastructure.importing(environment, Addresses.of(environment), import_blocks(found)):
        yield
