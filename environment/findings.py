"""What stands in the way of an environment, found before anything is changed: one finding for each, with its remedy.

Deciding functions return findings; whoever calls them shows all at once, or stops at them. An empty list is good news.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from environment.errors import PreflightError


class Finding(BaseModel):
    """One thing that does not fit.

    Attributes:
        check: Which check found it, as a short fixed word that tests and `--json` go by: "secondary-ranges".
        subject: What it is about: "network acme-vpc in project acme-host".
        problem: What is wrong there, in one line.
        fix: The command that puts it right, or in one line what does where no command can.
        stops_create: Whether a create would be stopped by it, and not a destroy alone.
    """

    model_config = ConfigDict(frozen=True)

    check: str
    subject: str
    problem: str
    fix: str
    stops_create: bool = True

    def __str__(self) -> str:
        """Return "subject: problem (fix: command)"."""
        return f"{self.subject}: {self.problem} (fix: {self.fix})"


def refuse(findings: Iterable[Finding], *, has_enabled: bool = False) -> None:
    """Stop where something was found that stops a create.

    Args:
        findings: All of them.
        has_enabled: APIs were enabled before this could be looked at.

    Raises:
        PreflightError: Names every finding with its fix, in one line.
    """
    stopping = [one for one in findings if one.stops_create]
    if stopping:
        count = "1 finding" if len(stopping) == 1 else f"{len(stopping)} findings"
        when = "before anything was made" if has_enabled else "before any change"
        changed = "nothing was changed but the APIs that were enabled" if has_enabled else "nothing was changed"
        raise PreflightError(f"{count} {when}: {'; '.join(map(str, stopping))}", changed)
