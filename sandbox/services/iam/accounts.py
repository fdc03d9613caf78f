"""Service accounts: state and rules. Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import aborted, already_exists, invalid, not_found
from sandbox.kernel.routes import Json
from sandbox.services.iam.members import ACCOUNTS

_ACCOUNT_ID = re.compile(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])")
CHANGEABLE = ("displayName", "description")


@dataclass(frozen=True)
class Accounts:
    """The service accounts of all projects, in the store by resource name."""

    cloud: Cloud

    def create(self, project: str, account_id: str, account: Json) -> Json:
        """Make an account."""
        if not _ACCOUNT_ID.fullmatch(account_id):
            raise invalid(
                f"Invalid service account ID '{account_id}': it must be 6 to 30 lower-case letters, digits and dashes"
            )
        email = f"{account_id}@{project}.iam.gserviceaccount.com"
        name = f"projects/{project}/serviceAccounts/{email}"
        with self.cloud.store.transaction():
            if self.cloud.store.get(ACCOUNTS, name):
                raise already_exists(
                    name, f"Service account {account_id} already exists within project projects/{project}."
                )
            unique_id = self.cloud.clock.unique_id()
            body: Json = {
                "name": name,
                "projectId": project,
                "uniqueId": unique_id,
                "email": email,
                "oauth2ClientId": unique_id,
                "etag": self._etag(),
                **{key: account[key] for key in CHANGEABLE if account.get(key)},
            }
            self.cloud.store.put(ACCOUNTS, name, body)
        return body

    def find(self, project: str, email_or_id: str) -> Json:
        """Return an account by email or unique id; the project may be "-"."""
        owner = re.fullmatch(r"[^@]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com", email_or_id)
        name = f"projects/{owner[1] if owner else project}/serviceAccounts/{email_or_id}"
        found = self.cloud.store.get(ACCOUNTS, name)
        if found is None and email_or_id.isdigit():
            prefix = "" if project == "-" else f"projects/{project}/"
            accounts = (body for _, body in self.cloud.store.items(ACCOUNTS, prefix))
            found = next((body for body in accounts if body["uniqueId"] == email_or_id), None)
        if found is None or project not in ("-", found["projectId"]):
            raise not_found(name, f"Unknown service account: {email_or_id}")
        return found

    def of_project(self, project: str) -> list[Json]:
        """Return a project's accounts by name."""
        return [body for _, body in self.cloud.store.items(ACCOUNTS, f"projects/{project}/serviceAccounts/")]

    def change(self, account: Json, changes: Json, etag: str = "") -> Json:
        """Change an account."""
        with self.cloud.store.transaction():
            current = self.find(account["projectId"], account["email"])
            if etag and etag != current["etag"]:
                raise aborted("There were concurrent changes. Please retry the whole read-modify-write.")
            # Terraform's provider reads once, disables, then patches with what it read: the etag guards descriptions.
            etag = current["etag"] if "disabled" in changes else self._etag()
            changed = {**current, **changes, "etag": etag}
            self.cloud.store.put(ACCOUNTS, current["name"], changed)
        return changed

    def delete(self, account: Json) -> None:
        """Remove an account with its policy and keys."""
        with self.cloud.store.transaction():
            self.cloud.store.delete(ACCOUNTS, account["name"])
            self.cloud.policies.delete(account["name"])
            for name, _ in self.cloud.store.items("service-account-keys", f"{account['name']}/keys/"):
                self.cloud.store.delete("service-account-keys", name)

    def _etag(self) -> str:
        return base64.b64encode(self.cloud.clock.uuid().encode()[:12]).decode()
