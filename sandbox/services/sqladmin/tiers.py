"""Machine sizes of instances.

Source: https://cloud.google.com/sql/docs/mysql/instance-settings#machine-type-2ndgen
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel.errors import invalid

Json = dict[str, Any]
_GIB = 1024**3
_SHARED = {"db-f1-micro": 0.6, "db-g1-small": 1.7}
_N1 = {
    **{f"db-n1-standard-{cpus}": cpus * 3.75 for cpus in (1, 2, 4, 8, 16, 32, 64, 96)},
    **{f"db-n1-highmem-{cpus}": cpus * 6.5 for cpus in (2, 4, 8, 16, 32, 64, 96)},
}
_PLUS = {f"db-perf-optimized-N-{cpus}": cpus * 8.0 for cpus in (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)}


def check_tier(tier: str, edition: str) -> None:
    """Refuse a tier that the edition does not have.

    Raises:
        ApiError: 400.
    """
    if not tier:
        raise invalid("Missing parameter: tier.", reason="required")
    if edition == "ENTERPRISE_PLUS":
        example, is_known = "db-perf-optimized-N-2", tier in _PLUS
    else:
        example, is_known = "db-custom-1-3840", tier in _SHARED or tier in _N1 or _is_custom(tier)
    if not is_known:
        raise invalid(
            f"Invalid request: Invalid Tier ({tier}) for ({edition}) Edition. Use a predefined Tier like {example} "
            "instead. Learn more at https://cloud.google.com/sql/docs/mysql/create-instance#machine-types"
        )


def list_tiers() -> list[Json]:
    """Return the predefined tiers as answers show them."""
    return [
        {"kind": "sql#tier", "tier": tier, "RAM": str(int(gib * _GIB)), "DiskQuota": str(3054 * _GIB)}
        for tier, gib in {**_SHARED, **_N1, **_PLUS}.items()
    ]


def _is_custom(tier: str) -> bool:
    match = re.fullmatch(r"db-custom-(\d+)-(\d+)", tier)
    if not match:
        return False
    cpus, mib = int(match[1]), int(match[2])
    fits = 3840 <= mib <= 638976 and mib % 256 == 0 and 0.9 * 1024 <= mib / max(cpus, 1) <= 6.5 * 1024
    return fits and (cpus == 1 or (2 <= cpus <= 96 and cpus % 2 == 0))
