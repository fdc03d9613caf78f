"""Read what the state bucket holds of an environment, all at the same time, changing nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.sql_admin import SqlAdmin
from clients.storage import Storage
from environment.databases import DATABASES_OBJECT, KeptDatabases
from environment.errors import ServiceDisabledError
from environment.record import RECORD_OBJECT, EnvironmentRecord
from environment.spec import Environment
from environment.state_folder import (
    STATE_OBJECT,
    SUFFIX_OBJECT,
    StateFolder,
    parse_database,
    parse_state,
    parse_suffix,
    settle_suffix,
)


def read_state_folder(environment: Environment, addresses: Addresses) -> StateFolder:
    """Return what is there; with Cloud Storage off, that nothing can be said."""
    storage, bucket = Storage(addresses, environment.project_id), environment.state.bucket

    def read(name: str) -> str | None:
        return storage.read(bucket, f"{environment.state_prefix}/{name}")

    try:
        with ThreadPoolExecutor(4) as pool:
            kept = pool.map(read, (STATE_OBJECT, SUFFIX_OBJECT, RECORD_OBJECT, DATABASES_OBJECT))
            state, suffix, record, databases = kept
        has_bucket = any((state, suffix, record)) or storage.has_bucket(bucket)
    except ServiceDisabledError:
        return StateFolder(has_bucket=False, is_readable=False)
    return StateFolder(
        has_bucket=has_bucket,
        state=parse_state(state) if state else None,
        suffix=_settle(environment, addresses, state, suffix),
        record=EnvironmentRecord.read(record),
        databases=KeptDatabases.read(databases),
    ).with_text(state)


def read_suffix(environment: Environment, addresses: Addresses) -> str | None:
    """Return the end of the database's name, None where it is yet to be drawn."""
    storage, bucket = Storage(addresses, environment.project_id), environment.state.bucket
    state, kept = (storage.read(bucket, f"{environment.state_prefix}/{name}") for name in (STATE_OBJECT, SUFFIX_OBJECT))
    return _settle(environment, addresses, state, kept)


def _settle(environment: Environment, addresses: Addresses, state: str | None, kept: str | None) -> str | None:
    def is_there(instance: str) -> bool:
        try:
            return SqlAdmin(addresses, environment.project_id).read_state(instance) is not None
        except ServiceDisabledError:
            return True

    return settle_suffix(parse_database(state), parse_suffix(kept) if kept else None, is_there)
