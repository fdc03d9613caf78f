"""Where the UI of Kubeflow Pipelines answers: the address that the proxy agent registered, and what to do without one.

Source: kubeflow/pipelines, proxy/attempt-register-vm-on-proxy.sh, which writes the address into a ConfigMap.
"""

from __future__ import annotations

from datetime import UTC, datetime

from environment.objects import Manifest

PROXY_CONFIG = "inverse-proxy-config"
HOSTNAME = "Hostname"


def ui_address(config: Manifest) -> str | None:
    """Return the address that ConfigMap PROXY_CONFIG holds, None while it holds none."""
    host = (config.get("data") or {}).get(HOSTNAME)
    return f"https://{host}" if host else None


def age_seconds(thing: Manifest, now: datetime | None = None) -> float:
    """Return how long ago an object was made."""
    created = datetime.fromisoformat(thing["metadata"]["creationTimestamp"].replace("Z", "+00:00"))
    return ((now or datetime.now(UTC)) - created).total_seconds()


def without_address(namespace: str) -> str:
    """Say how to reach the UI without an address."""
    return (
        "the UI has no public address (the proxy agent has not registered one): reach it at http://localhost:8080 with "
        f"`kubectl port-forward --namespace {namespace} service/ml-pipeline-ui 8080:80`"
    )
