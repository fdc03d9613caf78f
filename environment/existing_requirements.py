"""What a network, cluster, database or bucket must fulfil to be used: one requirement for each check, with its remedy.

`existing` decides by them; docs/existing-resources.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from environment.endpoint import CHECK as ENDPOINT_CHECK
from environment.existing_parts import Kind
from environment.findings import Finding

SMALLEST_NODE_RANGE, SMALLEST_POD_RANGE, SMALLEST_SERVICE_RANGE = 29, 21, 27
SMALLEST_PRIVATE_SERVICES = 24
POD_RANGE_OF_A_NODE = 24  # GKE's default of at most 110 pods a node
RESERVED_ADDRESSES = 4
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
METADATA = "GKE_METADATA"
MYSQL = "MYSQL_8_0"
PLUGIN_FLAG, PLUGIN = "default_authentication_plugin", "mysql_native_password"
OLDEST_KUBERNETES = {"2.14.4": (1, 29)}
"""The oldest that a release is tested with: https://github.com/kubeflow/pipelines/pull/11450."""
REQUESTED = {"2.14.4": (630, 2115)}
"""What the pods of a release ask for in all: thousandths of a processor, and mebibytes."""
DEFINITIONS = frozenset(
    {f"{name}.argoproj.io" for name in ("clusterworkflowtemplates", "cronworkflows", "workflowartifactgctasks")}
    | {f"{name}.argoproj.io" for name in ("workfloweventbindings", "workflows", "workflowtaskresults")}
    | {f"{name}.argoproj.io" for name in ("workflowtasksets", "workflowtemplates")}
    | {"applications.app.k8s.io", "scheduledworkflows.kubeflow.org", "viewers.kubeflow.org"}
)
"""What the release defines: kinds that a second installation would share, with all their objects."""


@dataclass(frozen=True)
class Requirement:
    """One thing that must be so.

    Attributes:
        check: The fixed word of its finding.
        kind: Of what.
        needs: What must be so, in one line of Markdown.
        fix: The command that makes it so, with names in braces that a finding fills in.
        when: Where it is not always asked for: what makes it matter.
    """

    check: str
    kind: Kind
    needs: str
    fix: str
    when: str = ""

    def finding(self, subject: str, problem: str, **names: object) -> Finding:
        """Return the finding that it is not so."""
        return Finding(check=self.check, subject=subject, problem=problem, fix=self.fix.format(**names))


NETWORK = Requirement(
    "network",
    "network",
    "The VPC is there",
    "gcloud compute networks list --project={project}",
)
SHARED_VPC = Requirement(
    "shared-vpc",
    "network",
    "The environment's project is attached to the VPC's project as a service project",
    "gcloud compute shared-vpc associated-projects add {service_project} --host-project={project}",
    "the VPC is in another project",
)
SUBNETWORK = Requirement(
    "subnetwork",
    "network",
    "The subnetwork is in the VPC and in the environment's region",
    "gcloud compute networks subnets list --network={network} --regions={region} --project={project}",
)
NODE_RANGE = Requirement(
    "node-range",
    "network",
    "The subnetwork's own range holds the nodes that `cluster.max_nodes` allows in all zones, and four addresses more",
    "gcloud compute networks subnets expand-ip-range {subnetwork} --prefix-length={prefix_length} --region={region} "
    "--project={project}",
    "a cluster is made",
)
SECONDARY_RANGES = Requirement(
    "secondary-ranges",
    "network",
    "The subnetwork has the secondary ranges `pods_range` and `services_range`",
    "gcloud compute networks subnets update {subnetwork} --add-secondary-ranges={range}=CIDR --region={region} "
    "--project={project}",
    "a cluster is made",
)
RANGE_SIZES = Requirement(
    "range-sizes",
    "network",
    f"The range of pods is a /{SMALLEST_POD_RANGE} or larger and has a /{POD_RANGE_OF_A_NODE} for each node; "
    f"that of Services is a /{SMALLEST_SERVICE_RANGE} or larger",
    "gcloud compute networks subnets update {subnetwork} --add-secondary-ranges=NAME=CIDR --region={region} "
    "--project={project}, then set network.existing.{field} to that NAME",
    "a cluster is made",
)
CONTROL_PLANE_RANGE = Requirement(
    "control-plane-range",
    "network",
    "No subnetwork of the VPC overlaps `network.master_cidr`",
    "set network.master_cidr to a /28 that is free in {network}",
    "a cluster with private nodes is made",
)
PRIVATE_GOOGLE_ACCESS = Requirement(
    "private-google-access",
    "network",
    "Private Google Access is on in the subnetwork",
    "gcloud compute networks subnets update {subnetwork} --enable-private-ip-google-access --region={region} "
    "--project={project}",
)
PRIVATE_SERVICES = Requirement(
    "private-services",
    "network",
    "Private services access connects the VPC with Google's services",
    "gcloud compute addresses create google-services --global --purpose=VPC_PEERING --prefix-length=20 "
    "--network={network} --project={project} && gcloud services vpc-peerings connect "
    "--service=servicenetworking.googleapis.com --ranges=google-services --network={network} --project={project}",
    "a database is made",
)
PRIVATE_SERVICES_RANGE = Requirement(
    "private-services-range",
    "network",
    f"One of the ranges for private services access is a /{SMALLEST_PRIVATE_SERVICES} or larger",
    "gcloud compute addresses create google-services --global --purpose=VPC_PEERING --prefix-length=20 "
    "--network={network} --project={project} && gcloud services vpc-peerings update --force "
    "--service=servicenetworking.googleapis.com --ranges=google-services --network={network} --project={project}",
    "a database is made",
)
CLUSTER = Requirement(
    "cluster",
    "cluster",
    "The cluster is there",
    "gcloud container clusters list --project={project}",
)
CLUSTER_RUNNING = Requirement(
    "cluster-running",
    "cluster",
    "The cluster runs",
    "gcloud container clusters describe {cluster} --location={location} --project={project}",
)
CLUSTER_ENDPOINT = Requirement(
    ENDPOINT_CHECK,
    "cluster",
    "Its endpoint answers from where `mlops-env` runs: it is not private, and this machine is in its authorized "
    "networks; or it runs inside the VPC",
    "gcloud container clusters update {cluster} --enable-master-authorized-networks "
    "--master-authorized-networks=THOSE_THAT_THERE_ARE,ADDRESS/32 --location={location} --project={project}",
)
CLUSTER_NETWORK = Requirement(
    "cluster-network",
    "cluster",
    "The cluster is in the VPC of the environment",
    "set network.existing to the cluster's network, {actual}",
    "`network.existing` is set too",
)
KUBERNETES = Requirement(
    "kubernetes-version",
    "cluster",
    "Kubernetes is "
    + ", ".join(f"{major}.{minor} or later for {release}" for release, (major, minor) in OLDEST_KUBERNETES.items()),
    "gcloud container clusters upgrade {cluster} --master --location={location} --project={project}",
)
WORKLOAD_IDENTITY = Requirement(
    "workload-identity",
    "cluster",
    "Workload Identity is on, with the project's pool",
    "gcloud container clusters update {cluster} --workload-pool={project}.svc.id.goog --location={location} "
    "--project={project}",
)
NODE_METADATA = Requirement(
    "node-metadata",
    "cluster",
    "Every node pool has GKE's metadata server, through which Workload Identity works",
    "gcloud container node-pools update {pool} --cluster={cluster} --workload-metadata=GKE_METADATA "
    "--location={location} --project={project}",
)
NODE_SCOPES = Requirement(
    "node-scopes",
    "cluster",
    "Every node pool has the scope `cloud-platform`; scopes of a pool cannot change",
    "gcloud container node-pools create NAME --cluster={cluster} --scopes=cloud-platform "
    "--workload-metadata=GKE_METADATA --location={location} --project={project}, then delete {pool}",
)
CAPACITY = Requirement(
    "capacity",
    "cluster",
    "Its nodes have over what Kubeflow Pipelines asks for, "
    + ", ".join(f"{cpu}m of processors and {memory} MiB for {release}" for release, (cpu, memory) in REQUESTED.items())
    + "; or a node pool may still grow. Steps of pipelines need room beside it",
    "gcloud container clusters update {cluster} --enable-autoscaling --node-pool={pool} "
    "--total-max-nodes={most} --location={location} --project={project}",
    "Kubeflow Pipelines is not in it yet",
)
NAMESPACE = Requirement(
    "namespace",
    "cluster",
    "The namespace is not there, or this environment has made it",
    "set pipelines.namespace to a name that is free in {cluster}",
)
OTHER_INSTALLATION = Requirement(
    "other-installation",
    "cluster",
    "No other Kubeflow Pipelines is in the cluster: its custom resource definitions are nobody else's",
    "use a cluster without Kubeflow Pipelines and Argo Workflows, or remove what is there",
)
DATABASE = Requirement(
    "database",
    "database",
    "The instance is there",
    "gcloud sql instances list --project={project}",
)
DATABASE_RUNNING = Requirement(
    "database-running",
    "database",
    "The instance runs",
    "gcloud sql instances patch {instance} --activation-policy=ALWAYS --project={project}",
)
MYSQL_VERSION = Requirement(
    "mysql-version",
    "database",
    "The instance is MySQL 8.0, the last that has the authentication plugin of the metadata service switched on",
    "gcloud sql instances create NAME --database-version=MYSQL_8_0 --region={region} --project={project}, "
    "then set database.existing.instance to that NAME",
)
AUTHENTICATION_PLUGIN = Requirement(
    "authentication-plugin",
    "database",
    f"The flag `{PLUGIN_FLAG}` is `{PLUGIN}`: the metadata service logs in with no other",
    "gcloud sql instances patch {instance} --database-flags={flags} --project={project}",
)
DATABASE_ADDRESS = Requirement(
    "database-address",
    "database",
    "The instance has a private address in the cluster's network; with `database.private_ip: false`, a public one",
    "gcloud sql instances patch {instance} {option} --project={project}",
)
DATABASE_CONTENTS = Requirement(
    "database-contents",
    "database",
    "It has no databases of another Kubeflow Pipelines, unless `database.existing.reuse` takes them over",
    "set database.existing.reuse to true to go on with what they hold, or use another instance",
)
DATABASE_USER = Requirement(
    "database-user",
    "database",
    "It has no user `NAME_PREFIX-pipelines` that is somebody else's",
    "set name_prefix to another one, or remove it: "
    "gcloud sql users delete {user} --host=% --instance={instance} --project={project}",
)
BUCKET = Requirement(
    "bucket",
    "artifact_store",
    "The bucket is there",
    "gcloud storage buckets create gs://{bucket} --location={region} --uniform-bucket-level-access --project={project}",
)
BUCKET_LOCATION = Requirement(
    "bucket-location",
    "artifact_store",
    "The bucket is in the environment's region, or in a dual-region or multi-region that holds it; it cannot move",
    "gcloud storage buckets create gs://NAME --location={region} --uniform-bucket-level-access --project={project}, "
    "then set artifact_store.existing.bucket to that NAME",
)
UNIFORM_ACCESS = Requirement(
    "uniform-access",
    "artifact_store",
    "Uniform bucket-level access is on: the accounts get roles on the bucket, and no access lists",
    "gcloud storage buckets update gs://{bucket} --uniform-bucket-level-access",
)
REQUIREMENTS = (
    *(NETWORK, SHARED_VPC, SUBNETWORK, NODE_RANGE, SECONDARY_RANGES, RANGE_SIZES, CONTROL_PLANE_RANGE),
    *(PRIVATE_GOOGLE_ACCESS, PRIVATE_SERVICES, PRIVATE_SERVICES_RANGE),
    *(
        CLUSTER,
        CLUSTER_RUNNING,
        CLUSTER_ENDPOINT,
        CLUSTER_NETWORK,
        KUBERNETES,
        WORKLOAD_IDENTITY,
        NODE_METADATA,
        NODE_SCOPES,
    ),
    *(NAMESPACE, OTHER_INSTALLATION, CAPACITY),
    *(DATABASE, DATABASE_RUNNING, MYSQL_VERSION, AUTHENTICATION_PLUGIN, DATABASE_ADDRESS),
    *(DATABASE_CONTENTS, DATABASE_USER),
    *(BUCKET, BUCKET_LOCATION, UNIFORM_ACCESS),
)
