"""Encryption at rest, as the real cloud does it: no secret's value stands readable in a file of the data folder.

The key is a file of its own, 0600, beside what it protects: this keeps values out of copies, greps and backups of a
database, not from someone who may read the whole folder.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Vault:
    """Encrypts and decrypts with the key in a file, made at its first use."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def encrypt(self, value: bytes) -> bytes:
        """Return the value so that only this key reads it; URL-safe text."""
        return self._fernet.encrypt(value)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return what was encrypted."""
        return self._fernet.decrypt(sealed)

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        try:
            descriptor = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return Fernet(self._key_file.read_bytes())
        key = Fernet.generate_key()
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        return Fernet(key)
