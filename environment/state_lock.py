"""The lock of a Terraform state as Terraform prints it when it cannot get it.

Source: https://developer.hashicorp.com/terraform/language/state/locking; of the gcs backend the id is a generation
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FIELD = re.compile(r"^\s*(ID|Operation|Who|Created):[ \t]*(\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class StateLock:
    """Who holds a lock ("user@host"), for which operation ("apply"), and since when, where that can be read."""

    lock_id: str
    who: str
    operation: str
    created: datetime | None

    def describe(self, now: datetime) -> str:
        """Return "by user@host since 2026-01-02 03:04:05 UTC (3 minutes ago), for apply"."""
        since = f" since {self.created:%Y-%m-%d %H:%M:%S} UTC ({_age(now - self.created)} ago)" if self.created else ""
        return f"by {self.who or 'an unknown run'}{since}, for {self.operation or 'an unknown operation'}"


def parse_state_lock(detail: str) -> StateLock | None:
    """Read the lock from the detail of Terraform's diagnostic, None where it does not show one."""
    fields = dict(_FIELD.findall(detail))
    if not fields.get("ID"):
        return None
    operation = fields.get("Operation", "").removeprefix("OperationType").lower()
    return StateLock(fields["ID"], fields.get("Who", ""), operation, _time(fields.get("Created", "")))


def _time(text: str) -> datetime | None:
    """Read what Go prints: "2026-01-02 03:04:05.678901234 +0000 UTC"."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
