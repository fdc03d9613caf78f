"""The MySQL `root` user: its password is random and lives in Secret Manager, nowhere else.

In an instance that is not ours another user takes its place.

The secret's annotations say which version the database was last given. The order (version, then user, then
annotation) leaves after a crash at any point a state from which the same call goes on. They name the instance before
the user is made: in one that is not ours a user of that name is ours only where they do. They go on naming one that
the environment has left, whose user Kubeflow Pipelines may log in as until it is deployed anew: a destroy removes it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from clients.addresses import Addresses
from clients.change_control import UNCONTROLLED, ChangeControl
from clients.secret_manager import SecretManager
from clients.sql_admin import SqlAdmin, SqlUser
from environment.changes import Action, Change
from environment.names import ROOT_USER
from environment.rotation import old_password_change
from environment.terraform_plan import root_user_change

APPLIED = "mlops-env.applied"
LEFT = "mlops-env.left"
"""Instances of others that the environment has left, with its user in them; separated by commas."""
log = logging.getLogger(__name__)
NO_VERSION = "0"
"""Of a password that a database is about to be given for the first time: versions count from 1."""


@dataclass(frozen=True)
class _RootUser:
    """What is there: the user, the secret's annotations, its newest enabled version as (number, value)."""

    user: SqlUser | None
    annotations: dict[str, str] | None
    current: tuple[str, str] | None = field(repr=False)

    def action(self, instance: str) -> Action:
        """Return what it takes to make user and password agree."""
        if self.user is None:
            return "create"
        applied = (self.annotations or {}).get(APPLIED)
        is_current = self.current is not None and applied == f"{instance}/{self.current[0]}"
        return "noop" if is_current else "update"


def is_applied(annotations: dict[str, str] | None, version: str) -> bool:
    """Tell whether this version of the secret is the one that a database was last given, as far as anybody noted it."""
    applied = (annotations or {}).get(APPLIED)
    return applied is None or applied.endswith(f"/{version}")


def is_user_of(annotations: dict[str, str] | None, instance: str) -> bool:
    """Tell whether the secret with these annotations is of the user of this instance, made or about to be, or left."""
    return instance in (_applied_to(annotations), *_left(annotations))


def users_of_others(annotations: dict[str, str] | None, is_made: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the instances that are not ours and have our user, made or about to be.

    Args:
        annotations: Of the secret.
        is_made: Tells of an instance whether it is one of ours, which takes its users along when it goes.
    """
    named = dict.fromkeys((*_left(annotations), _applied_to(annotations)))
    return tuple(one for one in named if one and not is_made(one))


def _applied_to(annotations: dict[str, str] | None) -> str:
    return (annotations or {}).get(APPLIED, "").partition("/")[0]


def _left(annotations: dict[str, str] | None) -> tuple[str, ...]:
    return tuple(filter(None, (annotations or {}).get(LEFT, "").split(",")))


def _marked(
    annotations: dict[str, str] | None, instance: str, version: str, is_made: Callable[[str], bool]
) -> dict[str, str]:
    """Return the annotations that name this version of this instance, and those that have been left."""
    left = [one for one in users_of_others(annotations, is_made) if one != instance]
    kept = {key: value for key, value in (annotations or {}).items() if key != LEFT}
    return kept | {APPLIED: f"{instance}/{version}"} | ({LEFT: ",".join(left)} if left else {})


def _look(secret_manager: SecretManager, sql: SqlAdmin, instance: str, secret_id: str, user: str) -> _RootUser:
    annotations = secret_manager.annotations(secret_id)
    current = None if annotations is None else secret_manager.read(secret_id)
    return _RootUser(sql.read_user(instance, user), annotations, current)


def plan_root_user(
    addresses: Addresses, project_id: str, instance: str, secret_id: str, *, user: str = ROOT_USER
) -> Change:
    """Return what `ensure_root_user` would do."""
    found = _look(SecretManager(addresses, project_id), SqlAdmin(addresses, project_id), instance, secret_id, user)
    return root_user_change(found.action(instance), instance, user)


def ensure_root_user(
    addresses: Addresses,
    project_id: str,
    instance: str,
    secret_id: str,
    labels: dict[str, str],
    *,
    keeps_old: bool = False,
    control: ChangeControl = UNCONTROLLED,
    user: str = ROOT_USER,
    is_made: Callable[[str], bool] = lambda _: True,
) -> Change:
    """Make user and password agree; return what that changed.

    Args:
        addresses: Of the cloud.
        project_id: The database's and the secret's.
        instance: The database.
        secret_id: The secret of the password.
        labels: Of the secret, where it is made.
        keeps_old: Let the password that the user has let it in too, as within a rotation, whose end discards it.
        control: Of the change.
        user: Whose password it is.
        is_made: Tells of an instance whether it is one of ours: where the environment leaves another, its user stays.

    Raises:
        ApprovalError: When it takes a change that is not among those that were approved; nothing was changed.
    """
    secret_manager, sql = SecretManager(addresses, project_id), SqlAdmin(addresses, project_id)
    found = _look(secret_manager, sql, instance, secret_id, user)
    change = root_user_change(found.action(instance), instance, user)
    if change.is_noop:
        return change
    control.check((change,))
    control.begin()
    if found.annotations is None:
        secret_manager.create(secret_id, labels)
    if found.action(instance) == "create":
        marked = _marked(found.annotations, instance, NO_VERSION, is_made)
        secret_manager.annotate(secret_id, marked)
        for other in _left(marked):
            log.warning(
                "User %s of %s stays, since Kubeflow Pipelines may use it still: destroy removes it", user, other
            )
    version, password = found.current or _new_version(secret_manager, secret_id)
    _set_password(sql, instance, user, password, found.user, keeps_old=keeps_old)
    control.note(change)
    secret_manager.annotate(secret_id, _marked(found.annotations, instance, version, is_made))
    return change


def find_users_of_others(
    addresses: Addresses, project_id: str, secret_id: str, is_made: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the instances that are not ours and have our user, made or about to be, or left there.

    One of that name is ours where our password's secret says so: it outlives the user, unless the data is given up.
    """
    return users_of_others(SecretManager(addresses, project_id).annotations(secret_id), is_made)


def remove_users(
    addresses: Addresses, project_id: str, secret_id: str, user: str, instances: Iterable[str]
) -> Iterator[str]:
    """Remove our user from instances that are not ours, and forget those that were left; yield each that had it."""
    secret_manager, sql = SecretManager(addresses, project_id), SqlAdmin(addresses, project_id)
    for instance in instances:
        if sql.delete_user(instance, user):
            yield instance
    annotations = secret_manager.annotations(secret_id) or {}
    if LEFT in annotations:
        secret_manager.annotate(secret_id, {key: value for key, value in annotations.items() if key != LEFT})


def renew_root_password(
    addresses: Addresses,
    project_id: str,
    instance: str,
    secret_id: str,
    replaced: str,
    *,
    control: ChangeControl = UNCONTROLLED,
    user: str = ROOT_USER,
) -> None:
    """Give the user a password that is newer than the version `replaced`; the one it has lets it in too until the end.

    Pods that still log in with the older one go on: `retire_root_password` ends that, once none does. Called again
    after it died at any point, it goes on with the version that it made.
    """
    secret_manager, sql = SecretManager(addresses, project_id), SqlAdmin(addresses, project_id)
    found = _look(secret_manager, sql, instance, secret_id, user)
    if found.current is None or found.current[0] == replaced:
        version, password = _new_version(secret_manager, secret_id)
    else:
        version, password = found.current
    applied = f"{instance}/{version}"
    if (found.annotations or {}).get(APPLIED) == applied:
        return
    _set_password(sql, instance, user, password, found.user, keeps_old=True)
    control.note(root_user_change("update", instance, user))
    secret_manager.annotate(secret_id, {**(found.annotations or {}), APPLIED: applied})


def _set_password(
    sql: SqlAdmin, instance: str, user: str, password: str, found: SqlUser | None, *, keeps_old: bool
) -> None:
    # A call whose answer was lost has kept the older password already: again, and it would keep the new one twice.
    keeps_old = keeps_old and found is not None and not found.has_two_passwords
    sql.set_password(instance, user, password, is_new=found is None, keeps_old=keeps_old)


def retire_root_password(
    addresses: Addresses,
    project_id: str,
    instance: str,
    *,
    control: ChangeControl = UNCONTROLLED,
    user: str = ROOT_USER,
) -> None:
    """Let the user in with its newest password only.

    Raises:
        ApprovalError: When there is an older one whose end is not among the changes that were approved; it stays.
    """
    sql = SqlAdmin(addresses, project_id)
    found = sql.read_user(instance, user)
    if found is None or not found.has_two_passwords:
        return
    change = old_password_change(instance, user)
    control.check((change,))
    control.begin()
    sql.discard_old_password(instance, user)
    control.note(change)


def _new_version(secret_manager: SecretManager, secret_id: str) -> tuple[str, str]:
    password = secrets.token_urlsafe(24)
    return secret_manager.add_version(secret_id, password), password
