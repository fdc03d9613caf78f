"""Users as the store has them: passwords only as salted hashes, at most two of them.

Source: https://dev.mysql.com/doc/refman/8.0/en/password-management.html#dual-passwords
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sandbox.kernel.cloud import Cloud

Json = dict[str, Any]


DUAL, NOT_DUAL = "DUAL_PASSWORD", "NO_DUAL_PASSWORD"
HASHES = ("passwordHash", "retainedPasswordHash")


def put_user(
    cloud: Cloud, collection: str, instance: str, name: str, host: str, password: str, dual: str | None = None
) -> None:
    """Write a user; an empty password leaves the one there is.

    As in MySQL, a new password leaves an older one that was retained as it is.

    Args:
        cloud: The cloud.
        collection: Of users.
        instance: The instance's name in the store.
        name: The user's name.
        host: Where it may come from, "%" for anywhere.
        password: In plain.
        dual: DUAL to retain the password there is beside the new one, NOT_DUAL to discard the one that was retained.
    """
    key = user_key(instance, name, host)
    document: Json = cloud.store.get(collection, key) or {"name": name, "host": host}
    if dual == DUAL and "passwordHash" in document:
        document |= {"retainedPasswordHash": document["passwordHash"], "dualPasswordType": DUAL}
    elif dual == NOT_DUAL:
        document.pop("retainedPasswordHash", None)
        document["dualPasswordType"] = NOT_DUAL
    if password:
        document["passwordHash"] = hash_password(password)
    cloud.store.put(collection, key, document)


def user_key(instance: str, name: str, host: str) -> str:
    """Return the name under which the store has a user."""
    return f"{instance}/{name}@{host}"


def hash_password(password: str, salt: str = "") -> str:
    """Return "SALT:HASH"."""
    salt = salt or secrets.token_hex(8)
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**10, r=8, p=1)
    return f"{salt}:{digest.hex()}"
