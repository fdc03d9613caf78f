"""The infrastructure as Terraform's state tells it: its typed outputs, read on any machine, changing nothing."""

from __future__ import annotations

from clients.addresses import Addresses
from clients.storage import Storage
from clients.terraform import Terraform, working_folder
from environment.infrastructure import Infrastructure, parse_outputs
from environment.spec import Environment


def open_terraform(environment: Environment, addresses: Addresses) -> Terraform:
    """Return Terraform in the environment's own working folder."""
    return Terraform(working_folder(addresses, environment.state.bucket, environment.state_prefix), addresses)


def read_infrastructure(environment: Environment, addresses: Addresses) -> Infrastructure | None:
    """Return the outputs, None where there is no state or an apply has not come to its outputs.

    On a machine that never applied, a folder of its own is used: another run may be at work in the environment's.
    """
    storage = Storage(addresses, environment.project_id)
    if storage.read(environment.state.bucket, f"{environment.state_prefix}/default.tfstate") is None:
        return None
    terraform = open_terraform(environment, addresses)
    if not terraform.is_initialised:
        folder = working_folder(addresses, environment.state.bucket, environment.state_prefix)
        terraform = Terraform(folder.with_name(f"{folder.name}-outputs"), addresses)
        terraform.prepare_backend()
        terraform.init(environment.state.bucket, environment.state_prefix)
    outputs = terraform.outputs()
    return parse_outputs(outputs) if outputs else None
