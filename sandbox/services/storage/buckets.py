"""Buckets: state and rules. Source: https://cloud.google.com/storage/docs/json_api/v1/buckets."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.kernel.routes import Json
from sandbox.services.orgpolicy.store import require_location
from sandbox.services.storage.errors import conflict, no_bucket

HOST = "storage.googleapis.com"
BUCKETS = "buckets"
MULTI_REGIONS = ("US", "EU", "ASIA")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_FIXED = ("id", "name", "kind", "location", "locationType", "projectNumber", "selfLink", "timeCreated")


@dataclass(frozen=True)
class Buckets:
    """All buckets; names are global, so no project is part of the key."""

    cloud: Cloud

    def create(self, project: str, given: Json) -> Json:
        """Make a bucket with the defaults that Google fills in."""
        name = str(given.get("name", ""))
        if not _NAME.fullmatch(name):
            raise invalid(f"Invalid bucket name: '{name}'")
        number = self.cloud.projects.get(project).number
        require_location(self.cloud, project, str(given.get("location") or "US"))
        with self.cloud.store.transaction():
            if taken := self.cloud.store.get(BUCKETS, name):
                raise _taken(taken, number)
            body = _new_bucket(given, name, number, self.cloud.clock.timestamp())
            body["selfLink"] = self.cloud.link(HOST, f"/storage/v1/b/{name}")
            self.cloud.store.put(BUCKETS, name, body)
            self.cloud.policies.set(f"buckets/{name}", {"bindings": _first_bindings(project)})
        return body

    def get(self, name: str) -> Json:
        """Return a bucket."""
        found = self.cloud.store.get(BUCKETS, name)
        if found is None:
            raise no_bucket()
        return found

    def of_project(self, project: str, prefix: str = "") -> list[Json]:
        """Return a project's buckets by name."""
        number = self.cloud.projects.get(project).number
        return [body for _, body in self.cloud.store.items(BUCKETS, prefix) if body["projectNumber"] == number]

    def change(self, name: str, changes: Json) -> Json:
        """Merge changes into a bucket: null removes a field."""
        with self.cloud.store.transaction():
            body: Json = _merged(self.get(name), {key: value for key, value in changes.items() if key not in _FIXED})
            metageneration = int(body["metageneration"]) + 1
            body |= {"metageneration": str(metageneration), "updated": self.cloud.clock.timestamp()}
            body["etag"] = _etag(metageneration)
            self.cloud.store.put(BUCKETS, name, body)
        return body

    def delete(self, name: str) -> None:
        """Remove an empty bucket."""
        with self.cloud.store.transaction():
            self.get(name)
            if self.cloud.store.items("objects", f"{name}/") or self.cloud.store.items("object-versions", f"{name}/"):
                raise conflict("The bucket you tried to delete is not empty.")
            self.cloud.store.delete(BUCKETS, name)
            self.cloud.policies.delete(f"buckets/{name}")


def _new_bucket(given: Json, name: str, number: str, now: str) -> Json:
    location = str(given.get("location") or "US").upper()
    iam = given.get("iamConfiguration") or {}
    uniform = iam.get("uniformBucketLevelAccess") or iam.get("bucketPolicyOnly") or {"enabled": False}
    return {
        **{key: value for key, value in given.items() if value is not None},
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "projectNumber": number,
        "metageneration": "1",
        "etag": _etag(1),
        "location": location,
        "locationType": "multi-region" if location in MULTI_REGIONS else "region",
        "storageClass": given.get("storageClass") or "STANDARD",
        "timeCreated": now,
        "updated": now,
        "iamConfiguration": {
            "bucketPolicyOnly": uniform,
            "uniformBucketLevelAccess": uniform,
            "publicAccessPrevention": iam.get("publicAccessPrevention") or "inherited",
        },
        "softDeletePolicy": given.get("softDeletePolicy")
        or {"retentionDurationSeconds": "604800", "effectiveTime": now},
    }


def _first_bindings(project: str) -> list[Json]:
    return [
        {
            "role": "roles/storage.legacyBucketOwner",
            "members": [f"projectEditor:{project}", f"projectOwner:{project}"],
        },
        {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
    ]


def _taken(bucket: Json, number: str) -> Exception:
    if bucket["projectNumber"] == number:
        return conflict("Your previous request to create the named bucket succeeded and you already own it.")
    return conflict(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )


def _merged(current: Any, change: Any) -> Any:
    if not isinstance(current, dict) or not isinstance(change, dict):
        return change
    result = dict(current)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _etag(metageneration: int) -> str:
    return base64.b64encode(b"\x08" + bytes([metageneration % 256])).decode()
