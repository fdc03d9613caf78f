"""All that Terraform said, each command's in a file of its own: what a run tells of it is short, and ends with the run.

Only what Terraform prints for people and as events, in which it masks what is sensitive; what it prints to be read by
a program (`show`, `output`, `state pull`) has values in clear and is written nowhere. A line is in the file once it is
said, so that also a run that is killed leaves what there was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LOGGED = frozenset({"init", "plan", "apply", "destroy"})
KEPT = 50
"""Of one environment; the oldest go."""


@contextmanager
def log_file(folder: Path, command: str) -> Iterator[TextIO]:
    """Open the file of a command that begins now, for this user alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in sorted(folder.glob("*.log"))[: 1 - KEPT]:
        old.unlink(missing_ok=True)
    with (folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}-{command}.log").open("x", buffering=1) as file:
        yield file
