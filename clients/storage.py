"""Cloud Storage v1: the bucket of Terraform's state and our own bookkeeping beside it.

Source: https://cloud.google.com/storage/docs/json_api/v1
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clients.addresses import Addresses
from clients.credentials import google_credentials
from clients.google_errors import google_errors

if TYPE_CHECKING:
    from google.cloud.storage import Client

HOST = "storage.googleapis.com"
TEST_SECONDS = 6.0
PARALLEL_DELETIONS = 8
"""A bucket of artifacts may hold many thousands of versions, and each is a call."""


class Storage:
    """Buckets and small objects of one project."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id

    @cached_property
    def _client(self) -> Client:
        from google.cloud.storage import Client

        return Client(
            project=self._project_id,
            credentials=google_credentials(self._addresses, self._project_id),
            client_options={"api_endpoint": self._addresses.service(HOST)},
        )

    def ensure_bucket(self, name: str, location: str, labels: dict[str, str]) -> bool:
        """Make a versioned bucket with uniform access where there is none; say whether it was made.

        An existing one is left as it is. 403 is an error of its own, never read as absence.
        """
        from google.api_core.exceptions import Conflict, NotFound

        with google_errors(f"read the bucket {name}", name):
            try:
                self._client.get_bucket(name, retry=None)
                return False
            except NotFound:
                bucket = self._client.bucket(name)
        bucket.versioning_enabled = True
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"
        bucket.labels = labels
        with google_errors(f"make the bucket {name}", name):
            try:
                bucket.create(location=location, retry=None)
            except Conflict:
                self._client.get_bucket(name, retry=None)  # ours by a lost answer; somebody else's gives 403
                return False
        return True

    def has_bucket(self, name: str) -> bool:
        """Tell whether a bucket of that name is there for us; 403 is an error of its own, never read as absence."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"read the bucket {name}", name):
            try:
                self._client.get_bucket(name, retry=None)
            except NotFound:
                return False
        return True

    def missing_permissions(self, name: str, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return which permissions we lack on a bucket; 404 is an error: there is none."""
        with google_errors(f"test our permissions on the bucket {name}", name):
            held = self._client.bucket(name).test_iam_permissions(wanted, timeout=TEST_SECONDS, retry=None)
        return tuple(one for one in wanted if one not in held)

    def read_labels(self, name: str) -> dict[str, str] | None:
        """Return the labels of a bucket, None where there is none."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"read the bucket {name}", name):
            try:
                return dict(self._client.get_bucket(name, retry=None).labels)
            except NotFound:
                return None

    def read(self, bucket: str, name: str) -> str | None:
        """Return a small object's text, None where there is none."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"read gs://{bucket}/{name}", name):
            try:
                return str(self._client.bucket(bucket).blob(name).download_as_bytes(retry=None).decode())
            except NotFound:
                return None

    def list_names(self, bucket: str, prefix: str) -> list[str]:
        """List the names of the objects under a prefix, in order; none where there is no such bucket."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"list gs://{bucket}/{prefix}", bucket):
            try:
                return sorted(blob.name for blob in self._client.list_blobs(bucket, prefix=prefix, retry=None))
            except NotFound:
                return []

    def updated_at(self, bucket: str, name: str) -> str | None:
        """Return when an object was last written, as RFC 3339, None where there is none."""
        with google_errors(f"read gs://{bucket}/{name}", name):
            blob = self._client.bucket(bucket).get_blob(name, retry=None)
        return blob.updated.isoformat() if blob else None

    def write(self, bucket: str, name: str, text: str, *, only_if_absent: bool = False) -> bool:
        """Write a small object; with `only_if_absent` say False, and write nothing, where one exists."""
        from google.api_core.exceptions import PreconditionFailed

        blob = self._client.bucket(bucket).blob(name)
        generation = 0 if only_if_absent else None
        with google_errors(f"write gs://{bucket}/{name}", name), warnings.catch_warnings():
            try:
                blob.upload_from_string(
                    text, content_type="application/json", if_generation_match=generation, retry=None
                )
            except PreconditionFailed:
                return False
        return True

    def delete(self, bucket: str, name: str) -> bool:
        """Delete a small object; say whether it was there."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"delete gs://{bucket}/{name}", name):
            try:
                self._client.bucket(bucket).blob(name).delete(retry=None)
            except NotFound:
                return False
        return True

    def empty_bucket(self, name: str) -> int:
        """Delete every object with all its versions, several at a time; return how many versions there were."""
        from google.api_core.exceptions import NotFound

        def delete(blob: Any) -> None:
            try:
                self._client.bucket(name).blob(blob.name, generation=blob.generation).delete(retry=None)
            except NotFound:
                return  # a run that was killed, or another one, was faster

        with google_errors(f"empty the bucket {name}", name), ThreadPoolExecutor(PARALLEL_DELETIONS) as pool:
            count = 0
            try:
                for page in self._client.list_blobs(name, versions=True, retry=None).pages:
                    count += len(list(pool.map(delete, page)))
            except NotFound:
                return count
        return count

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket; one that is gone is fine."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"delete the bucket {name}", name):
            try:
                self._client.bucket(name).delete(retry=None)
            except NotFound:
                return
