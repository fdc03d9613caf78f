"""What manifests may refer to although no manifest makes it: made at run time, by Kubernetes, or by our own tasks.

The names are those of Kubeflow Pipelines 2.14.4; `{namespace}` stands for the namespace it is installed in. Destroy
removes what the pods of MADE_AT_RUN_TIME left behind.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MadeElsewhere:
    """An object that no manifest holds: who makes it, and with which keys where that is known."""

    kind: str
    name: str
    maker: str
    keys: tuple[str, ...] = ()
    is_namespaced: bool = True


MADE_AT_RUN_TIME = (
    MadeElsewhere("Secret", "webhook-server-tls", "cache-deployer", ("cert.pem", "key.pem")),
    MadeElsewhere("MutatingWebhookConfiguration", "cache-webhook-{namespace}", "cache-deployer", is_namespaced=False),
    MadeElsewhere("ConfigMap", "inverse-proxy-config", "proxy-agent", ("Hostname",)),
)
MADE_BY_KUBERNETES = (
    MadeElsewhere("ConfigMap", "kube-root-ca.crt", "Kubernetes", ("ca.crt",)),
    MadeElsewhere("ServiceAccount", "default", "Kubernetes"),
    MadeElsewhere("PriorityClass", "system-cluster-critical", "Kubernetes", is_namespaced=False),
    MadeElsewhere("PriorityClass", "system-node-critical", "Kubernetes", is_namespaced=False),
)
MADE_BY_DEPLOY_KFP = (
    MadeElsewhere("Secret", "mysql-secret", "deploy_kfp", ("username", "password")),
    MadeElsewhere("Secret", "mlpipeline-minio-artifact", "deploy_kfp", ("accesskey", "secretkey")),
    MadeElsewhere("Secret", "system-gcp-sa", "deploy_kfp", ("application_default_credentials.json",)),
    MadeElsewhere("Secret", "user-gcp-sa", "deploy_kfp", ("application_default_credentials.json",)),
)
MADE_ELSEWHERE = MADE_AT_RUN_TIME + MADE_BY_KUBERNETES + MADE_BY_DEPLOY_KFP
