"""Turn what Google's client libraries raise into our errors. Every Google client wraps its calls in `google_errors`.

Sources: google.rpc.ErrorInfo reasons (https://cloud.google.com/apis/design/errors), and for the older JSON APIs
`error.errors[].reason`. Permanent unless known to heal: a full quota or a 403 is not tried again.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clients.credentials import HINT, acting_principal, refused
from environment.errors import (
    CredentialsError,
    GoogleApiError,
    MlopsEnvError,
    PermissionDeniedError,
    ServiceDisabledError,
    TransientGoogleApiError,
    UnreachableError,
)
from environment.google_messages import QUOTA_HINT, is_quota, lacks_quota_project, permission_hint

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_IN_PROGRESS = re.compile(r"activation (or deactivation )?is in progress|operationInProgress|in progress", re.I)
_QUOTA = frozenset({"quotaExceeded", "QUOTA_EXCEEDED", "limitExceeded", "dailyLimitExceeded"})
_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: ")  # what google.api_core puts before Google's own words
_NOT_PAID = "BILLING_DISABLED"
_BILLING = re.compile(r"/billing/enable\?project=([a-z0-9-]+)")
_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})


@dataclass(frozen=True)
class Answer:
    """An error answer: HTTP status, Google's message, all reasons that it carries, the permission that it misses."""

    status: int
    message: str
    reasons: frozenset[str] = frozenset()
    permission: str = ""


@contextmanager
def google_errors(what: str, resource: str = "") -> Iterator[None]:
    """Raise ours from theirs.

    Args:
        what: What was tried, as in "list the enabled services".
        resource: The resource's name.
    """
    import google.api_core.exceptions as api
    import google.auth.exceptions as auth
    import httplib2  # type: ignore[import-untyped]
    import requests
    from googleapiclient.errors import HttpError

    try:
        yield
    except (api.RetryError, TimeoutError) as error:  # TimeoutError is an OSError too
        raise UnreachableError(f"could not {what}: no answer in time", "check the network, then run again") from error
    except api.GoogleAPICallError as error:
        raise classify(_from_api_core(error), what, resource) from error
    except HttpError as error:
        raise classify(_from_json(error.status_code, error.content), what, resource) from error
    except requests.HTTPError as error:
        answer = error.response
        raise classify(_from_json(answer.status_code, answer.content), what, resource) from error  # type: ignore[union-attr]
    except auth.RefreshError as error:
        raise refused(error, what) from error
    except (
        requests.ConnectionError,
        requests.Timeout,
        auth.TransportError,
        httplib2.HttpLib2Error,
        http.client.HTTPException,
        OSError,
    ) as error:
        raise UnreachableError(
            f"could not {what}: no connection to {_host(error)}", "check the network, and that it runs"
        ) from error


def _we() -> str:
    return acting_principal()


def classify(answer: Answer, what: str, resource: str = "", who: Callable[[], str] = _we) -> MlopsEnvError:
    """Choose our error for an answer.

    Args:
        answer: What came back.
        what: What was tried.
        resource: The resource's name.
        who: Finds out whose credentials were used; asked only for a refusal that does not say.
    """
    message = f"could not {what}: {_one_line(answer.message)}"
    details: Any = {"status": answer.status, "reason": ", ".join(sorted(answer.reasons)), "resource": resource}
    if answer.status == 401:
        return CredentialsError(message, HINT)
    if lacks_quota_project(answer.message):  # comes with the reason SERVICE_DISABLED
        return CredentialsError(
            message, f"run `gcloud auth application-default set-quota-project {_project(resource)}`"
        )
    if answer.reasons & _DISABLED or "has not been used in project" in answer.message:
        message = message.partition(" Enable it by visiting")[0]
        return ServiceDisabledError(message, "enable the API, or wait until it has spread", **details)
    if answer.status == 403 and answer.reasons & _RATE:
        return TransientGoogleApiError(message, "try again", **details)
    if answer.reasons & _QUOTA or (answer.status == 403 and is_quota(answer.message)):
        return GoogleApiError(message, QUOTA_HINT, **details)
    if _NOT_PAID in answer.reasons:
        message = message.partition(" Please enable billing")[0]
        project = _BILLING.search(answer.message)
        link = f"gcloud billing projects link {project[1] if project else _project(resource)}"
        return PermissionDeniedError(message, f"{link} --billing-account=ACCOUNT", **details)
    if answer.status == 403:
        missing = f"Permission '{answer.permission}' " if answer.permission else ""
        return PermissionDeniedError(message, permission_hint(missing + answer.message, who), **details)
    if answer.status in _TRANSIENT_STATUS or (answer.status in (400, 409) and _IN_PROGRESS.search(answer.message)):
        return TransientGoogleApiError(message, "try again", **details)
    return GoogleApiError(message, **details)


def _from_api_core(error: Any) -> Answer:
    # Over REST the library keeps ErrorInfo as a dict, on which its own properties `reason` and `metadata` fail.
    details = [one for one in (*(error.errors or ()), *(error.details or ())) if isinstance(one, dict)]
    message = _REQUEST.sub("", str(error.message))
    return Answer(int(error.code or 0), message, _reasons(details), _permission(details))


def _from_json(status: int, content: bytes | str) -> Answer:
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    try:
        error = json.loads(text)["error"]
        details = [one for one in (*error.get("errors", ()), *error.get("details", ())) if isinstance(one, dict)]
        return Answer(status, str(error["message"]), _reasons(details), _permission(details))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Answer(status, text[:300] or f"HTTP {status}")


def _reasons(details: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(str(one["reason"]) for one in details if one.get("reason"))


def _permission(details: list[dict[str, Any]]) -> str:
    return next((str(one["metadata"]["permission"]) for one in details if _names_permission(one)), "")


def _names_permission(detail: dict[str, Any]) -> bool:
    metadata = detail.get("metadata")
    return isinstance(metadata, dict) and "permission" in metadata


def _one_line(message: str) -> str:
    return " ".join(message.split())[:600]


def _project(resource: str) -> str:
    return resource.split("/")[1] if resource.startswith("projects/") else "PROJECT_ID"


def _host(error: Exception) -> str:
    request = getattr(error, "request", None)
    return str(request.url).split("?")[0] if request is not None else "Google"
