"""`mlops-env kubeconfig`: a kubeconfig without a secret in it; kubectl asks this command for a token when it needs one.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, SET
from cli.report import print_json

if TYPE_CHECKING:
    from clients.kubernetes.connection import ClusterAccess

CREDENTIAL_API = "client.authentication.k8s.io/v1"


def kubeconfig(
    environment: str = ENVIRONMENT,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    credential: bool = typer.Option(False, "--credential", hidden=True, help="Answer kubectl's call for a token."),
) -> None:
    """Print a kubeconfig of the environment's cluster: kubectl --kubeconfig <(mlops-env kubeconfig ENV) get pods."""
    spec, _ = select_cloud(environment, set_, cloud)
    from clients.addresses import Addresses
    from clients.credentials import access_token

    addresses = Addresses.of(spec)
    if credential:
        token = {"token": access_token(addresses)}
        print_json({"apiVersion": CREDENTIAL_API, "kind": "ExecCredential", "status": token})
        return
    from clients.gke import read_cluster_access

    access = read_cluster_access(addresses, spec.project_id, spec.location, spec.cluster_name)
    arguments = ["kubeconfig", str(Path(environment).absolute()) if "/" in environment else environment]
    arguments += [part for override in set_ for part in ("--set", override)]
    arguments += ["--cloud", cloud] if cloud else []
    print_json(_document(f"{spec.project_id}_{spec.cluster_name}", access, [*arguments, "--credential"]))


def _document(name: str, access: ClusterAccess, arguments: list[str]) -> dict[str, Any]:
    """Build the kubeconfig; JSON is YAML."""
    authority = base64.b64encode(access.ca_certificate.encode()).decode()
    command = {
        "apiVersion": CREDENTIAL_API,
        "command": str(Path(sys.executable).parent / "mlops-env"),
        "args": arguments,
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": access.endpoint, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
