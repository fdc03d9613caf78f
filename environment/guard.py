"""Which changes would lose what cannot be had back, and so need a person's word: pure, on a plan's changes.

Guarded are cluster, node pool, database, bucket, VPC and notebook (its disks go with it), and the namespace with all
that is in it. Losing one of them is refused unless its address is allowed. A resource whose creation failed is no
loss: Terraform calls it tainted and makes it again with the next apply. But `terraform taint` marks a good one the same
way, so it takes more than the mark: it must never have been ready.

Deletion protection is another lock. What is allowed to be lost and protected would be refused by Terraform in the
middle of an apply: it is refused here, before that. What was never ready has nothing to protect.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from environment.changes import Change
from environment.errors import ReplacementRefusedError
from environment.terraform_plan import CLUSTER, DATABASE

NODE_POOL = "google_container_node_pool"
NOTEBOOK = "google_workbench_instance"
GUARDED_TYPES = (CLUSTER, NODE_POOL, DATABASE, NOTEBOOK, "google_storage_bucket", "google_compute_network")
GUARDED_KINDS = ("Namespace", "Deployment")
TAINTED = "replace_because_tainted"

_GUARDED_TYPE = re.compile(rf"(^|\.)({'|'.join(GUARDED_TYPES)})\.")
_DEPOSED = re.compile(r" \(deposed [^)]*\)$")


def is_guarded(change: Change) -> bool:
    """Tell whether a change takes away what is guarded."""
    if not change.takes_away:
        return False
    if change.layer == "infrastructure":
        return bool(_GUARDED_TYPE.search(change.address))
    kind = change.address.partition(" ")[0]
    # Pruning a Deployment is no surprise: no manifest names it any more.
    return kind in GUARDED_KINDS and (change.action == "replace" or kind == "Namespace")


def is_of_type(change: Change, resource_type: str) -> bool:
    """Tell whether a change is of a Terraform resource of this type."""
    return bool(re.search(rf"(^|\.){re.escape(resource_type)}\.", change.address))


def guarded(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes that take away what is guarded."""
    return tuple(filter(is_guarded, changes))


def refused(
    changes: Iterable[Change], allowed: Collection[str], never_ready: Collection[str] = ()
) -> tuple[Change, ...]:
    """Return the changes that must not be made.

    Args:
        changes: Of a plan.
        allowed: The addresses that may be lost.
        never_ready: The addresses of which it is known that they were never ready; counts for what is tainted.
    """
    return tuple(
        change
        for change in guarded(changes)
        if address_of(change) not in allowed and not (change.reason == TAINTED and change.address in never_ready)
    )


def check(changes: Iterable[Change], allowed: Collection[str], never_ready: Collection[str] = ()) -> None:
    """Stop where a change must not be made.

    Raises:
        ReplacementRefusedError: Names every one, what forces it, and what would allow all of them; or what is allowed
            and protected.
    """
    if found := refused(changes, allowed, never_ready):
        raise refusal(found)
    if found := tuple(one for one in guarded(changes) if one.is_protected and one.address not in never_ready):
        raise protection(found)
    # A cluster's protection is in the state alone, and is cleared there; a database's is in Cloud SQL too.
    if found := tuple(one for one in guarded(changes) if one.is_protected and is_of_type(one, DATABASE)):
        raise failed_database(found)


def refusal(changes: Collection[Change]) -> ReplacementRefusedError:
    """Return the error that names these changes, in one line."""
    lines = ", ".join(f"{change}{_why(change)}" for change in changes)
    allow = " ".join(f"--allow-replace {_quoted(address_of(change))}" for change in changes)
    return ReplacementRefusedError(f"refused: {lines}", f"what is in them would be lost; to let it happen add {allow}")


def protection(changes: Collection[Change]) -> ReplacementRefusedError:
    """Return the error that names what may be lost and is protected, in one line."""
    settings = sorted({_setting(change) for change in changes})
    off = " ".join(f"--set {setting}=false" for setting in settings)
    return ReplacementRefusedError(
        f"refused: {', '.join(map(str, changes))}: deletion protection is on",
        f"turn it off with a create of its own first, which changes nothing else: {off}",
    )


def failed_database(changes: Collection[Change]) -> ReplacementRefusedError:
    """Return the error of a database that could not be made and is protected all the same, in one line."""
    return ReplacementRefusedError(
        f"refused: {', '.join(map(str, changes))}: its creation failed, and deletion protection is on",
        "remove it with `mlops-env destroy ENV --yes NAME --delete-data`, which takes the protection off and gives up "
        "the environment's other data too, and create again",
    )


def still_protected(changes: Iterable[Change], lost: Collection[Change]) -> bool:
    """Tell whether the protection of what was never ready stands in the way of its replacement."""
    return any(one.is_protected and is_of_type(one, CLUSTER) and one not in lost for one in guarded(changes))


def _setting(change: Change) -> str:
    return f"{'database' if is_of_type(change, DATABASE) else 'cluster'}.deletion_protection"


def address_of(change: Change) -> str:
    """Return the address by which a change is allowed."""
    return _DEPOSED.sub("", change.address)


def name_before(change: Change) -> str:
    """Return the name that a resource has, where its replacement gets another; empty where the name stays."""
    return next((str(field.before) for field in change.fields if field.path == "name"), "")


def _why(change: Change) -> str:
    if change.replace_paths:
        return f" (forced by {', '.join(change.replace_paths)})"
    if change.reason == TAINTED:
        return " (tainted, though it is there)"
    return f" ({change.reason.replace('_', ' ')})" if change.reason else ""


def _quoted(address: str) -> str:
    return f"'{address}'" if set(address) & set(' "[') else address
