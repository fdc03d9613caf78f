"""The documents of one collection as resources with a life.

A resource is under creation until `ready_at`, at work on a change until `idle_at`, and gone from `gone_at` on. These
times stand in the document beside its fields, in seconds since the epoch, and never in an answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from sandbox.kernel.cloud import Cloud

Document = dict[str, Any]
LIFE = ("ready_at", "gone_at", "idle_at")
EMPTY_LABELS_FINGERPRINT = "42WmSpB8rSM="


class Resources:
    """The resources of one collection, by name."""

    def __init__(self, cloud: Cloud, collection: str) -> None:
        self._cloud = cloud
        self._collection = collection

    def get(self, name: str) -> Document | None:
        """Return a resource, None where there is none (any more)."""
        found = self._cloud.store.get(self._collection, name)
        return found if found is not None and self._lives(name, found) else None

    def items(self, prefix: str = "") -> list[tuple[str, Document]]:
        """Return (name, document) of those whose name starts with `prefix`, by name."""
        found = self._cloud.store.items(self._collection, prefix)
        return [(name, document) for name, document in found if self._lives(name, document)]

    def put(self, name: str, document: Document) -> None:
        """Write a resource."""
        self._cloud.store.put(self._collection, name, document)

    def remove(self, name: str, gone_at: float) -> None:
        """Remove a resource at that time."""
        found = self._cloud.store.get(self._collection, name)
        if found is None:
            return
        document = {**found, "gone_at": gone_at}
        if self._lives(name, document):
            self.put(name, document)

    def _lives(self, name: str, document: Document) -> bool:
        if "gone_at" not in document or self._cloud.clock.now() < document["gone_at"]:
            return True
        self._cloud.store.delete(self._collection, name)
        return False


def is_ready(cloud: Cloud, document: Document) -> bool:
    """Tell whether a resource's creation is over."""
    return bool(cloud.clock.now() >= document.get("ready_at", 0.0))


def public(document: Document) -> Document:
    """Return a resource as answers show it."""
    return {key: value for key, value in document.items() if key not in LIFE}


def fingerprint(value: object) -> str:
    """Return a short hash of JSON, as `fingerprint` and `labelFingerprint` are."""
    if value == {}:
        return EMPTY_LABELS_FINGERPRINT
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest[:8]).decode()
