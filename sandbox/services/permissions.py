"""Which permissions a call needs, and how each service words that one is missing.

Sources: the "IAM Permissions" of each method in the services' REST references; for Compute Engine
https://cloud.google.com/compute/docs/access/iam-permissions. Calls that only look at an operation, at permissions or at
what is public (versions, tiers, flags) need none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.kernel.bodies import field
from sandbox.kernel.errors import ApiError, forbidden
from sandbox.kernel.resources import Resources
from sandbox.kernel.routes import Call

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}
_REGIONAL = ("backendServices", "targetHttpProxies", "targetHttpsProxies", "urlMaps")
_GLOBAL = ("addresses", "forwardingRules")
_ACCOUNT = re.compile(r"[^@]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com")
_NETWORK = re.compile(r"projects/([^/]+)/global/networks/")


@dataclass(frozen=True)
class Need:
    """One permission, on a project or on a resource with a policy of its own."""

    permission: str
    project: str
    resource: str = ""


def needs_of(call: Call, template: str) -> list[Need]:
    """Return what a call needs; `template` is its route's."""
    rule = _RULES.get(call.service)
    return list(rule(call, template)) if rule else []


def check_access(call: Call, template: str) -> list[str]:
    """Refuse a call that its principal may not make; return the permissions that it needed.

    Raises:
        ApiError: 403 with the service's own words.
    """
    needs = needs_of(call, template)
    for need in needs:
        resources = (need.resource,) if need.resource else ()
        if call.cloud.access.missing(call.principal, (need.permission,), need.project, resources):
            raise _refusal(call, need)
    return [need.permission for need in needs]


def _refusal(call: Call, need: Need) -> ApiError:
    permission, project = need.permission, f"projects/{need.project}"
    on = need.resource or project
    words = {
        "compute": f"Required '{permission}' permission for '{call.path.partition('/compute/v1/')[2] or on}'",
        "container": f'Required "{permission}" permission(s) for "{on}".',
        "cloudsql": f"Permission '{permission}' denied for resource '{project}' (or it may not exist).",
        "storage": f"{call.principal.email} does not have {permission} access to the Google Cloud Storage bucket. "
        f"Permission '{permission}' denied on resource (or it may not exist).",
        "secretmanager": f"Permission '{permission}' denied for resource '{on}' (or it may not exist).",
    }
    message = words.get(
        permission.partition(".")[0], f"Permission '{permission}' denied on resource '{on}' (or it may not exist)."
    )
    return forbidden(message, permission, on)


def _compute(call: Call, template: str) -> Iterator[Need]:
    for permission in _compute_permissions(call, template.partition("/projects/{project}")[2].strip("/").split("/")):
        yield Need(f"compute.{permission}", call.project)


def _compute_permissions(call: Call, parts: list[str]) -> Iterator[str]:
    if parts == [""]:
        yield "projects.get"
        return
    scope = parts[0]
    if "Xpn" in scope:  # Shared VPC is the organisation's to set up
        yield "projects.get" if call.method == "GET" else f"organizations.{scope}"
        return
    if scope == "aggregated":
        yield f"{call.path.rsplit('/', 1)[-1]}.list"
        return
    rest = parts[1:] if scope == "global" else parts[2:]
    if not rest:
        yield f"{scope}.{'list' if len(parts) == 1 else 'get'}"
        return
    kind = _compute_kind(scope, rest[0])
    if len(rest) > 2:
        yield f"{kind}.{'get' if rest[2] == 'wait' else rest[2]}"
        return
    yield f"{kind}.{_compute_verb(call, rest)}"
    if call.method in ("POST", "DELETE", "PATCH", "PUT") and rest[0] == "firewalls":
        yield "networks.updatePolicy"
    if call.method == "POST" and rest[0] in ("subnetworks", "routers"):
        yield "networks.updatePolicy"
    if call.method == "POST" and rest[0] == "addresses" and call.body.get("network"):
        yield "networks.use"


def _compute_kind(scope: str, plural: str) -> str:
    if plural == "operations":
        return f"{scope.removesuffix('s')}Operations"
    if (scope == "global" and plural in _GLOBAL) or (scope == "regions" and plural in _REGIONAL):
        return f"{scope.removesuffix('s')}{plural[0].upper()}{plural[1:]}"
    return plural


def _compute_verb(call: Call, rest: list[str]) -> str:
    verb = "list" if call.method == "GET" and len(rest) == 1 else _VERBS[call.method]
    if rest[0] != "addresses" or verb not in ("create", "delete"):
        return verb
    address = call.body if verb == "create" else _stored(call, "compute.addresses")
    return verb + ("Internal" if address.get("addressType") == "INTERNAL" or address.get("purpose") else "")


def _stored(call: Call, collection: str) -> dict[str, object]:
    name = "projects/" + call.path.partition("/projects/")[2]
    return Resources(call.cloud, collection).get(name) or {}


def _container(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/locations/{location}/")[2]
    if kind.startswith("operations"):
        if call.method == "GET":
            yield Need(f"container.operations.{'get' if '{' in kind else 'list'}", call.project)
        return
    if not kind.startswith("clusters"):
        return
    if "/nodePools" in kind or ":" in kind:
        yield Need(f"container.clusters.{'get' if call.method == 'GET' else 'update'}", call.project)
    else:
        yield Need(f"container.clusters.{_verb(call, kind)}", call.project)
    if call.method == "POST" and ":" not in kind:
        pools = [field(call.body, "cluster", dict, {}), field(call.body, "nodePool.config", dict, {})]
        pools = [pools[0].get("nodeConfig", {}), pools[1], *_first_pools(pools[0])]
        yield from _acting_as(call, *(pool.get("serviceAccount") for pool in pools if isinstance(pool, dict)))


def _first_pools(cluster: dict[str, object]) -> list[object]:
    pools = cluster.get("nodePools")
    return [one.get("config", {}) for one in pools if isinstance(one, dict)] if isinstance(pools, list) else []


def _notebooks(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/locations/{location}/")[2]
    if kind.startswith("operations") or ":testIamPermissions" in kind:
        return
    yield Need(f"notebooks.instances.{_verb(call, kind)}", call.project)
    if call.method == "POST" and kind == "instances":
        accounts = field(call.body, "gceSetup.serviceAccounts", list, [])
        yield from _acting_as(call, *(one.get("email") for one in accounts if isinstance(one, dict)))


def _acting_as(call: Call, *emails: object) -> Iterator[Need]:
    for email in dict.fromkeys(one for one in emails if isinstance(one, str)):
        if found := _ACCOUNT.fullmatch(email):
            name = f"projects/{found['project']}/serviceAccounts/{email}"
            yield Need("iam.serviceAccounts.actAs", found["project"], name)


def _iam(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/projects/{project}/")[2]
    if ":testIamPermissions" in kind:
        return
    email = call.params.get("account", "")
    owner = _ACCOUNT.fullmatch(email)
    project = owner["project"] if owner else call.project
    resource = f"projects/{project}/serviceAccounts/{email}" if email else ""
    if "/keys" in kind:
        yield Need(f"iam.serviceAccountKeys.{_verb(call, kind)}", project, resource)
    else:
        yield Need(f"iam.serviceAccounts.{_verb(call, kind)}", project, resource)


def _iam_credentials(call: Call, template: str) -> Iterator[Need]:
    email = call.params["account"]
    if owner := _ACCOUNT.fullmatch(email):
        name = f"projects/{owner['project']}/serviceAccounts/{email}"
        yield Need("iam.serviceAccounts.getAccessToken", owner["project"], name)


def _resource_manager(call: Call, template: str) -> Iterator[Need]:
    if "{project}" in template and ":testIamPermissions" not in template:
        yield Need(f"resourcemanager.projects.{_verb(call, template)}", call.project)


def _service_usage(call: Call, template: str) -> Iterator[Need]:
    if "{project}" in template:
        verb = "list" if template.endswith("/services") else "get" if call.method == "GET" else ""
        yield Need(f"serviceusage.services.{verb or ('disable' if ':disable' in template else 'enable')}", call.project)


def _secret_manager(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/projects/{project}/")[2]
    if ":testIamPermissions" in kind:
        return
    secret = call.params.get("secret", "")
    resource = f"projects/{call.project}/secrets/{secret}" if secret else ""
    if ":addVersion" in kind:
        yield Need("secretmanager.versions.add", call.project, resource)
    else:
        plural = "versions" if "/versions" in kind else "secrets"
        yield Need(f"secretmanager.{plural}.{_verb(call, kind)}", call.project, resource)


def _sql_admin(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/projects/{project}/")[2]
    plural = kind.removeprefix("instances/{instance}/").split("/")[0]
    if plural in ("operations", "tiers", ""):
        return
    if plural in ("backups", "backupRuns"):
        yield Need(f"cloudsql.backupRuns.{_verb(call, kind)}", call.project)
    elif kind.endswith("/restart"):
        yield Need("cloudsql.instances.restart", call.project)
    elif plural == "users" and call.method in ("PUT", "DELETE"):
        yield Need(f"cloudsql.users.{_VERBS[call.method]}", call.project)
    else:
        yield Need(f"cloudsql.{plural}.{_verb(call, kind)}", call.project)


def _storage(call: Call, template: str) -> Iterator[Need]:
    name = call.params.get("bucket", "")
    if not name:
        yield Need(f"storage.buckets.{'create' if call.method == 'POST' else 'list'}", call.query.get("project", ""))
        return
    bucket = call.cloud.store.get("buckets", name)
    if bucket is None or template.endswith("testPermissions"):
        return
    project = call.cloud.projects.get(bucket["projectNumber"]).project_id
    for permission in _storage_permissions(call, template):
        yield Need(f"storage.{permission}", project, f"buckets/{name}")


def _storage_permissions(call: Call, template: str) -> tuple[str, ...]:
    if template.endswith("/iam"):
        return ("buckets.getIamPolicy" if call.method == "GET" else "buckets.setIamPolicy",)
    if "anywhereCaches" in template:
        return ("anywhereCaches.list",)
    if "rewriteTo" in template:
        return ("objects.get", "objects.create")
    if template.endswith("/o"):
        return ("objects.list",) if call.method == "GET" else ("objects.create",)
    if "{object*}" in template:
        return (f"objects.{_VERBS[call.method]}",)
    return (f"buckets.{_VERBS[call.method]}",)


def _service_networking(call: Call, template: str) -> Iterator[Need]:
    text = call.query.get("network") or call.body.get("network") or call.body.get("consumerNetwork") or ""
    network = _NETWORK.match(text if isinstance(text, str) else "")
    if network is None or "{producer}" not in template:
        return
    project = call.cloud.projects.get(network[1]).project_id
    deletes = call.method == "POST" and "{name}" in template
    verb = "get" if call.method == "GET" else "deleteConnection" if deletes else "addPeering"
    yield Need(f"servicenetworking.services.{verb}", project)


def _artifact_registry(call: Call, template: str) -> Iterator[Need]:
    kind = template.partition("/locations/{location}/")[2]
    if kind.startswith("repositories") and ":testIamPermissions" not in kind:
        yield Need(f"artifactregistry.repositories.{_verb(call, kind)}", call.project)


def _bigquery(call: Call, template: str) -> Iterator[Need]:
    is_listed = call.method == "GET" and template.endswith("/datasets")
    yield Need(f"bigquery.datasets.{'get' if is_listed else _VERBS[call.method]}", call.project)


def _cloud_billing(call: Call, template: str) -> Iterator[Need]:
    yield Need("resourcemanager.projects.get", call.project)


def _org_policy(call: Call, template: str) -> Iterator[Need]:
    yield Need("orgpolicy.policy.get", call.project)


def _verb(call: Call, template: str) -> str:
    """Return the verb behind a colon, or that of the method; a GET of what is no parameter is a list."""
    _, colon, verb = template.rpartition(":")
    if colon and "}" not in verb:
        return verb
    return "list" if call.method == "GET" and not template.endswith("}") else _VERBS[call.method]


_RULES: dict[str, Callable[[Call, str], Iterator[Need]]] = {
    "artifactregistry.googleapis.com": _artifact_registry,
    "bigquery.googleapis.com": _bigquery,
    "cloudbilling.googleapis.com": _cloud_billing,
    "cloudresourcemanager.googleapis.com": _resource_manager,
    "compute.googleapis.com": _compute,
    "container.googleapis.com": _container,
    "iam.googleapis.com": _iam,
    "iamcredentials.googleapis.com": _iam_credentials,
    "notebooks.googleapis.com": _notebooks,
    "orgpolicy.googleapis.com": _org_policy,
    "secretmanager.googleapis.com": _secret_manager,
    "servicenetworking.googleapis.com": _service_networking,
    "serviceusage.googleapis.com": _service_usage,
    "sqladmin.googleapis.com": _sql_admin,
    "storage.googleapis.com": _storage,
}
