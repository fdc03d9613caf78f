"""Read, apply and delete objects of any kind that a cluster serves.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from clients.addresses import Addresses
from clients.kubernetes.connection import APPLY, JSON_PATCH, Cluster, ClusterAccess
from clients.kubernetes.discovery import Discovery, Resource
from environment.errors import KubernetesError
from environment.object_changes import FIELD_MANAGER
from environment.objects import Manifest, ObjectReference, reference_of

PAGE = "500"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True)
class Listing:
    """Objects of one kind as they were at `resource_version`."""

    items: tuple[dict[str, Any], ...]
    resource_version: str


class Objects:
    """The objects of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.discovery = Discovery(cluster)

    def get(self, reference: ObjectReference) -> dict[str, Any] | None:
        """Return an object, None where there is none."""
        try:
            return dict(self.cluster.request("GET", self._path(reference), resource=str(reference)).body)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self,
        resource: Resource,
        namespace: str = "",
        query: Mapping[str, str] | None = None,
        *,
        metadata_only: bool = False,
    ) -> Listing:
        """List the objects of a kind, page by page.

        Args:
            resource: The kind.
            namespace: Empty for all.
            query: `labelSelector` and `fieldSelector`.
            metadata_only: Leave out what is in them, as the values of Secrets.
        """
        items: list[dict[str, Any]] = []
        asked = {"limit": PAGE, **(query or {})}
        api_version = f"{resource.group}/{resource.version}" if resource.group else resource.version
        while True:
            body = self.cluster.request(
                "GET",
                resource.path(namespace),
                asked,
                resource=resource.plural,
                accept=METADATA if metadata_only else None,
            ).body
            # Items of a built-in list carry neither; those of a metadata list carry the metadata's own. None are null.
            items += ({**item, "apiVersion": api_version, "kind": resource.kind} for item in body["items"] or ())
            if not (more := body["metadata"].get("continue")):
                return Listing(tuple(items), str(body["metadata"].get("resourceVersion", "")))
            asked["continue"] = more

    def apply(
        self, manifest: Manifest, *, dry_run: bool = False, force: bool = False, field_manager: str = FIELD_MANAGER
    ) -> tuple[dict[str, Any], bool]:
        """Apply server-side; return what the object is then (or would be), and whether it is new.

        Raises:
            ApplyConflictError: When others own fields of the manifest, unless `force` takes them over.
        """
        reference = reference_of(manifest)
        query = {"fieldManager": field_manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        answer = self.cluster.request(
            "PATCH", self._path(reference), query, manifest, content_type=APPLY, resource=str(reference)
        )
        return dict(answer.body), answer.status == 201

    def own(self, live: Manifest, managed_fields: Sequence[Manifest]) -> None:
        """Say anew who owns which fields of an object that is as it was read, and change nothing else.

        Raises:
            KubernetesError: 409 when it has changed since.
        """
        reference = reference_of(live)
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": managed_fields},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        ]
        query = {"fieldManager": FIELD_MANAGER}
        self.cluster.request(
            "PATCH", self._path(reference), query, patch, content_type=JSON_PATCH, resource=str(reference)
        )

    def delete(self, reference: ObjectReference, uid: str = "") -> bool:
        """Delete an object, what it owns in the background; say whether it was there.

        Args:
            reference: The object.
            uid: Delete only this one, not another that took its name since.
        """
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            self.cluster.request("DELETE", self._path(reference), body=options, resource=str(reference))
        except KubernetesError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _path(self, reference: ObjectReference) -> str:
        resource = self.discovery.resource(reference.group, reference.version, reference.kind)
        return resource.path(reference.namespace, reference.name)


_open: dict[tuple[Addresses, ClusterAccess], Objects] = {}
_lock = Lock()


def open_cluster(addresses: Addresses, access: ClusterAccess) -> Objects:
    """Return this process's view of a cluster: steps share its connections and what it learned of kinds."""
    with _lock:
        if (addresses, access) not in _open:
            _open[addresses, access] = Objects(Cluster(access, addresses))
        return _open[addresses, access]


def close_cluster(addresses: Addresses, access: ClusterAccess) -> None:
    """Close what `open_cluster` opened, where it did: the next one learns the cluster's kinds anew."""
    with _lock:
        objects = _open.pop((addresses, access), None)
    if objects is not None:
        objects.cluster.close()
