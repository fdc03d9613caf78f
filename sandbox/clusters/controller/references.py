"""What a pod needs before its containers can start, and what a kubelet says of what is missing.

Pure. Volumes come first: a kubelet mounts them before it looks at any container's environment.
Source: Pod (v1), and the messages of the kubelet's volume plugins and of its environment (`kubelet_pods.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.clusters.controller.objects import Object, namespace_of, short_hash, uid_of
from sandbox.clusters.controller.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, Resource

# Takes a resource and a name in the pod's namespace.
Lookup = Callable[[Resource, str], Object | None]

_WORDS = {CONFIG_MAPS: ("configmap", "ConfigMap", "config"), SECRETS: ("secret", "Secret", "secret")}


def unmountable_volumes(pod: Object, lookup: Lookup) -> list[str]:
    """Return, in a kubelet's words, why volumes cannot be mounted."""
    messages = []
    for volume in pod["spec"].get("volumes") or []:
        problems = list(_volume_problems(volume, lookup))
        if problems:
            text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            messages.append(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {text}')
    return messages


def _volume_problems(volume: Object, lookup: Lookup) -> Iterator[str]:
    if "configMap" in volume:
        source = volume["configMap"]
        yield from _source_problems(CONFIG_MAPS, source.get("name", ""), source, lookup)
    if "secret" in volume:
        source = volume["secret"]
        yield from _source_problems(SECRETS, source.get("secretName", ""), source, lookup)
    for source in (volume.get("projected") or {}).get("sources") or []:
        if "configMap" in source:
            yield from _source_problems(CONFIG_MAPS, source["configMap"]["name"], source["configMap"], lookup)
        if "secret" in source:
            yield from _source_problems(SECRETS, source["secret"]["name"], source["secret"], lookup)


def _source_problems(resource: Resource, name: str, source: Object, lookup: Lookup) -> Iterator[str]:
    if source.get("optional"):
        return
    found = lookup(resource, name)
    if found is None:
        yield f'{_WORDS[resource][0]} "{name}" not found'
        return
    keys = keys_of(found)
    for item in source.get("items") or []:
        if item["key"] not in keys:
            yield f"references non-existent {_WORDS[resource][2]} key: {item['key']}"


def missing_account(pod: Object, lookup: Lookup) -> str | None:
    """Return why a pod's token cannot be mounted, or None."""
    account = pod["spec"].get("serviceAccountName") or "default"
    if lookup(SERVICE_ACCOUNTS, account) is not None:
        return None
    # The volume that the API server adds to every pod.
    volume = f"kube-api-access-{short_hash(uid_of(pod), length=5)}"
    return (
        f'MountVolume.SetUp failed for volume "{volume}" : failed to fetch token: serviceaccounts "{account}" not found'
    )


def missing_environment(container: Object, pod: Object, lookup: Lookup) -> str | None:
    """Return, in a kubelet's words, why a container cannot be configured, or None."""
    for source in container.get("envFrom") or []:
        for field, resource in (("configMapRef", CONFIG_MAPS), ("secretRef", SECRETS)):
            reference = source.get(field)
            if reference and not reference.get("optional") and lookup(resource, reference["name"]) is None:
                return f'{_WORDS[resource][0]} "{reference["name"]}" not found'
    for variable in container.get("env") or []:
        origin = variable.get("valueFrom") or {}
        for field, resource in (("configMapKeyRef", CONFIG_MAPS), ("secretKeyRef", SECRETS)):
            problem = _key_problem(resource, origin.get(field), pod, lookup)
            if problem:
                return problem
    return None


def _key_problem(resource: Resource, reference: Object | None, pod: Object, lookup: Lookup) -> str | None:
    if not reference or reference.get("optional"):
        return None
    name = reference.get("name", "")
    found = lookup(resource, name)
    if found is None:
        return f'{_WORDS[resource][0]} "{name}" not found'
    if reference["key"] not in keys_of(found):
        return f"couldn't find key {reference['key']} in {_WORDS[resource][1]} {namespace_of(pod)}/{name}"
    return None


def keys_of(obj: Object) -> set[str]:
    """Return the keys of a ConfigMap or Secret."""
    return {*(obj.get("data") or {}), *(obj.get("binaryData") or {})}


def claims_of(pod: Object) -> list[str]:
    """Return the names of the PersistentVolumeClaims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or []
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]
