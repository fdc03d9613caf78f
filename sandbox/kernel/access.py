"""Who may do what: the roles that policies bind, the permissions of those roles, and what a deny policy takes away.

The sandbox's own user owns every project. A binding with a condition grants nothing here.

Data: `sandbox/data/google_roles.json` (scripts/google_roles.py). Sources: https://cloud.google.com/iam/docs/policies,
https://cloud.google.com/iam/docs/deny-overview
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.kernel.policies import Policies
from sandbox.kernel.principals import Principal
from sandbox.kernel.store import Store

DENIED = "denied-permissions"
OWNER_ROLE = "roles/owner"
_DATA = Path(__file__).resolve().parents[1] / "data" / "google_roles.json"


@cache
def role_permissions() -> dict[str, frozenset[str]]:
    """Return the permissions of the roles that are known; `roles/owner` has all and is not among them."""
    roles = json.loads(_DATA.read_text())["roles"]
    return {
        role: frozenset(f"{resource}.{verb}" for resource, verbs in by_resource.items() for verb in verbs.split())
        for role, by_resource in roles.items()
    }


@dataclass(frozen=True)
class Access:
    """What policies allow."""

    store: Store
    policies: Policies

    def missing(
        self, principal: Principal, permissions: Collection[str], project: str, resources: Iterable[str] = ()
    ) -> list[str]:
        """Return which permissions a principal lacks.

        Args:
            principal: Who asks.
            permissions: What it wants to do.
            project: The project that the resource is in.
            resources: Names of resources with a policy of their own, such as "buckets/B".
        """
        denied = set((self.store.get(DENIED, f"{project}/{principal.email}") or {}).get("permissions", ()))
        left = [one for one in permissions if one in denied]
        if principal.is_owner:
            return left
        held: set[str] = set()
        for resource in (f"projects/{project}", *resources):
            for role in self._roles(principal, resource):
                if role == OWNER_ROLE:
                    return left
                held |= role_permissions().get(role, frozenset())
        return [one for one in permissions if one in denied or one not in held]

    def set_roles(self, principal: Principal, project: str, roles: Collection[str], denied: Collection[str]) -> None:
        """Give a principal exactly these roles on a project, and take these permissions from it."""
        name = f"projects/{project}"
        with self.store.transaction():
            bindings = []
            for binding in self.policies.get(name).get("bindings", ()):
                members = [one for one in binding["members"] if one != principal.member]
                bindings.append({**binding, "members": members})
            bindings += [{"role": role, "members": [principal.member]} for role in roles]
            self.policies.set(name, {"bindings": _joined(bindings)})
            if denied:
                self.store.put(DENIED, f"{project}/{principal.email}", {"permissions": sorted(denied)})
            else:
                self.store.delete(DENIED, f"{project}/{principal.email}")

    def _roles(self, principal: Principal, resource: str) -> list[str]:
        bindings = self.policies.get(resource).get("bindings", ())
        return [one["role"] for one in bindings if principal.member in one["members"] and not one.get("condition")]


def _joined(bindings: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Put the members of bindings to one role, and under one condition, together."""
    found: dict[str, dict[str, object]] = {}
    for binding in bindings:
        key = json.dumps([binding["role"], binding.get("condition")], sort_keys=True)
        before = found.get(key, {}).get("members", [])
        found[key] = {**binding, "members": [*before, *binding["members"]]}  # type: ignore[misc]
    return list(found.values())
