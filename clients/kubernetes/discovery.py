"""Which paths serve which kinds: discovery, read once per API version and kept.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from urllib.parse import quote

from clients.kubernetes.connection import Cluster
from environment.errors import KubernetesError
from environment.objects import GroupKind, Manifest, ObjectReference


@dataclass(frozen=True)
class Resource:
    """How one kind is served: `plural` is the path's part, as "deployments"."""

    group: str
    version: str
    kind: str
    plural: str
    is_namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of one object, of the list in a namespace, or of the list in all."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{quote(namespace)}" if self.is_namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Discovery:
    """The kinds that one API server serves."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = Lock()
        self._resources: dict[tuple[str, str], dict[str, Resource]] = {}

    def learn(self, definition: Manifest) -> None:
        """Take the kinds of an established definition from itself: the server's own list may lag behind."""
        spec = definition["spec"]
        names = spec["names"]
        for version in spec["versions"]:
            if version.get("served"):
                resource = Resource(
                    spec["group"], version["name"], names["kind"], names["plural"], spec["scope"] == "Namespaced"
                )
                with self._lock:
                    known = self._resources.get((resource.group, resource.version), {})
                    self._resources[resource.group, resource.version] = {**known, resource.kind: resource}

    def resource(self, group: str, version: str, kind: str) -> Resource:
        """Return how a kind is served.

        Raises:
            KubernetesError: When the server does not know it.
        """
        known = self._resources.get((group, version), {})
        if kind not in known:
            known = self._read(group, version)
        if kind not in known:
            served = f"{group}/{version}" if group else version
            raise KubernetesError(
                f"the cluster does not serve {kind} of {served}",
                "does the cluster's version still have it?",
                status=404,
            )
        return known[kind]

    def find(self, reference: ObjectReference) -> Resource | None:
        """Return how an object's kind is served, None where it is not, or not yet."""
        try:
            return self.resource(reference.group, reference.version, reference.kind)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def preferred(self, kind: GroupKind) -> Resource | None:
        """Return how a kind is served in its group's preferred version, None where it is no longer."""
        try:
            version = "v1"
            if kind.group:
                group = self._cluster.request("GET", f"/apis/{kind.group}").body
                version = group["preferredVersion"]["version"]
            return self.resource(kind.group, version, kind.kind)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def in_scope(self, reference: ObjectReference, namespace: str) -> ObjectReference:
        """Return the reference with the namespace that it has on the server: none for what is cluster-scoped."""
        resource = self.resource(reference.group, reference.version, reference.kind)
        return reference._replace(namespace=(reference.namespace or namespace) if resource.is_namespaced else "")

    def _read(self, group: str, version: str) -> dict[str, Resource]:
        try:
            path = f"/apis/{group}/{version}" if group else f"/api/{version}"
            listed = self._cluster.request("GET", path).body["resources"]
        except KubernetesError as error:
            if error.status != 404:
                raise
            listed = ()
        found = {
            one["kind"]: Resource(group, version, one["kind"], one["name"], bool(one["namespaced"]))
            for one in listed
            if "/" not in one["name"]  # the others are subresources
        }
        with self._lock:
            self._resources[group, version] = {**self._resources.get((group, version), {}), **found}
            return self._resources[group, version]
