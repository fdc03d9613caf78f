"""google_service_networking_connection: https://cloud.google.com/service-infrastructure/docs/service-networking."""

from __future__ import annotations

from urllib.parse import quote, unquote

from sandbox.provider.api import Json
from sandbox.provider.errors import ApiFailure, Gone, ProviderError
from sandbox.provider.links import last, parse_path, same_link
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

FIXED_RANGES = "Cannot modify allocated ranges in CreateConnection."


class Connection(Resource):
    """A private connection to Google's services, addressed by the network with its project's number."""

    type_name = "google_service_networking_connection"
    label = "Service Networking Connection"
    service = "servicenetworking"
    collection = "services/{service}/connections"
    item = "services/{service}/connections"
    rules = Rules(
        local=frozenset({"network", "service", "update_on_creation_fail"}),
        replace=frozenset({"network", "service"}),
        same={"network": same_link},
    )

    def create(self, planned: Values, config: Values) -> Values:
        """Connect; an existing connection takes the ranges where the configuration allows."""
        body = {"network": self._network(planned), "reservedPeeringRanges": planned["reserved_peering_ranges"]}
        try:
            answer = self.api.call(self.service, "POST", self.path(self.collection, planned), body)
            self.wait(answer, planned, "create")
        except ProviderError as problem:
            if FIXED_RANGES not in str(problem) or not planned.get("update_on_creation_fail"):
                raise
            self._patch(planned, body, "create")
        self.keep(planned)
        return self.observed(planned)

    def fetch(self, state: Values) -> Json:
        """The connection whose network is exactly this one."""
        network = self._network(state)
        found = self.api.get(self.service, self.path(self.collection, state), {"network": network})
        for connection in found.get("connections") or []:
            if connection.get("network") == network:
                return dict(connection)
        raise Gone(f"{network} has no connection to {state['service']}")

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Take other ranges."""
        body = {"network": self._network(planned), "reservedPeeringRanges": planned["reserved_peering_ranges"]}
        self._patch(planned, body, "update")

    def _patch(self, state: Values, body: Json, step: str) -> None:
        query = {"force": "true", "updateMask": "reservedPeeringRanges"}
        answer = self.api.call(self.service, "PATCH", f"{self.path(self.collection, state)}/-", body, query)
        self.wait(answer, state, step)

    def remove(self, prior: Values) -> None:
        """Disconnect: a POST on the peering's name."""
        peering = prior.get("peering") or str(prior["service"]).replace(".", "-")
        body = {"consumerNetwork": self._network(prior)}
        answer = self.api.call(self.service, "POST", f"{self.path(self.collection, prior)}/{peering}", body)
        self.wait(answer, prior, "delete")

    def _network(self, state: Values) -> str:
        """The network's name with the number of its project, which is asked for every time."""
        found = parse_path("projects/{project}/global/networks/{name}", str(state["network"]))
        project = found["project"] if found else self.api.settings.project
        try:
            number = self.api.get("cloudresourcemanager", f"projects/{project}").get("projectNumber")
        except ApiFailure as failure:
            raise ProviderError(f"Failed to retrieve project {project}: {failure}") from failure
        return f"projects/{number}/global/networks/{last(state['network'])}"

    def identify(self, state: Values) -> str:
        """Network and service, each escaped."""
        return f"{quote(str(state['network']), safe='')}:{quote(str(state['service']), safe='')}"

    def import_state(self, identifier: str) -> Values:
        """The id with its slashes escaped or not."""
        network, separator, service = unquote(identifier).rpartition(":")
        if not separator:
            raise ProviderError(f"Import id {identifier!r} is not NETWORK:SERVICE")
        state = {**self._defaults(), "network": network, "service": service}
        return {**state, "id": self.identify(state)}
