"""Add an entry to the environment's history."""

from __future__ import annotations

from prefect import task

from clients.addresses import Addresses
from clients.credentials import known_principal
from clients.history import append_entry
from environment.history import HistoryEntry
from environment.spec import Environment
from tasks.policy import RETRIED


@task(name="append-history", task_run_name="append to history of {environment.name}", **RETRIED)
def append_history(environment: Environment, entry: HistoryEntry) -> None:
    """Add the entry, with who the credentials are."""
    addresses = Addresses.from_environment()
    append_entry(environment, addresses, entry.model_copy(update={"who": known_principal(addresses)}))
