import pytest

from clients.google_errors import Answer, classify, google_errors
from environment.errors import (
    CredentialsError,
    GoogleApiError,
    PermissionDeniedError,
    ServiceDisabledError,
    TransientError,
    TransientGoogleApiError,
    UnreachableError,
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(403, "off", frozenset({"SERVICE_DISABLED"})), ServiceDisabledError),
        (Answer(403, "off", frozenset({"accessNotConfigured"})), ServiceDisabledError),
        (Answer(403, "Permission 'a.b.c' denied", frozenset({"forbidden"})), PermissionDeniedError),
        (Answer(429, "slow down"), TransientGoogleApiError),
        (Answer(503, "later"), TransientGoogleApiError),
        (Answer(400, "Another activation or deactivation is in progress"), TransientGoogleApiError),
        (Answer(409, "already exists"), GoogleApiError),
        (Answer(400, "bad"), GoogleApiError),
    ],
)
def test_answers_are_told_apart(answer: Answer, expected: type[GoogleApiError]) -> None:
    error = classify(answer, "list", "projects/p")
    assert type(error) is expected
    assert error.status == answer.status


def test_quota_and_permission_are_permanent() -> None:
    assert not isinstance(classify(Answer(403, "Quota 'CPUS' exceeded"), "make"), TransientError)


def test_a_denied_permission_is_named_in_the_hint() -> None:
    error = classify(Answer(403, "Permission 'storage.buckets.create' denied on resource"), "make the bucket")
    assert "storage.buckets.create" in error.hint


def test_error_info_over_rest_is_read() -> None:
    from google.api_core.exceptions import Forbidden

    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {}}
    with pytest.raises(ServiceDisabledError), google_errors("read the cluster"):
        raise Forbidden("GET https://container.googleapis.com/v1: off", details=[info], error_info=info)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, "Request had invalid authentication credentials"), CredentialsError),
        (Answer(403, "Quota exceeded", frozenset({"quotaExceeded"})), GoogleApiError),
        (Answer(403, "Rate limit", frozenset({"userRateLimitExceeded"})), TransientGoogleApiError),
    ],
)
def test_credentials_quota_and_rate_are_no_missing_permission(answer: Answer, expected: type[Exception]) -> None:
    assert type(classify(answer, "list")) is expected


def test_a_project_that_nobody_pays_for_is_no_missing_permission() -> None:
    """As the sandbox says it, and Google."""
    number = (
        "This API method requires billing to be enabled. Please enable billing on project #241944725926 by visiting "
    )
    text = f"{number}https://console.developers.google.com/billing/enable?project=acme-lab then retry."
    error = classify(Answer(403, text, frozenset({"BILLING_DISABLED"})), "take the inventory")
    assert str(error) == (
        "could not take the inventory: This API method requires billing to be enabled.; "
        "gcloud billing projects link acme-lab --billing-account=ACCOUNT"
    )


def test_a_permission_in_the_details_and_whoever_we_are_are_named() -> None:
    error = classify(Answer(403, "The caller is not allowed", permission="a.b.c"), "make it", who=lambda: "me@x.com")
    assert error.hint == "grant me@x.com a role with a.b.c"


def test_a_silent_server_is_not_told_as_a_lost_connection() -> None:
    with pytest.raises(UnreachableError, match="no answer in time"), google_errors("read the instance"):
        raise TimeoutError("The read operation timed out")


def test_credentials_without_a_quota_project_are_no_api_that_is_off() -> None:
    said = "The sqladmin.googleapis.com API requires a quota project, which is not set by default."
    error = classify(Answer(403, said, frozenset({"SERVICE_DISABLED"})), "list", "projects/acme-dev")
    assert type(error) is CredentialsError
    assert error.hint == "run `gcloud auth application-default set-quota-project acme-dev`"
