"""A last backup of a database that is about to be deleted.

Backups go with their instance, unless its settings say otherwise: that is set first.

Source: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/backupRuns/insert, and for what becomes of them
https://cloud.google.com/sql/docs/mysql/backup-recovery/backups#retained-backups
"""

from __future__ import annotations

from clients.addresses import Addresses
from clients.google_errors import google_errors
from clients.sql_admin import SqlAdmin

BACKUP_SECONDS = 3600.0
DESCRIPTION = "final backup by mlops-env"


class DatabaseBackups(SqlAdmin):
    """Backups of the instances of one project."""

    def back_up_for_good(self, instance: str) -> str:
        """Take a backup that outlives the instance, and wait for it; return its id.

        Raises:
            GoogleApiError: When there is no such instance (404), or the backup failed.
        """
        target = {"project": self._project_id, "instance": instance}
        with google_errors(f"back up the database {instance}", instance):
            kept = {"settings": {"retainBackupsOnDelete": True}}
            self._wait(self._api.instances().patch(**target, body=kept).execute())
            body = {"description": DESCRIPTION}
            operation = self._api.backupRuns().insert(**target, body=body).execute()
            self._wait(operation, BACKUP_SECONDS)
        return str(operation.get("backupContext", {}).get("backupId", ""))


def back_up_for_good(addresses: Addresses, project_id: str, instance: str) -> str:
    """Take a backup that outlives the instance; return its id."""
    return DatabaseBackups(addresses, project_id).back_up_for_good(instance)
