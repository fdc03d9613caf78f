"""What a look before anything is made has found: findings, a table of quotas, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from environment.capacity import Capacity, QuotaRow
from environment.findings import Finding


class Looked(BaseModel):
    """What one check found.

    Attributes:
        notes: What could not be looked at, and why; what is good to know.
        is_off: The API that it asks is off: create turns it on, then it can be looked at.
        is_made: Whether there was an answer at all.
    """

    model_config = ConfigDict(frozen=True)

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    quotas: tuple[QuotaRow, ...] = ()
    is_off: bool = False
    is_made: bool = True


class DoctorReport(BaseModel):
    """Everything.

    Attributes:
        principal: Who the credentials are.
        tools: Versions by program.
        checks: The checks that were asked for, and are still worth telling.
        later: Those of them whose API is off.
        unanswered: Those of them that could not be made for another reason.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    principal: str
    tools: dict[str, str]
    capacity: Capacity
    findings: tuple[Finding, ...]
    quotas: tuple[QuotaRow, ...]
    notes: tuple[str, ...]
    checks: tuple[str, ...]
    later: tuple[str, ...]
    unanswered: tuple[str, ...] = ()


def found_one(check: str, subject: str, problem: str, fix: str) -> Looked:
    """Return a look that found one thing."""
    return Looked(findings=(Finding(check=check, subject=subject, problem=problem, fix=fix),))


def put_together(looks: Iterable[Looked]) -> Looked:
    """Return several looks as one, each finding once."""
    looks = tuple(looks)
    return Looked(
        findings=tuple(dict.fromkeys(one for look in looks for one in look.findings)),
        notes=tuple(dict.fromkeys(one for look in looks for one in look.notes)),
        quotas=tuple(one for look in looks for one in look.quotas),
        is_off=any(look.is_off for look in looks),
    )
