"""Whether what exists fits the environment: all findings at once, each with the command that puts it right.

Pure: what was read is in `existing_facts`, what must be so in `existing_requirements`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from environment import existing_requirements as rules
from environment.apply_set import PIPELINES, ApplySet
from environment.destruction import made_here
from environment.endpoint import endpoint_findings
from environment.existing_facts import BucketFacts, ClusterFacts, DatabaseFacts, ExistingFacts, NetworkFacts
from environment.existing_parts import Kind
from environment.findings import Finding
from environment.spec import Environment

UNSEEN_API, UNSEEN_PERMISSION = "api", "permission"
"""The checks of what could not be read at all."""
SECRETS_API = "secretmanager.googleapis.com"
_CONTINENTS = {"US": ("us-",), "EU": ("europe-",), "ASIA": ("asia-",)}
"""Which regions a multi-region holds: https://cloud.google.com/storage/docs/locations."""
_LOOKED_UP = (rules.NETWORK, rules.SUBNETWORK, rules.CLUSTER, rules.WORKLOAD_IDENTITY, rules.DATABASE, rules.BUCKET)
_STOPS_PLAN = frozenset({UNSEEN_API, UNSEEN_PERMISSION, *(rule.check for rule in _LOOKED_UP)})


def existing_findings(environment: Environment, facts: ExistingFacts) -> tuple[Finding, ...]:
    """Return what does not fit, in a stable order."""
    return (
        *facts.unreadable,
        *made_here(environment, facts.made),
        *_missing(environment, facts),
        *(_of_network(environment, facts, facts.network) if facts.network else ()),
        *(_of_cluster(environment, facts.cluster) if facts.cluster else ()),
        *_of_installation(environment, facts),
        *_of_room(environment, facts),
        *(_of_database(environment, facts, facts.database) if facts.database else ()),
        *(_of_bucket(environment, facts.artifact_store) if facts.artifact_store else ()),
    )


def stops_plan(finding: Finding) -> bool:
    """Tell whether a finding leaves nothing to plan with: what Terraform looks up is not there."""
    return finding.check in _STOPS_PLAN


def subject_of(environment: Environment, kind: Kind) -> str:
    """Return how findings name what exists of a kind."""
    if kind == "network":
        return f"network {environment.network_name} of project {environment.network_project}"
    if kind == "cluster":
        return f"cluster {environment.cluster_name} in {environment.location}"
    return f"database {environment.database_name('')}" if kind == "database" else f"bucket {environment.bucket_name}"


def _names(environment: Environment) -> dict[str, object]:
    network = environment.network.existing
    return {
        "bucket": environment.bucket_name,
        "cluster": environment.cluster_name,
        "instance": environment.database_name(""),
        "location": environment.location,
        "network": environment.network_name,
        "project": environment.project_id,
        "region": environment.region,
        "service_project": environment.project_id,
        "subnetwork": network.subnetwork if network else environment.names.subnetwork,
    }


def _missing(environment: Environment, facts: ExistingFacts) -> Iterator[Finding]:
    for kind, rule in (
        ("network", rules.NETWORK),
        ("cluster", rules.CLUSTER),
        ("database", rules.DATABASE),
        ("artifact_store", rules.BUCKET),
    ):
        if kind in facts.missing:
            names = _names(environment) | _host(environment, rule.kind)
            yield rule.finding(subject_of(environment, rule.kind), "it is not there", **names)


def _host(environment: Environment, kind: Kind) -> dict[str, object]:
    """Return in which project a network is changed, which may not be the environment's."""
    return {"project": environment.network_project} if kind == "network" else {}


def _of_network(environment: Environment, facts: ExistingFacts, found: NetworkFacts) -> Iterator[Finding]:
    wanted = environment.network.existing
    assert wanted is not None
    subject, names = subject_of(environment, "network"), _names(environment) | _host(environment, "network")
    if found.host != "" and found.host != environment.network_project:
        problem = f"it is in another project, and {environment.project_id} is not a service project of that one"
        yield rules.SHARED_VPC.finding(subject, problem, **names)
    if found.subnetwork is None:
        problem = f"it has no subnetwork {wanted.subnetwork} in {environment.region}"
        yield rules.SUBNETWORK.finding(subject, problem, **names)
    else:
        if not environment.cluster.existing:
            yield from _ranges(environment, found, has_cluster=environment.names.cluster in facts.made)
        if not found.subnetwork.has_private_google_access:
            problem = f"Private Google Access is off in its subnetwork {wanted.subnetwork}"
            yield rules.PRIVATE_GOOGLE_ACCESS.finding(subject, problem, **names)
    if not environment.database.existing:
        yield from _private_services(environment, found)


def _ranges(environment: Environment, found: NetworkFacts, *, has_cluster: bool) -> Iterator[Finding]:
    """Yield what a cluster that is made misses; one that is there has its range, in a subnetwork that GKE has made."""
    wanted, subnetwork = environment.network.existing, found.subnetwork
    assert wanted is not None
    assert subnetwork is not None
    subject, names = subject_of(environment, "network"), _names(environment) | _host(environment, "network")
    nodes, primary = environment.most_nodes, ipaddress.IPv4Network(subnetwork.primary)
    room = max(0, primary.num_addresses - rules.RESERVED_ADDRESSES)
    if room < nodes:
        needed = 32 - (nodes + rules.RESERVED_ADDRESSES - 1).bit_length()
        problem = f"{primary} of {wanted.subnetwork} holds {room} nodes, cluster.max_nodes asks for {nodes}"
        yield rules.NODE_RANGE.finding(subject, problem, prefix_length=needed, **names)
    for field, name in (("pods_range", wanted.pods_range), ("services_range", wanted.services_range)):
        if name not in subnetwork.secondary:
            problem = f"its subnetwork {wanted.subnetwork} has no secondary range {name}"
            yield rules.SECONDARY_RANGES.finding(subject, problem, range=name, **names)
            continue
        block = ipaddress.IPv4Network(subnetwork.secondary[name])
        if problem := _too_small(field, block, nodes):
            yield rules.RANGE_SIZES.finding(subject, f"its range {name} is {block}: {problem}", field=field, **names)
    master = ipaddress.IPv4Network(environment.network.master_cidr)
    overlapping = [one for one in found.taken if ipaddress.IPv4Network(one).overlaps(master)]
    if overlapping and environment.network.private_cluster and not has_cluster:
        problem = f"its range {overlapping[0]} overlaps network.master_cidr {master}"
        yield rules.CONTROL_PLANE_RANGE.finding(subject, problem, **names)


def _too_small(field: str, block: ipaddress.IPv4Network, nodes: int) -> str:
    if field == "services_range":
        smallest = rules.SMALLEST_SERVICE_RANGE
        return f"GKE needs a /{smallest} or larger for Services" if block.prefixlen > smallest else ""
    smallest = rules.SMALLEST_POD_RANGE
    if block.prefixlen > smallest:
        return f"GKE needs a /{smallest} or larger for pods"
    holds = 2 ** (rules.POD_RANGE_OF_A_NODE - block.prefixlen)
    return f"it holds the pods of {holds} nodes, cluster.max_nodes asks for {nodes}" if holds < nodes else ""


def _private_services(environment: Environment, found: NetworkFacts) -> Iterator[Finding]:
    subject, names = subject_of(environment, "network"), _names(environment) | _host(environment, "network")
    if found.private_services is None:
        yield rules.PRIVATE_SERVICES.finding(subject, "it has no private services access", **names)
        return
    largest = min((ipaddress.IPv4Network(one).prefixlen for one in found.private_services), default=32)
    if largest > rules.SMALLEST_PRIVATE_SERVICES:
        said = ", ".join(found.private_services) or "nothing"
        problem = f"its private services have {said}, Cloud SQL needs a /{rules.SMALLEST_PRIVATE_SERVICES} or larger"
        yield rules.PRIVATE_SERVICES_RANGE.finding(subject, problem, **names)


def _of_cluster(environment: Environment, found: ClusterFacts) -> Iterator[Finding]:
    subject, names = subject_of(environment, "cluster"), _names(environment)
    if found.status not in ("RUNNING", "RECONCILING"):
        yield rules.CLUSTER_RUNNING.finding(subject, f"it is {found.status}", **names)
    if found.endpoint:
        yield from endpoint_findings(environment, subject, found.endpoint)
    if environment.network.existing and found.network != _network_path(environment):
        problem = f"it is in {found.network}, not in {_network_path(environment)}"
        yield rules.CLUSTER_NETWORK.finding(subject, problem, actual=found.network, **names)
    release = environment.pipelines.version
    oldest = rules.OLDEST_KUBERNETES[release]
    if _release_of(found.version) < oldest:
        problem = f"it runs {found.version}, Kubeflow Pipelines {release} needs {oldest[0]}.{oldest[1]} or later"
        yield rules.KUBERNETES.finding(subject, problem, **names)
    pool = f"{environment.project_id}.svc.id.goog"
    if found.workload_pool != pool:
        said = f"its pool is {found.workload_pool}" if found.workload_pool else "Workload Identity is off"
        yield rules.WORKLOAD_IDENTITY.finding(subject, f"{said}, it must be {pool}", **names)
    for one in found.pools:
        if one.metadata != rules.METADATA:
            problem = f"the nodes of its pool {one.name} do not have GKE's metadata server"
            yield rules.NODE_METADATA.finding(subject, problem, pool=one.name, **names)
        if rules.SCOPE not in one.scopes:
            problem = f"the nodes of its pool {one.name} lack the scope cloud-platform"
            yield rules.NODE_SCOPES.finding(subject, problem, pool=one.name, **names)


def _of_installation(environment: Environment, facts: ExistingFacts) -> Iterator[Finding]:
    found = facts.installation
    if found is None:
        return
    subject, names = subject_of(environment, "cluster"), _names(environment)
    namespace = environment.pipelines.namespace
    if others := [name for name, owner in found.owners.items() if owner != environment.owner]:
        whose = found.owners[others[0]]
        problem = f"Kubeflow Pipelines in its namespace {others[0]} {f'is of {whose}' if whose else 'names no owner'}"
        finding = rules.OTHER_INSTALLATION.finding(subject, problem, **names)
        claim = ApplySet(PIPELINES, others[0], "", environment.owner).claim
        yield finding if whose else finding.model_copy(update={"fix": claim})
    if found.has_namespace and not found.is_ours and namespace not in found.owners:
        yield rules.NAMESPACE.finding(subject, f"it has a namespace {namespace} that is not ours", **names)
    if found.definitions:
        defined = ", ".join(found.definitions[:3]) + (" and more" if len(found.definitions) > 3 else "")
        yield rules.OTHER_INSTALLATION.finding(subject, f"somebody else has defined {defined} in it", **names)


def _of_room(environment: Environment, facts: ExistingFacts) -> Iterator[Finding]:
    """Yield that pods would find no node; those of an installation that is there have found theirs."""
    cluster, room, installed = facts.cluster, facts.room, facts.installation
    if cluster is None or room is None or (installed and environment.pipelines.namespace in installed.owners):
        return
    release = environment.pipelines.version
    millicores, mebibytes = rules.REQUESTED[release]
    is_growing = any(room.nodes.get(one.name, 0) < one.most_nodes for one in cluster.pools)
    if is_growing or (room.millicores >= millicores and room.mebibytes >= mebibytes):
        return
    problem = (
        f"its nodes have {max(0, room.millicores)}m of processors and {max(0, room.mebibytes)} MiB over, and no pool "
        f"may grow; Kubeflow Pipelines {release} asks for {millicores}m and {mebibytes} MiB"
    )
    pool = cluster.pools[0].name if cluster.pools else "POOL"
    most = room.nodes.get(pool, 0) + 1
    yield rules.CAPACITY.finding(
        subject_of(environment, "cluster"), problem, pool=pool, most=most, **_names(environment)
    )


def _of_database(environment: Environment, facts: ExistingFacts, found: DatabaseFacts) -> Iterator[Finding]:
    subject, names = subject_of(environment, "database"), _names(environment)
    if found.state != "RUNNABLE":
        yield rules.DATABASE_RUNNING.finding(subject, f"it is {found.state}", **names)
    if not found.version.startswith(rules.MYSQL):
        problem = f"it is {found.version}, it must be {rules.MYSQL}"
        yield rules.MYSQL_VERSION.finding(subject, problem, **names)
    if found.flags.get(rules.PLUGIN_FLAG) != rules.PLUGIN:
        flags = ",".join(f"{name}={value}" for name, value in {**found.flags, rules.PLUGIN_FLAG: rules.PLUGIN}.items())
        said = found.flags.get(rules.PLUGIN_FLAG, "not set")
        problem = f"its flag {rules.PLUGIN_FLAG} is {said}, it must be {rules.PLUGIN}"
        yield rules.AUTHENTICATION_PLUGIN.finding(subject, problem, flags=flags, **names)
    yield from _address(environment, facts, found)
    ours = {name for _, name in environment.database.names}.intersection(found.databases)
    is_users = environment.database_user in found.users
    if found.has_our_user is None and (ours or is_users):
        problem = f"{SECRETS_API} is off in {environment.project_id}, which tells whether this environment has made it"
        fix = f"gcloud services enable {SECRETS_API} --project={environment.project_id}"
        yield Finding(check=UNSEEN_API, subject=subject, problem=problem, fix=fix)
    if found.has_our_user is not False:
        return
    if ours and not (environment.database.existing and environment.database.existing.reuse):
        problem = f"it holds {', '.join(sorted(ours))}, which this environment has not made"
        yield rules.DATABASE_CONTENTS.finding(subject, problem, **names)
    if is_users:
        problem = f"it has a user {environment.database_user}, which this environment has not made"
        yield rules.DATABASE_USER.finding(subject, problem, user=environment.database_user, **names)


def _address(environment: Environment, facts: ExistingFacts, found: DatabaseFacts) -> Iterator[Finding]:
    subject, names = subject_of(environment, "database"), _names(environment)
    if not environment.database.private_ip:
        if not found.has_public_address:
            problem = "it has no public address, and database.private_ip is false"
            yield rules.DATABASE_ADDRESS.finding(subject, problem, option="--assign-ip", **names)
        return
    if environment.cluster.existing and facts.cluster is None:
        return  # nobody knows its network
    network = facts.cluster.network if facts.cluster else _network_path(environment)
    if found.network != network:
        said = f"its private address is in {found.network}" if found.network else "it has no private address"
        problem = f"{said}, the cluster is in {network}"
        yield rules.DATABASE_ADDRESS.finding(subject, problem, option=f"--network={network}", **names)


def _of_bucket(environment: Environment, found: BucketFacts) -> Iterator[Finding]:
    subject, names = subject_of(environment, "artifact_store"), _names(environment)
    if not _holds(found, environment.region):
        problem = f"it is in {found.location}, the environment in {environment.region}"
        yield rules.BUCKET_LOCATION.finding(subject, problem, **names)
    if not found.is_uniform:
        yield rules.UNIFORM_ACCESS.finding(subject, "uniform bucket-level access is off", **names)


def _holds(bucket: BucketFacts, region: str) -> bool:
    if bucket.kind == "multi-region":
        return region.startswith(_CONTINENTS.get(bucket.location.upper(), ()))
    places = {bucket.location.lower(), *(one.lower() for one in bucket.locations)}
    return region in places


def _network_path(environment: Environment) -> str:
    return f"projects/{environment.network_project}/global/networks/{environment.network_name}"


def _release_of(version: str) -> tuple[int, ...]:
    """Return (1, 33) of "1.33.2-gke.1240000"; of what is no version, nothing."""
    parts = version.split(".")[:2]
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()
