"""Read what the state bucket holds of an environment, all at the same time, changing nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.storage import Storage
from environment.errors import ServiceDisabledError
from environment.record import RECORD_OBJECT, EnvironmentRecord
from environment.spec import Environment
from environment.state_folder import STATE_OBJECT, SUFFIX_OBJECT, StateFolder, parse_state, parse_suffix


def read_state_folder(environment: Environment, addresses: Addresses) -> StateFolder:
    """Return what is there; with Cloud Storage off, that nothing can be said."""
    storage, bucket = Storage(addresses, environment.project_id), environment.state.bucket

    def read(name: str) -> str | None:
        return storage.read(bucket, f"{environment.state_prefix}/{name}")

    try:
        with ThreadPoolExecutor(3) as pool:
            state, suffix, record = pool.map(read, (STATE_OBJECT, SUFFIX_OBJECT, RECORD_OBJECT))
        has_bucket = any((state, suffix, record)) or storage.has_bucket(bucket)
    except ServiceDisabledError:
        return StateFolder(has_bucket=False, is_readable=False)
    return StateFolder(
        has_bucket=has_bucket,
        state=parse_state(state) if state else None,
        suffix=parse_suffix(suffix) if suffix else None,
        record=EnvironmentRecord.read(record),
    )
