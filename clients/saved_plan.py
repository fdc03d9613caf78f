"""A plan that Terraform saved, as the archive that it is: the states before and after its refresh lie in it as files.

`terraform show` tells what they hold as well, but starts the provider for it.

Source: internal/plans/planfile/reader.go
"""

from __future__ import annotations

import zipfile
from pathlib import Path

STORED, REFRESHED = "tfstate-prev", "tfstate"


def read_states(plan: Path) -> tuple[str, str] | None:
    """Return the state as it was stored and as the plan's refresh left it, None where this release keeps neither."""
    try:
        with zipfile.ZipFile(plan) as archive:
            return archive.read(STORED).decode(), archive.read(REFRESHED).decode()
    except (KeyError, zipfile.BadZipFile):
        return None
