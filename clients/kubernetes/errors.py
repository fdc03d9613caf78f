"""Turn what the API server answers, and what the connection layer raises, into our errors.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#api-verbs and the Status object,
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from environment.errors import (
    ApplyConflictError,
    CredentialsError,
    ImmutableFieldError,
    KubernetesError,
    MlopsEnvError,
    TransientKubernetesError,
    UnreachableError,
)

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
# A field of a wrong type or name in an apply: the API server answers 500, yet it will not heal.
_NOT_TYPED = "failed to create typed patch object"
_TEXT_LIMIT = 600
AUTHORIZED_NETWORKS = (
    "is this machine in the cluster's authorized networks, or in its VPC? "
    "`mlops-env doctor ENV` says who may reach it, and the command that lets this machine in"
)

IMMUTABLE = "this field cannot change: delete the object, then run again"
# What validation says of them; a StatefulSet and a binding have words of their own.
_CANNOT_CHANGE = ("immutable", "cannot change roleRef", "updates to statefulset spec")
LOST = "run it again; while Google upgrades or repairs the control plane it is away for minutes"


def status_error(status: int, content: bytes, what: str, resource: str) -> MlopsEnvError:
    """Choose our error for an answer.

    Args:
        status: HTTP status.
        content: Body: a Status object, or whatever stands before the API server says.
        what: What was tried, as "patch Deployment kubeflow/ml-pipeline".
        resource: "Kind namespace/name".
    """
    answer = _status_object(content)
    reason = str(answer.get("reason", ""))
    causes = [cause for cause in (answer.get("details") or {}).get("causes") or () if isinstance(cause, Mapping)]
    details: dict[str, Any] = {"status": status, "reason": reason, "resource": resource}
    if conflicts := [cause for cause in causes if cause.get("reason") == "FieldManagerConflict"]:
        return _conflict(resource, conflicts, details)
    message = f"could not {what}: {_explain(answer, causes) or f'HTTP {status}'}"
    if status == 401:
        return CredentialsError(f"could not {what}: the cluster refused the credentials", "sign in again")
    if status in _TRANSIENT_STATUS and _NOT_TYPED not in message:
        return TransientKubernetesError(message, "try again", **details)
    if fields := _immutable_fields(causes):
        error = ImmutableFieldError(message, IMMUTABLE, **details)
        error.fields = fields
        return error
    return KubernetesError(message, _hint(status, reason, message), **details)


def connection_error(error: Exception, endpoint: str, what: str) -> MlopsEnvError:
    """Choose our error for a connection that failed, or was lost."""
    from urllib3.exceptions import ConnectTimeoutError

    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return KubernetesError(
            f"{endpoint} does not show a certificate of the cluster's CA",
            "something stands between, or the CA was rotated",
        )
    detail = f"{endpoint} ({type(error).__name__}, {what})"
    if isinstance(getattr(error, "reason", error), ConnectTimeoutError):  # refused connections are of this class too
        return UnreachableError(f"could not reach the cluster at {detail}", AUTHORIZED_NETWORKS)
    return UnreachableError(f"lost the connection to the cluster at {detail}", LOST)


def _conflict(resource: str, causes: Iterable[Mapping[str, Any]], details: dict[str, Any]) -> ApplyConflictError:
    """Name every field and its owner; the server says of each `conflict with "kubectl-edit" using apps/v1`."""
    conflicts = tuple((str(one.get("field")), _owner(str(one.get("message", "")))) for one in causes)
    named = ", ".join(f"{field} ({owner})" for field, owner in conflicts[:3])
    more = f" and {len(conflicts) - 3} more" if len(conflicts) > 3 else ""
    error = ApplyConflictError(
        f"{resource}: others have set fields that we would set: {named}{more}",
        "set them back to the rendered values, or take them over: --force-conflicts of mlops-env create, "
        "force_conflicts of the flow",
        **details,
    )
    error.conflicts = conflicts
    return error


def _owner(message: str) -> str:
    return _one_line(message.removeprefix("conflict with "))


def _status_object(content: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if isinstance(answer, Mapping):
        return answer
    return {"message": content.decode(errors="replace")}


def _explain(answer: Mapping[str, Any], causes: list[Mapping[str, Any]]) -> str:
    """Prefer the causes, each with its field, to the message, which repeats whole objects."""
    named = [f"{cause['field']}: {cause.get('message', '')}" for cause in causes if cause.get("field")]
    if named and answer.get("reason") == "Invalid":
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        return _one_line(f"Invalid: {'; '.join(named[:3])}{more}")
    message = _one_line(str(answer.get("message", "")))
    reason = str(answer.get("reason", ""))
    return f"{reason}: {message}" if reason and message else message or reason


def _hint(status: int, reason: str, message: str) -> str:
    if status == 403 and reason == "Forbidden" and "cannot" in message:
        return "grant the credentials in use a role with that permission, such as roles/container.admin"
    return ""


def _immutable_fields(causes: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the fields that cannot change, none where the object is refused for other reasons as well."""
    given = list(causes)
    if not all(any(word in str(one.get("message")) for word in _CANNOT_CHANGE) for one in given):
        return ()
    return tuple(f".{one['field']}" for one in given if one.get("field"))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_TEXT_LIMIT]
