"""What is known of a network, cluster, database or bucket that exists: as it was read, without a judgement."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from environment.endpoint import EndpointFacts
from environment.existing_parts import Kind
from environment.findings import Finding


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class SubnetworkFacts(_Facts):
    """A subnetwork; ranges in CIDR notation, the secondary ones by name."""

    primary: str
    secondary: Mapping[str, str]
    has_private_google_access: bool


class NetworkFacts(_Facts):
    """A VPC.

    Attributes:
        subnetwork: The wanted one, None where the network has none of that name in the region.
        taken: All ranges of all its subnetworks, in CIDR notation.
        private_services: The ranges that Google's services may take, None where the network is not connected to them.
        host: The host project of the environment's project, None where it has none; "" where that was not asked.
    """

    subnetwork: SubnetworkFacts | None
    taken: tuple[str, ...]
    private_services: tuple[str, ...] | None
    host: str | None = ""


class PoolFacts(_Facts):
    """A node pool.

    Attributes:
        name: Its name.
        scopes: The OAuth scopes of its nodes.
        metadata: The mode of its metadata server, such as GKE_METADATA.
        most_nodes: How many nodes it may grow to by itself, 0 where it does not.
    """

    name: str
    scopes: tuple[str, ...]
    metadata: str
    most_nodes: int = 0


class ClusterFacts(_Facts):
    """A GKE cluster; `network` is "projects/PROJECT/global/networks/NAME", `endpoint` None where it does not run."""

    status: str
    version: str
    workload_pool: str
    network: str
    pools: tuple[PoolFacts, ...]
    endpoint: EndpointFacts | None = None


class RoomFacts(_Facts):
    """What the nodes of a cluster have over for more pods; `nodes` counts them by the name of their pool."""

    millicores: int
    mebibytes: int
    nodes: Mapping[str, int]


class InstallationFacts(_Facts):
    """What a cluster holds of Kubeflow Pipelines.

    Attributes:
        has_namespace: Whether the wanted namespace is there.
        is_ours: Whether this environment has made it.
        owners: The environments that this tool has installed it for, by namespaces; empty where one does not say so.
        definitions: Custom resource definitions of the release's names that this tool has not made.
    """

    has_namespace: bool = False
    is_ours: bool = False
    owners: Mapping[str, str] = {}
    definitions: tuple[str, ...] = ()


class DatabaseFacts(_Facts):
    """A Cloud SQL instance; `network` is "projects/PROJECT/global/networks/NAME" where it has a private address.

    `has_our_user` where the environment's password is of this instance: its user is ours, and so is what that has made;
    None where nobody can tell.
    """

    state: str
    version: str
    region: str
    flags: Mapping[str, str]
    network: str
    has_public_address: bool
    databases: tuple[str, ...]
    users: tuple[str, ...]
    has_our_user: bool | None = False


class BucketFacts(_Facts):
    """A bucket; `locations` are the regions of a dual-region."""

    location: str
    kind: str
    locations: tuple[str, ...]
    is_uniform: bool


class ExistingFacts(_Facts):
    """All that was read.

    Attributes:
        room: What the cluster's nodes have over.
        missing: What is not there, as far as it was asked for.
        made: The names of all that the environment's own state holds.
        unreadable: Why something could not be read, by what it is: then nothing more can be said of it.
    """

    network: NetworkFacts | None = None
    cluster: ClusterFacts | None = None
    installation: InstallationFacts | None = None
    room: RoomFacts | None = None
    database: DatabaseFacts | None = None
    artifact_store: BucketFacts | None = None
    missing: frozenset[Kind] = frozenset()
    made: frozenset[str] = frozenset()
    unreadable: tuple[Finding, ...] = ()
