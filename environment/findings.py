"""What stands in the way of an environment, found before anything is changed: one finding for each, with its remedy.

Deciding functions return findings; whoever calls them shows all at once, or stops at them. An empty list is good news.
"""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from environment.errors import PreflightError


class Finding(BaseModel):
    """One thing that does not fit.

    Attributes:
        check: Which check found it, as a short fixed word that tests and `--json` go by: "secondary-ranges".
        subject: What it is about: "network acme-vpc in project acme-host".
        problem: What is wrong there, in one line.
        fix: The command that puts it right, or in one line what does where no command can.
    """

    model_config = ConfigDict(frozen=True)

    check: str
    subject: str
    problem: str
    fix: str

    def __str__(self) -> str:
        """Return "subject: problem (fix: command)"."""
        return f"{self.subject}: {self.problem} (fix: {self.fix})"


def refuse(findings: Collection[Finding]) -> None:
    """Stop where something was found.

    Raises:
        PreflightError: Names every finding with its fix, in one line.
    """
    if findings:
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        raise PreflightError(f"{count} before any change: {'; '.join(map(str, findings))}", "nothing was changed")
