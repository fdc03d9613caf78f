"""Asking a person before an environment is changed whose spec requires approval."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from environment.errors import ApprovalError

if TYPE_CHECKING:
    from environment.spec import Environment


def ask_approval(spec: Environment, *, is_given: bool) -> None:
    """Return when the change is approved: by --yes, or by a person on a terminal.

    Raises:
        ApprovalError: When nobody can be asked, or the answer is no.
    """
    if is_given or not spec.approval.required:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ApprovalError(f"changes of {spec.name} need approval", "run it on a terminal, or with --yes")
    if not typer.confirm(f"Change {spec.name} in project {spec.project_id}?", err=True):
        raise ApprovalError(f"the change of {spec.name} was not approved", "nothing was changed")
