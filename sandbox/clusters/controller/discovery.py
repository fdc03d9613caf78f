"""Lists the collections that a namespace can hold, custom resources among them, from the API server's discovery."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.clusters.controller.client import ApiError, Client
from sandbox.clusters.controller.objects import Object


@dataclass(frozen=True)
class Collection:
    """One namespaced resource whose objects can be listed and deleted.

    Attributes:
        root: "/api/v1" or "/apis/GROUP/VERSION".
        group: The API group, "" for the core's.
    """

    root: str
    group: str
    plural: str

    @property
    def label(self) -> str:
        """The resource as the API server names it in messages."""
        return f"{self.plural}.{self.group}"

    def path(self, namespace: str) -> str:
        """Return the collection's path in a namespace."""
        return f"{self.root}/namespaces/{namespace}/{self.plural}"


async def list_collections(client: Client) -> list[Collection]:
    """Return every collection in its group's preferred version."""
    roots = [("", "/api/v1")]
    for group in (await client.read("/apis"))["groups"]:
        roots.append((group["name"], f"/apis/{group['preferredVersion']['groupVersion']}"))
    return [each for found in await asyncio.gather(*(_read(client, *root) for root in roots)) for each in found]


async def _read(client: Client, group: str, root: str) -> list[Collection]:
    try:
        resources = (await client.read(root))["resources"]
    except ApiError as error:
        if error.is_missing:  # the group went with its last definition
            return []
        raise
    return [Collection(root, group, each["name"]) for each in resources if _holds_objects(each)]


def _holds_objects(resource: Object) -> bool:
    verbs = set(resource["verbs"])
    return resource["namespaced"] and {"list", "deletecollection"} <= verbs and "/" not in resource["name"]
