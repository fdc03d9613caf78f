"""What is there by the environment's names, read from the sandbox by the real clients: marks tell whose it is."""

from __future__ import annotations

from typing import Any

from clients.addresses import Addresses
from clients.adoption import existing
from clients.inventory import read_inventory
from environment.adoption import Candidate
from environment.destruction import Found, ManagedState
from environment.spec_file import load_environment

HOST, SERVICE = "acme-inventory-host", "acme-inventory-service"


def test_in_a_network_of_others_a_rule_is_ours_only_if_it_says_so(sandbox: Any) -> None:
    """Its owner has parts with our names, and another service project with our prefix a rule of the same name."""
    sandbox.make_existing(SERVICE, HOST)
    spec = load_environment(
        "dev",
        [
            *(f"project_id={SERVICE}", f"state.bucket={SERVICE}-tfstate", "name_prefix=acme"),
            f"network.existing={{network: their-network, subnetwork: their-subnet, project: {HOST}}}",
        ],
    )
    ours, theirs = "acme-control-plane", "acme-dataflow-workers"
    descriptions = {
        ours: spec.names.firewall_rules[ours],
        theirs: "Dataflow workers of acme in another among each other",
    }
    for project in (HOST, SERVICE):
        compute = f"compute.googleapis.com/compute/v1/projects/{project}"
        network = f"projects/{project}/global/networks/their-network"
        if project == SERVICE:
            sandbox.call(
                "POST", f"{compute}/global/networks", {"name": "their-network", "autoCreateSubnetworks": False}
            )
        router = {"name": "acme-router", "network": network}
        sandbox.call("POST", f"{compute}/regions/us-central1/routers", router).raise_for_status()
        rules = descriptions if project == HOST else {}
        for name, description in rules.items():
            rule = {"name": name, "network": network, "description": description, "allowed": [{"IPProtocol": "tcp"}]}
            sandbox.call("POST", f"{compute}/global/firewalls", rule).raise_for_status()
    addresses = Addresses(endpoint=sandbox.url, token=sandbox.token)
    found, _ = read_inventory(spec, addresses, ManagedState())
    assert set(found) == {
        Found("firewall rule", ours, "global"),
        Found("firewall rule", theirs, "global", is_marked=False),
    }
    wanted = tuple(
        Candidate(
            address=name,
            type="google_compute_firewall",
            arguments={"project": HOST, "name": name, "description": spec.names.firewall_rules[name]},
        )
        for name in (ours, theirs)
    )
    assert existing(spec, addresses, wanted) == wanted[:1], "nor is a neighbour's adopted"
