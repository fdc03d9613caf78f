"""Google's REST APIs without a library for each: for a few reads, where loading one would take longer than asking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clients.addresses import Addresses
from clients.credentials import google_credentials
from clients.google_errors import google_errors
from environment.errors import CredentialsError, PermissionDeniedError, ServiceDisabledError

TIMEOUT_SECONDS = 6.0
_NO_QUOTA_PROJECT = frozenset({"CONSUMER_INVALID", "USER_PROJECT_DENIED"})
"""Reasons of a refusal that is about the project whose quota counts: it is gone, or not ours to use."""


class GoogleRest:
    """Reads for one project, by one thread at a time."""

    def __init__(self, addresses: Addresses, project_id: str) -> None:
        self._addresses = addresses
        self._project_id = project_id

    def get(self, host: str, path: str, what: str, **parameters: str) -> dict[str, Any]:
        """Return what a GET answers.

        Args:
            host: Such as "compute.googleapis.com".
            path: Begins with a slash.
            what: What is tried, for the error.
            parameters: The query.
        """
        return self._ask("GET", host, path, what, params=parameters)

    def pages(self, host: str, path: str, what: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list, as `get` returns the first."""
        page = self.get(host, path, what)
        yield page
        while token := page.get("nextPageToken"):
            page = self.get(host, path, what, pageToken=str(token))
            yield page

    def post(self, host: str, path: str, what: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a POST answers that changes nothing."""
        return self._ask("POST", host, path, what, json=body)

    def _ask(self, method: str, host: str, path: str, what: str, **options: Any) -> dict[str, Any]:
        """Ask as the credentials do by themselves, else as the project.

        Whether the API is on is asked of a service account's own project, or of gcloud's. Before the first create it is
        off in the environment's; and a project that is being deleted cannot be asked for.
        """
        try:
            return self._call(None, method, host, path, what, **options)
        except (CredentialsError, ServiceDisabledError):  # a user's name no project; a service account's has it off
            pass
        except PermissionDeniedError as error:
            if not _NO_QUOTA_PROJECT & {*error.reason.split(", ")}:
                raise
        return self._call(self._project_id, method, host, path, what, **options)

    def _call(
        self, quota_project: str | None, method: str, host: str, path: str, what: str, **options: Any
    ) -> dict[str, Any]:
        with google_errors(what, f"projects/{self._project_id}"), self._session(quota_project) as session:
            url = self._addresses.service(host) + path
            answer = session.request(method, url, timeout=TIMEOUT_SECONDS, **options)
            answer.raise_for_status()
            return dict(answer.json())

    @contextmanager
    def _session(self, quota_project: str | None) -> Iterator[Any]:
        from google.auth.transport.requests import AuthorizedSession

        session = AuthorizedSession(google_credentials(self._addresses, quota_project))  # type: ignore[no-untyped-call]
        try:
            yield session
        finally:
            session.close()  # type: ignore[no-untyped-call]
