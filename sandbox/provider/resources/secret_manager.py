"""google_secret_manager_secret and …_version: https://cloud.google.com/secret-manager/docs/reference/rest."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from sandbox.provider.api import Json
from sandbox.provider.errors import Gone, Refused
from sandbox.provider.links import last
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values


class Secret(Resource):
    """A secret, without its content."""

    type_name = "google_secret_manager_secret"
    label = "Secret"
    service = "secretmanager"
    collection = "projects/{project}/secrets"
    item = "projects/{project}/secrets/{secret_id}"
    imports = ("{project}/{secret_id}", "{secret_id}")
    create_query: ClassVar[Mapping[str, str]] = {"secretId": "{secret_id}"}
    masks_updates = True
    rules = Rules(
        labels="labels",
        names={"replication.auto": "automatic"},
        local=frozenset({"secret_id", "deletion_protection", "effective_annotations"}),
        sent_only=frozenset({"ttl", "tags"}),
        defaults={"deletion_protection": False},
        replace=frozenset({"project", "secret_id", "replication", "tags"}),
        markers=frozenset({"replication", "replication.auto"}),
        tracked=frozenset({"replication.auto", "replication.user_managed", "rotation", "topics"}),
    )

    def delete(self, prior: Values) -> None:
        """Refuse while it is protected."""
        if prior.get("deletion_protection"):
            raise Refused(
                "cannot destroy secret manager secret without setting deletion_protection=false and running "
                "`terraform apply`"
            )
        super().delete(prior)

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """All annotations are told beside the configured ones."""
        found["effective_annotations"] = dict(body.get("annotations") or {})
        return found


class SecretVersion(Resource):
    """One content of a secret, named by what the API returns (with the project's number)."""

    type_name = "google_secret_manager_secret_version"
    label = "SecretVersion"
    service = "secretmanager"
    collection = "{secret}"
    item = "{name}"
    imports = ("{name}",)
    rules = Rules(
        local=frozenset({"secret", "secret_data", "secret_data_wo_version", "is_secret_data_base64", "enabled"}),
        defaults={"enabled": True, "is_secret_data_base64": False},
        replace=frozenset({"secret", "secret_data", "secret_data_wo_version", "is_secret_data_base64"}),
        same={"secret": lambda one, other: last(one) == last(other)},
    )

    def create(self, planned: Values, config: Values) -> Values:
        """Add the content, then say whether it may be used."""
        state = dict(planned)
        data = str(config.get("secret_data_wo") or planned.get("secret_data") or "")
        payload = data if planned.get("is_secret_data_base64") else base64.b64encode(data.encode()).decode()
        answer = self.api.call(self.service, "POST", f"{planned['secret']}:addVersion", {"payload": {"data": payload}})
        state["name"] = str(answer["name"])
        self.keep(state)
        self._switch(state)
        return self.observed(state)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Nothing but `enabled` changes in place, and that is local."""

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Enable or disable it."""
        if prior.get("enabled") != planned.get("enabled"):
            self._switch(planned)
        return self.observed(planned)

    def observed(self, state: Values) -> Values:
        """Read the version, and its content where the state holds it."""
        body = self.api.get(self.service, str(state["name"]))
        if body.get("state") == "DESTROYED":
            raise Gone(f"{state['name']} is destroyed")
        new = self.settled(state, body)
        new["enabled"] = body.get("state") == "ENABLED"
        if new["enabled"] and not state.get("secret_data_wo_version"):
            data = self.api.get(self.service, f"{state['name']}:access").get("payload", {}).get("data")
            if data is not None:
                is_base64 = state.get("is_secret_data_base64")
                new["secret_data"] = data if is_base64 else base64.b64decode(data).decode(errors="replace")
        return new

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """Number and project stand in the name."""
        name = str(body.get("name") or state["name"])
        parts = str(state.get("secret") or name).split("/")
        found |= {"name": name, "version": last(name), "project": parts[1] if len(parts) > 1 else None}
        found["secret"] = state.get("secret") or name.split("/versions/")[0]
        return found

    def identify(self, state: Values) -> str:
        """The name with the project's number."""
        return str(state.get("name") or "")

    def import_state(self, identifier: str) -> Values:
        """The id is the version's whole name."""
        state = super().import_state(identifier) if "/" not in identifier else self._defaults()
        return {**state, "id": identifier, "name": identifier, "secret": identifier.split("/versions/")[0]}

    def remove(self, prior: Values) -> None:
        """Destroy the content, or only disable it where the policy says so."""
        verb = "disable" if prior.get("deletion_policy") == "DISABLE" else "destroy"
        self.api.call(self.service, "POST", f"{prior['name']}:{verb}")

    def _switch(self, state: Values) -> None:
        verb = "disable" if state.get("enabled") is False else "enable"
        self.api.call(self.service, "POST", f"{state['name']}:{verb}")
