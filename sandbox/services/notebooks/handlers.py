"""Requests about Workbench instances of the Notebooks API v2.

Source: https://cloud.google.com/vertex-ai/docs/workbench/reference/rest/v2/projects.locations.instances
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel import longrunning
from sandbox.kernel.bodies import field, mask_paths, masked, without_nulls
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import already_exists, failed_precondition, invalid
from sandbox.kernel.pages import paginate
from sandbox.kernel.resources import Document, Resources
from sandbox.kernel.routes import Call
from sandbox.services.compute.geography import is_zone, region_of
from sandbox.services.notebooks import setup, store
from sandbox.services.orgpolicy.store import external_address_problem, require_location, shielded_problem

Json = dict[str, Any]
_TYPE = "type.googleapis.com/google.cloud.notebooks.v2"
_CREATE_SECONDS = 150.0
_DELETE_SECONDS = 60.0
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_UPDATE_SECONDS = 15.0
_WHILE_STOPPED = ("gceSetup.machineType", "gceSetup.acceleratorConfigs", "gceSetup.shieldedInstanceConfig")
_ANY_TIME = ("labels", "gceSetup.metadata", "gceSetup.bootDisk", "gceSetup.dataDisks", "enableDeletionProtection")


def get(call: Call) -> Json:
    """Answer an instance."""
    return store.view(call.cloud, store.read(call.cloud, _path(call)))


def list_(call: Call) -> Json:
    """Answer the instances of a zone, or with "-" of all."""
    location = call.params["location"]
    prefix = f"projects/{call.project}/locations/" + ("" if location == "-" else f"{location}/")
    found = Resources(call.cloud, store.INSTANCES).items(prefix)
    page, token = paginate([store.view(call.cloud, instance) for _, instance in found], call.query)
    return {"instances": page, "nextPageToken": token} if token else {"instances": page}


def create(call: Call) -> Json:
    """Make an instance."""
    zone = call.params["location"]
    if not is_zone(zone):
        raise invalid(f"Location '{zone}' is not a zone")
    name = call.query.get("instanceId") or call.query.get("instance_id", "")
    if not re.fullmatch(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", name):
        raise invalid(f"Invalid instance id '{name}': must match [a-z]([-a-z0-9]{{0,61}}[a-z0-9])?")
    path = f"projects/{call.project}/locations/{zone}/instances/{name}"
    body = without_nulls(call.body)
    with call.cloud.store.transaction():
        if Resources(call.cloud, store.INSTANCES).get(path) is not None:
            raise already_exists(path, f"Resource '{path}' already exists")
        Resources(call.cloud, store.INSTANCES).put(path, _new(call, path, body))
    return _operation(call, "create", path, _CREATE_SECONDS, {"@type": f"{_TYPE}.Instance", "name": path})


def patch(call: Call) -> Json:
    """Change the fields of the update mask; the machine's kind only while it is stopped."""
    paths = [_camel(path) for path in mask_paths(call.query.get("updateMask", ""))]
    if not paths:
        raise invalid("update_mask is required")
    for path in paths:
        if not path.startswith((*_WHILE_STOPPED, *_ANY_TIME)):
            raise invalid(f"Field '{path}' of an instance cannot be updated")
    body = without_nulls(call.body)
    with call.cloud.store.transaction():
        instance = store.occupy(call.cloud, _path(call), "", _UPDATE_SECONDS, only_when=store.STABLE)
        if instance["state"] != "STOPPED" and any(path.startswith(_WHILE_STOPPED) for path in paths):
            raise failed_precondition(f"Instance '{_path(call)}' must be STOPPED to change {', '.join(paths)}")
        changed = masked(instance, body, paths)
        setup.check_machine_type(field(changed, "gceSetup.machineType", str, ""))
        own = setup.server_metadata(_path(call), region_of(call.params["location"]), call.params["instance"])
        changed["gceSetup"]["metadata"] = {**changed["gceSetup"].get("metadata", {}), **own}
        changed["updateTime"] = rfc3339(call.cloud.clock.now())
        changed["labels"] = {**changed.get("labels", {}), **_server_labels(call, _path(call))}
        Resources(call.cloud, store.INSTANCES).put(_path(call), changed)
    response = {"@type": f"{_TYPE}.Instance", "name": _path(call)}
    return _operation(call, "update", _path(call), _UPDATE_SECONDS, response)


def start(call: Call) -> Json:
    """Start a stopped instance."""
    return _switch(call, "start", "STARTING", "ACTIVE", _START_SECONDS)


def stop(call: Call) -> Json:
    """Stop a running instance."""
    return _switch(call, "stop", "STOPPING", "STOPPED", _STOP_SECONDS)


def delete(call: Call) -> Json:
    """Remove an instance."""
    path = _path(call)
    with call.cloud.store.transaction():
        instance = store.occupy(call.cloud, path, "DELETING", _DELETE_SECONDS, only_when=store.STABLE)
        if instance.get("enableDeletionProtection"):
            raise failed_precondition(f"Instance '{path}' is protected from deletion")
        Resources(call.cloud, store.INSTANCES).remove(path, instance["idle_at"])
        call.cloud.policies.delete(path)
    return _operation(call, "delete", path, _DELETE_SECONDS, longrunning.EMPTY)


def policy_name(call: Call) -> str:
    """Name the policy of the instance in the path."""
    return str(store.read(call.cloud, _path(call))["name"])


def _switch(call: Call, verb: str, at_work: str, state: str, seconds: float) -> Json:
    path = _path(call)
    with call.cloud.store.transaction():
        instance = store.occupy(call.cloud, path, at_work, seconds, only_when=store.STABLE)
        Resources(call.cloud, store.INSTANCES).put(path, {**instance, "state": state})
    return _operation(call, verb, path, seconds, {"@type": f"{_TYPE}.Instance", "name": path})


def _new(call: Call, path: str, body: Json) -> Document:
    cloud = call.cloud
    require_location(cloud, call.project, call.params["location"])
    machine, placement = setup.complete(cloud, path, field(body, "gceSetup", dict, {}))
    refusal = "" if machine.get("disablePublicIp") else external_address_problem(cloud, call.project)
    if not machine.get("shieldedInstanceConfig", {}).get("enableSecureBoot"):
        refusal = refusal or shielded_problem(cloud, call.project)
    if refusal:
        raise failed_precondition(refusal)
    now = cloud.clock.now()
    return {
        **body,
        "name": path,
        "gceSetup": machine,
        "placement": placement,
        "labels": {**field(body, "labels", dict, {}), **_server_labels(call, path)},
        "id": cloud.clock.uuid(),
        "creator": "sandbox@sandbox.invalid",
        "createTime": rfc3339(now),
        "updateTime": rfc3339(now),
        "healthInfo": {},
        "state": "ACTIVE",
        "proxyUri": setup.proxy_host(path, region_of(call.params["location"])),
        "ready_at": now + cloud.latency.pace(_CREATE_SECONDS),
    }


def _server_labels(call: Call, path: str) -> Json:
    project = call.cloud.projects.get(call.project)
    return {
        "consumer-project-id": project.project_id,
        "consumer-project-number": project.number,
        "notebooks-product": "workbench-instances",
        "resource-name": path.rsplit("/", 1)[-1],
    }


def _path(call: Call) -> str:
    return f"projects/{call.project}/locations/{call.params['location']}/instances/{call.params['instance']}"


def _camel(path: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), path)


def _operation(call: Call, verb: str, path: str, seconds: float, response: Json) -> Json:
    return longrunning.begin(call, verb, path, seconds, response, f"{_TYPE}.OperationMetadata")
