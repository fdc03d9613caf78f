"""Refuse to make an environment under the names, or in the state, of another one."""

from __future__ import annotations

from prefect import task

from clients import infrastructure
from clients.addresses import Addresses
from clients.inventory import read_labelled
from environment.destruction import check_neighbours, check_owners, check_project
from environment.errors import ServiceDisabledError
from environment.spec import Environment
from tasks.policy import RETRIED


@task(name="check-owners", task_run_name="check whose names those of {environment.name} are", **RETRIED)
def check_names(environment: Environment) -> None:
    """Look at what there is of these names, and at the states in the bucket.

    Raises:
        SpecError: When another environment has them.
    """
    addresses = Addresses.of(environment)
    try:
        check_project(infrastructure.read_managed(environment, addresses), environment)
        check_neighbours(infrastructure.read_neighbours(environment, addresses), environment)
    except ServiceDisabledError:
        pass  # Cloud Storage is off: then there is no state in this project, nor a bucket
    check_owners(read_labelled(environment, addresses), environment)
