"""What a run has changed so far, kept as its entry of the environment's history.

Tasks note their changes one by one, as they are made, so that also a run that fails half-way tells what it did. The
entry is written before the first change, and again before a later step's, so that even a killed run leaves one; at the
end it is completed. Where it cannot be written, as before there is a bucket, the work goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock

from prefect import get_run_logger, task

from clients.addresses import Addresses
from clients.credentials import known_principal
from clients.history import remove_entry, write_entry
from environment.errors import MlopsEnvError
from environment.history import HistoryEntry
from environment.spec import Environment
from tasks.policy import RETRIED


class Journal:
    """The changes of one run, in their order; without an entry, nothing is kept of them."""

    def __init__(self, environment: Environment | None = None, entry: HistoryEntry | None = None) -> None:
        self._environment = environment
        self._entry = entry
        self._changes: dict[str, None] = {}
        self._lock = RLock()
        self._kept: int | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """What was changed."""
        with self._lock:
            return tuple(self._changes)

    @property
    def has_begun(self) -> bool:
        """Tell whether a change was about to be made, or was."""
        return self._kept is not None

    def begin(self) -> None:
        """Keep what is known by now; for a step that is about to change something."""
        with self._lock:
            if self._kept == len(self._changes):
                return
            self._kept = len(self._changes)
            if self._environment and self._entry:
                try:
                    keep(self._environment, self._entry.model_copy(update={"changes": self.changes}))
                except MlopsEnvError:
                    return  # the end says so, if it is still so then

    def note(self, *changes: object) -> None:
        """Add what was just changed."""
        with self._lock:
            self._changes |= dict.fromkeys(map(str, changes))
            if changes and not self.has_begun:
                self.begin()


_journal: ContextVar[Journal | None] = ContextVar("journal", default=None)


def current_journal() -> Journal:
    """Return the journal of the outermost run; outside of runs, one that nobody keeps."""
    return _journal.get() or Journal()


def opened() -> Journal | None:
    """Return the journal of the run that this one is within, None where it is the outermost."""
    return _journal.get()


@contextmanager
def started_journal(environment: Environment, entry: HistoryEntry) -> Iterator[Journal]:
    """Let the tasks within note what they change."""
    journal = Journal(environment, entry)
    token = _journal.set(journal)
    try:
        yield journal
    finally:
        _journal.reset(token)


def keep(environment: Environment, entry: HistoryEntry) -> bool:
    """Write the entry, with who the credentials are; False where there is no bucket yet."""
    addresses = Addresses.of(environment)
    return write_entry(environment, addresses, entry.model_copy(update={"who": known_principal(addresses)}))


@task(name="complete-history", task_run_name="complete history of {environment.name}", **RETRIED)
def complete_history(environment: Environment, entry: HistoryEntry) -> None:
    """Write the entry of a run that has ended; services can be enabled by themselves before there is a bucket."""
    if not keep(environment, entry):
        get_run_logger().info("There is no gs://%s yet, so no history of this run", environment.state.bucket)


def forget_entry(environment: Environment, entry: HistoryEntry) -> None:
    """Remove the entry of a run that was about to change something, and did not."""
    remove_entry(environment, Addresses.of(environment), entry)
