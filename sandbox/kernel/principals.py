"""Who asks: the sandbox's own user, who owns everything, and further principals with tokens of their own.

A token says whom it stands for and until when, signed with the sandbox's own one: nothing has to be remembered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from sandbox.kernel.clock import Clock

OWNER = "user@sandbox.localhost"
_PREFIX = "sandbox-principal."


@dataclass(frozen=True)
class Principal:
    """A user or a service account."""

    email: str

    @property
    def is_owner(self) -> bool:
        """Whether it is the sandbox's own user."""
        return self.email == OWNER

    @property
    def member(self) -> str:
        """As policies name it."""
        kind = "serviceAccount" if self.email.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{self.email}"


THE_OWNER = Principal(OWNER)


@dataclass(frozen=True)
class Principals:
    """The tokens of all principals."""

    token: str
    clock: Clock

    def find(self, token: str) -> Principal | None:
        """Return whose token it is, None where it is nobody's or has expired."""
        if hmac.compare_digest(token.encode(), self.token.encode()):
            return Principal(OWNER)
        content, _, signature = token.removeprefix(_PREFIX).partition(".")
        if not token.startswith(_PREFIX) or not hmac.compare_digest(signature, self._sign(content)):
            return None
        claims = json.loads(base64.urlsafe_b64decode(content))
        return Principal(claims["email"]) if self.clock.now() < claims["expires_at"] else None

    def token_of(self, email: str, lifetime_seconds: float) -> str:
        """Return a token for a principal."""
        claims = {"email": email, "expires_at": self.clock.now() + lifetime_seconds}
        content = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
        return f"{_PREFIX}{content}.{self._sign(content)}"

    def _sign(self, content: str) -> str:
        return hmac.new(self.token.encode(), content.encode(), hashlib.sha256).hexdigest()
