"""Generation and metageneration preconditions, by which Terraform's state lock excludes.

Source: https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.errors import invalid
from sandbox.services.storage.errors import not_modified, precondition_failed


def check_preconditions(query: Mapping[str, str], current: Mapping[str, Any] | None, *, reading: bool = False) -> None:
    """Compare an object or a bucket with what the request demands; generation 0 stands for its absence.

    Raises:
        ApiError: 412, or 304 for a read whose NotMatch condition fails.
    """
    for field in ("generation", "metageneration"):
        name = field[0].upper() + field[1:]
        actual = int(current[field]) if current and field in current else 0
        wanted, unwanted = _number(query, f"if{name}Match"), _number(query, f"if{name}NotMatch")
        if wanted is not None and wanted != actual:
            raise precondition_failed()
        if unwanted is not None and unwanted == actual:
            raise not_modified() if reading else precondition_failed()


def _number(query: Mapping[str, str], key: str) -> int | None:
    try:
        return int(query[key]) if key in query else None
    except ValueError:
        raise invalid(f"Invalid value for {key}: {query[key]}") from None
