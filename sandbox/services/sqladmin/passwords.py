"""Users as the store has them: a password only as a salted hash."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sandbox.kernel.cloud import Cloud

Json = dict[str, Any]


def put_user(cloud: Cloud, collection: str, instance: str, name: str, host: str, password: str) -> None:
    """Write a user; an empty password leaves the one there is.

    Args:
        cloud: The cloud.
        collection: Of users.
        instance: The instance's name in the store.
        name: The user's name.
        host: Where it may come from, "%" for anywhere.
        password: In plain.
    """
    key = user_key(instance, name, host)
    document: Json = cloud.store.get(collection, key) or {"name": name, "host": host}
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
