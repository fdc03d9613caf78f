"""How long things take here: nothing, or what they really take, with the long ones sped up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Profile = Literal["none", "realistic"]
CALL_SECONDS = 0.12
"""A call to a Google API from a workstation, about."""


@dataclass
class Latency:
    """The profile in force; `speedup` divides the minutes of operations, not the calls.

    `linger_seconds` is how long a deleted database still holds the private connection that it used.
    """

    profile: Profile = "none"
    speedup: float = 60.0
    linger_seconds: float = 0.0

    @property
    def call_seconds(self) -> float:
        """How long an answer waits."""
        return CALL_SECONDS if self.profile == "realistic" else 0.0

    def pace(self, real_seconds: float) -> float:
        """Return how long here takes what really takes `real_seconds`."""
        return real_seconds / self.speedup if self.profile == "realistic" else 0.0
