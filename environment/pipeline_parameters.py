"""From spec and infrastructure to what the Kustomize overlay takes."""

from __future__ import annotations

from environment.infrastructure import Infrastructure
from environment.pipelines import KustomizeParameters
from environment.spec import Environment

PIPELINE_DB, MLMD_DB, CACHE_DB = "pipelinedb", "metadb", "cachedb"


def kustomize_parameters(environment: Environment, infrastructure: Infrastructure) -> KustomizeParameters:
    """Wire Kubeflow Pipelines to this database, this bucket and these accounts."""
    return KustomizeParameters(
        version=environment.pipelines.version,
        namespace=environment.pipelines.namespace,
        project_id=environment.project_id,
        bucket=infrastructure.artifact_store.bucket,
        connection_name=infrastructure.database.connection_name,
        private_ip=environment.database.private_ip,
        system_account=infrastructure.service_accounts.system,
        user_account=infrastructure.service_accounts.user,
        pipeline_db=PIPELINE_DB,
        mlmd_db=MLMD_DB,
        cache_db=CACHE_DB,
    )
