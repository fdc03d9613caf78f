"""IP ranges of a network: which are taken, by whom, and which is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, Resources

SUBNETWORKS = "compute.subnetworks"
ADDRESSES = "compute.addresses"
_FREE_FROM = ("10.192.0.0/10", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def parse_range(text: str, field: str) -> IPv4Network:
    """Read a range in CIDR notation.

    Raises:
        ApiError: 400 when it is none, or has bits set beyond its prefix.
    """
    try:
        return IPv4Network(text)
    except ValueError:
        raise invalid(
            f"Invalid value for field '{field}': '{text}'. Must be a CIDR address range that is contained in the "
            "RFC 1918 or other allowed ranges, without host bits set."
        ) from None


def subnetworks_of(cloud: Cloud, network: str) -> list[tuple[str, Document]]:
    """Return (name, document) of the subnetworks of a network, given by its relative name."""
    project = network.split("/")[1]
    found = Resources(cloud, SUBNETWORKS).items(f"projects/{project}/regions/")
    return [(name, document) for name, document in found if document["network"] == network]


def ranges_of(subnetwork: Document) -> Iterator[IPv4Network]:
    """Return the primary and the secondary ranges of a subnetwork."""
    yield IPv4Network(subnetwork["ipCidrRange"])
    for secondary in subnetwork.get("secondaryIpRanges", ()):
        yield IPv4Network(secondary["ipCidrRange"])


def allocated_ranges(cloud: Cloud, network: str) -> list[tuple[str, IPv4Network]]:
    """Return (relative name, range) of the ranges of a network that are reserved for service producers."""
    project = network.split("/")[1]
    return [
        (name, IPv4Network(f"{document['address']}/{document['prefixLength']}"))
        for name, document in Resources(cloud, ADDRESSES).items(f"projects/{project}/global/")
        if document.get("purpose") == "VPC_PEERING" and document.get("network") == network
    ]


def require_free(cloud: Cloud, network: str, wanted: Iterable[IPv4Network], *, but: str = "") -> None:
    """Refuse ranges that overlap with each other or with what the network has.

    Args:
        network: Relative name.
        wanted: The new ranges.
        but: The relative name of a resource whose ranges do not count.

    Raises:
        ApiError: 400.
    """
    ranges = list(wanted)
    for index, one in enumerate(ranges):
        if any(one.overlaps(other) for other in ranges[:index]):
            raise invalid(f"Invalid IPCidrRange: {one} conflicts with another range of the same resource.")
        if taken := _taken(cloud, network, one, but):
            raise taken


def free_range(cloud: Cloud, network: str, prefix: int) -> IPv4Network:
    """Return the first range of that size which nothing in the network uses.

    Raises:
        ApiError: 400 when there is none.
    """
    for pool in map(IPv4Network, _FREE_FROM):
        if pool.prefixlen > prefix:
            continue
        for candidate in pool.subnets(new_prefix=prefix):
            if _taken(cloud, network, candidate, "") is None:
                return candidate
    raise ApiError(400, f"No free range of size /{prefix} in network '{network}'", reason="ipSpaceExhausted")


def address_in(block: IPv4Network, taken: Iterable[str]) -> str:
    """Return the first usable address of a block that is not taken; the first three are the network's own."""
    used = set(taken)
    for offset in range(3, block.num_addresses - 1):
        candidate = str(IPv4Address(int(block.network_address) + offset))
        if candidate not in used:
            return candidate
    raise ApiError(400, f"No free address in {block}", reason="ipSpaceExhausted")


def _taken(cloud: Cloud, network: str, wanted: IPv4Network, but: str) -> ApiError | None:
    for name, subnetwork in subnetworks_of(cloud, network):
        if name != but and any(wanted.overlaps(other) for other in ranges_of(subnetwork)):
            region, short = name.split("/")[3], name.rsplit("/", 1)[-1]
            return invalid(
                f"Invalid IPCidrRange: {wanted} conflicts with existing subnetwork '{short}' in region '{region}'."
            )
    for name, allocated in allocated_ranges(cloud, network):
        if name != but and wanted.overlaps(allocated):
            return invalid(f"Invalid IPCidrRange: {wanted} conflicts with the allocated range '{name}'.")
    return None
