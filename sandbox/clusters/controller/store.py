"""What the controller knows of one resource: the newest version of every object that a watch or an answer brought."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from sandbox.clusters.controller.objects import Object, key_of, owners_of, version_of

_TOMBSTONES = 2000


class Store:
    """The objects of one resource, by namespace and name, and by the uid of an owner."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Object] = {}
        self._by_namespace: dict[str, dict[str, Object]] = {}
        self._by_owner: dict[str, set[tuple[str, str]]] = {}
        self._deleted: OrderedDict[tuple[str, str], int] = OrderedDict()

    def get(self, namespace: str, name: str) -> Object | None:
        """Return an object."""
        return self._objects.get((namespace, name))

    def all(self) -> list[Object]:
        """Return every object."""
        return list(self._objects.values())

    def within(self, namespace: str) -> list[Object]:
        """Return the objects of one namespace."""
        return list(self._by_namespace.get(namespace, {}).values())

    def owned_by(self, uid: str) -> list[Object]:
        """Return the objects that name this owner."""
        return [self._objects[key] for key in self._by_owner.get(uid, ())]

    def put(self, obj: Object) -> bool:
        """Keep an object; return False for one that is not newer than what is known.

        An answer to a write may arrive after the watch has told of a later deletion.
        """
        key, version = key_of(obj), version_of(obj)
        known = self._objects.get(key)
        if version <= (version_of(known) if known else self._deleted.get(key, -1)):
            return False
        if known:
            self._forget(key, known)
        self._objects[key] = obj
        self._by_namespace.setdefault(key[0], {})[key[1]] = obj
        for owner in owners_of(obj):
            self._by_owner.setdefault(owner["uid"], set()).add(key)
        return True

    def remove(self, obj: Object) -> Object | None:
        """Forget an object; return what was known of it, or None where a newer one has taken its name."""
        key, version = key_of(obj), version_of(obj)
        known = self._objects.get(key)
        if known is None or version < version_of(known):
            return None
        self._forget(key, known)
        self._deleted[key] = version
        while len(self._deleted) > _TOMBSTONES:
            self._deleted.popitem(last=False)
        return known

    def absent_from(self, objects: Iterable[Object]) -> list[Object]:
        """Return what is known here but missing in a complete list."""
        listed = {key_of(obj) for obj in objects}
        return [obj for key, obj in self._objects.items() if key not in listed]

    def _forget(self, key: tuple[str, str], known: Object) -> None:
        del self._objects[key]
        names = self._by_namespace[key[0]]
        del names[key[1]]
        if not names:
            del self._by_namespace[key[0]]
        for owner in owners_of(known):
            keys = self._by_owner.get(owner["uid"], set())
            keys.discard(key)
            if not keys:
                self._by_owner.pop(owner["uid"], None)
