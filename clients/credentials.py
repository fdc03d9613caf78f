"""Google credentials: an access token from the environment, or Application Default Credentials."""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from clients.addresses import TOKEN, Addresses
from environment.errors import CredentialsError, MlopsEnvError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

# Without the second GKE knows a service account by its number alone, and no role binding by email fits.
SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
HINT = f"run `gcloud auth application-default login`, or set {TOKEN}"
USER_INFO = "openidconnect.googleapis.com"
USER_INFO_SECONDS = 3.0
# Where there is no metadata server the library looks for it three times three seconds, and a user waits for the hint.
METADATA = {"GCE_METADATA_TIMEOUT": "2", "GCE_METADATA_DETECT_RETRIES": "2"}
_lookup = Lock()


def google_credentials(addresses: Addresses, quota_project_id: str | None = None) -> Credentials:
    """Return the credentials for every client of this process.

    Args:
        addresses: Where the cloud answers.
        quota_project_id: The project whose APIs must be on, and whose quota counts. Otherwise it is the one that
            `gcloud` noted on this machine or, for a service account, that it lives in. The caller needs
            serviceusage.services.use there.

    Raises:
        CredentialsError: When there are none.

    Source: https://cloud.google.com/docs/quotas/set-quota-project
    """
    if addresses.token:
        from google.oauth2.credentials import Credentials as TokenCredentials

        return TokenCredentials(token=addresses.token, quota_project_id=quota_project_id)  # type: ignore[no-untyped-call]
    from google.auth.credentials import CredentialsWithQuotaProject

    with _lookup:
        found = _application_default()
    if quota_project_id and isinstance(found, CredentialsWithQuotaProject):
        return found.with_quota_project(quota_project_id)  # type: ignore[no-untyped-call,no-any-return]
    return found


@cache
def _application_default() -> Credentials:
    for name, value in METADATA.items():
        os.environ.setdefault(name, value)
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        given = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        what = f"GOOGLE_APPLICATION_CREDENTIALS: {error.args[0]}" if given else "no Google credentials were found"
        raise CredentialsError(what, HINT) from None
    return credentials


def access_token(addresses: Addresses) -> str:
    """Return a valid bearer token, refreshed if it has expired.

    Raises:
        CredentialsError: When there are no credentials, or Google refuses them.
    """
    if addresses.token:
        return addresses.token
    from google.auth.exceptions import RefreshError, TransportError
    from google.auth.transport.requests import Request

    credentials = google_credentials(addresses)
    try:
        if not credentials.valid:
            credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except (RefreshError, TransportError) as error:
        raise CredentialsError(f"Google refused the credentials: {error.args[0]}", HINT) from error
    return str(credentials.token)


@cache
def principal(addresses: Addresses) -> str:
    """Return who the credentials are, for messages: an email address, or words where nobody tells.

    Source: https://cloud.google.com/docs/authentication/token-types (userinfo answers for tokens with an email scope)
    """
    return known_principal(addresses) or "the account of the credentials in use"


@cache
def known_principal(addresses: Addresses) -> str | None:
    """Return the email address of who the credentials are, None where nobody tells."""
    try:
        credentials = google_credentials(addresses)
        email = getattr(credentials, "service_account_email", None)
        if email and email != "default":
            return str(email)
        return _user_info_email(addresses) or None
    except MlopsEnvError:
        return None


def _user_info_email(addresses: Addresses) -> str:
    import requests

    headers = {"Authorization": f"Bearer {access_token(addresses)}"}
    try:
        url = f"{addresses.service(USER_INFO)}/v1/userinfo"
        answer = requests.get(url, headers=headers, timeout=USER_INFO_SECONDS)
        return str(answer.json().get("email", "")) if answer.ok else ""
    except (requests.RequestException, ValueError, AttributeError):
        return ""
