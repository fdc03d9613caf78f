"""User and password on the sandbox: whoever logs in with the older one goes on as long as a rotation lasts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.change_control import ChangeControl
from clients.root_user import (
    APPLIED,
    LEFT,
    ensure_root_user,
    find_users_of_others,
    is_user_of,
    remove_users,
    renew_root_password,
    retire_root_password,
    users_of_others,
)
from clients.secret_manager import SecretManager
from clients.service_usage import ServiceUsage
from clients.sql_admin import SqlAdmin
from environment.changes import Change
from environment.errors import ApprovalError, GoogleApiError

PROJECT, SECRET = "acme-root-user", "acme-mysql-root-password"
NUMBERS = count()
SQL = f"sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances"


@pytest.fixture(scope="module")
def addresses(sandbox) -> Addresses:
    found = Addresses.from_environment(sandbox.variables)
    ServiceUsage(found, PROJECT).enable(("secretmanager.googleapis.com", "sqladmin.googleapis.com"))
    return found


@pytest.fixture(scope="module")
def secret_manager(addresses) -> SecretManager:
    return SecretManager(addresses, PROJECT)


@pytest.fixture
def database(sandbox, addresses) -> Any:
    """A database whose user has a password; its name, and the secret's are of the test's own."""
    name = f"db-{next(NUMBERS)}"
    body = {"databaseVersion": "MYSQL_8_0", "region": "us-central1", "settings": {"tier": "db-custom-1-3840"}}
    sandbox.call("POST", SQL, {"name": name, **body}).raise_for_status()
    ensure_root_user(addresses, PROJECT, name, f"{name}-secret", {})
    yield name
    sandbox.control("DELETE", "faults")


@pytest.fixture
def value(secret_manager, database) -> Callable[[], tuple[str, str]]:
    def read() -> tuple[str, str]:
        found = secret_manager.read(f"{database}-secret")
        assert found is not None
        return found

    return read


@pytest.mark.parametrize("keeps_old", [False, True])
def test_newer_version_is_given_to_the_database(
    addresses, secret_manager, database, value, sandbox, keeps_old: bool
) -> None:
    """Without a rotation the older password ends at once: whoever adds a version by hand wants that."""
    old = value()[1]
    secret_manager.add_version(f"{database}-secret", "newer-password")
    seen: list[Any] = []
    how = {"control": ChangeControl(begin=lambda: seen.append("begun"), note=seen.append)}
    for _ in range(2):
        ensure_root_user(addresses, PROJECT, database, f"{database}-secret", {}, keeps_old=keeps_old, **how)
    assert [*map(str, seen)] == ["begun", f"update user root@% of {database}"]
    assert (sandbox.lets_in(PROJECT, database, "newer-password"), sandbox.lets_in(PROJECT, database, old)) == (
        True,
        keeps_old,
    )


@pytest.mark.parametrize("by", [renew_root_password, ensure_root_user])
def test_lost_answer_does_not_end_the_older_password(
    sandbox, addresses, secret_manager, database, value, by: Any
) -> None:
    """The database has the new one; that it has could not be noted, so the next call gives it once more."""
    old, secret_id = value()[1], f"{database}-secret"
    fault = {"method": "PATCH", "path": f"/secrets/{secret_id}", "status": 400, "times": 1}
    sandbox.control("POST", "faults", fault)
    changes: list[Change] = []
    with pytest.raises(GoogleApiError):
        renew_root_password(addresses, PROJECT, database, secret_id, "1", control=ChangeControl(note=changes.append))
    assert [*map(str, changes)] == [f"update user root@% of {database}"]
    assert sandbox.lets_in(PROJECT, database, value()[1])
    if by is renew_root_password:
        renew_root_password(addresses, PROJECT, database, secret_id, "1")
    else:
        ensure_root_user(addresses, PROJECT, database, secret_id, {}, keeps_old=True)
    assert (secret_manager.annotations(secret_id) or {})[APPLIED] == f"{database}/2"
    assert (sandbox.lets_in(PROJECT, database, value()[1]), sandbox.lets_in(PROJECT, database, old)) == (True, True)


def test_older_password_ends_as_approved(sandbox, addresses, database, value) -> None:
    old = value()[1]
    renew_root_password(addresses, PROJECT, database, f"{database}-secret", "1")
    with pytest.raises(ApprovalError, match=f"not approved: delete old password of user root@% of {database}"):
        retire_root_password(addresses, PROJECT, database, control=ChangeControl(approved=()))
    assert sandbox.lets_in(PROJECT, database, old)
    changes: list[Change] = []
    for _ in range(2):
        retire_root_password(addresses, PROJECT, database, control=ChangeControl(note=changes.append))
    assert len(changes) == 1
    assert (sandbox.lets_in(PROJECT, database, value()[1]), sandbox.lets_in(PROJECT, database, old)) == (True, False)


@pytest.mark.parametrize(
    ("applied", "left", "others"),
    [("", "", ()), ("ours/2", "", ()), ("a/0", "", ("a",)), ("ours/2", "a,b", ("a", "b")), ("b/1", "b,a", ("b", "a"))],
)
def test_instances_of_others_are_those_that_the_secret_names(applied: str, left: str, others: tuple[str, ...]) -> None:
    annotations = {key: value for key, value in {APPLIED: applied, LEFT: left}.items() if value}
    assert users_of_others(annotations, lambda instance: instance == "ours") == others


def test_a_user_that_is_left_in_an_instance_of_others_is_known_until_it_is_removed(
    sandbox, addresses, secret_manager, caplog
) -> None:
    """The move stops between the marks and the new user, goes on, and goes back in part."""
    first, second = (f"theirs-{next(NUMBERS)}" for _ in range(2))
    how: dict[str, Any] = {"user": "acme-pipelines", "is_made": lambda instance: instance.startswith("acme-mysql")}
    for name in (first, second):
        body = {"databaseVersion": "MYSQL_8_0", "region": "us-central1", "settings": {"tier": "db-custom-1-3840"}}
        sandbox.call("POST", SQL, {"name": name, **body}).raise_for_status()
    ensure_root_user(addresses, PROJECT, first, "moves", {}, **how)
    assert caplog.messages == []

    sandbox.control("POST", "faults", {"method": "POST", "path": f"{second}/users", "status": 400, "times": 1})
    with pytest.raises(GoogleApiError):
        ensure_root_user(addresses, PROJECT, second, "moves", {}, **how)
    assert [is_user_of(secret_manager.annotations("moves"), one) for one in (first, second)] == [True, True]
    ensure_root_user(addresses, PROJECT, second, "moves", {}, **how)
    assert secret_manager.annotations("moves") == {APPLIED: f"{second}/1", LEFT: first}
    assert f"User acme-pipelines of {first} stays" in caplog.messages[0]

    instances = find_users_of_others(addresses, PROJECT, "moves", how["is_made"])
    assert instances == (first, second)
    assert [*remove_users(addresses, PROJECT, "moves", how["user"], instances)] == [first, second]
    assert [*remove_users(addresses, PROJECT, "moves", how["user"], instances)] == []
    sql = SqlAdmin(addresses, PROJECT)
    assert [sql.read_user(one, how["user"]) for one in (first, second)] == [None, None]
    assert secret_manager.annotations("moves") == {APPLIED: f"{second}/1"}
