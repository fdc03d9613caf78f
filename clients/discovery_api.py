"""Google's JSON APIs through their discovery documents, which the client library brings along."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from clients.addresses import Addresses
from clients.credentials import google_credentials
from environment.errors import TransientGoogleApiError

REGION_UNREACHABLE = "REGION_UNREACHABLE"
_ROOTS = {"compute": "/compute/v1/", "storage": "/storage/v1/"}
"""Where an API's paths begin: a given endpoint replaces that of the document, which has this in it."""

_PAGE_TOKENS = ("pageToken", "nextPageToken")


@contextmanager
def open_api(addresses: Addresses, project_id: str, name: str, version: str) -> Iterator[Any]:
    """Open a client of an API, such as ("compute", "v1"), for one thread; the project is billed."""
    from googleapiclient.discovery import build_from_document

    api = build_from_document(
        _document(name, version),
        credentials=google_credentials(addresses, project_id),
        client_options={"api_endpoint": addresses.service(f"{name}.googleapis.com") + _ROOTS.get(name, "")},
    )
    try:
        yield api
    finally:
        api.close()


@cache
def _document(name: str, version: str) -> dict[str, Any]:
    """Read an API's document, once: Compute Engine's has five million characters.

    Of messages only what the library acts by is kept, their page tokens; from the rest it would write texts for `help`
    whenever a collection is opened. Threads may share the document: the library only adds to it, each time the same.
    """
    from googleapiclient.discovery_cache import get_static_doc

    document: dict[str, Any] = json.loads(get_static_doc(name, version))
    for schema in document["schemas"].values():
        fields = schema.get("properties") or {}
        schema["properties"] = {token: fields[token] for token in _PAGE_TOKENS if token in fields}
    return document


def pages(collection: Any, method: str, items: str, **arguments: Any) -> Iterator[Any]:
    """Yield the items of a listing, page by page."""
    request = getattr(collection, method)(**arguments)
    while request is not None:
        answer = request.execute()
        check_complete(answer)
        found = answer.get(items) or ()
        yield from found.items() if isinstance(found, dict) else found
        request = getattr(collection, f"{method}_next")(request, answer)


def check_complete(answer: Mapping[str, Any]) -> None:
    """Refuse a listing that leaves out what is in a place that Google could not reach: nobody knows what is there.

    Raises:
        TransientGoogleApiError: Names the places.
    """
    left_out = [one.get("region", "") for one in answer.get("warnings") or () if one.get("code") == REGION_UNREACHABLE]
    left_out += [*(answer.get("unreachable") or ()), *(answer.get("missingZones") or ())]
    if left_out:
        raise TransientGoogleApiError(
            f"Google could not reach {', '.join(sorted(left_out))}, and left out what is there", "run again later"
        )


def unless_gone(request: Any) -> Any:
    """Return a request's answer, None where there is no such thing (any more)."""
    from googleapiclient.errors import HttpError

    try:
        return request.execute()
    except HttpError as error:
        if error.status_code == 404:
            return None
        raise
