"""The provider block, completed from the environment as the real provider does."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.provider.errors import ConfigurationError
from sandbox.provider.wire import UNKNOWN

ATTRIBUTION_LABEL = "goog-terraform-provisioned"

SERVICES = {
    "artifactregistry": "artifact_registry",
    "bigquery": "big_query",
    "cloudbilling": "cloud_billing",
    "cloudresourcemanager": "resource_manager",
    "compute": "compute",
    "container": "container",
    "iam": "iam_beta",
    "notebooks": "workbench",
    "secretmanager": "secret_manager",
    "servicenetworking": "service_networking",
    "serviceusage": "service_usage",
    "sqladmin": "sql",
    "storage": "storage",
}
"""API -> the name in `<name>_custom_endpoint` and GOOGLE_<NAME>_CUSTOM_ENDPOINT."""

_PROJECT = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_REGION = ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION")
_ZONE = ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Settings:
    """What one configured provider knows.

    Attributes:
        endpoints: API -> base address with a trailing slash.
        batch_seconds: how long a batch waits for company; 0 when batching is off.
    """

    project: str = ""
    region: str = ""
    zone: str = ""
    token: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    default_labels: Mapping[str, str] = field(default_factory=dict)
    attribution_label: bool = True
    batch_seconds: float = 0.2
    request_timeout_seconds: float = 120.0

    def endpoint(self, service: str) -> str:
        """The base address of an API.

        Raises:
            ConfigurationError: nothing names it. The stand-in never guesses Google's own address.
        """
        try:
            return self.endpoints[service]
        except KeyError:
            variable = f"GOOGLE_{SERVICES[service].upper()}_CUSTOM_ENDPOINT"
            raise ConfigurationError(
                f"no address for {service}: set {variable}. This provider is the sandbox's stand-in for "
                "hashicorp/google and speaks only to addresses that it is given"
            ) from None

    def default(self, name: str) -> str:
        """The provider-wide default of `project`, `region` or `zone`, a region also being a zone's first part."""
        if name == "region" and not self.region and self.zone:
            return self.zone.rsplit("-", 1)[0]
        return str(getattr(self, name, "") or "")


def read_settings(block: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of a provider block; an attribute wins over its environment variables."""
    env = os.environ if environment is None else environment

    def value(name: str, variables: tuple[str, ...] = ()) -> str:
        given = block.get(name)
        if given not in (None, "", UNKNOWN):
            return str(given)
        return next((env[item] for item in variables if env.get(item)), "")

    endpoints = {}
    for service, name in SERVICES.items():
        address = value(f"{name}_custom_endpoint", (f"GOOGLE_{name.upper()}_CUSTOM_ENDPOINT",))
        if address and not re.fullmatch(r".*/[^/]+/", address):
            raise ConfigurationError(f"{name}_custom_endpoint must look like https://HOST/VERSION/, not {address}")
        if address:
            endpoints[service] = address
    batching: Mapping[str, Any] = next(iter(block.get("batching") or ()), {})
    enabled = batching.get("enable_batching") is not False
    return Settings(
        project=value("project", _PROJECT),
        region=_last(value("region", _REGION)),
        zone=_last(value("zone", _ZONE)),
        token=value("access_token", ("GOOGLE_OAUTH_ACCESS_TOKEN",)),
        endpoints=endpoints,
        default_labels=block.get("default_labels") or {},
        attribution_label=block.get("add_terraform_attribution_label") is not False,
        batch_seconds=min(seconds(batching.get("send_after") or "200ms"), 0.2) if enabled else 0.0,
        request_timeout_seconds=seconds(block.get("request_timeout") or "120s"),
    )


def seconds(duration: str) -> float:
    """A Go duration ("1h30m", "200ms") in seconds.

    Raises:
        ConfigurationError: it is not one.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ConfigurationError(f"{duration!r} is not a duration such as 30s, 20m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _last(link: str) -> str:
    return link.rsplit("/", 1)[-1]
