"""google_project_service: https://cloud.google.com/service-usage/docs/reference/rest/v1.

Like the real provider's, concurrent requests of one project share one list call and one enabling call.
"""

from __future__ import annotations

from typing import Any

from sandbox.provider.api import Api
from sandbox.provider.errors import ApiFailure, Gone, OperationFailed
from sandbox.provider.links import last
from sandbox.provider.operations import pauses
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

BATCH = 20
"""Most services in one batchEnable."""


def list_enabled(api: Api, project: str) -> frozenset[str]:
    """The names of a project's enabled services, one reading for all who ask at the same time."""

    def run(_: list[Any]) -> frozenset[str]:
        query = {"filter": "state:ENABLED", "fields": "services/name,nextPageToken", "pageSize": "200"}
        names: set[str] = set()
        while True:
            page = api.get("serviceusage", f"projects/{project}/services", query)
            names.update(last(item["name"]) for item in page.get("services") or [])
            if not page.get("nextPageToken"):
                return frozenset(names)
            query["pageToken"] = str(page["nextPageToken"])

    found: frozenset[str] = api.batches.submit(f"list {project}", None, run)
    return found


def _is_busy(failure: ApiFailure) -> bool:
    return failure.code == 400 and "Another activation or deactivation is in progress" in failure.message


class ProjectService(Resource):
    """An enabled API."""

    type_name = "google_project_service"
    label = "Project Service"
    service = "serviceusage"
    collection = "projects/{project}/services"
    item = "projects/{project}/services/{service}"
    identity = "{project}/{service}"
    rules = Rules(
        local=frozenset({"service", "disable_on_destroy", "disable_dependent_services"}),
        defaults={"disable_on_destroy": False},
        replace=frozenset({"project", "service"}),
    )

    def create(self, planned: Values, config: Values) -> Values:
        """Adopt it if it is on already, else enable it and wait until it is listed."""
        state = self._placed(planned)
        project, service = str(last(state["project"])), str(state["service"])
        state["project"] = project
        if service not in list_enabled(self.api, project):
            self.api.batches.submit(
                f"enable {project}", service, lambda services: self._enable(project, services, state)
            )
            for _ in pauses(self.timeout(state, "create")):
                if service in list_enabled(self.api, project):
                    break
            else:
                raise OperationFailed(f"{service} was enabled but is not listed")
            self.keep(state)
            return self.observed(state)
        state["id"] = self.identify(state)
        return state

    def _enable(self, project: str, services: list[str], state: Values) -> None:
        wanted = sorted(set(services))
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            path, body = f"projects/{project}/services:batchEnable", {"serviceIds": part}
            if len(part) == 1:
                path, body = f"projects/{project}/services/{part[0]}:enable", {}
            answer = self.api.call("serviceusage", "POST", path, body, retry_when=_is_busy)
            self.wait(answer, state, "create")

    def observed(self, state: Values) -> Values:
        """On while the project lives and lists it."""
        project = str(state["project"])
        found = self.api.get("cloudresourcemanager", f"projects/{project}")
        if found.get("lifecycleState") == "DELETE_REQUESTED":
            raise Gone(f"project {project} is being deleted")
        if state["service"] not in list_enabled(self.api, project):
            raise Gone(f"{state['service']} is not enabled")
        new = {name: value for name, value in state.items() if value is not None}
        return {**new, "id": self.identify(state)}

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Nothing of it lives in the cloud."""
        return planned

    def remove(self, prior: Values) -> None:
        """Leave it on unless asked otherwise."""
        if not prior.get("disable_on_destroy"):
            return
        dependent = prior.get("disable_dependent_services")
        body = {"disableDependentServices": True} if dependent else {}
        path = f"{self.path(self.item, prior)}:disable"
        answer = self.api.call("serviceusage", "POST", path, body, retry_when=_is_busy)
        self.wait(answer, prior, "delete")
