"""Userinfo: whose token a request carries; the sandbox's own user, or another principal.

Source: https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation
"""

from __future__ import annotations

from sandbox.kernel.routes import Call, Json, Route, Service

HOST = "openidconnect.googleapis.com"


def get_user_info(call: Call) -> Json:
    """Userinfo."""
    return {"sub": "100000000000000000000", "email": call.principal.email, "email_verified": True}


SERVICE = Service(HOST, (Route("GET", "/v1/userinfo", get_user_info, gated=False),))
