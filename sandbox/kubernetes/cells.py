"""The cells of built-in kinds' tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Object = dict[str, Any]

CELLS: dict[tuple[str, str], Callable[[Object], list[Any]]] = {}
