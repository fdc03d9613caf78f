from __future__ import annotations

import json
import pickle
import ssl
from typing import Any

import pytest
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ReadTimeoutError, SSLError

from clients.kubernetes.errors import connection_error, status_error
from environment.errors import (
    ApplyConflictError,
    CredentialsError,
    ImmutableFieldError,
    KubernetesError,
    TransientKubernetesError,
    UnreachableError,
)


def refuse(status: int, **answer: Any) -> Exception:
    content = json.dumps({"kind": "Status", **answer}).encode()
    return status_error(status, content, "patch Deployment ml/ui", "Deployment ml/ui")


def conflict(field: str, owner: str) -> dict[str, str]:
    return {"reason": "FieldManagerConflict", "message": f'conflict with "{owner}" using apps/v1', "field": field}


def test_conflict_names_field_and_owner():
    error = refuse(409, reason="Conflict", details={"causes": [conflict(".spec.replicas", "kubectl-edit")]})
    assert isinstance(error, ApplyConflictError)
    assert error.conflicts == ((".spec.replicas", '"kubectl-edit" using apps/v1'),)
    assert 'Deployment ml/ui: others have set fields that we would set: .spec.replicas ("kubectl-edit"' in str(error)
    assert "--force-conflicts" in error.hint


def test_many_conflicts_are_counted():
    causes = [conflict(f".spec.f{number}", "x") for number in range(5)]
    assert "and 2 more" in str(refuse(409, reason="Conflict", details={"causes": causes}))


def test_conflict_survives_pickling():
    error = refuse(409, reason="Conflict", details={"causes": [conflict(".spec.replicas", "x")]})
    restored = pickle.loads(pickle.dumps(error))
    assert (type(restored), restored.conflicts, str(restored)) == (ApplyConflictError, error.conflicts, str(error))


def test_invalid_object_names_its_fields_not_itself():
    causes = [{"reason": "FieldValueInvalid", "field": "spec.selector", "message": "field is immutable"}]
    error = refuse(422, reason="Invalid", message="Deployment is invalid: " + "x" * 5000, details={"causes": causes})
    assert str(error).startswith("could not patch Deployment ml/ui: Invalid: spec.selector: field is immutable")
    assert "delete the object" in error.hint
    assert (error.status, error.reason, error.resource) == (422, "Invalid", "Deployment ml/ui")
    assert (type(error), error.fields) == (ImmutableFieldError, (".spec.selector",))


def test_object_that_is_wrong_otherwise_too_is_not_only_immutable():
    causes = [
        {"reason": "FieldValueInvalid", "field": "spec.selector", "message": "field is immutable"},
        {"reason": "FieldValueRequired", "field": "spec.template", "message": "Required value"},
    ]
    assert type(refuse(422, reason="Invalid", details={"causes": causes})) is KubernetesError


def test_field_of_a_wrong_type_will_not_heal():
    error = refuse(500, message="failed to create typed patch object (…): .spec.x: field not declared in schema")
    assert type(error) is KubernetesError
    assert "field not declared in schema" in str(error)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (403, {"reason": "Forbidden", "message": 'User "a" cannot patch resource "x"'}, KubernetesError),
        (409, {"reason": "AlreadyExists", "message": "x"}, KubernetesError),
        (401, {}, CredentialsError),
        (408, {}, TransientKubernetesError),
        (504, {"reason": "Timeout"}, TransientKubernetesError),
    ],
)
def test_only_what_may_heal_is_transient(status, answer, kind):
    assert type(refuse(status, **answer)) is kind


def test_foreign_certificate_is_refused_not_retried():
    error = connection_error(SSLError(ssl.SSLError("certificate verify failed")), "https://1.2.3.4", "/version")
    assert type(error) is KubernetesError
    assert "https://1.2.3.4" in str(error)


@pytest.mark.parametrize("failure", [ConnectTimeoutError("timed out"), NewConnectionError(None, "refused")])
def test_connection_that_cannot_be_made_is_a_question_of_authorized_networks(failure):
    error = connection_error(failure, "https://1.2.3.4", "/version")
    assert isinstance(error, UnreachableError)
    assert "could not reach the cluster at https://1.2.3.4" in str(error)
    assert "authorized networks" in error.hint


@pytest.mark.parametrize("failure", [ReadTimeoutError(None, "", "read timed out"), ProtocolError("aborted")])
def test_connection_that_is_lost_is_not(failure):
    error = connection_error(failure, "https://1.2.3.4", "/version")
    assert isinstance(error, UnreachableError)
    assert "lost the connection to the cluster at https://1.2.3.4" in str(error)
    assert "authorized networks" not in str(error)
