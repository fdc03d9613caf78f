"""What the verbs of the API share: the store, the registry, the clock and the source of identities."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.resources import Registry, Resource
from sandbox.kubernetes.status import not_found
from sandbox.kubernetes.storage import Record, Store

Object = dict[str, Any]


def timestamp() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _new_uid() -> str:
    return str(uuid.uuid4())


@dataclass
class Cluster:
    """One cluster's state."""

    store: Store
    registry: Registry = field(default_factory=Registry)
    certificate_authority: str = ""
    now: Callable[[], str] = timestamp
    new_uid: Callable[[], str] = _new_uid
    # Objects whose deletion is being worked on, so that what follows from it does not start it again.
    settling: set[str] = field(default_factory=set)

    def find(self, resource: Resource, namespace: str, name: str) -> Record:
        """Return an object.

        Raises:
            ApiError: There is none (404).
        """
        record = self.store.get(*resource.stored_as, namespace if resource.namespaced else "", name)
        if record is None:
            raise not_found(resource.group, resource.plural, name)
        return record

    def select(self, resource: Resource, namespace: str = "") -> list[Record]:
        """Return a resource's objects."""
        return self.store.select(*resource.stored_as, namespace)

    def resource_of(self, record: Record) -> Resource | None:
        """Return the resource that a stored object belongs to, in its stored version."""
        return self.registry.find_stored(record.group, record.resource)

    def in_namespace(self, namespace: str) -> Iterator[Record]:
        """Return everything in a namespace."""
        return (record for record in self.store.everything() if record.namespace == namespace)


@dataclass(frozen=True)
class WriteOptions:
    """How a write is meant: the query parameters that create, update and patch have in common.

    Attributes:
        manager: The field manager.
        dry_run: Whether nothing may be stored.
        field_validation: Strict, Warn or Ignore.
        force: Whether an apply takes over fields that others own.
        warnings: What to tell the client beside the answer.
    """

    manager: str
    dry_run: bool = False
    field_validation: str = "Warn"
    force: bool = False
    warnings: list[str] = field(default_factory=list)
