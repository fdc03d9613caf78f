"""Turn what Google's client libraries raise into our errors. Every Google client wraps its calls in `google_errors`.

Sources: google.rpc.ErrorInfo reasons (https://cloud.google.com/apis/design/errors), and for the older JSON APIs
`error.errors[].reason`. Permanent unless known to heal: a quota error or a 403 is not tried again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from environment.errors import (
    CredentialsError,
    GoogleApiError,
    PermissionDeniedError,
    ServiceDisabledError,
    TransientGoogleApiError,
    UnreachableError,
)

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_IN_PROGRESS = re.compile(r"activation (or deactivation )?is in progress|operationInProgress|in progress", re.I)
_PERMISSION = re.compile(r"[Pp]ermission '?([a-z]+\.[A-Za-z]+\.[A-Za-z]+)'?|([a-z]+\.[A-Za-z]+\.[A-Za-z]+) access")


@dataclass(frozen=True)
class Answer:
    """An error answer: HTTP status, Google's message, and all reasons that it carries."""

    status: int
    message: str
    reasons: frozenset[str] = frozenset()


@contextmanager
def google_errors(what: str, resource: str = "") -> Iterator[None]:
    """Raise ours from theirs.

    Args:
        what: What was tried, as in "list the enabled services".
        resource: The resource's name.
    """
    import google.api_core.exceptions as api
    import google.auth.exceptions as auth
    import requests
    from googleapiclient.errors import HttpError

    try:
        yield
    except api.RetryError as error:
        raise UnreachableError(f"could not {what}: no answer in time", "check the network, then run again") from error
    except api.GoogleAPICallError as error:
        raise classify(_from_api_core(error), what, resource) from error
    except HttpError as error:
        raise classify(_from_json(error.status_code, error.content), what, resource) from error
    except requests.HTTPError as error:
        answer = error.response
        raise classify(_from_json(answer.status_code, answer.content), what, resource) from error  # type: ignore[union-attr]
    except auth.RefreshError as error:
        raise CredentialsError(f"could not {what}: Google refused the credentials", "sign in again") from error
    except (requests.ConnectionError, requests.Timeout, auth.TransportError, ConnectionError, TimeoutError) as error:
        raise UnreachableError(f"could not {what}: no connection to {_host(error)}", "is it running?") from error


def classify(answer: Answer, what: str, resource: str = "") -> GoogleApiError:
    """Choose our error for an answer."""
    message = f"could not {what}: {_one_line(answer.message)}"
    details = {"status": answer.status, "reason": ", ".join(sorted(answer.reasons)), "resource": resource}
    if answer.reasons & _DISABLED or "has not been used in project" in answer.message:
        return ServiceDisabledError(message, "enable the API, or wait until it has spread", **details)  # type: ignore[arg-type]
    if answer.status == 403:
        return PermissionDeniedError(message, _permission_hint(answer.message), **details)  # type: ignore[arg-type]
    if answer.status in _TRANSIENT_STATUS or (answer.status in (400, 409) and _IN_PROGRESS.search(answer.message)):
        return TransientGoogleApiError(message, "try again", **details)  # type: ignore[arg-type]
    return GoogleApiError(message, **details)  # type: ignore[arg-type]


def _permission_hint(message: str) -> str:
    found = _PERMISSION.search(message)
    permission = next((group for group in found.groups() if group), "") if found else ""
    return f"grant a role with {permission}" if permission else "grant the missing role to the credentials in use"


def _from_api_core(error: Any) -> Answer:
    reasons = {str(error.reason)} if error.reason else set()
    reasons |= {str(one["reason"]) for one in error.errors or () if isinstance(one, dict) and "reason" in one}
    return Answer(int(error.code or 0), str(error.message), frozenset(reasons))


def _from_json(status: int, content: bytes | str) -> Answer:
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    try:
        error = json.loads(text)["error"]
        reasons = [one.get("reason", "") for one in (*error.get("errors", ()), *error.get("details", ()))]
        return Answer(status, str(error["message"]), frozenset(filter(None, reasons)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Answer(status, text[:300] or f"HTTP {status}")


def _one_line(message: str) -> str:
    return " ".join(message.split())[:600]


def _host(error: Exception) -> str:
    request = getattr(error, "request", None)
    return str(request.url).split("?")[0] if request is not None else "Google"
