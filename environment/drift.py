"""What differs from the spec although nobody ran us: found, put into one of two classes, and told apart from noise.

"changed outside" is what others did to the cloud or the cluster since the last create; "pending change" is what the
spec, the modules or the manifests ask for and no create has done yet. Terraform tells them apart (what its refresh
found against what it would change), services and objects by the record of the last create and by managedFields.

Expected is what the last create left, or the spec asks for; actual is what is there now. Secrets are masked before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from environment.changes import LAYERS, Layer, Value, text_of
from environment.errors import SpecError
from environment.services import service_changes

Kind = Literal["changed outside", "pending change"]
Condition = Literal["changed", "missing", "extra"]
OUTSIDE: Kind = "changed outside"
PENDING: Kind = "pending change"


class DriftField(BaseModel):
    """One field that is not as expected; `by` is who owns it now, where Kubernetes knows it."""

    model_config = ConfigDict(frozen=True)

    path: str
    expected: Value = None
    actual: Value = None
    by: str = ""

    def __str__(self) -> str:
        """Return "path: expected E, is A"."""
        return f"{self.path}: expected {text_of(self.expected)}, is {text_of(self.actual)}"


class Drift(BaseModel):
    """One thing that is not as expected.

    Attributes:
        by: Who did it and when, as far as managedFields tell: "kubectl-edit at 2026-01-31T12:00:00Z".
        is_undone: Whether create would put it back. What the spec says nothing about stays as others set it.
        note: What else is to be known, such as a rule that has ignored it until it expired.
    """

    model_config = ConfigDict(frozen=True)

    layer: Layer
    kind: Kind
    condition: Condition
    address: str
    fields: tuple[DriftField, ...] = ()
    by: tuple[str, ...] = ()
    is_undone: bool = True
    note: str = ""

    def __str__(self) -> str:
        """Return "condition address"."""
        return f"{self.condition} {self.address}"


class DriftReport(BaseModel):
    """All that was found.

    Attributes:
        ignored: What a rule of the spec covers.
        warnings: What could not be looked at, and why.
        unseen: The layers that this was so of, in whole or in part.
        digest: Equal for equal sets of drift.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    checked_at: str
    found: tuple[Drift, ...]
    ignored: tuple[Drift, ...] = ()
    warnings: tuple[str, ...] = ()
    unseen: tuple[Layer, ...] = ()
    digest: str = ""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in which others have changed something that create would put back."""
        drifted = {one.layer for one in self.found if one.kind == OUTSIDE and one.is_undone}
        return tuple(layer for layer in LAYERS if layer in drifted)


class RemediationReport(BaseModel):
    """What a look found, what was done about it ("update ADDRESS"), and what the look after that still found."""

    model_config = ConfigDict(frozen=True)

    found: DriftReport
    changes: tuple[str, ...] = ()
    left: DriftReport


def remediation_refusal(role: str) -> SpecError | None:
    """Return why drift of an environment of this role is not put back by itself, None where it may be."""
    if role != "prod":
        return None
    return SpecError("drift of a prod environment is not remediated: look at it, then run create")


def describe_drift(found: Iterable[Drift]) -> str:
    """Say it as a final state's message: "In sync", "2 changed outside, 1 pending change"."""
    kinds = [one.kind for one in found]
    counts = [f"{kinds.count(kind)} {kind}" for kind in (OUTSIDE, PENDING) if kind in kinds]
    return ", ".join(counts) or "In sync"


def ordered_drift(found: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return it layer by layer, in each by address."""
    return tuple(sorted(found, key=lambda one: (LAYERS.index(one.layer), one.address, one.kind, one.condition)))


def drift_digest(found: Iterable[Drift]) -> str:
    """Return what is equal for equal sets of drift: who did it and when does not count. Empty for none."""
    lines = sorted({json.dumps(one.model_dump(exclude={"by", "note"}), sort_keys=True) for one in found})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def service_drift(
    wanted: Iterable[str], enabled: Iterable[str], was_enabled: Sequence[str] | None
) -> tuple[tuple[Drift, ...], tuple[str, ...]]:
    """Return the services that are off, and warnings: "outside" are those that were on when the last create ended."""
    changes, warnings = service_changes(wanted, enabled, was_enabled)
    before = frozenset(was_enabled or ())
    found = (
        Drift(
            layer="services",
            kind=OUTSIDE if change.address in before else PENDING,
            condition="changed",
            address=change.address,
            fields=(DriftField(path="state", expected="ENABLED", actual="DISABLED"),),
        )
        for change in changes
    )
    return tuple(found), warnings
