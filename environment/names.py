"""Names that follow from `name_prefix` and `project_id`, in one place, with the limits that Google sets on each.

Terraform derives the same names from the same prefix (terraform/modules/*/); a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CLUSTER_LIMIT = 40  # https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
BUCKET_LIMIT = 63  # https://cloud.google.com/storage/docs/buckets#naming
SERVICE_ACCOUNT_LIMIT = 30  # https://cloud.google.com/iam/docs/service-accounts-create
DATABASE_LIMIT = 98  # project id and instance id together: https://cloud.google.com/sql/docs/mysql/instance-settings
SUFFIX_LENGTH = 6
ROOT_USER = "root"
PEERING = "servicenetworking-googleapis-com"  # of a network with Google's services, on the network's side
UNKNOWN_SUFFIX = "0" * SUFFIX_LENGTH  # of a database that is yet to be made: only its first create draws a suffix


@dataclass(frozen=True)
class Names:
    """Every derived name of one environment."""

    project_id: str
    prefix: str

    @property
    def network(self) -> str:
        """The VPC."""
        return f"{self.prefix}-network"

    @property
    def subnetwork(self) -> str:
        """The subnet of cluster, notebook and Dataflow workers."""
        return f"{self.prefix}-subnetwork"

    @property
    def router(self) -> str:
        """The router of NAT."""
        return f"{self.prefix}-router"

    @property
    def private_services(self) -> str:
        """The range from which Google gives Cloud SQL its address."""
        return f"{self.prefix}-private-services"

    @property
    def firewall_rules(self) -> dict[str, str]:
        """Dataflow's workers among each other, and the control plane to its nodes: descriptions by name.

        In a network of others, which other projects may share, the description tells whose a rule is.
        """
        workers = f"Dataflow workers of {self.prefix} in {self.project_id} among each other"
        control_plane = f"Control plane of {self.cluster} in {self.project_id} to webhooks and services on its nodes"
        return {f"{self.prefix}-dataflow-workers": workers, f"{self.prefix}-control-plane": control_plane}

    @property
    def cluster(self) -> str:
        """The GKE cluster."""
        return f"{self.prefix}-cluster"

    @property
    def node_pool(self) -> str:
        """The cluster's node pool."""
        return f"{self.prefix}-pool"

    @property
    def bucket(self) -> str:
        """The artifact store; bucket names are global, so the project is part of it."""
        return f"{self.project_id}-{self.prefix}-artifacts"

    @property
    def notebook(self) -> str:
        """The Workbench instance."""
        return f"{self.prefix}-notebook"

    @property
    def service_accounts(self) -> dict[str, str]:
        """Account ids by role."""
        roles = {"node": "gke-node", "system": "kfp-system", "user": "kfp-user"}
        roles |= {"notebook": "notebook", "dataflow": "dataflow"}
        return {role: f"{self.prefix}-{name}" for role, name in roles.items()}

    def account_email(self, role: str) -> str:
        """The email address of the account of a role."""
        return f"{self.service_accounts[role]}@{self.project_id}.iam.gserviceaccount.com"

    @property
    def root_password_secret(self) -> str:
        """The Secret Manager secret that holds the password of the MySQL `root` user."""
        return f"{self.prefix}-mysql-root-password"

    @property
    def artifact_keys_secret(self) -> str:
        """The Secret Manager secret that holds the keys of the gateway in front of the artifact bucket."""
        return f"{self.prefix}-artifact-keys"

    @property
    def database_user(self) -> str:
        """The MySQL user of Kubeflow Pipelines in an instance that is not ours: MySQL allows 32 characters."""
        return f"{self.prefix}-pipelines"

    def database(self, suffix: str) -> str:
        """The Cloud SQL instance: Google blocks a name for a week after deletion, so it carries a suffix."""
        return f"{self.prefix}-mysql-{suffix}"

    def is_database(self, name: str) -> bool:
        """Tell whether an instance's name is this environment's, with whatever suffix."""
        return bool(re.fullmatch(rf"{re.escape(self.database(''))}[a-z0-9]{{{SUFFIX_LENGTH}}}", name))

    def problems(self) -> list[str]:
        """Say which derived names are longer than Google allows; empty when all fit."""
        checks = [
            ("GKE cluster", self.cluster, CLUSTER_LIMIT),
            ("bucket", self.bucket, BUCKET_LIMIT),
            *(("service account", name, SERVICE_ACCOUNT_LIMIT) for name in self.service_accounts.values()),
            ("database", f"{self.project_id}:{self.database('x' * SUFFIX_LENGTH)}", DATABASE_LIMIT),
        ]
        return [
            f"the {kind} name '{name}' has {len(name)} characters, Google allows {limit}"
            for kind, name, limit in checks
            if len(name) > limit
        ]

    @property
    def longest_prefix(self) -> int:
        """How long `name_prefix` may be in this project."""
        accounts = max(len(name) for name in self.service_accounts.values()) - len(self.prefix)
        fixed = {
            CLUSTER_LIMIT: len("-cluster"),
            BUCKET_LIMIT: len(self.project_id) + len("--artifacts"),
            SERVICE_ACCOUNT_LIMIT: accounts,
        }
        return min(limit - used for limit, used in fixed.items())
