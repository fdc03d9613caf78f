"""Plays what runs inside KFP's pods and matters to others: the proxy agent and the cache deployer.

Both are known by the name of their image. Source: KFP 2.14.4, `proxy/attempt-register-vm-on-proxy.sh` and
`backend/src/cache/deployer/` for what they write and under which names.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.client import ApiError
from sandbox.clusters.controller.objects import (
    Object,
    controller_of,
    digest,
    is_deleted,
    key_of,
    name_of,
    namespace_of,
    uid_of,
)
from sandbox.clusters.controller.resources import CONFIG_MAPS, PODS, SECRETS, WEBHOOKS
from sandbox.clusters.controller.webhook_certificate import issue_certificate
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "programs"
PROXY_CONFIG = "inverse-proxy-config"
WEBHOOK_SECRET = "webhook-server-tls"
REGISTER_SECONDS = 20.0
CERTIFICATE_SECONDS = 10.0
# The name that `kubectl` inside the pods writes under.
MANAGER = "kubectl-patch"


async def reconcile(world: World, key: Key) -> None:
    """Let the program of one pod do its work."""
    pod = world.get(PODS, key)
    if pod is None or is_deleted(pod) or not _runs(pod):
        return
    images = {_image_name(container["image"]) for container in pod["spec"]["containers"]}
    if images & {"kfp-inverse-proxy-agent", "inverse-proxy-agent"}:
        await _register_proxy(world, pod)
    if images & {"kfp-cache-deployer", "cache-deployer"}:
        await _deploy_cache(world, pod)


def _runs(pod: Object) -> bool:
    statuses = pod["status"].get("containerStatuses") or []
    return any("running" in (status.get("state") or {}) for status in statuses)


def _image_name(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


async def _register_proxy(world: World, pod: Object) -> None:
    """Write the address that Google's inverting proxy gave the agent, unless there is one from before."""
    config = world.get(CONFIG_MAPS, (namespace_of(pod), PROXY_CONFIG))
    if config is None or (config.get("data") or {}).get("Hostname"):
        return
    if not world.has_passed((NAME, key_of(pod)), uid_of(pod), "register", REGISTER_SECONDS):
        return
    region = world.cluster.split("/")[1]
    region = region if region.count("-") == 1 else region.rpartition("-")[0]
    backend = digest(world.cluster, namespace_of(pod))[:16]
    data = {
        "Hostname": f"{backend}-dot-{region}.pipelines.googleusercontent.com",
        "ProxyUrl": f"https://{region}.pipelines.googleusercontent.com/",
        "BackendId": backend,
    }
    await world.patch(CONFIG_MAPS, config, {"data": data}, manager=MANAGER)


async def _deploy_cache(world: World, pod: Object) -> None:
    """Make the webhook's certificate and configuration; the script looks once, when it starts."""
    item = (NAME, key_of(pod))
    if uid_of(pod) in world.programs_done or not world.has_passed(item, uid_of(pod), "deploy", CERTIFICATE_SECONDS):
        return
    namespace = namespace_of(pod)
    secret = await _find(world, SECRETS.path(namespace, WEBHOOK_SECRET))
    webhook = await _find(world, WEBHOOKS.path(name=f"cache-webhook-{namespace}"))
    if secret is None or webhook is None:
        # One without the other is of no use: both are made anew.
        if webhook is not None:
            await world.client.delete(WEBHOOKS, ("", name_of(webhook)))
        if secret is not None:
            await world.client.delete(SECRETS, key_of(secret))
        certificate = issue_certificate("cache-server", namespace)
        await world.create(SECRETS, _secret(namespace, certificate.data))
        await world.client.create(WEBHOOKS, _webhook(namespace, certificate.authority))
    world.programs_done.add(uid_of(pod))


async def _find(world: World, path: str) -> Object | None:
    try:
        return await world.client.read(path)
    except ApiError as error:
        if error.is_missing:
            return None
        raise


def _secret(namespace: str, data: dict[str, str]) -> Object:
    metadata = {"name": WEBHOOK_SECRET, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}


def _webhook(namespace: str, authority: str) -> Object:
    webhook = {
        "name": f"cache-server.{namespace}.svc",
        "clientConfig": {
            "service": {"name": "cache-server", "namespace": namespace, "path": "/mutate"},
            "caBundle": authority,
        },
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "objectSelector": {"matchLabels": {"pipelines.kubeflow.org/cache_enabled": "true"}},
        "timeoutSeconds": 5,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1beta1"],
    }
    return {
        "apiVersion": WEBHOOKS.api_version,
        "kind": WEBHOOKS.kind,
        "metadata": {"name": f"cache-webhook-{namespace}"},
        "webhooks": [webhook],
    }


def _waiting_agents(world: World, config: Object) -> Iterable[Key]:
    if name_of(config) != PROXY_CONFIG:
        return ()
    return [key_of(pod) for pod in world.stores[PODS].within(namespace_of(config)) if controller_of(pod)]


RECONCILER = Reconciler(NAME, {PODS: own_key, CONFIG_MAPS: _waiting_agents}, reconcile)
