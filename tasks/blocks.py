"""What is kept on the Prefect server in a block, as it was put there: no block is constructed.

Source: https://docs.prefect.io/v3/concepts/blocks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from prefect import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from environment.errors import SpecError, UnreachableError
from environment.spec_file import BLOCK


def read_block_data(named: str, kind: str, hint: str) -> Mapping[str, Any]:
    """Return the data of a block, secrets in clear.

    Args:
        named: "block:NAME".
        kind: The slug of its type.
        hint: How to make it.

    Raises:
        SpecError: When there is no such block, or no server that would have it.
        UnreachableError: When the server does not answer.
    """
    url = get_current_settings().api.url
    if not url:
        raise SpecError(f"{named}: no Prefect server is named that could have it", "set PREFECT_API_URL")
    try:
        with get_client(sync_client=True) as client:
            return client.read_block_document_by_name(named.removeprefix(BLOCK), kind).data
    except ObjectNotFound:
        raise SpecError(f"{named}: there is no block {kind}/{named.removeprefix(BLOCK)} on {url}", hint) from None
    except httpx.HTTPStatusError as error:
        raise UnreachableError(f"{named}: {url} refused: {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise UnreachableError(f"{named}: {url} does not answer: {error}", "check PREFECT_API_URL") from error
