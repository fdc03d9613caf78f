"""Terraform's outputs, typed. Python reads outputs by name: terraform/outputs.tf and this module change together."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class NetworkOutput(_Output):
    """The VPC and the subnet of the cluster, by name."""

    name: str
    subnetwork: str


class ClusterOutput(_Output):
    """The GKE cluster. `endpoint` is an address without scheme; `workload_pool` is "PROJECT.svc.id.goog"."""

    name: str
    location: str
    endpoint: str
    workload_pool: str


class DatabaseOutput(_Output):
    """The Cloud SQL instance. `connection_name` is "PROJECT:REGION:INSTANCE"."""

    instance: str
    connection_name: str
    private_address: str | None = None
    version: str


class ArtifactStoreOutput(_Output):
    """The bucket; `url` is "gs://BUCKET", `dataflow_url` the folder that Dataflow stages in, where it is wanted."""

    bucket: str
    url: str
    dataflow_url: str | None = None


class ServiceAccountsOutput(_Output):
    """Email addresses of the service accounts; `node` is null where the nodes are not ours."""

    node: str | None = None
    system: str
    user: str
    notebook: str | None = None
    dataflow: str | None = None


class NotebookOutput(_Output):
    """The Workbench instance."""

    name: str
    location: str
    proxy_uri: str | None = None


class Infrastructure(_Output):
    """All outputs of the root module."""

    network: NetworkOutput
    cluster: ClusterOutput
    database: DatabaseOutput
    artifact_store: ArtifactStoreOutput
    service_accounts: ServiceAccountsOutput
    notebook: NotebookOutput | None = None


def parse_outputs(outputs: dict[str, Any]) -> Infrastructure:
    """Type what `terraform output -json` printed: `{name: {"value": …, "type": …, "sensitive": …}}`."""
    return Infrastructure.model_validate({name: output["value"] for name, output in outputs.items()})
