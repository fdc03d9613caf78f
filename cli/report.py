"""How the command speaks: results on stdout, progress and errors on stderr, one line an error."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

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


class Lines(logging.Handler):
    """The messages of flows and tasks on stderr, without Prefect's own lines on runs and states.

    On a terminal the newest one stands beside a spinner below the lines that stay; elsewhere there are lines only.
    `tasks/console.py` says which message is what.
    """

    OWN = (
        *("Created task run", "Created subflow run", "Beginning ", "Finished in state", "Executing '", "View at "),
        # What failed is said once, at the end; that it is tried again, by our own line.
        *("Task run failed with ", "Encountered exception during execution", "Crash detected!"),
        *("Pausing flow, ", "Resuming flow run "),
    )
    IDENTIFIER = re.compile(r" \[id=[^]]*\]?.*$")

    def __init__(self, spinner: Status | None = None) -> None:
        super().__init__()
        self._spinner = spinner

    def interrupted_by(self, ask: Callable[[Asked], Answered]) -> Callable[[Asked], Answered]:
        """Return the question with the spinner held still while it is asked."""

        def still(question: Asked) -> Answered:
            if self._spinner is None:
                return ask(question)
            self._spinner.stop()
            try:
                return ask(question)
            finally:
                self._spinner.start()

        return still

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record, or let it pass by."""
        message = self.IDENTIFIER.sub("", (record.getMessage().splitlines() or [""])[0])
        if message.startswith(self.OWN) or not message:
            return
        if environment := getattr(record, "environment", None):  # one of a fleet
            message = f"{environment}: {message}"
        kind = getattr(record, "console", None)
        if self._spinner:
            self._spinner.update(Text(message, "dim", no_wrap=True, overflow="ellipsis"))
        if record.levelno >= logging.WARNING:
            err.print(f"  {message}", style="yellow", markup=False)
        elif kind is None or (kind == "detail" and not self._spinner):
            err.print(f"  {message}", style="dim", markup=False)


@contextmanager
def progress(what: str) -> Iterator[Lines]:
    """Yield what shows messages while something lasts, with a spinner where there is a terminal to turn it."""
    with err.status(Text(what, "dim")) if err.is_interactive else nullcontext() as spinner:
        lines = Lines(spinner)
        try:
            yield lines
        finally:
            lines.setLevel(logging.CRITICAL + 1)  # threads that still run have nothing to add to the last word
