"""The cluster's objects, in SQLite and in memory.

Every write is committed before it is answered, so a killed process loses nothing it has confirmed. The memory holds the
same objects as JSON text: who wants to change one parses a copy of his own.

A resourceVersion is the number of the write. Versions that a write replaced stay known to `history` for a while, for
watches that begin in the past; a start forgets them, and such a watch is told that its time is gone.

On disk, Secrets are encrypted as a whole, by a key in the database's folder.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.files import VAULT_FILE
from sandbox.kubernetes.watch import Broadcast, Event
from sandbox.vault import Vault

Object = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  api_group TEXT NOT NULL, resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  version INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (api_group, resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revision (only INTEGER PRIMARY KEY CHECK (only = 0), value INTEGER NOT NULL);
INSERT OR IGNORE INTO revision VALUES (0, 0);
"""


@dataclass(frozen=True)
class Record:
    """One object as it was written. `view` is shared and must not be changed; `copy` is the reader's own."""

    group: str
    resource: str
    namespace: str
    name: str
    version: int
    text: str

    @cached_property
    def view(self) -> Object:
        """The object, to look at only."""
        return self.copy()

    def copy(self) -> Object:
        """Return the object anew."""
        parsed: Object = json.loads(self.text)
        return parsed

    @property
    def uid(self) -> str:
        """The object's identity."""
        return str(self.view["metadata"]["uid"])


def read_objects(path: Path) -> list[Record]:
    """Return all objects of a database, sorted, whether or not a server has it open."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return list(_read_all(connection, _Rest(path)))
    finally:
        connection.close()


class _Rest:
    """How an object's text rests on disk: Secrets are sealed."""

    def __init__(self, path: Path) -> None:
        self._vault = Vault(path.with_name(VAULT_FILE))

    def seal(self, group: str, resource: str, text: str) -> str:
        return self._vault.encrypt(text.encode()).decode() if _is_secret(group, resource) else text

    def open(self, group: str, resource: str, text: str) -> str:
        return self._vault.decrypt(text.encode()).decode() if _is_secret(group, resource) else text


def _is_secret(group: str, resource: str) -> bool:
    return (group, resource) == ("", "secrets")


def _read_all(connection: sqlite3.Connection, rest: _Rest) -> Iterator[Record]:
    rows = connection.execute(
        "SELECT api_group, resource, namespace, name, version, body FROM objects"
        " ORDER BY api_group, resource, namespace, name"
    )
    for group, resource, namespace, name, version, text in rows:
        yield Record(group, resource, namespace, name, version, rest.open(group, resource, text))


class Store:
    """All objects of one cluster."""

    def __init__(self, path: Path) -> None:
        self.broadcast = Broadcast()
        self._lock = threading.RLock()
        self._rest = _Rest(path)
        # Secrets are in it.
        path.touch(mode=0o600)
        # Transactions are opened by hand: one for each write.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing with NORMAL; only a power cut could.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self.revision: int = self._connection.execute("SELECT value FROM revision").fetchone()[0]
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Record]] = {}
        self._by_uid: dict[str, Record] = {}
        for record in _read_all(self._connection, self._rest):
            self._collection(record.group, record.resource)[record.namespace, record.name] = record
            self._by_uid[record.uid] = record
        self.broadcast.start_at(self.revision)

    def close(self) -> None:
        """End all watches and close the database."""
        self.broadcast.close()
        with self._lock:
            self._connection.close()

    def get(self, group: str, resource: str, namespace: str, name: str) -> Record | None:
        """Return one object."""
        return self._collection(group, resource).get((namespace, name))

    def get_uid(self, uid: str) -> Record | None:
        """Return the object with an identity."""
        return self._by_uid.get(uid)

    def select(self, group: str, resource: str, namespace: str = "") -> list[Record]:
        """Return a resource's objects, of one namespace or of all, sorted by namespace and name."""
        records = self._collection(group, resource)
        keys = sorted(key for key in records if not namespace or key[0] == namespace)
        return [records[key] for key in keys]

    def everything(self) -> list[Record]:
        """Return all objects."""
        return [record for collection in list(self._objects.values()) for record in list(collection.values())]

    def select_at(self, group: str, resource: str, namespace: str, version: int) -> list[Record] | None:
        """Return a resource's objects as they were at a version, or None where that is forgotten."""
        later = self.broadcast.since(version)
        if later is None:
            return None
        state = {(each.namespace, each.name): each for each in self.select(group, resource, namespace)}
        for event in reversed(later):
            record = event.record
            if (record.group, record.resource) != (group, resource) or (namespace and record.namespace != namespace):
                continue
            if event.previous is None:
                state.pop((record.namespace, record.name), None)
            else:
                state[record.namespace, record.name] = event.previous
        return [state[key] for key in sorted(state)]

    def put(self, group: str, resource: str, obj: Object) -> Record:
        """Write an object; its resourceVersion becomes that of the write."""
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        with self._lock:
            previous = self.get(group, resource, namespace, name)
            record = self._new_record(group, resource, namespace, name, obj)
            row = (group, resource, namespace, name, record.version, self._rest.seal(group, resource, record.text))
            with self._transaction(record.version):
                self._connection.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", row)
            self._collection(group, resource)[namespace, name] = record
            self._by_uid[metadata["uid"]] = record
            self.broadcast.publish(Event("MODIFIED" if previous else "ADDED", record, previous))
        return record

    def remove(self, record: Record, last: Object | None = None) -> Record:
        """Delete an object, and return it with the version of its deletion."""
        with self._lock:
            gone = self._new_record(record.group, record.resource, record.namespace, record.name, last or record.copy())
            with self._transaction(gone.version):
                self._connection.execute(
                    "DELETE FROM objects WHERE api_group = ? AND resource = ? AND namespace = ? AND name = ?",
                    (record.group, record.resource, record.namespace, record.name),
                )
            self._collection(record.group, record.resource).pop((record.namespace, record.name), None)
            self._by_uid.pop(record.uid, None)
            self.broadcast.publish(Event("DELETED", gone, record))
        return gone

    def _new_record(self, group: str, resource: str, namespace: str, name: str, obj: Object) -> Record:
        version = self.revision + 1
        obj["metadata"]["resourceVersion"] = str(version)
        return Record(group, resource, namespace, name, version, json.dumps(obj, separators=(",", ":")))

    def _transaction(self, version: int) -> _Transaction:
        return _Transaction(self, self._connection, version)

    def _collection(self, group: str, resource: str) -> dict[tuple[str, str], Record]:
        return self._objects.setdefault((group, resource), {})


class _Transaction:
    """One write with its number."""

    def __init__(self, store: Store, connection: sqlite3.Connection, version: int) -> None:
        self._store = store
        self._connection = connection
        self._version = version

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._connection.execute("ROLLBACK")
            return
        self._connection.execute("UPDATE revision SET value = ?", (self._version,))
        self._connection.execute("COMMIT")
        self._store.revision = self._version
