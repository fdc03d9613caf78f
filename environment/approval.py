"""Approval: what a person answers, for which plan, and whether what is about to be done still is that: pure.

A plan is approved with all that it was made from. When anything of it has moved, nothing is done. While the approved
plan is carried out, each layer still decides by what it finds then: what it decides beyond the approved changes is
refused before that layer changes anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from environment.changes import INFRASTRUCTURE, UNKNOWN, Change, FieldChange, Value
from environment.errors import ApprovalError
from environment.guard import TAINTED
from environment.reports import PlanBasis, PlanReport

Approved = Collection[Change] | None
"""The changes that were approved; None where none needs to be."""

BASIS = {
    "spec_digest": "the spec",
    "state_lineage": "the lineage of Terraform's state",
    "state_serial": "the serial of Terraform's state",
    "manifests_digest": "the rendered manifests",
}
_NAMED = 5


class Answer(BaseModel):
    """What a person says to a plan."""

    model_config = ConfigDict(frozen=True)

    decision: Literal["approve", "reject"]
    reason: str = ""


class Consent(BaseModel):
    """That a change was approved: `how` says where the answer was given, "beforehand" without a look at the plan."""

    model_config = ConfigDict(frozen=True)

    how: Literal["beforehand", "on a terminal", "in Prefect"]
    reason: str = ""


def moved(approved: PlanReport, now: PlanReport) -> tuple[str, ...]:
    """Say what of an approved plan is no longer so: what it was made from, and what it would change."""
    return (*_moved_basis(approved.basis, now.basis), *_moved_changes(approved.changes, now.changes))


def unapproved(decided: Iterable[Change], approved: Approved) -> tuple[Change, ...]:
    """Return the changes that are covered by no approved one; of Terraform's, fields count too.

    What was approved as a creation may turn out to be one that failed half-way and is made again, and what was
    approved as a replacement may have lost its old half already. "(known after apply)" stands for any text.
    """
    if approved is None:
        return ()
    exact = {(one.layer, one.address): one for one in approved}
    open_ended = [one for one in approved if UNKNOWN in one.address]

    def is_covered(change: Change) -> bool:
        one = exact.get((change.layer, change.address))
        candidates = [one] if one else [each for each in open_ended if _fits(each.address, change.address)]
        return any(_covers(each, change) for each in candidates)

    return tuple(change for change in decided if not change.is_noop and not is_covered(change))


def check_approved(decided: Iterable[Change], approved: Approved) -> None:
    """Stop where a layer is about to do what was not approved.

    Raises:
        ApprovalError: Names every such change.
    """
    if found := unapproved(decided, approved):
        raise ApprovalError(
            f"not approved: {_listed(change.explain() for change in found)}",
            "none of that was done; what the run had changed before is in the history; "
            "run it again, and its plan shows that too",
        )


def check_unmoved(approved: PlanReport, now: PlanReport) -> None:
    """Stop where the plan is no longer the one that was approved.

    Raises:
        ApprovalError: Names what has moved.
    """
    if found := moved(approved, now):
        raise ApprovalError(
            f"{now.environment} has moved since its plan was approved: {_listed(found)}",
            "nothing was changed; run it again and look at the new plan",
        )


def rejection(environment: str, answer: Answer) -> ApprovalError:
    """Return the error of a change that a person does not want."""
    why = f": {' '.join(answer.reason.split())}" if answer.reason.strip() else ""
    return ApprovalError(f"the change of {environment} was rejected{why}", "nothing was changed")


def expiry(environment: str, seconds: int) -> ApprovalError:
    """Return the error of an answer that did not come, or whose turn did not come, in time."""
    return ApprovalError(
        f"approval expired: the plan of {environment} is older than {seconds} s",
        "nothing was changed; run it again and answer in time, or raise approval.expires_after_seconds",
    )


def nobody_to_ask(environment: str) -> ApprovalError:
    """Return the error of a run that has neither a terminal nor a Prefect server that stays."""
    return ApprovalError(
        f"changes of {environment} need approval",
        "run it by itself on a terminal, or with --yes (approved: true of a flow), or set PREFECT_API_URL to a "
        "Prefect server where it can be answered",
    )


def _moved_basis(approved: PlanBasis, now: PlanBasis) -> Iterator[str]:
    for field, name in BASIS.items():
        before, after = getattr(approved, field), getattr(now, field)
        if before != after:
            yield f"{name} ({before} → {after})" if field == "state_serial" else name


def _moved_changes(approved: Iterable[Change], now: Iterable[Change]) -> Iterator[str]:
    before, after = ({(one.layer, one.address): one for one in changes} for changes in (approved, now))
    for key, change in after.items():
        old = before.get(key)
        if old is None:
            yield f"new: {change.explain()}"
        elif old != change:
            yield f"different: {change.explain()}"
    for key, change in before.items():
        if key not in after:
            yield f"gone: {change}"


def _covers(approved: Change, decided: Change) -> bool:
    if approved.action == decided.action:
        fields = {field.path: field for field in approved.fields}
        return all(_allows(fields.get(one.path), one) for one in _weighty(decided))
    is_made_again = approved.action == "create" and decided.reason == TAINTED
    return is_made_again or (approved.action == "replace" and decided.action == "create")


def _weighty(change: Change) -> Iterator[FieldChange]:
    """Return the fields that count: of a replacement those that force it, since all others begin anew anyway."""
    if change.layer != INFRASTRUCTURE:
        return
    for field in change.fields:
        if change.action != "replace" or any(field.path.startswith(path) for path in change.replace_paths):
            yield field


def _allows(approved: FieldChange | None, decided: FieldChange) -> bool:
    return approved is not None and _fits(approved.after, decided.after)


def _fits(pattern: Value, value: Value) -> bool:
    if isinstance(pattern, str) and UNKNOWN in pattern:
        return bool(re.fullmatch(".*".join(map(re.escape, pattern.split(UNKNOWN))), str(value), re.DOTALL))
    return pattern == value


def _listed(lines: Iterable[str]) -> str:
    found = tuple(lines)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
