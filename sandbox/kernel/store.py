"""Everything that the local Google Cloud remembers, in one SQLite file.

Documents are JSON objects by (collection, name): collection "compute.networks", name
"projects/P/global/networks/N". Large contents are blobs. A write is in the file before its request is answered, so a
killed sandbox starts again as it was.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (key TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


class Store:
    """Documents, blobs and counters; safe to use from many threads."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside one change: nobody else reads or writes meanwhile, an exception undoes it."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def get(self, collection: str, name: str) -> Document | None:
        """Return a document, None where there is none."""
        row = self._one("SELECT body FROM documents WHERE collection = ? AND name = ?", collection, name)
        return None if row is None else dict(json.loads(row[0]))

    def put(self, collection: str, name: str, body: Document) -> None:
        """Write a document."""
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, name, json.dumps(body))
            )

    def delete(self, collection: str, name: str) -> bool:
        """Remove a document; say whether there was one."""
        with self._lock:
            cursor = self._connection.execute(
                "DELETE FROM documents WHERE collection = ? AND name = ?", (collection, name)
            )
            return cursor.rowcount > 0

    def items(self, collection: str, prefix: str = "") -> list[tuple[str, Document]]:
        """Return (name, document) of a collection, by name, those whose name starts with `prefix`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT name, body FROM documents WHERE collection = ? AND name >= ? AND name < ? ORDER BY name",
                (collection, prefix, prefix + "\U0010ffff"),
            ).fetchall()
        return [(name, json.loads(body)) for name, body in rows]

    def collections(self) -> list[str]:
        """Return the names of all collections that hold something."""
        with self._lock:
            rows = self._connection.execute("SELECT DISTINCT collection FROM documents ORDER BY 1").fetchall()
        return [name for (name,) in rows]

    def put_blob(self, key: str, content: bytes) -> None:
        """Write a blob."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (key, content))

    def get_blob(self, key: str) -> bytes | None:
        """Return a blob, None where there is none."""
        row = self._one("SELECT content FROM blobs WHERE key = ?", key)
        return None if row is None else bytes(row[0])

    def delete_blob(self, key: str) -> None:
        """Remove a blob."""
        with self._lock:
            self._connection.execute("DELETE FROM blobs WHERE key = ?", (key,))

    def next(self, counter: str) -> int:
        """Count up and return the new value; the first is 1."""
        row = self._one(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value",
            counter,
        )
        assert row is not None
        return int(row[0])

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in ("documents", "blobs", "counters"):
                self._connection.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _one(self, statement: str, *values: Any) -> Any:
        with self._lock:
            return self._connection.execute(statement, values).fetchone()
