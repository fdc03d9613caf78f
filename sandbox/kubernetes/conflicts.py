"""Why a configuration cannot be applied, in the server's words."""

from __future__ import annotations

from typing import NamedTuple


class Conflict(NamedTuple):
    """One field that another manager owns: `manager` as `"kubectl" using apps/v1`, `field` as `.spec.replicas`."""

    manager: str
    field: str


class ApplyConflict(Exception):
    """Fields that others own would change. `str()` is the Status' message."""

    def __init__(self, conflicts: list[Conflict]):
        self.conflicts = conflicts
        super().__init__(_conflict_message(conflicts))

    @property
    def causes(self) -> list[dict[str, str]]:
        """The causes of the Status (409, reason Conflict)."""
        return [
            {"reason": "FieldManagerConflict", "message": f"conflict with {conflict.manager}", "field": conflict.field}
            for conflict in self.conflicts
        ]


class ApplyError(ValueError):
    """The applied configuration cannot be applied; `code` is the HTTP status of the answer."""

    def __init__(self, message: str, code: int):
        self.code = code
        super().__init__(message)


def _conflict_message(conflicts: list[Conflict]) -> str:
    if len(conflicts) == 1:
        return f"Apply failed with 1 conflict: conflict with {conflicts[0].manager}: {conflicts[0].field}"
    lines: list[str] = []
    for manager in dict.fromkeys(conflict.manager for conflict in conflicts):
        lines.append(f"conflicts with {manager}:")
        lines += [f"- {conflict.field}" for conflict in conflicts if conflict.manager == manager]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
