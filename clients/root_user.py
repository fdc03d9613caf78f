"""The MySQL `root` user: its password is random and lives in Secret Manager, nowhere else.

The secret's annotations say which version the database was last given. The order (version, then user, then
annotation) leaves after a crash at any point a state from which the same call goes on.
"""

from __future__ import annotations

import secrets

from clients.addresses import Addresses
from clients.secret_manager import SecretManager
from clients.sql_admin import SqlAdmin

USER = "root"
APPLIED = "mlops-env.applied"


def ensure_root_user(
    addresses: Addresses, project_id: str, instance: str, secret_id: str, labels: dict[str, str]
) -> bool:
    """Make user and password agree; return whether anything had to change."""
    secret_manager, sql = SecretManager(addresses, project_id), SqlAdmin(addresses, project_id)
    has_user = sql.has_user(instance, USER)
    annotations = secret_manager.annotations(secret_id)
    current = None if annotations is None else secret_manager.read(secret_id)
    applied = (annotations or {}).get(APPLIED)
    if has_user and current is not None and applied == f"{instance}/{current[0]}":
        return False
    if annotations is None:
        secret_manager.create(secret_id, labels)
    version, password = current or _new_version(secret_manager, secret_id)
    sql.set_password(instance, USER, password, is_new=not has_user)
    secret_manager.annotate(secret_id, {**(annotations or {}), APPLIED: f"{instance}/{version}"})
    return True


def _new_version(secret_manager: SecretManager, secret_id: str) -> tuple[str, str]:
    password = secrets.token_urlsafe(24)
    return secret_manager.add_version(secret_id, password), password
