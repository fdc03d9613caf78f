"""Time and identifiers, in one place so that tests can hold them still."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass
class Clock:
    """The wall clock, and a source of fresh identifiers."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def timestamp(self) -> str:
        """Return RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.123Z."""
        return rfc3339(self.now())

    def numeric_id(self) -> str:
        """Return a fresh number of 19 digits as text, as Compute Engine's ids are."""
        return str(10**18 + secrets.randbelow(8 * 10**18))

    def unique_id(self) -> str:
        """Return a fresh number of 21 digits as text, as service accounts' unique ids are."""
        return str(10**20 + secrets.randbelow(10**19))

    def uuid(self) -> str:
        """Return a fresh UUID."""
        return str(uuid.uuid4())


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
