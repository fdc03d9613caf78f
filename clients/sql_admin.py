"""Cloud SQL Admin v1beta4: the users of one MySQL instance, and its end.

Source: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/users
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clients.addresses import Addresses
from clients.credentials import google_credentials
from clients.google_errors import google_errors
from environment.errors import GoogleApiError, UnreachableError

HOST = "sqladmin.googleapis.com"
ANY_HOST = "%"
DUAL = "DUAL_PASSWORD"
DELETE_SECONDS = 2700.0


@dataclass(frozen=True)
class SqlUser:
    """A user NAME@%; with two passwords, an older one lets it in beside its own."""

    has_two_passwords: bool


class SqlAdmin:
    """Users of the instances of one project."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id

    @cached_property
    def _api(self) -> Any:
        from googleapiclient.discovery import build

        return build(
            "sqladmin",
            "v1beta4",
            credentials=google_credentials(self._addresses, self._project_id),
            client_options={"api_endpoint": self._addresses.service(HOST)},
            static_discovery=True,
            cache_discovery=False,
        )

    def read_user(self, instance: str, name: str) -> SqlUser | None:
        """Return NAME@%, None where there is no such user."""
        with google_errors(f"list the users of {instance}", instance):
            users = self._api.users().list(project=self._project_id, instance=instance).execute()
        found = (user for user in users.get("items", ()) if (user["name"], user.get("host")) == (name, ANY_HOST))
        return next((SqlUser(user.get("dualPasswordType") == DUAL) for user in found), None)

    def set_password(self, instance: str, name: str, password: str, *, is_new: bool, keeps_old: bool = False) -> None:
        """Make NAME@% with this password, or give it this password, and wait for the operation.

        With `keeps_old` the password that it has lets it in too, until `discard_old_password`. One that was kept
        before is lost then; without, it stays: https://dev.mysql.com/doc/refman/8.0/en/password-management.html
        """
        body = {"name": name, "host": ANY_HOST, "password": password}
        if keeps_old:
            body["dualPasswordType"] = DUAL
        target = {"project": self._project_id, "instance": instance}
        with google_errors(f"set the password of {name}@{ANY_HOST} on {instance}", instance):
            users = self._api.users()
            if is_new:
                request = users.insert(**target, body=body)
            else:
                request = users.update(**target, name=name, host=ANY_HOST, body=body)
            self._wait(request.execute())

    def discard_old_password(self, instance: str, name: str) -> None:
        """Let NAME@% in with its newest password only; without an older one it is a noop of the database's."""
        body = {"name": name, "host": ANY_HOST, "dualPasswordType": "NO_DUAL_PASSWORD"}
        with google_errors(f"discard the old password of {name}@{ANY_HOST} on {instance}", instance):
            request = self._api.users().update(
                project=self._project_id, instance=instance, name=name, host=ANY_HOST, body=body
            )
            self._wait(request.execute())

    def delete_user(self, instance: str, name: str) -> bool:
        """Remove NAME@%; say whether it was there."""
        from clients.discovery_api import unless_gone

        target = {"project": self._project_id, "instance": instance}
        with google_errors(f"list the users of {instance}", instance):
            users = unless_gone(self._api.users().list(**target)) or {}
        if not any(user["name"] == name and user.get("host") == ANY_HOST for user in users.get("items", ())):
            return False
        with google_errors(f"remove the user {name}@{ANY_HOST} of {instance}", instance):
            begun = unless_gone(self._api.users().delete(**target, name=name, host=ANY_HOST))
            if begun:
                self._wait(begun)
        return begun is not None

    def delete_instance(self, instance: str, *, backup_days: int) -> bool:
        """Delete an instance, protected or not, with a backup that outlives it; say whether it was there."""
        from googleapiclient.errors import HttpError

        target = {"project": self._project_id, "instance": instance}
        unprotected = {"settings": {"deletionProtectionEnabled": False}}
        with google_errors(f"delete the database {instance}", instance):
            instances = self._api.instances()
            try:
                settings = instances.get(**target).execute()["settings"]
                self._wait_for_others(instance)
                if settings.get("deletionProtectionEnabled"):
                    self._wait(instances.patch(**target, body=unprotected).execute(), DELETE_SECONDS)
                final = {"enableFinalBackup": True, "finalBackupTtlDays": str(backup_days)}
                self._wait(instances.delete(**target, **final).execute(), DELETE_SECONDS)
            except HttpError as error:
                if error.status_code == 404:
                    return False
                raise
        return True

    def read_state(self, instance: str) -> str | None:
        """Return an instance's state, such as "RUNNABLE", "PENDING_CREATE" or "FAILED"; None where there is none."""
        from clients.discovery_api import unless_gone

        target = {"project": self._project_id, "instance": instance}
        with google_errors(f"read the database {instance}", instance):
            found = unless_gone(self._api.instances().get(**target))
        return None if found is None else str(found.get("state", ""))

    def _wait_for_others(self, instance: str) -> None:
        """Wait for what is at work on an instance, as what a killed run began: meanwhile Cloud SQL refuses all else."""
        target = {"project": self._project_id, "instance": instance}
        for operation in self._api.operations().list(**target, maxResults=10).execute().get("items") or ():
            if operation["status"] != "DONE":
                self._settle(operation)

    def _settle(self, operation: dict[str, Any]) -> None:
        try:
            self._wait(operation, DELETE_SECONDS)
        except GoogleApiError as error:
            if error.status:  # it could not be asked; that it failed does not matter here
                raise

    def _wait(self, operation: dict[str, Any], timeout_seconds: float = 300.0) -> None:
        deadline = time.monotonic() + timeout_seconds
        pause = 0.1
        while operation.get("status") != "DONE":
            if time.monotonic() > deadline:
                raise UnreachableError(f"operation {operation['name']} did not end in {timeout_seconds:.0f} s")
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
            operation = self._api.operations().get(project=self._project_id, operation=operation["name"]).execute()
        if errors := operation.get("error", {}).get("errors"):
            raise GoogleApiError(f"operation {operation['name']} failed: {errors[0].get('message', errors[0])}")
