"""Regions, their zones, and the range of each region's subnetwork in an auto mode network.

Source: https://cloud.google.com/compute/docs/regions-zones and
https://cloud.google.com/vpc/docs/subnets#ip-ranges
"""

from __future__ import annotations

from sandbox.kernel.errors import invalid

AUTO_RANGES = {
    "us-central1": "10.128.0.0/20",
    "europe-west1": "10.132.0.0/20",
    "us-west1": "10.138.0.0/20",
    "asia-east1": "10.140.0.0/20",
    "us-east1": "10.142.0.0/20",
    "asia-northeast1": "10.146.0.0/20",
    "asia-southeast1": "10.148.0.0/20",
    "us-east4": "10.150.0.0/20",
    "australia-southeast1": "10.152.0.0/20",
    "europe-west2": "10.154.0.0/20",
    "europe-west3": "10.156.0.0/20",
    "southamerica-east1": "10.158.0.0/20",
    "asia-south1": "10.160.0.0/20",
    "northamerica-northeast1": "10.162.0.0/20",
    "europe-west4": "10.164.0.0/20",
    "europe-north1": "10.166.0.0/20",
    "us-west2": "10.168.0.0/20",
    "asia-east2": "10.170.0.0/20",
    "europe-west6": "10.172.0.0/20",
    "asia-northeast2": "10.174.0.0/20",
    "asia-northeast3": "10.178.0.0/20",
    "us-west3": "10.180.0.0/20",
    "us-west4": "10.182.0.0/20",
    "asia-southeast2": "10.184.0.0/20",
    "europe-central2": "10.186.0.0/20",
    "northamerica-northeast2": "10.188.0.0/20",
    "asia-south2": "10.190.0.0/20",
    "australia-southeast2": "10.192.0.0/20",
    "southamerica-west1": "10.194.0.0/20",
    "europe-west8": "10.198.0.0/20",
    "europe-west9": "10.200.0.0/20",
    "us-east5": "10.202.0.0/20",
    "europe-southwest1": "10.204.0.0/20",
    "us-south1": "10.206.0.0/20",
    "me-west1": "10.208.0.0/20",
    "europe-west12": "10.210.0.0/20",
    "me-central1": "10.212.0.0/20",
    "europe-west10": "10.214.0.0/20",
    "africa-south1": "10.218.0.0/20",
}
_ZONES = {"us-central1": "abcf", "europe-west1": "bcd", "us-east1": "bcd"}
REGIONS = tuple(sorted(AUTO_RANGES))


def zones_of(region: str) -> list[str]:
    """Return the zones of a region, by name."""
    return [f"{region}-{letter}" for letter in _ZONES.get(region, "abc")]


def region_of(location: str) -> str:
    """Return the region of a zone or a region; the text itself where it is neither."""
    return location if is_region(location) else location.rpartition("-")[0]


def is_region(location: str) -> bool:
    """Tell whether there is such a region."""
    return location in AUTO_RANGES


def is_zone(location: str) -> bool:
    """Tell whether there is such a zone."""
    region = location.rpartition("-")[0]
    return region in AUTO_RANGES and location in zones_of(region)


def require_scope(scope: str) -> None:
    """Refuse a region or zone that does not exist.

    Args:
        scope: "global", "regions/R" or "zones/Z".

    Raises:
        ApiError: 400.
    """
    kind, _, place = scope.partition("/")
    if kind == "regions" and not is_region(place):
        raise invalid(f"Invalid value for field 'region': '{place}'. Unknown region.")
    if kind == "zones" and not is_zone(place):
        raise invalid(f"Invalid value for field 'zone': '{place}'. Unknown zone.")
