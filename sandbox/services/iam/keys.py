"""Service account keys: the private half is answered once and kept nowhere.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import not_found
from sandbox.kernel.routes import Json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEYS = "service-account-keys"
LAST_DAY = "9999-12-31T23:59:59Z"


def create_key(cloud: Cloud, account: Json) -> Json:
    """Make a key and return it with its credentials file, base64 in `privateKeyData`."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_id = cloud.clock.uuid().replace("-", "") + "00000000"
    kept: Json = {
        "name": f"{account['name']}/keys/{key_id}",
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        "validAfterTime": rfc3339(cloud.clock.now()),
        "validBeforeTime": LAST_DAY,
        "publicKeyData": base64.b64encode(_public_pem(private)).decode(),
    }
    cloud.store.put(KEYS, kept["name"], kept)
    credentials = json.dumps(_credentials_file(account, key_id, private)).encode()
    return {
        **kept,
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "privateKeyData": base64.b64encode(credentials).decode(),
    }


def get_key(cloud: Cloud, account: Json, key_id: str) -> Json:
    """Return a key's public half."""
    found = cloud.store.get(KEYS, f"{account['name']}/keys/{key_id}")
    if found is None:
        raise not_found(f"{account['name']}/keys/{key_id}", f"Service account key {key_id} does not exist.")
    return found


def list_keys(cloud: Cloud, account: Json) -> list[Json]:
    """Return an account's keys."""
    return [body for _, body in cloud.store.items(KEYS, f"{account['name']}/keys/")]


def delete_key(cloud: Cloud, account: Json, key_id: str) -> None:
    """Remove a key."""
    cloud.store.delete(KEYS, get_key(cloud, account, key_id)["name"])


def set_disabled(cloud: Cloud, account: Json, key_id: str, *, is_disabled: bool) -> None:
    """Disable or enable a key; one that is enabled says nothing of it."""
    with cloud.store.transaction():
        kept = {name: value for name, value in get_key(cloud, account, key_id).items() if name != "disabled"}
        cloud.store.put(KEYS, kept["name"], {**kept, "disabled": True} if is_disabled else kept)


def _credentials_file(account: Json, key_id: str, private: RSAPrivateKey) -> Json:
    from cryptography.hazmat.primitives import serialization

    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": account["projectId"],
        "private_key_id": key_id,
        "private_key": pem.decode(),
        "client_email": account["email"],
        "client_id": account["uniqueId"],
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def _public_pem(private: RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
