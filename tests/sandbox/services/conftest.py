"""A local cloud in process: call a service's handlers by method and path, without HTTP."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.kernel.access import Access
from sandbox.kernel.clock import Clock
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.latency import Latency
from sandbox.kernel.operations import Operations
from sandbox.kernel.policies import Policies
from sandbox.kernel.principals import THE_OWNER, Principal, Principals
from sandbox.kernel.projects import Projects
from sandbox.kernel.routes import Answer, Call, find_route
from sandbox.kernel.store import Store
from sandbox.services.permissions import check_access
from sandbox.vault import Vault

Json = dict[str, Any]


@dataclass
class HeldClock(Clock):
    """A clock that moves only when told."""

    seconds: float = 1_800_000_000.0

    def now(self) -> float:
        return self.seconds


@dataclass
class FakeClusters:
    """API servers that are only remembered."""

    keys: list[str] = field(default_factory=list)

    def create(self, key: str) -> SimpleNamespace:
        self.keys.append(key)
        return self.addresses()[key]

    def delete(self, key: str) -> None:
        self.keys.remove(key)

    def addresses(self) -> dict[str, SimpleNamespace]:
        pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        return {key: SimpleNamespace(endpoint="127.0.0.1:6443", ca_certificate=pem) for key in self.keys}


@dataclass
class ServiceCaller:
    """Sends requests to a service's handlers; `clock`, `latency` and `clusters` are the cloud's own."""

    cloud: Cloud
    clock: HeldClock
    latency: Latency
    clusters: FakeClusters
    principal: Principal = THE_OWNER

    def __call__(
        self,
        method: str,
        service: str,
        path: str,
        body: Json | None = None,
        *,
        raw: bytes = b"",
        headers: dict[str, str] | None = None,
        root: bool = False,
    ) -> Json:
        """Answer a request by its JSON.

        Args:
            service: The first label of the host's name, such as "compute".
            path: The path below the host, with its query.
            root: Take the service's routes at the server's root.

        Raises:
            ApiError: As the handler raises it; 501 where there is no route.
        """
        answer = self.answer(method, service, path, body, raw=raw, headers=headers, root=root)
        if isinstance(answer, Answer):
            return answer.content if isinstance(answer.content, dict) else {}
        return answer

    def answer(
        self,
        method: str,
        service: str,
        path: str,
        body: Json | None = None,
        *,
        raw: bytes = b"",
        headers: dict[str, str] | None = None,
        root: bool = False,
    ) -> Json | Answer:
        module = importlib.import_module(f"sandbox.services.{service}.routes")
        parts = urlsplit(path)
        found = find_route(module.SERVICE.root_routes if root else module.SERVICE.routes, method, parts.path)
        if found is None:
            raise ApiError(501, f"no route for {method} {service}{parts.path}")
        route, params = found
        if "project" in params:
            params["project"] = self.cloud.projects.get(params["project"]).project_id
        query = parse_qs(parts.query, keep_blank_values=True)
        call = Call(
            cloud=self.cloud,
            service=module.SERVICE.host,
            method=method,
            path=parts.path,
            params=params,
            query={key: values[-1] for key, values in query.items()},
            query_lists=query,
            body=body or {},
            raw=raw,
            headers=headers or {},
            principal=self.principal,
        )
        check_access(call, route.template)
        return route.handler(call)

    def error(self, method: str, service: str, path: str, body: Json | None = None) -> ApiError:
        """Return the error that answers a request which must fail."""
        with pytest.raises(ApiError) as caught:
            self(method, service, path, body)
        return caught.value


@pytest.fixture
def make_services(tmp_path: Path) -> Iterator[Callable[[], ServiceCaller]]:
    """Return a maker of callers, each on an empty cloud."""
    stores: list[Store] = []

    def make() -> ServiceCaller:
        store = Store(tmp_path / f"store-{len(stores)}.db")
        stores.append(store)
        clock, latency, clusters = HeldClock(), Latency(), FakeClusters()
        policies = Policies(store)
        operations, projects = Operations(store, clock, latency), Projects(store, clock)
        cloud = Cloud(
            store=store,
            vault=Vault(tmp_path / "vault.key"),
            clock=clock,
            latency=latency,
            operations=operations,
            projects=projects,
            policies=policies,
            principals=Principals("token", clock),
            access=Access(store, policies),
            clusters=clusters,
            base_url="http://127.0.0.1:9",
        )
        return ServiceCaller(cloud, clock, latency, clusters)

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def services(make_services: Callable[[], ServiceCaller]) -> ServiceCaller:
    """Return a caller on an empty cloud."""
    return make_services()
