"""What may go wrong between the provider and the cloud, as Terraform's user will read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ProviderError(Exception):
    """Anything that ends a step with a diagnostic."""


class ConfigurationError(ProviderError):
    """The provider block or the environment lacks something."""


class ConnectionCut(ProviderError):
    """The other end hung up before it answered: tried again, as the real provider does."""


class ApiFailure(ProviderError):
    """An answer outside 2xx.

    Attributes:
        code: the HTTP status.
        reason: `errors[0].reason`, or ErrorInfo's.
        status: the canonical name, such as NOT_FOUND.
        message: Google's message.
    """

    def __init__(self, code: int, body: Mapping[str, Any], text: str = "") -> None:
        error = body.get("error") if isinstance(body.get("error"), Mapping) else {}
        assert isinstance(error, Mapping)
        self.code = code
        self.message = str(error.get("message") or text or f"HTTP {code}")
        self.status = str(error.get("status") or "")
        self.errors = [item for item in error.get("errors") or [] if isinstance(item, Mapping)]
        self.details = [item for item in error.get("details") or [] if isinstance(item, Mapping)]
        self.reason = next((str(item["reason"]) for item in [*self.errors, *self.details] if item.get("reason")), "")
        super().__init__(self._line())

    def _line(self) -> str:
        suffix = f", {self.reason}" if self.reason else ""
        line = f"googleapi: Error {self.code}: {self.message}{suffix}"
        if not self.details:
            return line
        import json

        return f"{line}\nDetails:\n{json.dumps(self.details, indent=2)}"


class OperationFailed(ProviderError):
    """A long-running operation ended in an error."""


class Refused(ProviderError):
    """The provider itself will not do it; the message stands as it is, without "Error deleting …" before it."""


class Gone(ProviderError):
    """The object is not there (any more)."""
