"""Service Usage v1: which APIs are enabled, and enabling them. Also the probe that sees whether one really answers.

Source: https://cloud.google.com/service-usage/docs/reference/rest/v1/services
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from clients.addresses import Addresses
from clients.credentials import access_token, google_credentials
from clients.google_errors import google_errors
from environment.errors import GoogleApiError, ServiceDisabledError, TransientError
from environment.services import PROBES

if TYPE_CHECKING:
    from google.cloud.service_usage_v1 import ServiceUsageClient

HOST = "serviceusage.googleapis.com"
TIMEOUT_SECONDS = 60.0


class ServiceUsage:
    """The services of one project."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id

    @cached_property
    def _client(self) -> ServiceUsageClient:
        from google.cloud.service_usage_v1 import ServiceUsageClient

        return ServiceUsageClient(
            credentials=google_credentials(self._addresses, self._project_id),
            transport="rest",
            client_options={"api_endpoint": self._addresses.service(HOST)},
        )

    def list_enabled(self) -> tuple[str, ...]:
        """Return the enabled services by name, sorted.

        Raises:
            GoogleApiError: At once where Service Usage itself is off: nothing but a person turns it on.
        """
        request = {"parent": f"projects/{self._project_id}", "filter": "state:ENABLED", "page_size": 200}
        try:
            with google_errors("list the enabled services", f"projects/{self._project_id}"):
                found = self._client.list_services(request=request, retry=None, timeout=TIMEOUT_SECONDS)
                return tuple(sorted(service.name.rsplit("/", 1)[-1] for service in found))
        except ServiceDisabledError as error:
            hint = f"run `gcloud services enable {HOST} --project {self._project_id}`, wait a minute, and run again"
            raise GoogleApiError(error.message, hint, status=error.status, reason=error.reason) from error

    def enable(
        self, services: Sequence[str], timeout_seconds: float = 600.0, *, on_enabled: Callable[[], None] = lambda: None
    ) -> None:
        """Enable up to twenty services in one call and wait for the operation.

        Args:
            services: Their names.
            timeout_seconds: For the operation.
            on_enabled: Called unless Google refuses; also where it has begun and how it ended cannot be seen.

        Raises:
            TransientGoogleApiError: While another activation is in progress, and on 429 and 5xx.
            GoogleApiError: When Google refuses, for instance a retired service, or does not end in time.
        """
        request = {"parent": f"projects/{self._project_id}", "service_ids": list(services)}
        what = f"enable {', '.join(services)}"
        with google_errors(what, f"projects/{self._project_id}"):
            try:
                operation = self._client.batch_enable_services(request=request, retry=None, timeout=TIMEOUT_SECONDS)
            except TypeError:
                # operations/noop.DONE_OPERATION, for what is on already, may carry another type of response
                return on_enabled()
            try:
                operation.result(timeout=timeout_seconds)  # type: ignore[no-untyped-call]
            except TimeoutError as error:
                late = f"could not {what}: the operation did not end in {timeout_seconds:g} s"
                raise GoogleApiError(late, "it goes on at Google: run again later") from error
            finally:
                if not operation.operation.HasField("error"):
                    on_enabled()

    def probe(self, service: str, location: str) -> None:
        """Ask the API for something harmless; return when it answers, whatever it says.

        Args:
            service: One of PROBES.
            location: Where, for the APIs that ask.

        Raises:
            ServiceDisabledError: While the enabling has not spread to it.
            TransientError: When it does not answer at all.
        """
        import requests

        # servicenetworking wants a project number in its filter; any does to see whether the API is on.
        path = PROBES[service].path.format(project=self._project_id, location=location, number=self._project_id)
        headers = {
            "Authorization": f"Bearer {access_token(self._addresses)}",
            "x-goog-user-project": self._project_id,
        }
        try:
            with google_errors(f"probe {service}", service):
                answer = requests.get(self._addresses.service(service) + path, headers=headers, timeout=30)
                answer.raise_for_status()
        except TransientError:
            raise
        except GoogleApiError:
            return  # 400, 403 and 404 are answers too
