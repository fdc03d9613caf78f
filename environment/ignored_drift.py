"""What is no drift: rules of an address, an attribute, a reason and an expiry date; ours, and those of a spec.

Rules cover only what was changed outside: a pending change is our own and is never ignored. An expired rule covers
nothing any more: what it covered is reported again, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from environment.drift import OUTSIDE, Drift, DriftField


class IgnoredDrift(BaseModel):
    """One rule; `*` in address and attribute stands for any characters. Without an expiry date it holds for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(min_length=1, description="As reported, * stands for any characters")]
    attribute: Annotated[str, Field(min_length=1, description="As reported, * for all and for what is missing")] = "*"
    reason: Annotated[str, Field(min_length=1)]
    expires: date | None = None

    def covers(self, drift: Drift, field: DriftField | None) -> bool:
        """Tell whether a field is meant, or with None the whole thing."""
        path = field.path if field else ""
        return _matches(self.address, drift.address) and _matches(self.attribute, path)

    def has_expired(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return self.expires is not None and today > self.expires


def _rule(resource_type: str, attribute: str, reason: str) -> IgnoredDrift:
    return IgnoredDrift(address=f"*{resource_type}.*", attribute=attribute, reason=reason)


_CLUSTER, _POOL = "google_container_cluster", "google_container_node_pool"
_DATABASE, _NOTEBOOK = "google_sql_database_instance", "google_workbench_instance"
_UPGRADES = "GKE upgrades by release channel"
_COUNTS = "the autoscaler adds and removes nodes"

SHIPPED = (
    _rule("google_*", '*["goog-*"]', "Google's own labels"),
    _rule("google_*", "terraform_labels*", "a copy of the other labels"),
    _rule("google_*", "etag", "changes with every write"),
    _rule("google_*", "fingerprint", "changes with every write"),
    _rule("google_*", "*_fingerprint", "changes with every write"),
    _rule("google_*", "update*_time", "changes with every write"),
    _rule("google_*", "updated", "changes with every write"),
    _rule("google_*", "generation", "changes with every write"),
    _rule(_CLUSTER, "master_version", _UPGRADES),
    _rule(_CLUSTER, "node_version", _UPGRADES),
    _rule(_CLUSTER, "min_master_version", _UPGRADES),
    _rule(_CLUSTER, "node_pool*", "a copy of what the node pool's own resource says"),
    _rule(_CLUSTER, "node_config*", "a copy of what the node pool's own resource says"),
    _rule(_CLUSTER, "operation", "the last operation's name"),
    _rule(_POOL, "version", _UPGRADES),
    _rule(_POOL, "node_count", _COUNTS),
    _rule(_POOL, "*instance_group_urls*", _COUNTS),
    _rule(_POOL, "operation", "the last operation's name"),
    _rule(_DATABASE, "settings[0].disk_size", "the disk grows by itself (disk_autoresize)"),
    _rule(_DATABASE, "settings[0].version", "changes with every write"),
    _rule(_DATABASE, "maintenance_version", "Cloud SQL's own maintenance"),
    _rule(_DATABASE, "available_maintenance_versions*", "Cloud SQL's own maintenance"),
    _rule(_DATABASE, "database_version_upgrade*", "Cloud SQL's own maintenance"),
    _rule(_NOTEBOOK, "health_*", "the instance's own report"),
    _rule(_NOTEBOOK, "upgrade_history*", "the instance's own report"),
    _rule(_NOTEBOOK, "state", "people stop and start their notebooks"),
)
"""What Google itself writes: an address is any resource of the type."""


def without_ignored(
    found: Iterable[Drift], rules: Iterable[IgnoredDrift], today: date
) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
    """Take out what a rule covers, field by field.

    Returns:
        What is left, and what was taken out with the rule's reason as its note.
    """
    given = tuple(rules)
    kept: list[Drift] = []
    ignored: list[Drift] = []
    for drift in found:
        if drift.kind != OUTSIDE:
            kept.append(drift)
            continue
        rules_of = {field: _covering(drift, field, given) for field in drift.fields or (None,)}
        covered = {field: rule for field, one in rules_of.items() if (rule := _first(one, today, expired=False))}
        left = {field: one for field, one in rules_of.items() if field not in covered}
        if covered:
            reasons = "; ".join(dict.fromkeys(rule.reason for rule in covered.values()))
            ignored.append(_with_fields(drift, covered, reasons))
        if left:
            late = (rule for one in left.values() if (rule := _first(one, today, expired=True)))
            notes = dict.fromkeys(f"ignored until {rule.expires}: {rule.reason}" for rule in late)
            kept.append(_with_fields(drift, left, "; ".join(notes)))
    return tuple(kept), tuple(ignored)


def _covering(drift: Drift, field: DriftField | None, rules: Iterable[IgnoredDrift]) -> tuple[IgnoredDrift, ...]:
    return tuple(rule for rule in rules if rule.covers(drift, field))


def _first(rules: Iterable[IgnoredDrift], today: date, *, expired: bool) -> IgnoredDrift | None:
    return next((rule for rule in rules if rule.has_expired(today) is expired), None)


def _with_fields(drift: Drift, fields: Iterable[DriftField | None], note: str) -> Drift:
    return drift.model_copy(update={"fields": tuple(one for one in fields if one), "note": note})


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
