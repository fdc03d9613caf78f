"""Backups: of an instance while it lives, and the final one that outlives it.

Sources: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/backupRuns and .../Backups
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.resources import Document, Resources, is_ready, public

Json = dict[str, Any]
RUNS = "sqladmin.backup-runs"
BACKUPS = "sqladmin.backups"
_DAY_SECONDS = 24 * 3600.0


def put_run(cloud: Cloud, path: str, instance: Document, description: str, real_seconds: float) -> str:
    """Begin a backup of an instance; return its id."""
    now = cloud.clock.now()
    number = str(int(now * 1000) + cloud.store.next("sqladmin.backup-runs"))
    run = {
        "kind": "sql#backupRun",
        "id": number,
        "instance": instance["name"],
        "type": "ON_DEMAND",
        "backupKind": "SNAPSHOT",
        "description": description,
        "databaseVersion": instance["databaseVersion"],
        "location": instance["region"].split("-")[0],
        "enqueuedTime": rfc3339(now),
        "startTime": rfc3339(now),
        "windowStartTime": rfc3339(now),
        "endTime": rfc3339(now + cloud.latency.pace(real_seconds)),
        "ready_at": now + cloud.latency.pace(real_seconds),
    }
    Resources(cloud, RUNS).put(f"{path}/backupRuns/{number}", run)
    return number


def view_run(cloud: Cloud, run: Document) -> Json:
    """Return a backup as answers show it."""
    shown = {**public(run), "status": "SUCCESSFUL" if is_ready(cloud, run) else "RUNNING"}
    if not is_ready(cloud, run):
        del shown["endTime"]
    return shown


def put_final(cloud: Cloud, project: str, instance: Document, description: str, days: int) -> None:
    """Keep a last backup of an instance that is being deleted."""
    now = cloud.clock.now()
    name = f"projects/{project}/backups/{cloud.clock.uuid()}"
    Resources(cloud, BACKUPS).put(
        name,
        {
            "kind": "sql#backup",
            "name": name,
            "instance": instance["name"],
            "type": "FINAL",
            "state": "SUCCESSFUL",
            "backupKind": "SNAPSHOT",
            "description": description,
            "databaseVersion": instance["databaseVersion"],
            "location": instance["region"].split("-")[0],
            "ttlDays": str(days),
            "expiryTime": rfc3339(now + days * _DAY_SECONDS),
            "instanceDeletionTime": rfc3339(now),
        },
    )


def retain(cloud: Cloud, project: str, run: Document) -> None:
    """Keep a backup of an instance that is being deleted, where its settings ask for that."""
    name = f"projects/{project}/backups/{cloud.clock.uuid()}"
    same = ("instance", "type", "backupKind", "description", "databaseVersion", "location")
    backup = {"kind": "sql#backup", "name": name, "state": "SUCCESSFUL", "backupRun": run["id"]}
    deleted = {"instanceDeletionTime": rfc3339(cloud.clock.now())}
    Resources(cloud, BACKUPS).put(name, {**backup, **{key: run[key] for key in same}, **deleted})
