"""Service Account Credentials v1: short-lived tokens of service accounts, for who may impersonate them.

Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
"""

from __future__ import annotations

import re

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import failed_precondition, invalid
from sandbox.kernel.routes import Call, Json, Route, Service
from sandbox.services.iam.accounts import Accounts

HOST = "iamcredentials.googleapis.com"
LONGEST_SECONDS = 3600.0


def generate_access_token(call: Call) -> Json:
    """projects.serviceAccounts.generateAccessToken; the project in the path is "-"."""
    if not call.body.get("scope"):
        raise invalid("Request contains an invalid argument: scope is required.")
    lifetime = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(call.body.get("lifetime") or "3600s"))
    if lifetime is None or not 0 < float(lifetime[1]) <= LONGEST_SECONDS:
        raise invalid("The token lifetime must be between 0 and 3600 seconds.")
    account = Accounts(call.cloud).find(call.project, call.params["account"])
    if account.get("disabled"):
        raise failed_precondition(f"Service account {account['email']} is disabled.")
    seconds = float(lifetime[1])
    return {
        "accessToken": call.cloud.principals.token_of(account["email"], seconds),
        "expireTime": re.sub(r"\.\d+Z$", "Z", rfc3339(call.cloud.clock.now() + seconds)),
    }


SERVICE = Service(
    HOST,
    (
        Route(
            "POST",
            "/v1/projects/{project}/serviceAccounts/{account}:generateAccessToken",
            generate_access_token,
            reads=True,
            by_consumer=True,
        ),
    ),
)
