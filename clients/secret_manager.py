"""Secret Manager v1. A secret's value leaves this module only to the client that needs it, never to a task's result.

Which version a system was last given stands in the secret's annotations, so that a run that died between writing
a version and applying it is seen and finished by the next one.

Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from clients.addresses import Addresses
from clients.credentials import google_credentials
from clients.google_errors import google_errors

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import Secret, SecretManagerServiceClient

HOST = "secretmanager.googleapis.com"


class SecretManager:
    """The secrets of one project; `secret_id` is the last part of "projects/P/secrets/S"."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id
        self._parent = f"projects/{project_id}"

    @cached_property
    def _client(self) -> SecretManagerServiceClient:
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient

        return SecretManagerServiceClient(
            credentials=google_credentials(self._addresses, self._project_id),
            transport="rest",
            client_options={"api_endpoint": self._addresses.service(HOST)},
        )

    def _name(self, secret_id: str) -> str:
        return f"{self._parent}/secrets/{secret_id}"

    def annotations(self, secret_id: str) -> dict[str, str] | None:
        """Return the secret's annotations, None where there is no such secret."""
        found = self._get(secret_id)
        return None if found is None else dict(found.annotations)

    def read_labels(self, secret_id: str) -> dict[str, str] | None:
        """Return the secret's labels, None where there is no such secret."""
        found = self._get(secret_id)
        return None if found is None else dict(found.labels)

    def _get(self, secret_id: str) -> Secret | None:
        from google.api_core.exceptions import NotFound

        with google_errors(f"read the secret {secret_id}", self._name(secret_id)):
            try:
                return self._client.get_secret(name=self._name(secret_id), retry=None)
            except NotFound:
                return None

    def create(self, secret_id: str, labels: dict[str, str]) -> None:
        """Make a secret without a version; one that exists is fine."""
        from google.api_core.exceptions import AlreadyExists, Conflict
        from google.cloud.secretmanager_v1 import Secret

        secret = Secret({"replication": {"automatic": {}}, "labels": labels})
        with google_errors(f"make the secret {secret_id}", self._name(secret_id)):
            try:
                self._client.create_secret(parent=self._parent, secret_id=secret_id, secret=secret, retry=None)
            except (AlreadyExists, Conflict):
                return

    def annotate(self, secret_id: str, annotations: dict[str, str]) -> None:
        """Replace the annotations."""
        from google.cloud.secretmanager_v1 import Secret

        secret = Secret(name=self._name(secret_id), annotations=annotations)
        with google_errors(f"annotate the secret {secret_id}", self._name(secret_id)):
            self._client.update_secret(secret=secret, update_mask={"paths": ["annotations"]}, retry=None)

    def read(self, secret_id: str) -> tuple[str, str] | None:
        """Return the newest enabled version as (number, value), None where there is none."""
        from google.api_core.exceptions import BadRequest, NotFound

        with google_errors(f"access the secret {secret_id}", self._name(secret_id)):
            try:
                return self._access(f"{self._name(secret_id)}/versions/latest")
            except NotFound:
                return None
            except BadRequest:  # FAILED_PRECONDITION: "latest" is the newest, also where that is disabled or destroyed
                enabled = self._newest_enabled(secret_id)
                return self._access(enabled) if enabled else None

    def _access(self, name: str) -> tuple[str, str]:
        version = self._client.access_secret_version(name=name, retry=None)
        return version.name.rsplit("/", 1)[-1], version.payload.data.decode()

    def _newest_enabled(self, secret_id: str) -> str | None:
        request = {"parent": self._name(secret_id), "filter": "state:ENABLED"}
        found = self._client.list_secret_versions(request=request, retry=None)  # newest first
        return next((str(version.name) for version in found), None)

    def newest_version(self, secret_id: str) -> tuple[str, str] | None:
        """Return number and state ("ENABLED", "DISABLED", "DESTROYED") of the newest version, None without any."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"read the versions of the secret {secret_id}", self._name(secret_id)):
            try:
                found = self._client.get_secret_version(name=f"{self._name(secret_id)}/versions/latest", retry=None)
            except NotFound:
                return None
        return str(found.name.rsplit("/", 1)[-1]), str(found.state.name)

    def add_version(self, secret_id: str, value: str) -> str:
        """Add a version and return its number."""
        from google.cloud.secretmanager_v1 import SecretPayload

        payload = SecretPayload(data=value.encode())
        with google_errors(f"add a version to the secret {secret_id}", self._name(secret_id)):
            added = self._client.add_secret_version(parent=self._name(secret_id), payload=payload, retry=None)
        return str(added.name.rsplit("/", 1)[-1])

    def list_enabled(self, secret_id: str) -> tuple[str, ...]:
        """Return the numbers of the enabled versions, the newest first."""
        request = {"parent": self._name(secret_id), "filter": "state:ENABLED"}
        with google_errors(f"list the versions of the secret {secret_id}", self._name(secret_id)):
            found = self._client.list_secret_versions(request=request, retry=None)
            return tuple(str(one.name).rsplit("/", 1)[-1] for one in found)

    def disable(self, secret_id: str, number: str) -> None:
        """Disable a version; it can be enabled again."""
        name = f"{self._name(secret_id)}/versions/{number}"
        with google_errors(f"disable version {number} of the secret {secret_id}", name):
            self._client.disable_secret_version(name=name, retry=None)

    def delete(self, secret_id: str) -> bool:
        """Delete a secret with all its versions; say whether it was there."""
        from google.api_core.exceptions import NotFound

        with google_errors(f"delete the secret {secret_id}", self._name(secret_id)):
            try:
                self._client.delete_secret(name=self._name(secret_id), retry=None)
            except NotFound:
                return False
        return True
