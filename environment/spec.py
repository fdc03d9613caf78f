"""The environment spec: the model of `deployments/*.yaml`. Reading a file and its errors are in `spec_file`."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from itertools import combinations
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from environment.databases import DatabaseNames
from environment.existing_parts import (
    KINDS,
    ExistingArtifactStore,
    ExistingCluster,
    ExistingDatabase,
    ExistingNetwork,
    Kind,
    check_given,
    existing_defaults,
)
from environment.ignored_drift import IgnoredDrift
from environment.names import ROOT_USER, Names
from environment.roles import Role, Size, merged, role_defaults
from environment.services import wanted_services

ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
NamePrefix = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$")]
Region = Annotated[str, Field(description="A Google Cloud region, such as us-central1")]
ServiceAccount = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com$"
    ),
]
BlockName = Annotated[str, StringConstraints(pattern=r"^block:[a-z0-9-]+$")]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,63}$")]
Identity = Literal["workload_identity", "service_account_key"]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]

SUPPORTED_PIPELINES = ("2.14.4",)
# Terraform's gcs backend cleans paths: what it would change is refused here.
_FOLDER = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"
_SMALLEST = {
    "subnet_cidr": (29, "a subnet"),
    "pods_cidr": (21, "GKE"),
    "services_cidr": (27, "GKE"),
    "private_services_cidr": (24, "Cloud SQL"),
}
_POD_RANGE_OF_A_NODE = 24  # GKE's default of at most 110 pods a node
_ZONES_OF_A_REGION = 3
_RESERVED_ADDRESSES = 4
_REGION = re.compile(r"^[a-z]+-[a-z]+[0-9]+$")
_ZONE = re.compile(r"^([a-z]+-[a-z]+[0-9]+)-[a-z]$")


def _cidr(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError as error:
        raise ValueError(f"'{text}' is no IPv4 range in CIDR notation, such as 10.10.0.0/20 ({error})") from None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class State(_Part):
    """Where Terraform's state and our own bookkeeping live."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, StringConstraints(pattern=_FOLDER)] = "mlops-env"


class Components(_Part):
    """The optional parts of the environment: they decide APIs, roles, folders and instances."""

    notebooks: bool
    training: bool
    prediction: bool
    dataflow: bool

    def enabled(self) -> tuple[str, ...]:
        """List the components that are on."""
        return tuple(name for name, is_on in self if is_on)


class Pipelines(_Part):
    """The Kubeflow Pipelines release, its Kubernetes namespace, and how long its workloads may take to be ready."""

    version: str
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    # Beyond ten minutes, after which a Deployment itself gives up and says why: the default is fifteen.
    rollout_timeout_seconds: Annotated[int, Field(ge=1, le=7200)]

    @field_validator("version")
    @classmethod
    def _is_supported(cls, version: str) -> str:
        if version not in SUPPORTED_PIPELINES:
            raise ValueError(
                f"Kubeflow Pipelines {version} is not supported: use {' or '.join(SUPPORTED_PIPELINES)}, "
                "the last release whose env/gcp overlay is whole"
            )
        return version


class Network(_Part):
    """The VPC's address ranges, all in CIDR notation; they must not overlap. Or somebody's VPC, with its own ranges."""

    existing: ExistingNetwork | None = None
    subnet_cidr: str
    pods_cidr: str
    services_cidr: str
    master_cidr: str
    private_services_cidr: str
    private_cluster: bool

    @field_validator("subnet_cidr", "pods_cidr", "services_cidr", "master_cidr", "private_services_cidr")
    @classmethod
    def _is_cidr(cls, cidr: str) -> str:
        return _cidr(cidr)

    @model_validator(mode="after")
    def _have_their_sizes(self) -> Network:
        ranges = {name: ipaddress.IPv4Network(cidr) for name, cidr in self if name.endswith("_cidr")}
        if ranges["master_cidr"].prefixlen != 28:
            raise ValueError(f"master_cidr {ranges['master_cidr']} must be a /28: GKE takes no other size")
        for name, (longest, user) in _SMALLEST.items():
            if ranges[name].prefixlen > longest:
                raise ValueError(f"{name} {ranges[name]} is too small: {user} needs a /{longest} or larger")
        return self


class Cluster(_Part):
    """The GKE cluster; node counts are per zone. Or somebody's cluster, which keeps its nodes."""

    existing: ExistingCluster | None = None
    machine_type: str
    min_nodes: Annotated[int, Field(ge=0, le=1000)]
    max_nodes: Annotated[int, Field(ge=1, le=1000)]
    disk_size_gib: Annotated[int, Field(ge=10, le=65536)]
    release_channel: Literal["RAPID", "REGULAR", "STABLE"]
    authorized_networks: tuple[str, ...]
    deletion_protection: bool

    @field_validator("authorized_networks")
    @classmethod
    def _are_cidrs(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_cidr(network) for network in networks)

    @model_validator(mode="after")
    def _counts_fit(self) -> Cluster:
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"min_nodes {self.min_nodes} is larger than max_nodes {self.max_nodes}")
        return self


class Database(_Part):
    """Cloud SQL for MySQL. Or somebody's instance, in which only the databases and the user are ours.

    `private_ip` says by which address Kubeflow Pipelines reaches it, and of a new one that it has no other. `names` are
    those of the databases in it.
    """

    existing: ExistingDatabase | None = None
    names: DatabaseNames
    tier: Annotated[str, StringConstraints(pattern=r"^db-[a-z0-9-]+$")]
    private_ip: bool
    highly_available: bool
    backups: bool
    point_in_time_recovery: bool
    deletion_protection: bool

    @model_validator(mode="after")
    def _backups_fit(self) -> Database:
        if (self.highly_available or self.point_in_time_recovery) and not self.backups:
            raise ValueError("high availability and point-in-time recovery need backups: set backups to true")
        return self


class ArtifactStore(_Part):
    """The artifact bucket. Or somebody's bucket, in which only the objects are ours."""

    existing: ExistingArtifactStore | None = None
    location: str


class Notebook(_Part):
    """The Workbench instance, made when components.notebooks is on."""

    machine_type: str


class Approval(_Part):
    """Whether changes wait for a person who looks at their plan, and how long a plan is good for."""

    required: bool
    # Counts from when the plan was made. An hour: long enough to be found, short enough that the world is the same.
    expires_after_seconds: Annotated[int, Field(ge=1, le=7 * 24 * 3600)]


class DriftRules(_Part):
    """What drift detection leaves out, besides what Google itself writes."""

    ignore: tuple[IgnoredDrift, ...] = ()


class Environment(_Part):
    """One environment, complete: all that the spec left out has been filled in from its role."""

    name: EnvironmentName
    cloud: Literal["google", "sandbox"] = "google"
    role: Role
    size: Size = "standard"
    project_id: ProjectId
    region: Region
    zone: str | None = None
    name_prefix: NamePrefix
    state: State
    components: Components
    pipelines: Pipelines
    network: Network
    cluster: Cluster
    database: Database
    artifact_store: ArtifactStore
    notebook: Notebook
    identity: Identity
    credentials: BlockName | None = None
    impersonate: ServiceAccount | None = None
    labels: dict[LabelKey, Label]
    approval: Approval
    drift: DriftRules = DriftRules()

    @model_validator(mode="before")
    @classmethod
    def _fill_from_role(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("role") not in ("dev", "staging", "prod"):
            return given
        size = given.get("size", "standard")
        defaults = role_defaults(given["role"], size if size in get_args(Size) else "standard")
        defaults["artifact_store"] = {"location": given.get("region")}
        check_given(given)
        return merged(merged(defaults, existing_defaults(given)), given)

    @field_validator("region")
    @classmethod
    def _is_region(cls, region: str) -> str:
        if zone := _ZONE.match(region):
            raise ValueError(f"'{region}' is a zone: use region: {zone[1]} and zone: {region}")
        if not _REGION.match(region):
            raise ValueError(f"'{region}' is no region: use one such as us-central1")
        return region

    @model_validator(mode="after")
    def _zone_is_in_region(self) -> Environment:
        if self.zone is None:
            return self
        zone = _ZONE.match(self.zone)
        if zone is None:
            raise ValueError(f"zone '{self.zone}' is no zone: use one such as {self.region}-a, or leave it out")
        if zone[1] != self.region:
            raise ValueError(f"zone '{self.zone}' is not in region {self.region}: use {self.region}-a")
        return self

    @model_validator(mode="after")
    def _trial_is_in_a_zone(self) -> Environment:
        if self.size == "trial" and self.zone is None:
            raise ValueError(
                f"size: trial needs a zone, such as {self.region}-b: a regional cluster has three times the nodes"
            )
        return self

    @model_validator(mode="after")
    def _ranges_do_not_overlap(self) -> Environment:
        """Compare those that are made: a cluster has its control plane's, a network all others."""
        ranges = {
            name: ipaddress.IPv4Network(cidr)
            for name, cidr in self.network
            if name.endswith("_cidr")
            and not (self.cluster.existing if name == "master_cidr" else self.network.existing)
        }
        for (one, first), (other, second) in combinations(ranges.items(), 2):
            if first.overlaps(second):
                raise ValueError(f"network.{one} {first} and {other} {second} overlap: give one of them another range")
        return self

    @model_validator(mode="after")
    def _ranges_hold_the_nodes(self) -> Environment:
        if self.network.existing or self.cluster.existing:
            return self  # what is there is looked at, before any change
        nodes = self.most_nodes
        subnet, pods = ipaddress.IPv4Network(self.network.subnet_cidr), ipaddress.IPv4Network(self.network.pods_cidr)
        room = {
            f"network.subnet_cidr {subnet}": subnet.num_addresses - _RESERVED_ADDRESSES,
            f"network.pods_cidr {pods}": 2 ** (_POD_RANGE_OF_A_NODE - pods.prefixlen),
        }
        for name, holds in room.items():
            if holds < nodes:
                raise ValueError(
                    f"{name} holds {holds} nodes, cluster.max_nodes asks for {nodes}: widen it, or lower max_nodes"
                )
        return self

    @model_validator(mode="after")
    def _prod_has_no_keys(self) -> Environment:
        if self.role == "prod" and self.has_account_keys:
            raise ValueError(
                "identity service_account_key is refused in prod: a key is valid wherever it gets to; "
                "use workload_identity"
            )
        return self

    @model_validator(mode="after")
    def _cluster_is_in_region(self) -> Environment:
        cluster = self.cluster.existing
        if cluster and cluster.location != self.region and not cluster.location.startswith(f"{self.region}-"):
            raise ValueError(
                f"cluster.existing.location: '{cluster.location}' is not in region {self.region}: "
                "set region to the cluster's"
            )
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Environment:
        if problems := self.names.problems():
            raise ValueError(
                f"name_prefix '{self.name_prefix}' is too long: {problems[0]}; "
                f"use at most {self.names.longest_prefix} characters"
            )
        return self

    @property
    def names(self) -> Names:
        """The names that follow from project and prefix."""
        return Names(self.project_id, self.name_prefix)

    @property
    def resource_labels(self) -> dict[str, str]:
        """What everything that takes labels gets; terraform/main.tf has the same."""
        return {"environment": self.name, "managed-by": "mlops-env", "role": self.role, **self.labels}

    @property
    def has_account_keys(self) -> bool:
        """Whether pods act by keys of service accounts, as the reference has it, instead of by Workload Identity."""
        return self.identity == "service_account_key"

    @property
    def location(self) -> str:
        """The cluster's location: the zone, or the region of a regional cluster."""
        return self.cluster.existing.location if self.cluster.existing else self.zone or self.region

    @property
    def existing(self) -> frozenset[Kind]:
        """What is somebody else's: made before us, read, and never changed or removed."""
        parts = {
            "network": self.network.existing,
            "cluster": self.cluster.existing,
            "database": self.database.existing,
            "artifact_store": self.artifact_store.existing,
        }
        return frozenset(kind for kind in KINDS if parts[kind])

    @property
    def owner(self) -> str:
        """How what is installed in a cluster names this environment: its name alone says nothing elsewhere."""
        return f"{self.name} of {self.project_id}"

    @property
    def network_name(self) -> str:
        """The VPC that all is in, ours or not."""
        return self.network.existing.network if self.network.existing else self.names.network

    @property
    def network_project(self) -> str:
        """The project of the VPC: another one where it is shared."""
        return (self.network.existing and self.network.existing.project) or self.project_id

    @property
    def cluster_name(self) -> str:
        """The cluster that Kubeflow Pipelines runs on, ours or not."""
        return self.cluster.existing.name if self.cluster.existing else self.names.cluster

    @property
    def bucket_name(self) -> str:
        """The bucket of the artifacts, ours or not."""
        return self.artifact_store.existing.bucket if self.artifact_store.existing else self.names.bucket

    @property
    def database_user(self) -> str:
        """The MySQL user of Kubeflow Pipelines: in somebody's instance one of our own, whose root is not ours."""
        return self.names.database_user if self.database.existing else ROOT_USER

    def database_name(self, suffix: str) -> str:
        """Return the Cloud SQL instance, ours or not."""
        return self.database.existing.instance if self.database.existing else self.names.database(suffix)

    @property
    def most_nodes(self) -> int:
        """How many nodes a cluster of ours may have in all its zones."""
        return self.cluster.max_nodes * self.zone_count

    @property
    def notebook_zone(self) -> str:
        """Where the notebook is: as terraform/main.tf has it, every region has a zone b."""
        return self.zone or f"{self.region}-b"

    @property
    def zone_count(self) -> int:
        """In how many zones a cluster of ours has nodes: counts of nodes are for each."""
        return 1 if self.zone else _ZONES_OF_A_REGION

    @property
    def services(self) -> tuple[str, ...]:
        """The Cloud APIs that this environment needs."""
        return wanted_services(self.components.enabled())

    @property
    def state_prefix(self) -> str:
        """The folder of the state bucket that is this environment's own."""
        return f"{self.state.prefix}/{self.name}"

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is allowed and still deserves a second thought, a line each."""
        if self.role == "prod" and not self.cluster.authorized_networks and not self.cluster.existing:
            return (
                f"Anyone with credentials can reach the endpoint of {self.names.cluster} from any address: "
                "cluster.authorized_networks can name who may",
            )
        return ()

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what create makes."""
        return hashlib.sha256(
            self.model_dump_json(exclude={"drift", "approval", "credentials", "impersonate", "size"}).encode()
        ).hexdigest()
