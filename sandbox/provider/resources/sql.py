"""google_sql_database and google_sql_user: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4."""

from __future__ import annotations

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import Gone, ProviderError
from sandbox.provider.links import same_case
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import UNKNOWN, Values

INSTANCE = "projects/{project}/instances/{instance}"


class Database(Resource):
    """A database of an instance."""

    type_name = "google_sql_database"
    label = "Database"
    service = "sqladmin"
    collection = f"{INSTANCE}/databases"
    item = f"{INSTANCE}/databases/{{name}}"
    imports = (
        "instances/{instance}/databases/{name}",
        "{project}/{instance}/{name}",
        "{instance}/{name}",
        "{name}",
    )
    rules = Rules(
        replace=frozenset({"instance", "name", "project"}),
        same={"charset": same_case, "collation": same_case},
    )

    def create(self, planned: Values, config: Values) -> Values:
        """One change of an instance at a time."""
        with self.api.exclusive(f"instance {planned['instance']}"):
            return super().create(planned, config)

    def fetch(self, state: Values) -> Json:
        """The instance first: a stopped one does not tell its databases."""
        instance = self.api.get(self.service, self.path(INSTANCE, state))
        if instance.get("settings", {}).get("activationPolicy") == "NEVER":
            return {**to_body(self.block, self.rules, state)}
        return super().fetch(state)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PUT the whole database."""
        with self.api.exclusive(f"instance {planned['instance']}"):
            body = to_body(self.block, self.rules, planned)
            self.wait(self.api.call(self.service, "PUT", self.path(self.item, planned), body), planned, "update")

    def remove(self, prior: Values) -> None:
        """One change of an instance at a time."""
        with self.api.exclusive(f"instance {prior['instance']}"):
            super().remove(prior)


class User(Resource):
    """A user of an instance. The API tells no password, so only a changed configuration changes it."""

    type_name = "google_sql_user"
    label = "User"
    service = "sqladmin"
    collection = f"{INSTANCE}/users"
    item = f"{INSTANCE}/users"
    absent_is_removed = False
    rules = Rules(
        local=frozenset({"iam_email", "password_wo_version", "database_roles"}),
        sent_only=frozenset({"password"}),
        replace=frozenset({"host", "instance", "name", "project", "type"}),
        same={"type": lambda one, other: {one, other} == {"", "BUILT_IN"}},
    )

    def create(self, planned: Values, config: Values) -> Values:
        """Look at the instance, then make the user."""
        state = self._placed(planned)
        with self.api.exclusive(f"instance {state['instance']}"):
            self.api.get(self.service, self.path(INSTANCE, state))
            body = self._body(state, config)
            body["instance"] = state["instance"]
            answer = self.api.call(self.service, "POST", self.path(self.collection, state), body)
            self.wait(answer, state, "create")
        self.keep(state)
        return self.observed(state)

    def fetch(self, state: Values) -> Json:
        """The user in its instance's list; an instance that does not run tells nobody."""
        instance = self.api.get(self.service, self.path(INSTANCE, state))
        if instance.get("settings", {})["activationPolicy"] != "ALWAYS":
            return {**to_body(self.block, self.rules, state), "instance": state["instance"]}
        host = state.get("host")
        for user in self.api.get(self.service, self.path(self.collection, state)).get("items") or []:
            if user.get("name") == state["name"] and (host in (None, UNKNOWN, "") or user.get("host") == host):
                return dict(user)
        raise Gone(f"{state['instance']} has no user {state['name']}")

    def _body(self, state: Values, config: Values) -> Json:
        body = to_body(self.block, self.rules, state)
        if config.get("password_wo"):
            body["password"] = config["password_wo"]
        return body

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Set the password, and whatever else changed."""
        names = {"password", "password_wo_version", "password_policy"}
        if any(prior.get(name) != planned.get(name) for name in names):
            body = {key: value for key, value in self._body(planned, config).items() if key != "host"}
            query = {**self._query(planned), "revokeExistingRoles": "false"}
            with self.api.exclusive(f"instance {planned['instance']}"):
                answer = self.api.call(self.service, "PUT", self.path(self.collection, planned), body, query)
                self.wait(answer, planned, "update")
        return self.observed(planned)

    def remove(self, prior: Values) -> None:
        """Delete it by name and host."""
        with self.api.exclusive(f"instance {prior['instance']}"):
            answer = self.api.call(self.service, "DELETE", self.path(self.collection, prior), query=self._query(prior))
            self.wait(answer, prior, "delete")

    def _query(self, state: Values) -> dict[str, str]:
        return {"host": str(state.get("host") or ""), "name": str(state["name"])}

    def identify(self, state: Values) -> str:
        """Name, host, instance."""
        return f"{state['name']}/{state.get('host') or ''}/{state['instance']}"

    def import_state(self, identifier: str) -> Values:
        """`project/instance/host/name`, without a host for PostgreSQL."""
        parts = identifier.split("/")
        if len(parts) not in (3, 4):
            raise ProviderError("Invalid specifier. Expecting {project}/{instance}/{name} or …/{host}/{name}")
        host = parts[2] if len(parts) == 4 else ""
        state = {**self._defaults(), "project": parts[0], "instance": parts[1], "host": host, "name": parts[-1]}
        return {**state, "id": self.identify(state)}
