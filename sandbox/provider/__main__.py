"""What Terraform executes: nothing is imported before the plugin handshake's cookie was seen."""

import sys


def main() -> int:
    """Serve the provider until Terraform says goodbye or dies."""
    from sandbox.provider.launch import started_by_terraform

    if not started_by_terraform():
        sys.stderr.write("This is a Terraform provider. Terraform starts it; it is not meant to be run by hand.\n")
        return 1
    from sandbox.provider.launch import serve

    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
