"""The provider itself: nothing is imported before the plugin handshake's cookie was seen."""

from __future__ import annotations

import sys
from collections.abc import Callable


def main(schemas: str, is_orphan: Callable[[], bool] | None = None) -> int:
    """Serve the provider until Terraform says goodbye or is gone; return what the process is to exit with.

    Args:
        schemas: The file that keeps the answer with all schemas.
        is_orphan: Tells whether Terraform is gone, where it is not what started this process.
    """
    from sandbox.provider.launch import child_of_this, serve, started_by_terraform

    if not started_by_terraform():
        sys.stderr.write("This is a Terraform provider. Terraform starts it; it is not meant to be run by hand.\n")
        return 1
    serve(schemas, is_orphan or child_of_this())
    return 0
