"""Google credentials: an access token from the environment, or Application Default Credentials."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from clients.addresses import TOKEN, Addresses
from environment.errors import CredentialsError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
HINT = f"run `gcloud auth application-default login`, or set {TOKEN}"


def google_credentials(addresses: Addresses) -> Credentials:
    """Return the credentials for every client of this process.

    Raises:
        CredentialsError: When there are none.
    """
    if addresses.token:
        from google.oauth2.credentials import Credentials as TokenCredentials

        return TokenCredentials(token=addresses.token)  # type: ignore[no-untyped-call]
    return _application_default()


@cache
def _application_default() -> Credentials:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError:
        raise CredentialsError("no Google credentials were found", HINT) from None
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
