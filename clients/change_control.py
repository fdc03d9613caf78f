"""What holds for every change that a run makes: it was approved, and the run's history hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from environment.approval import Approved, check_approved
from environment.changes import Change


def _nothing() -> None: ...


def _nobody(change: Change) -> None: ...


@dataclass(frozen=True)
class ChangeControl:
    """Given to whatever changes something.

    Attributes:
        approved: The changes that may be made, None for any.
        begin: Called when something is about to change.
        note: Told of each change as soon as it was made.
    """

    approved: Approved = None
    begin: Callable[[], None] = _nothing
    note: Callable[[Change], None] = _nobody

    def check(self, changes: Iterable[Change]) -> None:
        """Stop before a change that was not approved.

        Raises:
            ApprovalError: Names every such change.
        """
        check_approved(changes, self.approved)


UNCONTROLLED = ChangeControl()
