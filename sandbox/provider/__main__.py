"""What Terraform executes: nothing is imported before the plugin handshake's cookie was seen."""

import sys


def main(schemas: str = "") -> int:
    """Serve the provider until Terraform says goodbye or dies; `schemas` names the file that keeps their answer."""
    from sandbox.provider.launch import started_by_terraform

    if not started_by_terraform():
        sys.stderr.write("This is a Terraform provider. Terraform starts it; it is not meant to be run by hand.\n")
        return 1
    from sandbox.provider.launch import serve

    serve(schemas)
    return 0


if __name__ == "__main__":
    sys.exit(main())
