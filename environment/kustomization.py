"""The kustomization that is generated for one render: upstream's release, our components, the environment's values.

The folder `kustomize/` holds the same by hand (kustomize/README.md), with the release pinned in its files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from environment.pipelines import KustomizeParameters

UPSTREAM = "https://github.com/kubeflow/pipelines//manifests/kustomize"
BASES = ("cluster-scoped-resources", "env/gcp")
COMMON = ("pipelines", "without-secrets", "labels")
IDENTITIES = {"workload_identity": "workload-identity", "service_account_key": "service-account-keys"}
COMPONENTS = (*COMMON, *IDENTITIES.values())
CONFIG_FILE = "gcp-configs.env"
CONFIG_NAME = "mlops-env-parameters"


def generated_files(parameters: KustomizeParameters, overlay: str) -> Mapping[str, str]:
    """Return the files of the folder to build, by name.

    Args:
        parameters: The environment's values.
        overlay: Where the components are, relative to that folder: Kustomize takes no absolute path.
    """
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": parameters.namespace,
        "sortOptions": {"order": "legacy"},  # namespaces and definitions first, whatever the program's default
        "resources": [f"{UPSTREAM}/{base}?ref={parameters.version}" for base in BASES],
        "components": [f"{overlay}/{one}" for one in (*COMMON, IDENTITIES[parameters.identity])],
        "configMapGenerator": [
            {
                "name": CONFIG_NAME,
                "envs": [CONFIG_FILE],
                "options": {
                    "disableNameSuffixHash": True,
                    "annotations": {"config.kubernetes.io/local-config": "true"},  # read by replacements, not applied
                },
            }
        ],
    }
    config = "".join(f"{name}={value}\n" for name, value in parameters.config().items())
    return {"kustomization.yaml": json.dumps(kustomization, indent=2), CONFIG_FILE: config}
