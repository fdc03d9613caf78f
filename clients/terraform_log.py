"""All that Terraform said, each command's in a file of its own: what a run tells of it is short, and ends with the run.

Only what Terraform prints for people and as events, in which it masks what is sensitive; what it prints to be read by
a program (`show`, `output`, `state pull`) has values in clear and is written nowhere. A line is in the file once it is
said, so that also a run that is killed leaves what there was. Where no more can be written, as on a full disk, the file
ends, and not the command.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO

log = logging.getLogger(__name__)

LOGGED = frozenset({"init", "plan", "apply", "destroy"})
KEPT = 50
"""Of one environment; the oldest go."""


class LogFile:
    """The file of one command.

    Attributes:
        path: Where it is, None where it could not be made.
    """

    def __init__(self, path: Path) -> None:
        self.path: Path | None = None
        self._file: TextIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in sorted(path.parent.glob("*.log"))[: 1 - KEPT]:
                old.unlink(missing_ok=True)
            self._file = open(path, "x", buffering=1, opener=partial(os.open, mode=0o600))  # noqa: SIM115
            self.path = path
        except OSError as error:
            log.warning("Terraform's words are not kept: %s", error)

    def write(self, line: str) -> None:
        """Keep a line, as long as that works."""
        try:
            if self._file is not None:
                self._file.write(line)
        except OSError as error:
            log.warning("%s ends here: %s", self.path, error)
            self.close()

    def close(self) -> None:
        """Close the file; what could not be written is lost."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError:
            pass


@contextmanager
def log_file(folder: Path, command: str) -> Iterator[LogFile]:
    """Open the file of a command that begins now, for this user alone."""
    lines = LogFile(folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}-{command}.log")
    try:
        yield lines
    finally:
        lines.close()
