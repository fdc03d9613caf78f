"""Errors as the API's `Status` objects, with the reasons and messages of the real server.

Source: `k8s.io/apimachinery/pkg/api/errors`; clients branch on `reason` and `details`, people read `message`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kubernetes.causes import Cause

Object = dict[str, Any]


class ApiError(Exception):
    """A request that the API server refuses."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def body(self) -> Object:
        """Return the `Status` object."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.code}


def success(details: Object | None = None) -> Object:
    """Return the `Status` of a deletion that is done."""
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return status if details is None else {**status, "details": details}


def qualified(group: str, name: str) -> str:
    """Return `deployments.apps`, or `pods` for the core group."""
    return f"{name}.{group}" if group else name


def _details(group: str, kind: str, name: str = "", **more: Any) -> Object:
    details: Object = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    return {**details, **more}


def not_found(group: str, resource: str, name: str) -> ApiError:
    """Refuse a name that no object has."""
    message = f'{qualified(group, resource)} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(group, resource, name))


def unknown_path() -> ApiError:
    """Refuse a path that no resource has, as the real server does for a group or resource that is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, resource: str, name: str) -> ApiError:
    """Refuse to create what exists."""
    message = f'{qualified(group, resource)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(group, resource, name))


def conflict(group: str, resource: str, name: str, problem: str) -> ApiError:
    """Refuse a write that is based on something else than what is stored."""
    message = f'Operation cannot be fulfilled on {qualified(group, resource)} "{name}": {problem}'
    return ApiError(409, "Conflict", message, _details(group, resource, name))


def stale(group: str, resource: str, name: str) -> ApiError:
    """Refuse a write whose resourceVersion is not the stored one."""
    problem = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(group, resource, name, problem)


def apply_conflict(message: str, causes: list[dict[str, str]]) -> ApiError:
    """Refuse an apply that would change what other managers own."""
    return ApiError(409, "Conflict", message, {"causes": causes})


def invalid(group: str, kind: str, name: str, causes: Iterable[Cause]) -> ApiError:
    """Refuse an object whose content is wrong."""
    listed = list(causes)
    texts = list(dict.fromkeys(cause.text for cause in listed))
    errors = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    message = f'{qualified(group, kind)} "{name}" is invalid: {errors}'
    details = _details(group, kind, name, causes=[cause.as_dict() for cause in listed])
    return ApiError(422, "Invalid", message, details)


def bad_request(message: str) -> ApiError:
    """Refuse a request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def forbidden(group: str, resource: str, name: str, problem: str, causes: list[Cause] | None = None) -> ApiError:
    """Refuse what admission does not let in."""
    message = f'{qualified(group, resource)} "{name}" is forbidden: {problem}'
    more = {"causes": [cause.as_dict() for cause in causes]} if causes else {}
    return ApiError(403, "Forbidden", message, _details(group, resource, name, **more))


def method_not_allowed() -> ApiError:
    """Refuse a method that the resource does not have."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def invalid_options(kind: str, causes: Iterable[Cause]) -> ApiError:
    """Refuse a request's options, such as `DeleteOptions`."""
    return invalid("meta.k8s.io", kind, "", causes)


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    """Refuse a body of a form that is not read here."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return ApiError(415, "UnsupportedMediaType", message)


def not_acceptable(offered: Iterable[str]) -> ApiError:
    """Refuse to answer in a form that is not written here."""
    message = f"only the following media types are accepted: {', '.join(offered)}"
    return ApiError(406, "NotAcceptable", message)


def unauthorized() -> ApiError:
    """Refuse a caller without the right token."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def expired(message: str) -> ApiError:
    """Refuse to go back to a time that is forgotten."""
    return ApiError(410, "Expired", message)


def too_large_resource_version(wanted: int, current: int) -> ApiError:
    """Refuse to read a time that has not come."""
    message = f"Too large resource version: {wanted}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def not_implemented(what: str) -> ApiError:
    """Say by name what the sandbox does not do."""
    return ApiError(501, "NotImplemented", f"the sandbox does not implement {what}")


def internal_error(problem: str) -> ApiError:
    """Say that the server itself failed."""
    causes = {"causes": [{"message": problem}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {problem}", causes)
