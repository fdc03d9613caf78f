"""Google's JSON APIs through their discovery documents, which the client library brings along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clients.addresses import Addresses
from clients.credentials import google_credentials

_ROOTS = {"compute": "/compute/v1/"}
"""Where an API's paths begin: a given endpoint replaces that of the document, which has this in it."""


@contextmanager
def open_api(addresses: Addresses, project_id: str, name: str, version: str) -> Iterator[Any]:
    """Open a client of an API, such as ("compute", "v1"), for one thread; the project is billed."""
    from googleapiclient.discovery import build

    api = build(
        name,
        version,
        credentials=google_credentials(addresses, project_id),
        client_options={"api_endpoint": addresses.service(f"{name}.googleapis.com") + _ROOTS.get(name, "")},
        static_discovery=True,
        cache_discovery=False,
    )
    try:
        yield api
    finally:
        api.close()


def pages(collection: Any, method: str, items: str, **arguments: Any) -> Iterator[Any]:
    """Yield the items of a listing, page by page."""
    request = getattr(collection, method)(**arguments)
    while request is not None:
        answer = request.execute()
        found = answer.get(items) or ()
        yield from found.items() if isinstance(found, dict) else found
        request = getattr(collection, f"{method}_next")(request, answer)


def unless_gone(request: Any) -> Any:
    """Return a request's answer, None where there is no such thing (any more)."""
    from googleapiclient.errors import HttpError

    try:
        return request.execute()
    except HttpError as error:
        if error.status_code == 404:
            return None
        raise
