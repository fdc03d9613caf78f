"""From spec and infrastructure to what the Kustomize overlay takes."""

from __future__ import annotations

from environment.infrastructure import Infrastructure
from environment.names import UNKNOWN_SUFFIX
from environment.pipelines import KustomizeParameters
from environment.spec import Environment


def kustomize_parameters(environment: Environment, infrastructure: Infrastructure) -> KustomizeParameters:
    """Wire Kubeflow Pipelines to this database, this bucket and these accounts."""
    return _parameters(
        environment,
        bucket=infrastructure.artifact_store.bucket,
        connection_name=infrastructure.database.connection_name,
        system_account=infrastructure.service_accounts.system,
        user_account=infrastructure.service_accounts.user,
    )


def planned_parameters(
    environment: Environment, infrastructure: Infrastructure | None, suffix: str | None
) -> KustomizeParameters:
    """Return what they will be: by the outputs where they are known, else by the names that outputs will have."""
    if infrastructure is None:
        return _expected_parameters(environment, suffix)
    return kustomize_parameters(environment, infrastructure)


def release_parameters(environment: Environment) -> KustomizeParameters:
    """Return some that are the same for many environments: what they make of a release is rendered once for all."""
    project_id = "any-project"
    return KustomizeParameters(
        version=environment.pipelines.version,
        namespace=environment.pipelines.namespace,
        project_id=project_id,
        bucket="any-bucket",
        connection_name=f"{project_id}:any-region1:any-database",
        private_ip=environment.database.private_ip,
        system_account=f"system@{project_id}.iam.gserviceaccount.com",
        user_account=f"user@{project_id}.iam.gserviceaccount.com",
        identity=environment.identity,
        pipeline_db="pipelines",
        mlmd_db="metadata",
        cache_db="cache",
    )


def _expected_parameters(environment: Environment, suffix: str | None) -> KustomizeParameters:
    """Return what they will be by their names, before there is any infrastructure; all but an unknown suffix holds."""
    names = environment.names
    database = environment.database_name(suffix or UNKNOWN_SUFFIX)
    return _parameters(
        environment,
        bucket=environment.bucket_name,
        connection_name=f"{environment.project_id}:{environment.region}:{database}",
        system_account=names.account_email("system"),
        user_account=names.account_email("user"),
    )


def _parameters(environment: Environment, **wired: str) -> KustomizeParameters:
    return KustomizeParameters(
        version=environment.pipelines.version,
        namespace=environment.pipelines.namespace,
        project_id=environment.project_id,
        private_ip=environment.database.private_ip,
        identity=environment.identity,
        pipeline_db=environment.database.names.pipelines,
        mlmd_db=environment.database.names.metadata,
        cache_db=environment.database.names.cache,
        **wired,
    )
