"""What whoever creates and destroys an environment must be allowed to do: one table of roles, parts and permissions.

Each permission stands with the role that is to bring it; which parts of the environment need the role follows from the
spec. `docs/permissions.md` is made from this table, and `doctor` asks for exactly its permissions. The container
permissions are those of GKE's own check beside Kubernetes' RBAC, of which `container.admin` has all: the table names a
few by which that role, or one like it, is known.

Source: the "IAM permissions" of each method in the REST references of the services.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from environment.existing_parts import Kind
from environment.findings import Finding
from environment.spec import Environment

ALWAYS, NOTEBOOKS, ACCOUNT_KEYS = "always", "notebooks", "service account keys"
MOST_AT_ONCE = 100  # of projects.testIamPermissions
CHECK = "permissions"


def permissions_of(verbs: Mapping[str, str]) -> tuple[str, ...]:
    """Write out what is given by resource: {"compute.networks": "create delete"}."""
    return tuple(f"{resource}.{verb}" for resource, names in verbs.items() for verb in names.split())


@dataclass(frozen=True)
class DeployerRole:
    """A role that a deployer needs.

    Attributes:
        role: Its name.
        purpose: What it is for, in a few words.
        part: The part of the environment that needs it.
        verbs: Permissions by resource: {"compute.networks": "create delete"}.
    """

    role: str
    purpose: str
    part: str
    verbs: Mapping[str, str]

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that are needed of it."""
        return permissions_of(self.verbs)


DEPLOYER_ROLES = (
    DeployerRole(
        "roles/serviceusage.serviceUsageAdmin",
        "enable the APIs, and use the project's quota",
        ALWAYS,
        {"serviceusage.services": "enable get list use"},
    ),
    DeployerRole(
        "roles/compute.networkAdmin",
        "VPC, subnet, NAT, the range and the connection of the database; load balancers that GKE leaves",
        ALWAYS,
        {
            "compute.projects": "get",
            "compute.regions": "get",
            "compute.machineTypes": "get",
            "compute.networks": "create delete get list removePeering update updatePolicy use",
            "compute.subnetworks": "create delete get list update",
            "compute.routers": "create delete get list update",
            "compute.globalAddresses": "createInternal deleteInternal get list setLabels",
            "compute.globalOperations": "get list",
            "compute.regionOperations": "get list",
            "compute.backendServices": "delete list",
            "compute.regionBackendServices": "delete",
            "compute.forwardingRules": "delete list",
            "compute.globalForwardingRules": "delete",
            "compute.instanceGroupManagers": "list",
            "compute.targetHttpProxies": "delete list",
            "compute.targetHttpsProxies": "delete list",
            "compute.targetPools": "delete list",
            "compute.urlMaps": "delete list",
            "servicenetworking.services": "addPeering get",
            "servicenetworking.operations": "get",
        },
    ),
    DeployerRole(
        "roles/compute.securityAdmin",
        "firewall rules",
        ALWAYS,
        {"compute.firewalls": "create delete get list update"},
    ),
    DeployerRole(
        "roles/compute.loadBalancerAdmin",
        "endpoint groups that GKE leaves",
        ALWAYS,
        {"compute.networkEndpointGroups": "delete list"},
    ),
    DeployerRole(
        "roles/compute.storageAdmin",
        "disks that GKE leaves",
        ALWAYS,
        {"compute.disks": "delete list"},
    ),
    DeployerRole(
        "roles/container.admin",
        "the cluster, and all objects in it",
        ALWAYS,
        {
            "container.clusters": "create delete get list update",
            "container.operations": "get list",
            "container.clusterRoles": "bind create delete escalate get list update",
            "container.customResourceDefinitions": "create get list update",
            "container.deployments": "create delete get list update",
            "container.namespaces": "create delete get list",
            "container.secrets": "create delete get list update",
            "container.thirdPartyObjects": "create delete get list update",
        },
    ),
    DeployerRole(
        "roles/cloudsql.admin",
        "the database, its root user and backups",
        ALWAYS,
        {
            "cloudsql.instances": "create delete get list update",
            "cloudsql.users": "create delete list update",
            "cloudsql.backupRuns": "create get list",
        },
    ),
    DeployerRole(
        "roles/storage.admin",
        "the buckets of artifacts and of the state",
        ALWAYS,
        {
            "storage.buckets": "create delete get getIamPolicy list setIamPolicy update",
            "storage.objects": "create delete get list",
            "storage.anywhereCaches": "list",
        },
    ),
    DeployerRole(
        "roles/secretmanager.admin",
        "passwords and keys",
        ALWAYS,
        {
            "secretmanager.secrets": "create delete get list update",
            "secretmanager.versions": "access add disable get list",
        },
    ),
    DeployerRole(
        "roles/iam.serviceAccountAdmin",
        "the accounts of nodes and pipelines, and who may act as them",
        ALWAYS,
        {"iam.serviceAccounts": "create delete get getIamPolicy list setIamPolicy update"},
    ),
    DeployerRole(
        "roles/iam.serviceAccountUser",
        "give nodes and notebooks their accounts",
        ALWAYS,
        {"iam.serviceAccounts": "actAs"},
    ),
    DeployerRole(
        "roles/resourcemanager.projectIamAdmin",
        "the roles of those accounts",
        ALWAYS,
        {"resourcemanager.projects": "get getIamPolicy setIamPolicy"},
    ),
    DeployerRole(
        "roles/notebooks.admin",
        "the notebook",
        NOTEBOOKS,
        {"notebooks.instances": "create delete get list update", "notebooks.operations": "get"},
    ),
    DeployerRole(
        "roles/iam.serviceAccountKeyAdmin",
        "the keys of the pipelines' accounts",
        ACCOUNT_KEYS,
        {"iam.serviceAccountKeys": "create delete list"},
    ),
)

TO_DESTROY: Mapping[str, str] = {
    "cloudsql.backupRuns": "create get list",
    "cloudsql.instances": "delete",
    "compute.backendServices": "delete list",
    "compute.disks": "delete list",
    "compute.firewalls": "delete",
    "compute.forwardingRules": "delete list",
    "compute.globalAddresses": "deleteInternal",
    "compute.globalForwardingRules": "delete",
    "compute.networkEndpointGroups": "delete list",
    "compute.networks": "delete removePeering",
    "compute.regionBackendServices": "delete",
    "compute.routers": "delete",
    "compute.subnetworks": "delete",
    "compute.targetHttpProxies": "delete list",
    "compute.targetHttpsProxies": "delete list",
    "compute.targetPools": "delete list",
    "compute.urlMaps": "delete list",
    "container.clusters": "delete",
    "iam.serviceAccounts": "delete",
    "notebooks.instances": "delete",
    "secretmanager.secrets": "delete",
    "storage.buckets": "delete",
}
"""What a create does without: it takes things away only where the spec has changed, and is then told so by Google."""

SPARED: Mapping[Kind, Mapping[str, str]] = {
    "network": {
        "compute.networks": "create delete removePeering update",
        "compute.subnetworks": "create delete update",
        "compute.routers": "create delete update",
        "compute.globalAddresses": "createInternal deleteInternal setLabels",
        "servicenetworking.services": "addPeering",
    },
    "cluster": {"container.clusters": "create delete update"},
    "database": {"cloudsql.instances": "create delete update", "cloudsql.backupRuns": "create"},
    "artifact_store": {"storage.buckets": "delete"},
}
"""What nobody needs where something of a kind exists: it is neither made nor removed. Its buckets are not all: that of
the state is made."""


def deployer_roles(environment: Environment) -> tuple[DeployerRole, ...]:
    """Return the roles that this environment's deployer needs on the project."""
    parts = {ALWAYS} | ({NOTEBOOKS} if environment.components.notebooks else set())
    parts |= {ACCOUNT_KEYS} if environment.has_account_keys else set()
    return tuple(role for role in DEPLOYER_ROLES if role.part in parts)


def needed_permissions(environment: Environment) -> tuple[str, ...]:
    """Return the permissions that creating and destroying this environment needs, each once, in a stable order."""
    spared = {permission for kind in environment.existing for permission in permissions_of(SPARED[kind])}
    if environment.cluster.existing and not environment.components.notebooks:
        spared.add("iam.serviceAccounts.actAs")
    found = (permission for role in deployer_roles(environment) for permission in role.permissions)
    return tuple(one for one in dict.fromkeys(found) if one not in spared)


def permission_findings(environment: Environment, principal: str, held: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding for each role of which a permission is missing, naming all that are.

    One that only a destroy needs does not stop a create.

    Args:
        environment: The spec.
        principal: An email address, or words for who we are.
        held: The permissions that we have on the project.
    """
    needed, to_destroy = needed_permissions(environment), frozenset(permissions_of(TO_DESTROY))

    def missing_of(role: DeployerRole, missing: Collection[str]) -> Finding:
        stops_create = not to_destroy.issuperset(missing)
        for_what = "" if stops_create else ", which destroy needs"
        return Finding(
            check=CHECK,
            subject=principal,
            problem=f"lacks {', '.join(missing)} on project {environment.project_id}{for_what}",
            fix=grant_command(environment.project_id, principal, role.role),
            stops_create=stops_create,
        )

    return tuple(
        missing_of(role, missing)
        for role in deployer_roles(environment)
        if (missing := [one for one in role.permissions if one in needed and one not in held])
    )


def grant_command(project_id: str, principal: str, role: str) -> str:
    """Return the command that gives somebody a role on a project."""
    return f"gcloud projects add-iam-policy-binding {project_id} --member={member(principal)} --role={role}"


def member(principal: str) -> str:
    """Write an email address as policies do; who is not known is left for the reader to fill in."""
    if "@" not in principal:
        return "user:EMAIL"
    return f"{'serviceAccount' if principal.endswith('.gserviceaccount.com') else 'user'}:{principal}"


def batches(permissions: Iterable[str]) -> list[tuple[str, ...]]:
    """Cut into calls that the API takes."""
    names = tuple(permissions)
    return [names[start : start + MOST_AT_ONCE] for start in range(0, len(names), MOST_AT_ONCE)]
