"""Objects and their generations: state and rules.

A bucket with versioning keeps what is overwritten or deleted as a noncurrent generation.
Source: https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import google_crc32c

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.routes import Json
from sandbox.services.storage.buckets import HOST, Buckets
from sandbox.services.storage.errors import no_object
from sandbox.services.storage.preconditions import check_preconditions

LIVE, NONCURRENT = "objects", "object-versions"
CHANGEABLE = ("metadata", "contentType", "contentEncoding", "contentDisposition", "contentLanguage", "cacheControl")


@dataclass(frozen=True)
class Objects:
    """The objects of one bucket."""

    cloud: Cloud
    bucket: str

    def get(self, name: str, query: Mapping[str, str]) -> Json:
        """Return an object, or the generation that the query asks for."""
        Buckets(self.cloud).get(self.bucket)
        found = self._find(name, query.get("generation", ""))
        if found is None:
            raise no_object(self.bucket, name)
        check_preconditions(query, found, reading=True)
        return found

    def content(self, body: Json) -> bytes:
        """Return an object's bytes."""
        return self.cloud.store.get_blob(self._blob(body["name"], body["generation"])) or b""

    def write(self, name: str, content: bytes, given: Json, query: Mapping[str, str]) -> Json:
        """Write a new generation."""
        with self.cloud.store.transaction():
            bucket = Buckets(self.cloud).get(self.bucket)
            check_preconditions(query, self._find(name))
            self._retire(name, bucket)
            body = self._describe(name, content, given, bucket)
            self.cloud.store.put(LIVE, f"{self.bucket}/{name}", body)
            self.cloud.store.put_blob(self._blob(name, body["generation"]), content)
        return body

    def change(self, name: str, given: Json, query: Mapping[str, str]) -> Json:
        """Change an object's metadata; null removes a field."""
        with self.cloud.store.transaction():
            body = dict(self.get(name, query))
            for key in CHANGEABLE:
                if key not in given:
                    continue
                value = given[key]
                if isinstance(value, dict):
                    merged = {**(body.get(key) or {}), **value}
                    body[key] = {field: item for field, item in merged.items() if item is not None}
                elif value is None:
                    body.pop(key, None)
                else:
                    body[key] = value
            body |= {
                "metageneration": str(int(body["metageneration"]) + 1),
                "updated": self.cloud.clock.timestamp(),
            }
            self.cloud.store.put(LIVE, f"{self.bucket}/{name}", body)
        return body

    def delete(self, name: str, query: Mapping[str, str]) -> None:
        """Remove the live object, or for good the generation that the query asks for."""
        with self.cloud.store.transaction():
            bucket = Buckets(self.cloud).get(self.bucket)
            generation = query.get("generation", "")
            found = self._find(name, generation)
            if found is None:
                raise no_object(self.bucket, name)
            check_preconditions(query, found)
            if generation:
                self._remove(found)
            else:
                self._retire(name, bucket)

    def select(self, query: Mapping[str, str]) -> list[Json]:
        """Return the objects under the query's prefix by name, all generations with `versions=true`."""
        Buckets(self.cloud).get(self.bucket)
        prefix = f"{self.bucket}/{query.get('prefix', '')}"
        found = [body for _, body in self.cloud.store.items(LIVE, prefix)]
        if query.get("versions", "").lower() == "true":  # the Python client writes True
            found += [body for _, body in self.cloud.store.items(NONCURRENT, prefix)]
        return sorted(found, key=lambda body: (body["name"], int(body["generation"])))

    def _find(self, name: str, generation: str = "") -> Json | None:
        live = self.cloud.store.get(LIVE, f"{self.bucket}/{name}")
        if not generation or (live and live["generation"] == generation):
            return live
        return self.cloud.store.get(NONCURRENT, f"{self.bucket}/{name}#{generation}")

    def _retire(self, name: str, bucket: Json) -> None:
        live = self._find(name)
        if live is None:
            return
        if (bucket.get("versioning") or {}).get("enabled"):
            body = {**live, "timeDeleted": self.cloud.clock.timestamp()}
            self.cloud.store.put(NONCURRENT, f"{self.bucket}/{name}#{live['generation']}", body)
            self.cloud.store.delete(LIVE, f"{self.bucket}/{name}")
        else:
            self._remove(live)

    def _remove(self, body: Json) -> None:
        name, generation = body["name"], body["generation"]
        live = self._find(name)
        if live and live["generation"] == generation:
            self.cloud.store.delete(LIVE, f"{self.bucket}/{name}")
        self.cloud.store.delete(NONCURRENT, f"{self.bucket}/{name}#{generation}")
        self.cloud.store.delete_blob(self._blob(name, generation))

    def _describe(self, name: str, content: bytes, given: Json, bucket: Json) -> Json:
        now = self.cloud.clock.timestamp()
        generation = str(int(self.cloud.clock.now() * 1e6) * 1000 + self.cloud.store.next("generation") % 1000)
        return {
            "kind": "storage#object",
            "id": f"{self.bucket}/{name}/{generation}",
            "selfLink": self.cloud.link(HOST, f"/storage/v1/b/{self.bucket}/o/{name.replace('/', '%2F')}"),
            "mediaLink": self.cloud.link(
                HOST,
                f"/download/storage/v1/b/{self.bucket}/o/{name.replace('/', '%2F')}?generation={generation}&alt=media",
            ),
            "name": name,
            "bucket": self.bucket,
            "generation": generation,
            "metageneration": "1",
            "contentType": given.get("contentType") or "application/octet-stream",
            "storageClass": given.get("storageClass") or bucket["storageClass"],
            "size": str(len(content)),
            "md5Hash": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "crc32c": base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode(),
            "etag": base64.b64encode(generation.encode()).decode(),
            "timeCreated": now,
            "updated": now,
            "timeStorageClassUpdated": now,
            **{key: given[key] for key in CHANGEABLE if given.get(key) and key != "contentType"},
        }

    def _blob(self, name: str, generation: str) -> str:
        return f"object:{self.bucket}/{name}#{generation}"
