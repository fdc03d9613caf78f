"""The paths of Cloud SQL Admin v1beta4."""

from __future__ import annotations

from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.sqladmin import contents, handlers
from sandbox.services.sqladmin.instances import HOST

_ROOT = "/sql/v1beta4"
_PROJECT = _ROOT + "/projects/{project}"
_INSTANCE = _PROJECT + "/instances/{instance}"
_DATABASE = _INSTANCE + "/databases/{database}"

SERVICE = Service(
    HOST,
    [
        Route("GET", _PROJECT + "/instances", handlers.list_),
        Route("POST", _PROJECT + "/instances", typed("sqladmin", "DatabaseInstance", handlers.insert)),
        Route("GET", _INSTANCE, handlers.get),
        Route("PUT", _INSTANCE, typed("sqladmin", "DatabaseInstance", handlers.update)),
        Route("PATCH", _INSTANCE, typed("sqladmin", "DatabaseInstance", handlers.patch)),
        Route("DELETE", _INSTANCE, handlers.delete),
        Route("POST", _INSTANCE + "/restart", handlers.restart),
        Route("GET", _INSTANCE + "/users", contents.list_users),
        Route("POST", _INSTANCE + "/users", typed("sqladmin", "User", contents.insert_user)),
        Route("PUT", _INSTANCE + "/users", typed("sqladmin", "User", contents.update_user)),
        Route("DELETE", _INSTANCE + "/users", contents.delete_user),
        Route("GET", _INSTANCE + "/users/{name}", contents.get_user),
        Route("GET", _INSTANCE + "/databases", contents.list_databases),
        Route("POST", _INSTANCE + "/databases", typed("sqladmin", "Database", contents.insert_database)),
        Route("GET", _DATABASE, contents.get_database),
        Route("PUT", _DATABASE, typed("sqladmin", "Database", contents.update_database)),
        Route("PATCH", _DATABASE, typed("sqladmin", "Database", contents.update_database)),
        Route("DELETE", _DATABASE, contents.delete_database),
        Route("GET", _INSTANCE + "/backupRuns", handlers.list_backup_runs),
        Route("POST", _INSTANCE + "/backupRuns", typed("sqladmin", "BackupRun", handlers.insert_backup_run)),
        Route("GET", _INSTANCE + "/backupRuns/{id}", handlers.get_backup_run),
        Route("GET", _PROJECT + "/backups", handlers.list_backups),
        Route("GET", _PROJECT + "/backups/{name}", handlers.get_backup),
        Route("GET", _PROJECT + "/operations", handlers.list_operations),
        Route("GET", _PROJECT + "/operations/{operation}", handlers.get_operation),
        Route("GET", _PROJECT + "/tiers", handlers.list_tiers),
        Route("GET", _ROOT + "/flags", handlers.list_flags, gated=False),
    ],
)
