"""The files of the sandbox's data folder that more than one module knows."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SERVER_FILE = "server.json"
TOKEN_FILE = "token"
VAULT_FILE = "vault.key"
LOCK_FILE = "sandbox.lock"
LOG_FILE = "sandbox.log"
SETTINGS_FILE = "settings.json"
TERRAFORM_FOLDER = "terraform"


def ensure_token(data_dir: Path) -> str:
    """Return the sandbox's token, made at the first start; only its owner may read it."""
    path = data_dir / TOKEN_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    token = f"sandbox.{secrets.token_urlsafe(24)}"
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    return token
