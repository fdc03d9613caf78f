"""Versions of the databases that Cloud SQL offers.

Source: https://cloud.google.com/sql/docs/mysql/db-versions and .../editions-intro
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kernel.errors import invalid

_INSTALLED = {
    "MYSQL_5_7": "MYSQL_5_7_44",
    "MYSQL_8_0": "MYSQL_8_0_41",
    "MYSQL_8_4": "MYSQL_8_4_5",
    "POSTGRES_13": "POSTGRES_13_20",
    "POSTGRES_14": "POSTGRES_14_17",
    "POSTGRES_15": "POSTGRES_15_12",
    "POSTGRES_16": "POSTGRES_16_8",
    "POSTGRES_17": "POSTGRES_17_4",
}
_PLUS_BY_DEFAULT = ("MYSQL_8_4", "POSTGRES_16", "POSTGRES_17")


@dataclass(frozen=True)
class Version:
    """A `databaseVersion`."""

    name: str

    @property
    def is_mysql(self) -> bool:
        """Whether it is MySQL, not PostgreSQL."""
        return self.name.startswith("MYSQL")

    @property
    def installed(self) -> str:
        """The patch release."""
        return _INSTALLED[self.name]

    @property
    def default_edition(self) -> str:
        """The edition of an instance that names none."""
        return "ENTERPRISE_PLUS" if self.name in _PLUS_BY_DEFAULT else "ENTERPRISE"

    @property
    def first_user(self) -> tuple[str, str]:
        """Name and host of the user that a new instance has."""
        return ("root", "%") if self.is_mysql else ("postgres", "")

    @property
    def first_databases(self) -> tuple[str, ...]:
        """The databases that a new instance has."""
        return ("information_schema", "mysql", "performance_schema", "sys") if self.is_mysql else ("postgres",)

    @property
    def charset(self) -> tuple[str, str]:
        """Character set and collation of a database that names none."""
        if not self.is_mysql:
            return ("UTF8", "en_US.UTF8")
        return ("utf8", "utf8_general_ci") if self.name == "MYSQL_5_7" else ("utf8mb4", "utf8mb4_0900_ai_ci")


def parse_version(name: str) -> Version:
    """Return a version by name.

    Raises:
        ApiError: 400 when it is not on offer.
    """
    if name not in _INSTALLED:
        raise invalid(f"Invalid request: Invalid value for: Database version ({name}).")
    return Version(name)
