"""How the command speaks: results on stdout, progress and errors on stderr, one line an error."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from typing import Any, NoReturn

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """Print one line on stderr and leave; with --debug, the traceback before it."""
    if os.environ.get("MLOPS_ENV_DEBUG"):
        traceback.print_exc()
    err.print(f"mlops-env: {' '.join(message.split())}", style="red", markup=False)
    sys.exit(code)


def print_json(document: Any) -> None:
    """Print one JSON document, and nothing else, on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


class PlainLines(logging.Handler):
    """One plain line on stderr per message of a flow or a task, without Prefect's own lines on runs and states."""

    OWN = (
        *("Created task run", "Created subflow run", "Beginning ", "Finished in state", "Executing '", "View at "),
        # What failed is said once, at the end; that it is tried again, by our own line.
        *("Task run failed with ", "Encountered exception during execution", "Crash detected!"),
    )

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        message = record.getMessage().splitlines()[0] if record.getMessage() else ""
        if message.startswith(self.OWN) or not message:
            return
        style = "yellow" if record.levelno >= logging.WARNING else "dim"
        err.print(f"  {message}", style=style, markup=False)
