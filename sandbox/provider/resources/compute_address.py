"""google_compute_global_address: https://cloud.google.com/compute/docs/reference/rest/v1/globalAddresses."""

from __future__ import annotations

from sandbox.provider.api import Json
from sandbox.provider.links import same_link
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values


class GlobalAddress(Resource):
    """A reserved address or range; labels need a call of their own, even on creation."""

    type_name = "google_compute_global_address"
    label = "GlobalAddress"
    service = "compute"
    collection = "projects/{project}/global/addresses"
    item = "projects/{project}/global/addresses/{name}"
    imports = ("{project}/{name}", "{name}")
    rules = Rules(
        labels="labels",
        defaults={"address_type": "EXTERNAL"},
        replace=frozenset(
            {
                "address",
                "address_type",
                "description",
                "ip_version",
                "name",
                "network",
                "prefix_length",
                "project",
                "purpose",
            }
        ),
        same={"network": same_link},
    )

    def created(self, answer: Json, state: Values) -> None:
        """Set the labels with the fingerprint that the new address has."""
        if state.get("effective_labels"):
            self._set_labels(state, self.fetch(state).get("labelFingerprint"), "create")

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Nothing but labels changes in place."""
        self._set_labels(planned, prior.get("label_fingerprint"), "update")

    def _set_labels(self, state: Values, fingerprint: object, step: str) -> None:
        body = {"labels": state["effective_labels"], "labelFingerprint": fingerprint}
        answer = self.api.call("compute", "POST", f"{self.path(self.item, state)}/setLabels", body)
        self.wait(answer, state, step)
