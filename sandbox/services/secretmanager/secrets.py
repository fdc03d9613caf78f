"""Secrets and their versions: state and rules. Payloads are encrypted in the store.

Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import aborted, already_exists, failed_precondition, invalid, not_found
from sandbox.kernel.routes import Json

SECRETS, VERSIONS = "secrets", "secret-versions"
CHANGEABLE = ("labels", "annotations", "versionAliases", "topics", "rotation", "ttl", "expireTime")


@dataclass(frozen=True)
class Secrets:
    """The secrets of one project; resource names carry the project's number, as the real ones do."""

    cloud: Cloud
    project: str

    @property
    def _parent(self) -> str:
        return f"projects/{self.cloud.projects.get(self.project).number}/secrets"

    def create(self, secret_id: str, given: Json) -> Json:
        """Make a secret without a version."""
        if not given.get("replication"):
            raise invalid("The required field 'secret.replication' is not set.")
        name = f"{self._parent}/{secret_id}"
        with self.cloud.store.transaction():
            if self.cloud.store.get(SECRETS, name):
                raise already_exists(name, f"Secret [{name}] already exists.")
            kept = {key: given[key] for key in ("replication", *CHANGEABLE) if key in given}
            body = {"name": name, "createTime": self.cloud.clock.timestamp(), **kept, "etag": self._etag()}
            self.cloud.store.put(SECRETS, name, body)
        return body

    def get(self, secret_id: str) -> Json:
        """Return a secret."""
        name = f"{self._parent}/{secret_id}"
        found = self.cloud.store.get(SECRETS, name)
        if found is None:
            raise not_found(name, f"Secret [{name}] not found.")
        return found

    def all(self) -> list[Json]:
        """Return all secrets by name."""
        return [body for _, body in self.cloud.store.items(SECRETS, f"{self._parent}/")]

    def change(self, secret_id: str, given: Json, mask: list[str]) -> Json:
        """Change the fields that the mask names."""
        if unknown := [field for field in mask if field.split(".")[0] not in CHANGEABLE]:
            raise invalid(f"Invalid field mask: {', '.join(unknown)}")
        with self.cloud.store.transaction():
            current = self.get(secret_id)
            if given.get("etag") and given["etag"] != current["etag"]:
                raise aborted("The etag is stale")
            for field in mask:
                if field in given:
                    current[field] = given[field]
                else:
                    current.pop(field, None)
            current["etag"] = self._etag()
            self.cloud.store.put(SECRETS, current["name"], current)
        return current

    def delete(self, secret_id: str) -> None:
        """Remove a secret with its versions and policy."""
        with self.cloud.store.transaction():
            name = self.get(secret_id)["name"]
            for version, _ in self.cloud.store.items(VERSIONS, f"{name}/versions/"):
                self.cloud.store.delete(VERSIONS, version)
                self.cloud.store.delete_blob(f"secret:{version}")
            self.cloud.store.delete(SECRETS, name)
            self.cloud.policies.delete(name)

    def add_version(self, secret_id: str, data: str) -> Json:
        """Add a version; `data` is base64."""
        try:
            payload = base64.b64decode(data, validate=False)
        except (binascii.Error, ValueError):
            raise invalid("Invalid payload: not base64") from None
        with self.cloud.store.transaction():
            name = self.get(secret_id)["name"]
            number = len(self.cloud.store.items(VERSIONS, f"{name}/versions/")) + 1
            body = {
                "name": f"{name}/versions/{number}",
                "number": number,
                "createTime": self.cloud.clock.timestamp(),
                "state": "ENABLED",
                "replicationStatus": {"automatic": {}},
                "etag": self._etag(),
            }
            self.cloud.store.put(VERSIONS, f"{name}/versions/{number}", body)
            self.cloud.store.put_blob(f"secret:{name}/versions/{number}", self.cloud.vault.encrypt(payload))
        return _shown(body)

    def get_version(self, secret_id: str, version: str) -> Json:
        """Return a version by number or "latest"."""
        return _shown(self._version(secret_id, version))

    def list_versions(self, secret_id: str) -> list[Json]:
        """Return all versions, newest first."""
        name = self.get(secret_id)["name"]
        found = [body for _, body in self.cloud.store.items(VERSIONS, f"{name}/versions/")]
        return [_shown(body) for body in sorted(found, key=lambda body: -int(body["number"]))]

    def access(self, secret_id: str, version: str) -> Json:
        """Return a version's payload."""
        body = self._version(secret_id, version)
        if body["state"] != "ENABLED":
            raise failed_precondition(f"Secret Version [{body['name']}] is in {body['state']} state.")
        sealed = self.cloud.store.get_blob(f"secret:{body['name']}")
        assert sealed is not None
        data = base64.b64encode(self.cloud.vault.decrypt(sealed)).decode()
        return {"name": body["name"], "payload": {"data": data}}

    def set_state(self, secret_id: str, version: str, state: str) -> Json:
        """Enable, disable or destroy a version; a destroyed one stays so, its payload is gone."""
        with self.cloud.store.transaction():
            body = self._version(secret_id, version)
            if body["state"] == "DESTROYED" and state != "DESTROYED":
                raise failed_precondition(f"Secret Version [{body['name']}] is in DESTROYED state.")
            body |= {"state": state, "etag": self._etag()}
            if state == "DESTROYED":
                body["destroyTime"] = rfc3339(self.cloud.clock.now())
                self.cloud.store.delete_blob(f"secret:{body['name']}")
            self.cloud.store.put(VERSIONS, body["name"], body)
        return _shown(body)

    def _version(self, secret_id: str, version: str) -> Json:
        name = self.get(secret_id)["name"]
        if version == "latest":
            found = [body for _, body in self.cloud.store.items(VERSIONS, f"{name}/versions/")]
            newest = max(found, key=lambda body: int(body["number"]), default=None)
        else:
            newest = self.cloud.store.get(VERSIONS, f"{name}/versions/{version}")
        if newest is None:
            raise not_found(name, f"Secret Version [{name}/versions/{version}] not found.")
        return newest

    def _etag(self) -> str:
        return f'"{self.cloud.clock.uuid().replace("-", "")[:14]}"'


def _shown(version: Json) -> Json:
    return {key: value for key, value in version.items() if key != "number"}
