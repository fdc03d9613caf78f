"""google_service_account and google_service_account_key: https://cloud.google.com/iam/docs/reference/rest/v1."""

from __future__ import annotations

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import ApiFailure, Gone
from sandbox.provider.operations import pauses
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN, Values

GOOD_READS = 3
"""How often in a row a new or changed account must be found: IAM shows it in some places before others."""


class ServiceAccount(Resource):
    """An account; its address is known before it exists."""

    type_name = "google_service_account"
    label = "service account"
    service = "iam"
    collection = "projects/{project}/serviceAccounts"
    item = "projects/{project}/serviceAccounts/{email}"
    rules = Rules(
        names={"project": "projectId"},
        local=frozenset({"account_id", "create_ignore_already_exists", "disabled", "member"}),
        defaults={"disabled": False},
        replace=frozenset({"account_id", "project"}),
    )

    def customize(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        """Work out the address, so that bindings can be planned with it."""
        account, project = planned.get("account_id"), planned.get("project")
        if prior is None and account not in (None, UNKNOWN) and project not in (None, UNKNOWN):
            planned["email"] = _email(str(account), str(project))
            planned["member"] = f"serviceAccount:{planned['email']}"

    def create(self, planned: Values, config: Values) -> Values:
        """Make it and wait until it is found reliably."""
        state = self._placed(planned)
        state["email"] = _email(str(state["account_id"]), str(state["project"]))
        described = {
            key: state[name] for name, key in (("display_name", "displayName"), ("description",) * 2) if state[name]
        }
        body = {"accountId": state["account_id"], "serviceAccount": described}
        try:
            answer = self.api.call(self.service, "POST", self.path(self.collection, state), body)
            state["email"] = answer.get("email") or state["email"]
        except ApiFailure as failure:
            if failure.code != 409 or not state.get("create_ignore_already_exists"):
                raise
        self.keep(state)
        self._settle(state)
        if state.get("disabled"):
            self.api.call(self.service, "POST", f"{self.path(self.item, state)}:disable", {})
        return self.observed(state)

    def _settle(self, state: Values) -> None:
        """Read until it was found three times in a row; the last of those is followed by the state's own reading."""
        good = 0
        for _ in pauses(self.timeout(state, "create")):
            while good < GOOD_READS - 1:
                try:
                    self.fetch(state)
                    good += 1
                except Gone:
                    good = 0
                    break
            else:
                return

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Switch it on or off, and describe it anew."""
        path = self.path(self.item, planned)
        current = self.fetch(planned)
        if prior.get("disabled") != planned.get("disabled"):
            verb = "disable" if planned.get("disabled") else "enable"
            self.api.call(self.service, "POST", f"{path}:{verb}", {})
        changed = [name for name in ("display_name", "description") if prior.get(name) != planned.get(name)]
        if changed:
            body = to_body(self.block, self.rules, planned)
            account = {self.rules.key(name): body.get(self.rules.key(name), "") for name in changed}
            account["etag"] = current.get("etag")
            sent = {"serviceAccount": account, "updateMask": ",".join(changed)}
            self.api.call(self.service, "PATCH", path, sent)
            self._settle(planned)
        return self.observed(planned)

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """What follows from the address."""
        email = str(body.get("email"))
        found |= {"account_id": email.partition("@")[0], "member": f"serviceAccount:{email}"}
        found["disabled"] = bool(body.get("disabled"))
        return found


class ServiceAccountKey(Resource):
    """A key; its private half is answered once, on creation."""

    type_name = "google_service_account_key"
    label = "service account key"
    service = "iam"
    collection = "{service_account_id}/keys"
    item = "{name}"
    rules = Rules(
        names={"public_key": "publicKeyData", "valid_after": "validAfterTime", "valid_before": "validBeforeTime"},
        local=frozenset(
            {"keepers", "private_key", "private_key_type", "public_key_data", "public_key_type", "service_account_id"}
        ),
        defaults={
            "key_algorithm": "KEY_ALG_RSA_2048",
            "private_key_type": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "public_key_type": "TYPE_X509_PEM_FILE",
        },
        replace=frozenset(
            {
                "keepers",
                "key_algorithm",
                "private_key_type",
                "public_key_data",
                "public_key_type",
                "service_account_id",
            }
        ),
    )

    def create(self, planned: Values, config: Values) -> Values:
        """Have a key made, or upload a public one."""
        account = str(planned["service_account_id"])
        if not account.startswith("projects/"):
            account = f"projects/-/serviceAccounts/{account}"
        if planned.get("public_key_data"):
            body = {"publicKeyData": planned["public_key_data"]}
            answer = self.api.call(self.service, "POST", f"{account}/keys:upload", body)
        else:
            body = {"keyAlgorithm": planned["key_algorithm"], "privateKeyType": planned["private_key_type"]}
            answer = self.api.call(self.service, "POST", f"{account}/keys", body)
        state = {**planned, "name": answer["name"], "private_key": answer.get("privateKeyData")}
        self.keep(state)
        self.fetch(state)
        return self.observed(state)

    def fetch(self, state: Values) -> Json:
        """The key with its public half; one that may not be seen counts as gone."""
        kind = str(state.get("public_key_type") or "TYPE_X509_PEM_FILE")
        try:
            return self.api.get(self.service, str(state["name"]), {"publicKeyType": kind})
        except ApiFailure as failure:
            if failure.code == 403:
                raise Gone(f"{state['name']}: {failure.message}") from failure
            raise

    def identify(self, state: Values) -> str:
        """The key's whole name."""
        return str(state.get("name") or "")


def _email(account: str, project: str) -> str:
    domain, separator, name = project.partition(":")
    host = f"{name}.{domain}" if separator else project
    return f"{account}@{host}.iam.gserviceaccount.com"
