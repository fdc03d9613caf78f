"""Names and ranges that are taken by what is not this environment's."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping

from environment.destruction import (
    ACCOUNT,
    ADDRESS,
    BUCKET,
    CLUSTER,
    FIREWALL,
    NETWORK,
    NOTEBOOK,
    ROUTER,
    SECRET,
    SUBNETWORK,
    Found,
    ManagedState,
    is_made,
    may_remove,
    removal_command,
)
from environment.findings import Finding
from environment.spec import Environment

NAME_CHECK = "names"
RANGE_CHECK = "ranges"
NAMED = frozenset({ACCOUNT, ADDRESS, BUCKET, CLUSTER, FIREWALL, NETWORK, NOTEBOOK, ROUTER, SECRET, SUBNETWORK})
"""What has the very names that follow from the prefix; those of a database end in letters that are drawn."""

RANGES_OF: Mapping[str, frozenset[str]] = {
    ADDRESS: frozenset({"private_services_cidr"}),
    CLUSTER: frozenset({"master_cidr"}),
    SUBNETWORK: frozenset({"subnet_cidr", "pods_cidr", "services_cidr"}),
}
"""The ranges that each thing of ours takes when it is made, by the fields of the spec."""


def name_findings(environment: Environment, found: Iterable[Found], managed: ManagedState) -> tuple[Finding, ...]:
    """Return a finding for each thing that has one of our names and is not ours.

    What is in Terraform's state, or carries the marks that only our modules give, is.
    """
    return tuple(
        Finding(
            check=NAME_CHECK,
            subject=str(one),
            problem=f"has a name that {environment.name} needs, and is {_whose(one)}",
            fix=f"choose another name_prefix, or remove it: {removal_command(one, environment.project_id)}",
        )
        for one in found
        if one.kind in NAMED and is_made(one, environment, managed) and not may_remove(one, managed)
    )


def range_findings(
    environment: Environment, taken: Mapping[str, Collection[str]], found: Iterable[Found] = ()
) -> tuple[Finding, ...]:
    """Return a finding for each range of the spec that is yet to be taken and overlaps with one that is in use.

    What is there has its range already: GKE makes a subnetwork of a cluster's master_cidr in the cluster's network.

    Args:
        environment: The spec.
        taken: Ranges in CIDR notation by who uses them: {"subnetwork x": ["10.0.0.0/20"]}.
        found: What is there of the environment.
    """
    settled = RANGES_OF[CLUSTER] if environment.cluster.existing else frozenset()
    settled = settled.union(*(RANGES_OF.get(one.kind, frozenset()) for one in found))
    ours = {name: cidr for name, cidr in environment.network if name.endswith("_cidr") and name not in settled}
    return tuple(
        Finding(
            check=RANGE_CHECK,
            subject=f"network.{name} {cidr}",
            problem=f"overlaps with {other} of {user}",
            fix=f"choose another network.{name}",
        )
        for name, cidr in ours.items()
        for user, others in taken.items()
        for other in others
        if ipaddress.ip_network(cidr).overlaps(ipaddress.ip_network(other))
    )


def _whose(thing: Found) -> str:
    return f"of the environment {thing.owner}" if thing.owner else "not of its making"
