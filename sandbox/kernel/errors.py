"""Errors as Google's APIs word them, raised anywhere and rendered in one place.

Shape: google.rpc.Status as JSON (https://cloud.google.com/apis/design/errors), together with the older APIs'
`errors[]` of message, domain and reason. Clients branch on code, status, reason and ErrorInfo.
"""

from __future__ import annotations

from typing import Any

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
REASON = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "alreadyExists",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "internalError",
    501: "notImplemented",
    503: "backendError",
    504: "deadlineExceeded",
}


class ApiError(Exception):
    """An error answer.

    Attributes:
        code: HTTP status.
        reason: `errors[0].reason`; follows from the code unless given.
        status: the canonical name; follows from the code unless given.
        details: further entries of `details[]`.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str = "",
        status: str = "",
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason or REASON.get(code, "backendError")
        self.status = status or STATUS.get(code, "UNKNOWN")
        self.details = details or []

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "errors": [{"message": self.message, "domain": "global", "reason": self.reason}],
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def not_found(resource: str, message: str = "") -> ApiError:
    """404: there is no such resource."""
    return ApiError(404, message or f"Resource '{resource}' was not found")


def already_exists(resource: str, message: str = "") -> ApiError:
    """409: the name is taken."""
    return ApiError(409, message or f"Resource '{resource}' already exists")


def invalid(message: str, *, reason: str = "invalid") -> ApiError:
    """400: the request cannot be right."""
    return ApiError(400, message, reason=reason)


def failed_precondition(message: str) -> ApiError:
    """400 FAILED_PRECONDITION: right, but not in this state."""
    return ApiError(400, message, reason="failedPrecondition", status="FAILED_PRECONDITION")


def in_use(kind: str, resource: str, user: str) -> ApiError:
    """400 resourceInUseByAnotherResource, as Compute Engine says."""
    message = f"The {kind} resource '{resource}' is already being used by '{user}'"
    return ApiError(400, message, reason="resourceInUseByAnotherResource")


def aborted(message: str) -> ApiError:
    """409 ABORTED: an etag or a fingerprint is stale."""
    return ApiError(409, message, reason="aborted", status="ABORTED")


def unimplemented(method: str, service: str, path: str) -> ApiError:
    """501: the sandbox does not play this method, and says so."""
    return ApiError(501, f"The sandbox does not implement {method} {service}{path}")


def service_disabled(service: str, number: str) -> ApiError:
    """403 SERVICE_DISABLED: the API is off in this project, or its enabling has not spread yet."""
    console = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
    message = (
        f"{service} API has not been used in project {number} before or it is disabled. Enable it by visiting "
        f"{console} then retry. If you enabled this API recently, wait a few minutes for the action to propagate "
        "to our systems and retry."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": f"projects/{number}"},
    }
    return ApiError(403, message, reason="accessNotConfigured", details=[info])


def forbidden(message: str, permission: str, resource: str) -> ApiError:
    """403: the caller lacks a permission; `details` name it as newer APIs do."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission, "resource": resource},
    }
    return ApiError(403, message, details=[info])


def billing_disabled(project_id: str, number: str) -> ApiError:
    """403 BILLING_DISABLED: nobody pays for this project."""
    console = f"https://console.developers.google.com/billing/enable?project={project_id}"
    message = (
        f"This API method requires billing to be enabled. Please enable billing on project #{number} by visiting "
        f"{console} then retry. If you enabled billing for this project recently, wait a few minutes for the action to "
        "propagate to our systems and retry."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "BILLING_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"consumer": f"projects/{number}"},
    }
    return ApiError(403, message, details=[info])


def no_project(project: str) -> ApiError:
    """403: there is no such project, or it is being deleted; Google does not say which to whom it does not know."""
    message = f"Permission denied on resource project {project}."
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "CONSUMER_INVALID",
        "domain": "googleapis.com",
        "metadata": {"consumer": f"projects/{project}"},
    }
    return ApiError(403, message, details=[info])
