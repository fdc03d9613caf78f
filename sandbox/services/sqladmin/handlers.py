"""Requests about instances, backups, tiers, flags and operations of Cloud SQL Admin v1beta4.

Sources: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4 (instances, backupRuns, Backups, tiers, flags,
operations)
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel import operation_shapes
from sandbox.kernel.bodies import field
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Resources
from sandbox.kernel.routes import Call
from sandbox.services.compute.filters import matcher
from sandbox.services.sqladmin import backups, instances
from sandbox.services.sqladmin.flags import list_flags as known_flags
from sandbox.services.sqladmin.instances import HOST, INSTANCES, instance_name
from sandbox.services.sqladmin.tiers import list_tiers as known_tiers

Json = dict[str, Any]
_UPDATE_SECONDS = 60.0
_DELETE_SECONDS = 60.0
_BACKUP_SECONDS = 90.0
_RESTART_SECONDS = 50.0


def get(call: Call) -> Json:
    """Answer an instance."""
    return instances.view(call.cloud, call.project, instances.read(call.cloud, call.project, call.params["instance"]))


def list_(call: Call) -> Json:
    """Answer the instances of a project."""
    matches = matcher(call.query.get("filter", ""))
    found = Resources(call.cloud, INSTANCES).items(instance_name(call.project, ""))
    shown = [instances.view(call.cloud, call.project, instance) for _, instance in found]
    return _listed(call, "sql#instancesList", [one for one in shown if matches(one)])


def insert(call: Call) -> Json:
    """Make an instance."""
    instance = instances.insert(call.cloud, call.project, call.body)
    return operation(call, "CREATE", instance["name"], instances.CREATE_SECONDS)


def update(call: Call) -> Json:
    """Replace the settings of an instance."""
    return _change(call, replace=True)


def patch(call: Call) -> Json:
    """Change the settings that the body has."""
    return _change(call, replace=False)


def delete(call: Call) -> Json:
    """Delete an instance, with a final backup if asked for."""
    name = call.params["instance"]
    with call.cloud.store.transaction():
        instance = instances.read(call.cloud, call.project, name)
        if call.query.get("enableFinalBackup") == "true":
            days = call.query.get("finalBackupTtlDays", "30")
            if not days.isdigit():
                raise invalid(f"Invalid value for finalBackupTtlDays: {days}")
            description = call.query.get("finalBackupDescription", "")
            backups.put_final(call.cloud, call.project, instance, description, int(days))
        instances.delete(call.cloud, call.project, name, _DELETE_SECONDS)
        for run, backup in call.cloud.store.items(backups.RUNS, f"{instance_name(call.project, name)}/"):
            if instance["settings"].get("retainBackupsOnDelete"):
                backups.retain(call.cloud, call.project, backup)
            call.cloud.store.delete(backups.RUNS, run)
    return operation(call, "DELETE", name, _DELETE_SECONDS)


def restart(call: Call) -> Json:
    """Restart an instance."""
    return begin(call, "RESTART", _RESTART_SECONDS)


def insert_backup_run(call: Call) -> Json:
    """Begin a backup."""
    name = call.params["instance"]
    instance = instances.read_running(call.cloud, call.project, name)
    answer = begin(call, "BACKUP_VOLUME", _BACKUP_SECONDS)
    description = field(call.body, "description", str, "")
    path = instance_name(call.project, name)
    number = backups.put_run(call.cloud, path, instance, description, _BACKUP_SECONDS)
    return {**answer, "backupContext": {"kind": "sql#backupContext", "backupId": number}}


def list_backup_runs(call: Call) -> Json:
    """Answer the backups of an instance, the newest first."""
    instances.read(call.cloud, call.project, call.params["instance"])
    found = Resources(call.cloud, backups.RUNS).items(f"{instance_name(call.project, call.params['instance'])}/")
    return _listed(call, "sql#backupRunsList", [_run(call, run) for _, run in reversed(found)])


def get_backup_run(call: Call) -> Json:
    """Answer a backup."""
    path = f"{instance_name(call.project, call.params['instance'])}/backupRuns/{call.params['id']}"
    found = Resources(call.cloud, backups.RUNS).get(path)
    if found is None:
        raise ApiError(404, "The requested backup run does not exist.", reason="backupRunDoesNotExist")
    return _run(call, found)


def list_backups(call: Call) -> Json:
    """Answer the backups that outlived their instances."""
    found = Resources(call.cloud, backups.BACKUPS).items(f"projects/{call.project}/backups/")
    page, token = paginate([backup for _, backup in found], call.query)
    return {"backups": page, "nextPageToken": token} if token else {"backups": page}


def get_backup(call: Call) -> Json:
    """Answer a backup that outlived its instance."""
    found = Resources(call.cloud, backups.BACKUPS).get(f"projects/{call.project}/backups/{call.params['name']}")
    if found is None:
        raise ApiError(404, "The requested backup does not exist.")
    return found


def list_tiers(call: Call) -> Json:
    """Answer the machine sizes."""
    return {"kind": "sql#tiersList", "items": known_tiers()}


def list_flags(call: Call) -> Json:
    """Answer the database flags."""
    version = call.query.get("databaseVersion", "")
    items = [flag for flag in known_flags() if not version or version in flag["appliesTo"]]
    return {"kind": "sql#flagsList", "items": items}


def get_operation(call: Call) -> Json:
    """Answer an operation."""
    found = call.cloud.operations.get(HOST, call.params["operation"])
    if found.project != call.project:
        raise ApiError(404, "The Cloud SQL operation does not exist.", reason="operationDoesNotExist")
    return operation_shapes.sqladmin(found, _base(call), done=call.cloud.operations.is_done(found))


def list_operations(call: Call) -> Json:
    """Answer the operations of a project or of one instance, the newest first."""
    begun = reversed(call.cloud.operations.of_project(HOST, call.project))
    shown = [operation_shapes.sqladmin(one, _base(call), done=call.cloud.operations.is_done(one)) for one in begun]
    wanted = call.query.get("instance")
    return _listed(call, "sql#operationsList", [one for one in shown if not wanted or one["targetId"] == wanted])


def begin(call: Call, verb: str, real_seconds: float) -> Json:
    """Begin an operation on the instance of the path, if none is at work, and answer it."""
    name = call.params["instance"]
    with call.cloud.store.transaction():
        instance = instances.occupy(call.cloud, instances.read(call.cloud, call.project, name), real_seconds)
        Resources(call.cloud, INSTANCES).put(instance_name(call.project, name), instance)
    return operation(call, verb, name, real_seconds)


def operation(call: Call, verb: str, instance: str, real_seconds: float) -> Json:
    """Begin an operation and answer it."""
    begun = call.cloud.operations.start(
        HOST,
        call.project,
        verb=verb,
        target=f"{_base(call)}/instances/{instance}",
        name=call.cloud.clock.uuid(),
        real_seconds=real_seconds,
    )
    return operation_shapes.sqladmin(begun, _base(call), done=call.cloud.operations.is_done(begun))


def _change(call: Call, *, replace: bool) -> Json:
    name = call.params["instance"]
    instances.change(call.cloud, call.project, name, call.body, replace=replace, real_seconds=_UPDATE_SECONDS)
    return operation(call, "UPDATE", name, _UPDATE_SECONDS)


def _run(call: Call, run: Json) -> Json:
    path = f"instances/{run['instance']}/backupRuns/{run['id']}"
    return {**backups.view_run(call.cloud, run), "selfLink": f"{_base(call)}/{path}"}


def _listed(call: Call, kind: str, items: list[Json]) -> Json:
    page, token = paginate(items, call.query, size_key="maxResults")
    body: Json = {"kind": kind}
    if page:
        body["items"] = page
    return {**body, "nextPageToken": token} if token else body


def _base(call: Call) -> str:
    return call.cloud.link(HOST, f"/sql/v1beta4/projects/{call.project}")
