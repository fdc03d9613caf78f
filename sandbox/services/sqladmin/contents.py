"""Requests about what is in an instance: users and databases, of Cloud SQL Admin v1beta4.

Sources: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4 (users, databases). A user is named by name
and host in the query; no answer has a password.
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, fingerprint
from sandbox.kernel.routes import Call
from sandbox.services.sqladmin import instances
from sandbox.services.sqladmin.handlers import begin
from sandbox.services.sqladmin.instances import DATABASES, HOST, USERS, instance_name
from sandbox.services.sqladmin.passwords import DUAL, HASHES, NOT_DUAL, put_user, user_key
from sandbox.services.sqladmin.versions import Version, parse_version

Json = dict[str, Any]
_USER_SECONDS = 4.0
_DATABASE_SECONDS = 6.0


def list_users(call: Call) -> Json:
    """Answer the users of an instance."""
    _running(call)
    found = [user for _, user in call.cloud.store.items(USERS, f"{_path(call)}/")]
    return {"kind": "sql#usersList", "items": [_user(call, user) for user in found]}


def get_user(call: Call) -> Json:
    """Answer a user."""
    version = _running(call)
    found = call.cloud.store.get(USERS, user_key(_path(call), call.params["name"], _host(call, version)))
    if found is None:
        raise _no_user()
    return _user(call, found)


def insert_user(call: Call) -> Json:
    """Make a user; one that exists gets the password, as the real API does it."""
    version = _running(call)
    name = field(call.body, "name", str, "")
    if not name or len(name) > 32:
        raise invalid(f"Invalid request: User name ({name}) must have 1 to 32 characters.")
    host = field(call.body, "host", str, "") or version.first_user[1]
    answer = begin(call, "CREATE_USER", _USER_SECONDS)
    put_user(call.cloud, USERS, _path(call), name, host, field(call.body, "password", str, ""))
    return answer


def update_user(call: Call) -> Json:
    """Give a user another password, and retain or discard the older one (`dualPasswordType`)."""
    version = _running(call)
    name, host = call.query.get("name", ""), _host(call, version)
    if call.cloud.store.get(USERS, user_key(_path(call), name, host)) is None:
        raise _no_user()
    password, dual = field(call.body, "password", str, ""), _dual_password_type(call)
    if dual == DUAL and not password:
        raise invalid("Invalid request: A new password is needed to retain the current one.")
    answer = begin(call, "UPDATE_USER", _USER_SECONDS)
    put_user(call.cloud, USERS, _path(call), name, host, password, dual)
    return answer


def delete_user(call: Call) -> Json:
    """Remove a user."""
    version = _running(call)
    key = user_key(_path(call), call.query.get("name", ""), _host(call, version))
    if call.cloud.store.get(USERS, key) is None:
        raise _no_user()
    answer = begin(call, "DELETE_USER", _USER_SECONDS)
    call.cloud.store.delete(USERS, key)
    return answer


def list_databases(call: Call) -> Json:
    """Answer the databases of an instance, the system's own included."""
    version = _running(call)
    own = [database for _, database in call.cloud.store.items(DATABASES, f"{_path(call)}/")]
    return {"kind": "sql#databasesList", "items": [_database(call, one) for one in [*_first(version), *own]]}


def get_database(call: Call) -> Json:
    """Answer a database."""
    return _database(call, _read_database(call, _running(call)))


def insert_database(call: Call) -> Json:
    """Make a database."""
    version = _running(call)
    name = field(call.body, "name", str, "")
    if not name or len(name) > 64:
        raise invalid(f"Invalid request: Database name ({name}) must have 1 to 64 characters.")
    key = f"{_path(call)}/{name}"
    if name in version.first_databases or call.cloud.store.get(DATABASES, key) is not None:
        raise invalid(
            f"Invalid request: failed to create database {name}. Detail: Error 1007 (HY000): Can't create database "
            f"'{name}'; database exists."
        )
    answer = begin(call, "CREATE_DATABASE", _DATABASE_SECONDS)
    charset, collation = version.charset
    charset = field(call.body, "charset", str, "") or charset
    collation = field(call.body, "collation", str, "") or collation
    call.cloud.store.put(DATABASES, key, {"name": name, "charset": charset, "collation": collation})
    return answer


def update_database(call: Call) -> Json:
    """Change the character set or collation of a database."""
    before = _read_database(call, _running(call))
    answer = begin(call, "UPDATE_DATABASE", _DATABASE_SECONDS)
    changed = {key: call.body[key] for key in ("charset", "collation") if call.body.get(key)}
    call.cloud.store.put(DATABASES, f"{_path(call)}/{before['name']}", {**before, **changed})
    return answer


def delete_database(call: Call) -> Json:
    """Remove a database."""
    version = _running(call)
    if call.params["database"] in version.first_databases:
        raise invalid(f"Invalid request: Cannot delete system database {call.params['database']}.")
    found = _read_database(call, version)
    answer = begin(call, "DELETE_DATABASE", _DATABASE_SECONDS)
    call.cloud.store.delete(DATABASES, f"{_path(call)}/{found['name']}")
    return answer


def _running(call: Call) -> Version:
    instance = instances.read_running(call.cloud, call.project, call.params["instance"])
    return parse_version(instance["databaseVersion"])


def _path(call: Call) -> str:
    return instance_name(call.project, call.params["instance"])


def _host(call: Call, version: Version) -> str:
    return call.query.get("host") or version.first_user[1]


def _dual_password_type(call: Call) -> str | None:
    """Return DUAL or NOT_DUAL, None where the user's two passwords are to stay as they are."""
    given: str = field(call.body, "dualPasswordType", str, "")
    if given in ("", "DUAL_PASSWORD_TYPE_UNSPECIFIED", "NO_MODIFY_DUAL_PASSWORD"):
        return None
    if given not in (DUAL, NOT_DUAL):
        raise invalid(f"Invalid value at 'dualPasswordType': {given}")
    return given


def _user(call: Call, user: Document) -> Json:
    shown = {key: value for key, value in user.items() if key not in HASHES}
    return {
        **shown,
        "kind": "sql#user",
        "instance": call.params["instance"],
        "project": call.project,
        "etag": fingerprint(shown),
    }


def _database(call: Call, database: Document) -> Json:
    path = f"/sql/v1beta4/{_path(call)}/databases/{database['name']}"
    return {
        **database,
        "kind": "sql#database",
        "instance": call.params["instance"],
        "project": call.project,
        "etag": fingerprint(database),
        "selfLink": call.cloud.link(HOST, path),
    }


def _read_database(call: Call, version: Version) -> Document:
    name = call.params["database"]
    found = call.cloud.store.get(DATABASES, f"{_path(call)}/{name}")
    first = {one["name"]: one for one in _first(version)}
    if found is None and name not in first:
        raise ApiError(404, "Not found: database", reason="databaseDoesNotExist")
    return found or first[name]


def _first(version: Version) -> list[Document]:
    charset, collation = version.charset
    return [{"name": name, "charset": charset, "collation": collation} for name in version.first_databases]


def _no_user() -> ApiError:
    return ApiError(404, "The requested user does not exist.", reason="userDoesNotExist")
