"""Run something several times; keep wall time and the processor time of the processes that it started."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One run, in seconds; `cpu` is user and system time of ended child processes, and is not known of a function."""

    wall: float
    cpu: float | None = None


@dataclass
class Series:
    """Several runs of the same thing."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def fastest(self) -> float:
        """Return the shortest wall time."""
        return min(sample.wall for sample in self.samples)

    @property
    def median(self) -> float:
        """Return the median of the wall times."""
        return median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float | None:
        """Return the least processor time."""
        known = [sample.cpu for sample in self.samples if sample.cpu is not None]
        return min(known, default=None)

    def add_command(self, command: Sequence[str], environment: Mapping[str, str], folder: str | None = None) -> None:
        """Run a command; it has to succeed.

        Raises:
            SystemExit: With the end of what it printed.
        """
        before, began = _children(), time.monotonic()
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}"
            )
        self.samples.append(Sample(wall, _children() - before))

    def add_call(self, function: Callable[[], object]) -> None:
        """Call a function of this process."""
        began = time.monotonic()
        function()
        self.samples.append(Sample(time.monotonic() - began))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
