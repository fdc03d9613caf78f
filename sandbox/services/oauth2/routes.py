"""OAuth 2.0: a service account's key is exchanged for a token, by an assertion that it has signed.

Source: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

from sandbox.kernel.errors import ApiError
from sandbox.kernel.routes import Answer, Call, Json, Route, Service
from sandbox.services.iam.accounts import Accounts
from sandbox.services.iam.keys import get_key

HOST = "oauth2.googleapis.com"
AUDIENCE = f"https://{HOST}/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_SECONDS = 3600.0


def exchange_token(call: Call) -> Json | Answer:
    """Answer an assertion with a token, which lasts an hour."""
    form = {name: values[-1] for name, values in parse_qs(call.raw.decode("latin-1")).items()}
    if form.get("grant_type") != JWT_BEARER:
        return _refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    try:
        signed, _, signature = form["assertion"].rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        email, expires_at = str(claims["iss"]), float(claims["exp"])
    except (KeyError, TypeError, ValueError):
        return _refused("invalid_grant", "Invalid JWT: it must have three parts, with iss and exp.")
    try:
        account = Accounts(call.cloud).find("-", email)
    except ApiError:
        return _refused("invalid_grant", "Invalid grant: account not found")
    if not _is_signed(call, account, str(header.get("kid")), signed, signature):
        return _refused("invalid_grant", "Invalid JWT Signature.")
    if claims.get("aud") != AUDIENCE or not 0 < expires_at - call.cloud.clock.now() <= LONGEST_SECONDS + 60:
        return _refused("invalid_grant", "Invalid JWT: it is for another audience, or not of this hour.")
    if not claims.get("scope"):
        return _refused("invalid_scope", "Empty or missing scope not allowed.")
    if account.get("disabled"):
        return _refused("invalid_grant", "Service account is disabled.")
    token = call.cloud.principals.token_of(email, LONGEST_SECONDS)
    return {"access_token": token, "expires_in": int(LONGEST_SECONDS), "token_type": "Bearer"}


def _is_signed(call: Call, account: Json, key_id: str, signed: str, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        kept = get_key(call.cloud, account, key_id)
        public: Any = load_pem_public_key(base64.b64decode(kept["publicKeyData"]))
        public.verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    except (ApiError, InvalidSignature, ValueError):
        return False
    return not kept.get("disabled")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(error: str, description: str) -> Answer:
    return Answer({"error": error, "error_description": description}, 400)


SERVICE = Service(HOST, (Route("POST", "/token", exchange_token, reads=True, gated=False),))
