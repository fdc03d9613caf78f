"""What the Kustomize overlay takes, and what comes out of it: both frozen values, the second without secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from environment.databases import DatabaseName
from environment.objects import Manifest

Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
ProjectId = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$")]
ConnectionName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+:)?[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]+$")]
Email = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+@[a-z0-9.-]+$")]
Release = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]

PIPELINE_ROOT = "v2/artifacts"
"""The folder of the bucket below which runs keep their artifacts; the name is Kubeflow Pipelines' own default."""


class KustomizeParameters(BaseModel):
    """Which release to wire to which database, bucket and service accounts.

    They become lines of a file, so each is held to the form that Google and Kubernetes allow for it.

    Attributes:
        connection_name: The Cloud SQL instance as "PROJECT:REGION:INSTANCE".
        private_ip: Whether the proxy reaches the instance by its private address, else by its public one.
        system_account: Email of the Google service account of the system's own pods.
        user_account: Email of the Google service account that pipeline steps run as.
        identity: How pods act as those accounts: by Workload Identity, or by a key in a Secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Release
    namespace: Namespace
    project_id: ProjectId
    bucket: Bucket
    connection_name: ConnectionName
    private_ip: bool
    system_account: Email
    user_account: Email
    identity: Literal["workload_identity", "service_account_key"] = "workload_identity"
    pipeline_db: DatabaseName
    mlmd_db: DatabaseName
    cache_db: DatabaseName

    def config(self) -> dict[str, str]:
        """Return the lines of kustomize/gcp-configs.env; the first six are upstream's own `params.env`."""
        return {
            "pipelineDb": self.pipeline_db,
            "mlmdDb": self.mlmd_db,
            "cacheDb": self.cache_db,
            "bucketName": self.bucket,
            "gcsProjectId": self.project_id,
            "gcsCloudSqlInstanceName": self.connection_name,
            "defaultPipelineRoot": f"gs://{self.bucket}/{PIPELINE_ROOT}",
            "databaseAddressType": "PRIVATE" if self.private_ip else "PUBLIC",
            "systemServiceAccount": self.system_account,
            "userServiceAccount": self.user_account,
        }


class Rendered(BaseModel):
    """Manifests ready to be applied.

    Attributes:
        manifests: Kubernetes objects, those that others need before them (namespaces, definitions) first.
        digest: "sha256:…" of the manifests.
        source: Where upstream's manifests came from: "GitHub", "mirror PATH" or "the sandbox's skeleton".
        commit: The commit of kubeflow/pipelines that was built.
    """

    model_config = ConfigDict(frozen=True)

    manifests: tuple[dict[str, Any], ...]
    digest: str
    source: str
    commit: str


def digest_of(manifests: Iterable[Manifest]) -> str:
    """Return "sha256:…", equal for equal objects in equal order, whatever the order of their fields."""
    text = json.dumps(list(manifests), sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
