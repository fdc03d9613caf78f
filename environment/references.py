"""Check that everything that manifests name is made by somebody, before anything is applied.

A pod that names a Secret, ConfigMap, ServiceAccount or claim that does not exist waits for it for ever; a binding or a
webhook that does is silently without effect. Where references are found is in `pod_references` and `host_references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from environment.errors import MissingReferenceError, RenderError
from environment.host_references import host_references
from environment.made_elsewhere import MADE_ELSEWHERE, MadeElsewhere
from environment.objects import Manifest, reference_of
from environment.pod_references import Reference, pod_references

UPSTREAM_NAMESPACE = "kubeflow"
BUILTIN_CLUSTER_ROLES = ("cluster-admin", "admin", "edit", "view")
SHOWN = 5


def check_references(manifests: Sequence[Manifest], elsewhere: Iterable[MadeElsewhere] = MADE_ELSEWHERE) -> None:
    """Look at every reference of every object.

    Args:
        manifests: All that will be applied.
        elsewhere: What somebody else makes.

    Raises:
        MissingReferenceError: Names the objects and what is missing.
    """
    if missing := missing_references(manifests, elsewhere):
        more = f" (and {len(missing) - SHOWN} more)" if len(missing) > SHOWN else ""
        raise MissingReferenceError(
            "; ".join(missing[:SHOWN]) + more,
            "nothing was applied: add what is missing to kustomize/, or use a release whose overlay is whole",
        )


def missing_references(manifests: Sequence[Manifest], elsewhere: Iterable[MadeElsewhere] = MADE_ELSEWHERE) -> list[str]:
    """Say what is missing, one line for each; empty when everything is there."""
    objects = {_address(manifest): manifest for manifest in manifests}
    namespaces = {namespace for _, namespace, _ in objects if namespace}
    made = {(item.kind, item.name): item for item in elsewhere}
    lines: dict[str, None] = {}
    for manifest in manifests:
        for reference in _read(manifest, namespaces):
            if problem := _problem(reference, objects, made):
                lines[f"{reference.referrer} {problem}"] = None
    return list(lines)


def _read(manifest: Manifest, namespaces: set[str]) -> list[Reference]:
    try:
        return list(references(manifest, namespaces))
    except (AttributeError, KeyError, TypeError) as error:
        raise RenderError(f"{reference_of(manifest)} is malformed ({type(error).__name__}: {error})") from error


def references(manifest: Manifest, namespaces: Iterable[str]) -> Iterator[Reference]:
    """Yield what an object refers to in these namespaces, which are those that we fill."""
    ours = {*namespaces, UPSTREAM_NAMESPACE}
    yield from pod_references(manifest)
    yield from host_references(manifest, ours)
    yield from _binding_references(manifest, ours)
    yield from _webhook_references(manifest, ours)


def _binding_references(manifest: Manifest, ours: set[str]) -> Iterator[Reference]:
    if manifest.get("kind") not in ("RoleBinding", "ClusterRoleBinding"):
        return
    binding = Reference.of(manifest)
    role = manifest["roleRef"]
    if role["kind"] == "Role":
        yield binding.to("Role", role["name"])
    elif role["name"] not in BUILTIN_CLUSTER_ROLES and not role["name"].startswith("system:"):
        yield binding.to("ClusterRole", role["name"], namespace="")
    for subject in manifest.get("subjects") or []:
        namespace = subject.get("namespace") or binding.namespace
        if subject.get("kind") == "ServiceAccount" and namespace in ours:
            yield binding.to("ServiceAccount", subject["name"], namespace=namespace)


def _webhook_references(manifest: Manifest, ours: set[str]) -> Iterator[Reference]:
    """Yield the Services that the API server calls."""
    spec = manifest.get("spec") or {}
    conversion = ((spec.get("conversion") or {}).get("webhook") or {}) if isinstance(spec, Mapping) else {}
    called = [(webhook.get("clientConfig") or {}).get("service") for webhook in manifest.get("webhooks") or []]
    called.append((conversion.get("clientConfig") or {}).get("service"))
    if manifest.get("kind") == "APIService":
        called.append(spec.get("service"))
    for service in called:
        if service and service.get("namespace") in ours:
            yield Reference.of(manifest).to("Service", service["name"], namespace=service["namespace"])


def _problem(
    reference: Reference,
    objects: Mapping[tuple[str, str, str], Manifest],
    made: Mapping[tuple[str, str], MadeElsewhere],
) -> str | None:
    """Say what is wrong with one reference."""
    what = f"{reference.kind} {reference.namespace + '/' if reference.namespace else ''}{reference.name}"
    found = objects.get((reference.kind, reference.namespace, reference.name))
    elsewhere = made.get((reference.kind, reference.name))
    if found is None and elsewhere is None:
        return None if reference.is_optional else f"names {what}, which nothing makes"
    keys = {key for part in ("data", "stringData", "binaryData") for key in (found or {}).get(part) or {}}
    keys |= set(elsewhere.keys) if elsewhere else set()
    if reference.key is None or reference.key in keys or reference.is_optional:
        return None
    if elsewhere and not elsewhere.keys:
        return None
    return f"names key {reference.key} of {what}, which has no such key"


def _address(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]
