"""IAM members of a project, a service account and a bucket: one member of one role of a policy.

Every change reads the policy, changes it and writes it back under its etag, anew when somebody else was faster
(https://cloud.google.com/iam/docs/policies#etag).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.provider.api import Json
from sandbox.provider.errors import ApiFailure, Gone, ProviderError
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

CONFLICT_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
CHECKS = 3
"""How often the real provider reads a policy that it has just written; it sleeps a second before each."""


@dataclass(frozen=True)
class Membership:
    """One member to add to, or take from, the binding of a role under a condition."""

    role: str
    member: str
    condition: tuple[tuple[str, str], ...]
    is_wanted: bool


def change_bindings(bindings: Sequence[Json], changes: Sequence[Membership]) -> list[Json]:
    """The bindings after the changes: sorted, without duplicates, without empty ones."""
    held: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = {}
    for binding in bindings:
        key = (str(binding.get("role")), _condition(binding.get("condition")))
        held.setdefault(key, set()).update(binding.get("members") or [])
    for change in changes:
        members = held.setdefault((change.role, change.condition), set())
        same = {member for member in members if member.lower() == change.member.lower()}
        if change.is_wanted and not same:
            members.add(change.member)
        elif not change.is_wanted:
            members -= same
    return [
        {"role": role, "members": sorted(members)} | ({"condition": dict(condition)} if condition else {})
        for (role, condition), members in sorted(held.items())
        if members
    ]


def _condition(condition: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, str(value)) for key, value in (condition or {}).items() if value))


class Member(Resource):
    """What the three kinds share; a kind says where its policy is."""

    identity_of: ClassVar[str]
    rules = Rules(
        local=frozenset({"bucket", "condition", "etag", "member", "role", "service_account_id"}),
        replace=frozenset({"bucket", "condition", "member", "project", "role", "service_account_id"}),
    )

    def policy(self, state: Values) -> Json:
        """Read the policy."""
        raise NotImplementedError

    def write(self, state: Values, policy: Json) -> None:
        """Write the policy."""
        raise NotImplementedError

    def apply(self, state: Values, changes: Sequence[Membership]) -> None:
        """Read, change, write, again after a conflict; then see that it took."""
        for pause in (*CONFLICT_SECONDS, None):
            policy = self.policy(state)
            try:
                bindings = change_bindings(policy.get("bindings") or [], changes)
                extra: Json = {key: policy[key] for key in ("etag", "auditConfigs") if key in policy}
                self.write(state, {**extra, **({"bindings": bindings} if bindings else {}), "version": 3})
                break
            except ApiFailure as failure:
                if failure.code != 409 or pause is None:
                    raise
            time.sleep(pause)
        for _ in range(CHECKS):
            self.policy(state)

    def modify(self, state: Values, change: Membership) -> None:
        """Apply one change, alone on this policy."""
        with self.api.exclusive(f"policy {self.path(self.item, state)}"):
            self.apply(state, [change])

    def create(self, planned: Values, config: Values) -> Values:
        """Add the member."""
        self.modify(planned, self._membership(planned, is_wanted=True))
        self.keep(planned)
        return self.observed(planned)

    def observed(self, state: Values) -> Values:
        """There while the policy has it."""
        wanted = self._membership(state, is_wanted=True)
        policy = self.policy(state)
        for binding in policy.get("bindings") or []:
            is_role = (binding.get("role"), _condition(binding.get("condition"))) == (wanted.role, wanted.condition)
            if is_role and any(member.lower() == wanted.member.lower() for member in binding.get("members") or []):
                return {**state, "etag": policy.get("etag"), "id": self.identify(state)}
        raise Gone(f"{wanted.member} does not have {wanted.role}")

    def remove(self, prior: Values) -> None:
        """Take the member out; a policy that is gone has no members."""
        self.modify(prior, self._membership(prior, is_wanted=False))
        self.policy(prior)

    def _membership(self, state: Values, *, is_wanted: bool) -> Membership:
        blocks = state.get("condition") or []
        condition = _condition(blocks[0]) if blocks else ()
        return Membership(str(state["role"]), str(state["member"]), condition, is_wanted)

    def identify(self, state: Values) -> str:
        """What holds the policy, the role, the member, and the condition's title."""
        titles = [str(block["title"]) for block in state.get("condition") or []]
        return "/".join([self.path(self.item, state), str(state["role"]), str(state["member"]), *titles])

    def import_state(self, identifier: str) -> Values:
        """The id with spaces for its parts: `projects/p roles/viewer user:me@example.com`."""
        parts = identifier.split(" ")
        if len(parts) != 3:
            raise ProviderError(f"Wrong number of parts to Member id {identifier}; expected 'resource role member'.")
        state = {**self._defaults(), self.identity_of: parts[0], "role": parts[1], "member": parts[2]}
        return {**state, "id": self.identify(state)}


class ProjectMember(Member):
    """A member of a project's policy; concurrent changes of one project share one write."""

    type_name = "google_project_iam_member"
    label = "project IAM member"
    service = "cloudresourcemanager"
    item = "{project}"
    identity_of = "project"

    def policy(self, state: Values) -> Json:
        """Read with conditions."""
        body = {"options": {"requestedPolicyVersion": 3}}
        return self.api.call(self.service, "POST", f"projects/{self.path(self.item, state)}:getIamPolicy", body)

    def write(self, state: Values, policy: Json) -> None:
        """Write, naming what is written."""
        body = {"policy": policy, "updateMask": "bindings,etag,auditConfigs"}
        self.api.call(self.service, "POST", f"projects/{self.path(self.item, state)}:setIamPolicy", body)

    def path(self, template: str, state: Any) -> str:
        """A project may be given as `projects/p`."""
        return super().path(template, state).removeprefix("projects/")

    def modify(self, state: Values, change: Membership) -> None:
        """Join the batch of this project."""
        project = self.path(self.item, state)

        def run(changes: list[Membership]) -> None:
            with self.api.exclusive(f"policy {project}"):
                self.apply(state, changes)

        self.api.batches.submit(f"policy {project}", change, run)


class ServiceAccountMember(Member):
    """A member of a service account's own policy."""

    type_name = "google_service_account_iam_member"
    label = "service account IAM member"
    service = "iam"
    item = "{service_account_id}"
    identity_of = "service_account_id"

    def policy(self, state: Values) -> Json:
        """A POST without a body."""
        query = {"options.requestedPolicyVersion": "3"}
        return self.api.call(self.service, "POST", f"{self.path(self.item, state)}:getIamPolicy", query=query)

    def write(self, state: Values, policy: Json) -> None:
        """Write the whole policy."""
        self.api.call(self.service, "POST", f"{self.path(self.item, state)}:setIamPolicy", {"policy": policy})


class BucketMember(Member):
    """A member of a bucket's policy."""

    type_name = "google_storage_bucket_iam_member"
    label = "bucket IAM member"
    service = "storage"
    item = "b/{bucket}"
    identity_of = "bucket"

    def path(self, template: str, state: Any) -> str:
        """A bucket may be given as `b/name`."""
        return super().path(template, {**state, "bucket": str(state["bucket"]).removeprefix("b/")})

    def policy(self, state: Values) -> Json:
        """Read with conditions; raises Gone with the bucket."""
        return self.api.get(self.service, f"{self.path(self.item, state)}/iam", {"optionsRequestedPolicyVersion": "3"})

    def write(self, state: Values, policy: Json) -> None:
        """PUT the whole policy."""
        self.api.call(self.service, "PUT", f"{self.path(self.item, state)}/iam", policy)
