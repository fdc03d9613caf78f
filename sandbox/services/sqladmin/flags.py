"""Database flags: the ones whose values are known are checked, others only for their form.

Source: https://cloud.google.com/sql/docs/mysql/flags
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel.bodies import field
from sandbox.kernel.errors import invalid
from sandbox.services.sqladmin.versions import Version

Json = dict[str, Any]
_SWITCH = ("on", "off")
_CHOICES: dict[str, tuple[str, ...]] = {
    "character_set_server": ("utf8", "utf8mb3", "utf8mb4", "latin1", "ascii", "binary", "ucs2"),
    "cloudsql_iam_authentication": _SWITCH,
    "default_authentication_plugin": ("mysql_native_password", "caching_sha2_password"),
    "event_scheduler": _SWITCH,
    "general_log": _SWITCH,
    "innodb_file_per_table": _SWITCH,
    "local_infile": _SWITCH,
    "log_bin_trust_function_creators": _SWITCH,
    "log_output": ("TABLE", "FILE", "NONE"),
    "lower_case_table_names": ("0", "1"),
    "performance_schema": _SWITCH,
    "skip_show_database": _SWITCH,
    "slow_query_log": _SWITCH,
}
_NUMBERS: dict[str, tuple[int, int]] = {
    "innodb_lock_wait_timeout": (1, 1073741824),
    "max_allowed_packet": (16384, 1073741824),
    "max_connections": (1, 100000),
    "wait_timeout": (1, 31536000),
    "interactive_timeout": (1, 31536000),
}
_RESTARTS = ("default_authentication_plugin", "innodb_file_per_table", "lower_case_table_names", "performance_schema")


def check_flags(version: Version, flags: list[Any]) -> None:
    """Refuse flags with values that the database does not take, or given twice.

    Raises:
        ApiError: 400.
    """
    names = [field(flag, "name", str, "") for flag in flags]
    for name, flag in zip(names, flags, strict=True):
        if not re.fullmatch(r"[a-z][a-z0-9_.]*", name) or names.count(name) > 1:
            raise invalid(f'Invalid request: Invalid flag for instance: "{name}" (unknown, or given twice).')
        if version.is_mysql and not _takes(name, field(flag, "value", str, "")):
            raise invalid(f'Invalid request: Invalid flag value "{flag.get("value")}" for flag {name}.')


def list_flags() -> list[Json]:
    """Return the flags whose values are known, as answers show them."""
    shown: list[Json] = [
        {**_common(name), "type": "STRING", "allowedStringValues": list(choices)} for name, choices in _CHOICES.items()
    ]
    shown += [
        {**_common(name), "type": "INTEGER", "minValue": str(low), "maxValue": str(high)}
        for name, (low, high) in _NUMBERS.items()
    ]
    return sorted(shown, key=lambda flag: str(flag["name"]))


def _takes(name: str, value: str) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        return value.isdigit() and low <= int(value) <= high
    return True


def _common(name: str) -> Json:
    return {
        "kind": "sql#flag",
        "name": name,
        "appliesTo": ["MYSQL_5_7", "MYSQL_8_0", "MYSQL_8_4"],
        "requiresRestart": name in _RESTARTS,
    }
