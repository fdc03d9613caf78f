"""The credentials that a spec names: a block `gcp-credentials` of prefect-gcp on the Prefect server.

It is read, not constructed: constructed, it would look for other credentials. Its key stays in this process's memory.

Source: https://docs.prefect.io/integrations/prefect-gcp
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clients.credentials import use_key
from environment.errors import SpecError
from environment.spec import Environment
from tasks.blocks import read_block_data

TYPE = "gcp-credentials"
HINT = "make it in Prefect under Blocks, of the type GCP Credentials"


def use_credentials(spec: Environment) -> None:
    """Let this process's clients be who the spec's credentials are; a block without a key is what is found otherwise.

    Raises:
        SpecError: When there is no such block, or what it has is no service account's key.
        UnreachableError: When the server does not answer.
    """
    if spec.credentials is None:
        return
    data = read_block_data(spec.credentials, TYPE, HINT)
    try:
        use_key(spec.credentials, _key(data))
    except (OSError, TypeError, ValueError) as error:
        # The error may quote the key.
        why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else "no key of a service account"
        raise SpecError(
            f"credentials: {spec.credentials}: {why}", "give it the file that Google made, as it is"
        ) from None


def _key(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what is in the key's file; None of a block that has none."""
    if file := data.get("service_account_file"):
        return dict(json.loads(Path(file).expanduser().read_text(encoding="utf-8")))
    given = data.get("service_account_info")
    return dict(json.loads(given) if isinstance(given, str) else given) if given else None
