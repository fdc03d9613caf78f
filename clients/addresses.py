"""Where the cloud answers. The one reader of the environment variables that move a run to another cloud.

`mlops-env sandbox env` prints them; without them a service's address is its own host name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from environment.errors import SpecError

if TYPE_CHECKING:
    from environment.spec import Environment

ENDPOINT = "MLOPS_ENV_GOOGLE_ENDPOINT"
TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"
TERRAFORM_IDENTITIES = frozenset(
    {"GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"}
    | {"GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT"}
)
"""Credentials that Terraform's provider or backend obeys and Google's Python clients do not know."""


@dataclass(frozen=True)
class Addresses:
    """The cloud that this process talks to.

    Attributes:
        endpoint: Base address under which every service answers by its host name; None is Google itself.
        token: An access token to use instead of Application Default Credentials.
        terraform: `GOOGLE_*_CUSTOM_ENDPOINT` variables that point Terraform's provider elsewhere.
        impersonate: The service account to act as; None is whoever the credentials are.
        credentials: The name of those to use, by which this process was given them; None is what it finds by itself.
        identities: Variables that would give Terraform another identity than the other steps have.
    """

    endpoint: str | None = None
    token: str | None = field(default=None, repr=False)
    terraform: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    impersonate: str | None = None
    credentials: str | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> Addresses:
        """Read the variables."""
        endpoint = variables.get(ENDPOINT, "").rstrip("/")
        custom = tuple(sorted(name for name in variables if _is_custom_endpoint(name)))
        identities = tuple(sorted(name for name in TERRAFORM_IDENTITIES if variables.get(name)))
        return cls(endpoint or None, variables.get(TOKEN) or None, custom, identities)

    @classmethod
    def of(cls, environment: Environment) -> Addresses:
        """Read the variables, for an environment: its spec says as whom to act."""
        return cls.from_environment().acting_as(environment.impersonate, environment.credentials)

    def acting_as(self, account: str | None, credentials: str | None = None) -> Addresses:
        """Return the same cloud, spoken to with these credentials as a service account; see the attributes."""
        return replace(self, impersonate=account, credentials=credentials)

    def service(self, host: str) -> str:
        """Return the base address of a service, without a trailing slash."""
        return f"{self.endpoint}/{host}" if self.endpoint else f"https://{host}"

    def check(self, cloud: Literal["google", "sandbox"]) -> None:
        """Refuse a run whose spec names one cloud while the variables point at another, or that would be two people.

        Raises:
            SpecError: With the variables that are in the way, or missing.
        """
        if cloud == "google" and (self.endpoint or self.terraform):
            named = ", ".join(([ENDPOINT] if self.endpoint else []) + list(self.terraform)[:1])
            raise SpecError(
                f"the spec says cloud: google, but {named} points elsewhere", "unset it, or use --cloud sandbox"
            )
        if cloud == "google" and self.identities:
            raise SpecError(
                f"{self.identities[0]} is set, which Terraform alone would obey",
                "unset it; sign in with `gcloud auth application-default login`, with --impersonate-service-account "
                "where needed, or name a file in GOOGLE_APPLICATION_CREDENTIALS",
            )
        if cloud == "sandbox" and not self._is_local():
            raise SpecError(
                f"the spec says cloud: sandbox, but {ENDPOINT} names no local address",
                'run `eval "$(mlops-env sandbox env)"` first',
            )

    def _is_local(self) -> bool:
        return urlsplit(self.endpoint or "").hostname in ("127.0.0.1", "localhost", "::1")


def _is_custom_endpoint(name: str) -> bool:
    return name.startswith("GOOGLE_") and name.endswith("_CUSTOM_ENDPOINT")
