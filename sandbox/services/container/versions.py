"""Versions of Kubernetes that GKE offers here, by release channel.

Source: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations/getServerConfig
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.errors import invalid

CHANNELS = {
    "RAPID": ("1.34.1-gke.1829001", "1.33.5-gke.1308000"),
    "REGULAR": ("1.33.5-gke.1162000", "1.32.9-gke.1239000"),
    "STABLE": ("1.33.4-gke.1350000", "1.32.9-gke.1072000"),
    "EXTENDED": ("1.33.5-gke.1162000", "1.32.9-gke.1239000", "1.31.13-gke.1023000"),
}
NO_CHANNEL = "UNSPECIFIED"
IMAGE_TYPES = ("COS_CONTAINERD", "UBUNTU_CONTAINERD", "WINDOWS_LTSC_CONTAINERD")


def all_versions() -> list[str]:
    """Return all versions, the newest first."""
    return sorted({version for versions in CHANNELS.values() for version in versions}, key=_order, reverse=True)


def resolve(wanted: str, channel: str, what: str = "Master") -> str:
    """Return the version that a request means: none, "latest", "1.33", "1.33.5" or a whole one.

    Raises:
        ApiError: 400 when there is none.
    """
    offered = CHANNELS.get(channel, CHANNELS["REGULAR"])
    if wanted in ("", "-"):
        return offered[0]
    if wanted == "latest":
        return max(offered, key=_order)
    for version in sorted(all_versions(), key=_order, reverse=True):
        if version == wanted or version.startswith((f"{wanted}.", f"{wanted}-")):
            return version
    raise invalid(f'{what} version "{wanted}" is unsupported.', reason="badRequest")


def server_config() -> dict[str, Any]:
    """Return what a location offers."""
    versions = all_versions()
    return {
        "defaultClusterVersion": CHANNELS["REGULAR"][0],
        "validMasterVersions": versions,
        "validNodeVersions": versions,
        "defaultImageType": IMAGE_TYPES[0],
        "validImageTypes": list(IMAGE_TYPES),
        "channels": [
            {"channel": channel, "defaultVersion": offered[0], "validVersions": list(offered)}
            for channel, offered in CHANNELS.items()
        ],
    }


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.replace("-gke", "").split("."))
