"""The history beside Terraform's state: an object for each run, written by that run alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.storage import Storage
from environment.errors import GoogleApiError
from environment.history import HISTORY_PREFIX, HistoryEntry, parse_entry
from environment.spec import Environment

NOT_FOUND = 404


def write_entry(environment: Environment, addresses: Addresses, entry: HistoryEntry) -> bool:
    """Write the entry of a run, over what that run has written of itself before; False where there is no bucket yet."""
    storage = Storage(addresses, environment.project_id)
    try:
        storage.write(environment.state.bucket, _name(environment, entry), entry.model_dump_json(indent=2))
    except GoogleApiError as error:
        if error.status == NOT_FOUND:
            return False
        raise
    return True


def remove_entry(environment: Environment, addresses: Addresses, entry: HistoryEntry) -> None:
    """Remove the entry of a run; none is fine."""
    Storage(addresses, environment.project_id).delete(environment.state.bucket, _name(environment, entry))


def _name(environment: Environment, entry: HistoryEntry) -> str:
    return f"{environment.state_prefix}/{entry.object_name}"


def read_history(environment: Environment, addresses: Addresses, limit: int) -> tuple[HistoryEntry, ...]:
    """Return the newest entries, the newest first."""
    storage, bucket = Storage(addresses, environment.project_id), environment.state.bucket
    names = storage.list_names(bucket, f"{environment.state_prefix}/{HISTORY_PREFIX}")
    newest = names[::-1][:limit]
    with ThreadPoolExecutor(8) as pool:
        texts = pool.map(lambda name: storage.read(bucket, name), newest)
        found = [parse_entry(text) for text in texts if text is not None]
    return tuple(entry for entry in found if entry is not None)
