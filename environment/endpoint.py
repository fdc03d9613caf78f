"""Whether a cluster that is there can be reached from here, and what to do where it cannot.

Its endpoint drops what comes from outside of its authorized networks, so nobody says why there is no answer; and under
which address this machine is seen there, it does not know. So what is told is who may.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from environment.findings import Finding
from environment.spec import Environment

CHECK = "cluster-endpoint"
ANYWHERE = "0.0.0.0/0"


class EndpointFacts(BaseModel):
    """Where a cluster answers, and to whom.

    Attributes:
        address: Its IP address.
        is_private: Whether it is reached from inside the VPC only.
        authorized: The ranges that may reach it, in CIDR notation; None where all may.
        problem: What came of asking it, empty where it answered.
    """

    model_config = ConfigDict(frozen=True)

    address: str
    is_private: bool
    authorized: tuple[str, ...] | None
    problem: str = ""


def endpoint_findings(environment: Environment, subject: str, found: EndpointFacts) -> tuple[Finding, ...]:
    """Return the finding that the endpoint does not answer, none where it does.

    Of a cluster of ours a create is stopped by it only where it would change nothing about it: else it may be what
    lets this machine in.
    """
    if not found.problem:
        return ()
    problem = f"does not answer from here: {_guarded(found)} ({found.problem})"
    fix, is_lasting = _of_theirs(environment, found) if environment.cluster.existing else _of_ours(environment, found)
    return (Finding(check=CHECK, subject=subject, problem=problem, fix=fix, stops_create=is_lasting),)


def _guarded(found: EndpointFacts) -> str:
    if found.is_private:
        return f"its endpoint {found.address} is private"
    if found.authorized is not None:
        return f"its endpoint {found.address} is open to {_listed(found.authorized) or 'nobody outside its VPC'} only"
    return f"its endpoint {found.address} is open to all, so something on the way stops it, or it is down"


def _of_theirs(environment: Environment, found: EndpointFacts) -> tuple[str, bool]:
    update = f"gcloud container clusters update {environment.cluster_name}"
    where = f"--location={environment.location} --project={environment.project_id}"
    if found.is_private:
        return f"run from a machine in its VPC, or {update} --no-enable-private-endpoint {where}", True
    if found.authorized is not None:
        networks = ",".join((*found.authorized, "ADDRESS/32"))
        options = f"--enable-master-authorized-networks --master-authorized-networks={networks}"
        return f"run from where it is open, or let this machine's public ADDRESS in: {update} {options} {where}", True
    return _let_through(found), True


def _of_ours(environment: Environment, found: EndpointFacts) -> tuple[str, bool]:
    wanted = environment.cluster.authorized_networks
    restricted = restricting(wanted)
    is_as_wanted = (found.authorized is None) == (restricted is None) and {*(found.authorized or ())} == {
        *(restricted or ())
    }
    if found.is_private or not is_as_wanted:
        return f"run create, which opens it to {_listed(wanted) if restricted else 'all'}", False
    if restricted:
        networks = ",".join((*wanted, "ADDRESS/32"))
        return (
            "run from one of them, or let this machine's public ADDRESS in: "
            f"--set 'cluster.authorized_networks=[{networks}]'",
            True,
        )
    return _let_through(found), False  # create may be about to replace it


def _let_through(found: EndpointFacts) -> str:
    return (
        f"let this machine connect to https://{found.address}, and try again; "
        "while Google upgrades or repairs a control plane it is away for minutes"
    )


def restricting(networks: Collection[str]) -> tuple[str, ...] | None:
    """Return the ranges that a spec lets reach the endpoint, None where all may: it names none, or anywhere."""
    return None if not networks or ANYWHERE in networks else tuple(networks)


def authorized_by(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the ranges that GKE's MasterAuthorizedNetworksConfig lets in, None where all may."""
    blocks = tuple(str(one["cidrBlock"]) for one in config.get("cidrBlocks") or ())
    return blocks if config.get("enabled") and ANYWHERE not in blocks else None


def _listed(networks: Collection[str]) -> str:
    return ", ".join(networks)
