"""Google credentials: an access token from the environment, or Application Default Credentials; or a service account's.

Where the spec names credentials, these are the key that this process was given by that name; where it names an account
to impersonate, they are only used to ask for its tokens. Either way a token lasts an hour.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from clients.addresses import TOKEN, Addresses
from environment.deployer import member
from environment.errors import CredentialsError, ImpersonationRefusedError, MlopsEnvError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

# Without the second GKE knows a service account by its number alone, and no role binding by email fits.
SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
HINT = f"run `gcloud auth application-default login`, or set {TOKEN}"
TOKENS = "oauth2.googleapis.com"
NEW_KEY = "put a key that is valid into the block that the spec's credentials name"
IAM_CREDENTIALS = "iamcredentials.googleapis.com"
IMPERSONATION_SECONDS = 3600  # as long as Google allows without a policy of the organisation
USER_INFO = "openidconnect.googleapis.com"
USER_INFO_SECONDS = 3.0
# Where there is no metadata server the library looks for it three times three seconds, and a user waits for the hint.
METADATA = {"GCE_METADATA_TIMEOUT": "2", "GCE_METADATA_DETECT_RETRIES": "2"}
_lookup = Lock()
_acted_as: set[tuple[str | None, str | None]] = set()
_keys: dict[str, Mapping[str, Any] | None] = {}
"""By name, what is in the file of a service account's key, None where there is none. In this process's memory only."""
_REFUSED_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9-]+\.iam\.gserviceaccount\.com")
TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"
UNKNOWN = "the account of the credentials in use"


def use_key(name: str, key: Mapping[str, Any] | None) -> None:
    """Be by this name the service account of a key; without a key, what this process finds by itself.

    Raises:
        ValueError: When it is no key. Its text may quote it.
    """
    from google.oauth2 import service_account

    if name in _keys and _keys[name] == key:
        return
    if key is not None:
        service_account.Credentials.from_service_account_info(key)  # type: ignore[no-untyped-call]
    _keys[name] = key
    for known in (_account, principal, known_principal):
        known.cache_clear()


def is_given(addresses: Addresses) -> bool:
    """Tell whether the spec says whom to be: then nobody but us has the tokens.

    Raises:
        CredentialsError: When it names credentials that this process was not given.
    """
    return bool(addresses.impersonate) or _key(addresses) is not None


def _key(addresses: Addresses) -> Mapping[str, Any] | None:
    if addresses.credentials is None:
        return None
    if addresses.credentials not in _keys:
        raise CredentialsError(f"nobody has read the credentials {addresses.credentials}")
    return _keys[addresses.credentials]


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
    if is_given(addresses):
        return _given(addresses, quota_project_id)
    if addresses.token:
        from google.oauth2.credentials import Credentials as TokenCredentials

        return TokenCredentials(token=addresses.token, quota_project_id=quota_project_id)  # type: ignore[no-untyped-call]
    from google.auth.credentials import CredentialsWithQuotaProject

    with _lookup:
        found = _application_default()
    if quota_project_id and isinstance(found, CredentialsWithQuotaProject):
        return found.with_quota_project(quota_project_id)  # type: ignore[no-untyped-call,no-any-return]
    return found


def _given(addresses: Addresses, quota_project_id: str | None) -> Credentials:
    """Return credentials that get their tokens from this process's one account.

    The library's own would look up where an account may be used, at an address that cannot be moved.
    """
    from google.oauth2.credentials import Credentials as TokenCredentials

    account = _account(addresses)
    _acted_as.add((addresses.impersonate, addresses.credentials))

    def refresh(request: Any, scopes: Any) -> tuple[str, datetime]:
        with _lookup:
            if not account.valid:
                account.refresh(request)
        return account.token, account.expiry

    return TokenCredentials(  # type: ignore[no-untyped-call]
        token=None, refresh_handler=refresh, scopes=SCOPES, quota_project_id=quota_project_id
    )


@cache
def _account(addresses: Addresses) -> Any:
    from google.auth import impersonated_credentials
    from google.oauth2 import service_account

    if not addresses.impersonate:
        info = {**(_key(addresses) or {}), "token_uri": f"{addresses.service(TOKENS)}/token"}
        return service_account.Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
    ourselves = addresses.acting_as(None, addresses.credentials)
    path = f"v1/projects/-/serviceAccounts/{addresses.impersonate}:generateAccessToken"
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        # A copy of it is made, and one of credentials that we refresh would not know how.
        source_credentials=_account(ourselves) if is_given(ourselves) else google_credentials(ourselves),
        target_principal=addresses.impersonate,
        target_scopes=list(SCOPES),
        lifetime=IMPERSONATION_SECONDS,
        iam_endpoint_override=f"{addresses.service(IAM_CREDENTIALS)}/{path}",
    )


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


def access_token(addresses: Addresses, *, is_new: bool = False) -> str:
    """Return a valid bearer token, refreshed if it has expired.

    Args:
        addresses: Of the cloud.
        is_new: Of whom the spec says to be, make a new one, which has its whole hour before it.

    Raises:
        CredentialsError: When there are no credentials, or Google refuses them.
    """
    if addresses.token and not is_given(addresses):
        return addresses.token
    from google.auth.exceptions import RefreshError, TransportError
    from google.auth.transport.requests import Request

    credentials = google_credentials(addresses)
    try:
        if is_new and is_given(addresses):
            account = _account(addresses)  # which looks for credentials itself
            with _lookup:
                account.refresh(Request())
        if not credentials.valid:
            credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except RefreshError as error:
        raise refused(error) from error
    except TransportError as error:
        raise CredentialsError(f"Google refused the credentials: {error.args[0]}", HINT) from error
    return str(credentials.token)


def refused(error: Exception, what: str = "") -> CredentialsError:
    """Return our error for credentials that were refused: those that we have, or those of an account to act as.

    Args:
        error: The library's.
        what: What was tried.
    """
    before = f"could not {what}: " if what else ""
    account = _REFUSED_ACCOUNT.search(" ".join(map(str, error.args)))
    if "impersonated" not in str(error.args[0]):
        hint = NEW_KEY if _key(_ourselves()) else HINT
        return CredentialsError(f"{before}Google refused the credentials: {error.args[0]}", hint)
    name = account[0] if account else "ACCOUNT"
    who = known_principal(_ourselves()) or "EMAIL"
    fix = f"gcloud iam service-accounts add-iam-policy-binding {name} --member={member(who)} --role={TOKEN_CREATOR}"
    problem = f"{before}{who} may not act as {account[0] if account else 'the account to impersonate'}"
    return ImpersonationRefusedError(problem, fix)


@cache
def principal(addresses: Addresses) -> str:
    """Return who the credentials are, for messages: an email address, or words where nobody tells.

    Source: https://cloud.google.com/docs/authentication/token-types (userinfo answers for tokens with an email scope)
    """
    return known_principal(addresses) or UNKNOWN


def acting_principal() -> str:
    """Return who a call of this process was made as, for messages that name nobody."""
    return principal(_acting())


def _acting() -> Addresses:
    """Return whom this process acts as, where that is one."""
    addresses = Addresses.from_environment()
    return addresses.acting_as(*next(iter(_acted_as))) if len(_acted_as) == 1 else addresses


def _ourselves() -> Addresses:
    """Return whose credentials this process has, whomever it acts as with them."""
    return _acting().acting_as(None, _acting().credentials)


@cache
def known_principal(addresses: Addresses) -> str | None:
    """Return the email address of who the credentials are, None where nobody tells."""
    if addresses.impersonate:
        return addresses.impersonate
    if key := _key(addresses):
        return str(key["client_email"])
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
