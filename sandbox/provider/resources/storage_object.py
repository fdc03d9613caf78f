"""google_storage_bucket_object: https://cloud.google.com/storage/docs/json_api/v1/objects."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import ProviderError
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN, Values

OTHER_CONTENT = "different hash"
"""What a plan shows for the hash of content that was changed behind Terraform's back."""


class BucketObject(Resource):
    """An object, stored anew whenever its content differs from the local one."""

    type_name = "google_storage_bucket_object"
    label = "object"
    service = "storage"
    collection = "b/{bucket}/o"
    item = "b/{bucket}/o/{name}"
    identity = "{bucket}-{name}"
    rules = Rules(
        names={"md5hash": "md5Hash", "detect_md5hash": "md5Hash", "output_name": "name"},
        local=frozenset(
            {
                "bucket",
                "content",
                "customer_encryption",
                "detect_md5hash",
                "force_empty_content_type",
                "md5hexhash",
                "source",
                "source_md5hash",
            }
        ),
        replace=frozenset(
            {
                "bucket",
                "cache_control",
                "content_disposition",
                "content_encoding",
                "content_language",
                "content_type",
                "customer_encryption",
                "kms_key_name",
                "name",
                "storage_class",
            }
        ),
    )

    def validate(self, config: Values) -> None:
        """Content comes from one place."""
        given = [name for name in ("content", "source") if config.get(name) is not None]
        if len(given) != 1:
            raise ProviderError("Invalid combination of arguments: one of `content,source` must be specified")

    def customize(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        """Compare the local content's hash with the stored one's."""
        if config.get("content") is None:
            planned["content"] = None
        local = _hash(planned)
        stored = (prior or {}).get("detect_md5hash")
        same = prior is not None and (local is None or local == stored)
        planned["detect_md5hash"] = stored if same else local or OTHER_CONTENT
        if prior is not None and planned["detect_md5hash"] != stored:
            planned |= dict.fromkeys(("crc32c", "generation", "md5hash", "md5hexhash", "media_link"), UNKNOWN)

    def create(self, planned: Values, config: Values) -> Values:
        """Upload."""
        self._upload(planned)
        self.keep(planned)
        return self.observed(planned)

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Upload anew, or change what does not belong to the content."""
        if prior.get("detect_md5hash") != planned.get("detect_md5hash"):
            self._upload(planned)
        elif self.changed(prior, planned):
            body = {**self.fetch(planned), **to_body(self.block, self.rules, planned)}
            self.api.call(self.service, "PUT", self.path(self.item, planned), body)
        return self.observed(planned)

    def _upload(self, state: Values) -> None:
        metadata: Json = to_body(self.block, self.rules, state)
        kind = str(metadata.get("contentType") or "")
        content = _content(state)
        if content is None:
            raise ProviderError('either "content" or "source" must be specified')
        if not kind:
            kind = "text/plain; charset=utf-8" if state.get("content") is not None else "application/octet-stream"
        if not state.get("force_empty_content_type"):
            metadata["contentType"] = kind
        self.api.upload(
            str(state["bucket"]), str(state["name"]), {**metadata, "bucket": state["bucket"]}, content, kind
        )

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """The hash in both spellings."""
        digest = str(body.get("md5Hash") or "")
        found["detect_md5hash"] = digest
        found["md5hexhash"] = base64.b64decode(digest).hex()
        return found

    def path(self, template: str, state: Any) -> str:
        """An object's name may hold slashes, which are escaped."""
        if template != self.item:
            return super().path(template, state)
        return f"b/{state['bucket']}/o/{quote(str(state['name']), safe='')}"

    def identify(self, state: Values) -> str:
        """Bucket and name."""
        return f"{state['bucket']}-{state['name']}"


def _content(state: Values) -> bytes | None:
    if isinstance(state.get("content"), str):
        return str(state["content"]).encode()
    if isinstance(state.get("source"), str):
        try:
            return Path(state["source"]).read_bytes()
        except OSError as problem:
            raise ProviderError(f"open {state['source']}: {problem.strerror}") from problem
    return None


def _hash(state: Values) -> str | None:
    if UNKNOWN in (state.get("content"), state.get("source")):
        return OTHER_CONTENT
    try:
        content = _content(state)
    except ProviderError:  # a file that an earlier step of the same apply makes
        return OTHER_CONTENT
    return None if content is None else base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
