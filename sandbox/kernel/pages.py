"""Pagination: a page of a list and the token of the next."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sandbox.kernel.errors import invalid

Item = TypeVar("Item")


def paginate(
    items: Sequence[Item], query: Mapping[str, str], *, size_key: str = "pageSize", default: int = 500
) -> tuple[list[Item], str]:
    """Return the asked page and the next page's token, empty on the last.

    Args:
        items: The whole list, in a stable order.
        query: The request's parameters: `pageToken`, and the size under `size_key` (Compute: maxResults).
        size_key: The parameter of the page's size.
        default: The size where none is asked for, also the largest.
    """
    try:
        size = int(query.get(size_key) or 0) or default
        start = int(base64.urlsafe_b64decode(query["pageToken"])) if query.get("pageToken") else 0
    except ValueError:
        raise invalid("Invalid value for pageToken or page size") from None
    end = start + min(size, default)
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else ""
    return list(items[start:end]), token
