"""The environment variables by which programs find the local cloud instead of Google's."""

from __future__ import annotations

from pathlib import Path

from sandbox.provider.settings import SERVICES

MANIFESTS = Path(__file__).resolve().parent / "manifests"
TERRAFORM_PATHS = {
    "artifactregistry": "artifactregistry.googleapis.com/v1/",
    "bigquery": "bigquery.googleapis.com/bigquery/v2/",
    "cloudbilling": "cloudbilling.googleapis.com/v1/",
    "cloudresourcemanager": "cloudresourcemanager.googleapis.com/v1/",
    "compute": "compute.googleapis.com/compute/v1/",
    "container": "container.googleapis.com/v1/",
    "iam": "iam.googleapis.com/v1/",
    "notebooks": "notebooks.googleapis.com/v2/",
    "secretmanager": "secretmanager.googleapis.com/v1/",
    "servicenetworking": "servicenetworking.googleapis.com/v1/",
    "serviceusage": "serviceusage.googleapis.com/v1/",
    "sqladmin": "sqladmin.googleapis.com/sql/v1beta4/",
    "storage": "storage.googleapis.com/storage/v1/",
}
"""Per API what Terraform's google provider takes as a custom endpoint; it cuts the version off and adds it again."""
GCLOUD_PATHS = {
    "SERVICEUSAGE": "serviceusage.googleapis.com/",
    "CONTAINER": "container.googleapis.com/",
    "IAM": "iam.googleapis.com/",
    "SECRETMANAGER": "secretmanager.googleapis.com/",
    "CLOUDRESOURCEMANAGER": "cloudresourcemanager.googleapis.com/",
    "SQL": "sqladmin.googleapis.com/",
    "STORAGE": "storage.googleapis.com/storage/v1/",
    "COMPUTE": "compute.googleapis.com/compute/v1/",
    "SERVICENETWORKING": "servicenetworking.googleapis.com/",
    "ARTIFACTREGISTRY": "artifactregistry.googleapis.com/",
    "NOTEBOOKS": "notebooks.googleapis.com/",
}
REFUSING_PROXY = "http://127.0.0.1:9"
"""The discard port: what the real provider asks the outside at its start fails at once instead of after a minute."""


def variables_for(url: str, token: str, provider: str, terraform_folder: Path) -> dict[str, str]:
    """Return all variables.

    Args:
        url: The sandbox's address.
        token: Its token.
        provider: "builtin", "registry", or a binary's path.
        terraform_folder: Where the provider's mirror and Terraform's configuration file are kept.
    """
    variables = {
        "MLOPS_ENV_GOOGLE_ENDPOINT": url,
        "MLOPS_ENV_GIT_MIRROR_FALLBACK": str(MANIFESTS),
        "GOOGLE_OAUTH_ACCESS_TOKEN": token,
        "CLOUDSDK_AUTH_ACCESS_TOKEN": token,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        **{f"GOOGLE_{SERVICES[api].upper()}_CUSTOM_ENDPOINT": f"{url}/{path}" for api, path in TERRAFORM_PATHS.items()},
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{url}/{path}" for name, path in GCLOUD_PATHS.items()},
    }
    return variables | _provider_variables(provider, terraform_folder)


def _provider_variables(provider: str, folder: Path) -> dict[str, str]:
    from sandbox.provider.install import install, install_binary

    if provider == "builtin":
        return {"TF_CLI_CONFIG_FILE": str(install(folder))}
    outside = {"HTTPS_PROXY": REFUSING_PROXY, "NO_PROXY": "127.0.0.1,localhost"}
    if provider == "registry":
        return {"NO_PROXY": "127.0.0.1,localhost"}
    return {"TF_CLI_CONFIG_FILE": str(install_binary(folder, Path(provider))), **outside}
