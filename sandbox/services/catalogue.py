"""All services, in one table: what is not here answers 501."""

from __future__ import annotations

from functools import cache

from sandbox.kernel.routes import Service


@cache
def services() -> dict[str, Service]:
    """Return the services by host name."""
    from sandbox.services.artifactregistry.routes import SERVICE as ARTIFACT_REGISTRY
    from sandbox.services.bigquery.routes import SERVICE as BIGQUERY
    from sandbox.services.cloudbilling.routes import SERVICE as CLOUD_BILLING
    from sandbox.services.cloudresourcemanager.routes import SERVICE as RESOURCE_MANAGER
    from sandbox.services.compute.routes import SERVICE as COMPUTE
    from sandbox.services.container.routes import SERVICE as CONTAINER
    from sandbox.services.iam.routes import SERVICE as IAM
    from sandbox.services.iamcredentials.routes import SERVICE as IAM_CREDENTIALS
    from sandbox.services.notebooks.routes import SERVICE as NOTEBOOKS
    from sandbox.services.oauth2.routes import SERVICE as OAUTH2
    from sandbox.services.openidconnect.routes import SERVICE as OPENID_CONNECT
    from sandbox.services.orgpolicy.routes import SERVICE as ORGANIZATION_POLICY
    from sandbox.services.registries.routes import SERVICES as REGISTRIES
    from sandbox.services.secretmanager.routes import SERVICE as SECRET_MANAGER
    from sandbox.services.servicenetworking.routes import SERVICE as SERVICE_NETWORKING
    from sandbox.services.serviceusage.routes import SERVICE as SERVICE_USAGE
    from sandbox.services.sqladmin.routes import SERVICE as SQL_ADMIN
    from sandbox.services.storage.routes import SERVICE as STORAGE

    known = (
        ARTIFACT_REGISTRY,
        BIGQUERY,
        CLOUD_BILLING,
        RESOURCE_MANAGER,
        COMPUTE,
        CONTAINER,
        IAM,
        IAM_CREDENTIALS,
        NOTEBOOKS,
        OAUTH2,
        OPENID_CONNECT,
        ORGANIZATION_POLICY,
        *REGISTRIES,
        SECRET_MANAGER,
        SERVICE_NETWORKING,
        SERVICE_USAGE,
        SQL_ADMIN,
        STORAGE,
    )
    return {service.host: service for service in known}
