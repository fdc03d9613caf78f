"""IAM policies of any resource: read, replaced as a whole, guarded by an etag.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/Policy
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from sandbox.kernel.errors import aborted
from sandbox.kernel.store import Store

COLLECTION = "policies"
EMPTY_ETAG = "ACAB"
Policy = dict[str, Any]


class Policies:
    """One policy per resource name, such as "projects/P" or "buckets/B"."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, resource: str) -> Policy:
        """Return the policy; one that was never set has no bindings."""
        return self._store.get(COLLECTION, resource) or {"version": 1, "etag": EMPTY_ETAG}

    def set(self, resource: str, policy: Policy) -> Policy:
        """Replace the policy.

        Raises:
            ApiError: 409 when the etag that comes with it is stale.
        """
        with self._store.transaction():
            current = self.get(resource)
            if policy.get("etag") and _same_bytes(policy["etag"]) != _same_bytes(current["etag"]):
                raise aborted(
                    "There were concurrent policy changes. Please retry the whole read-modify-write with "
                    "exponential backoff."
                )
            bindings = [binding for binding in policy.get("bindings", []) if binding.get("members")]
            kept: Policy = {"version": policy.get("version") or 1, "bindings": bindings}
            if policy.get("auditConfigs"):
                kept["auditConfigs"] = policy["auditConfigs"]
            kept["etag"] = _etag(kept, str(current["etag"]))
            self._store.put(COLLECTION, resource, kept)
            return kept

    def delete(self, resource: str) -> None:
        """Forget a resource's policy with the resource."""
        self._store.delete(COLLECTION, resource)


def _same_bytes(etag: str) -> str:
    """Return the one spelling of bytes that come in either alphabet of base64: gcloud gives back the URL-safe one."""
    return etag.replace("-", "+").replace("_", "/")


def _etag(policy: Policy, previous: str) -> str:
    digest = hashlib.sha256(f"{previous} {json.dumps(policy, sort_keys=True)}".encode()).digest()
    return base64.b64encode(digest[:9]).decode()
