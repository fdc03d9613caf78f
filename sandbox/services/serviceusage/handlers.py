"""Service Usage v1. Source: https://cloud.google.com/service-usage/docs/reference/rest/v1/services."""

from __future__ import annotations

from sandbox.kernel.errors import ApiError, failed_precondition, invalid
from sandbox.kernel.operation_shapes import longrunning
from sandbox.kernel.operations import Operation
from sandbox.kernel.pages import paginate
from sandbox.kernel.projects import BILLED, Project
from sandbox.kernel.routes import Call, Json
from sandbox.services.serviceusage.known import KNOWN

HOST = "serviceusage.googleapis.com"
BATCH_LIMIT = 20
ENABLE_SECONDS = 25.0
_METADATA = "type.googleapis.com/google.api.serviceusage.v1.OperationMetadata"


def list_services(call: Call) -> Json:
    """services.list, with `filter=state:ENABLED` or `state:DISABLED`."""
    project = call.cloud.projects.require_active(call.project)
    wanted = call.query.get("filter", "").replace(" ", "")
    if wanted not in ("", "state:ENABLED", "state:DISABLED"):
        raise invalid(f"Invalid filter: {wanted}")
    names = sorted(KNOWN | set(project.enabled))
    if wanted:
        names = [name for name in names if _state(project, name) == wanted.partition(":")[2]]
    page, token = paginate(names, call.query, default=200)
    answer: Json = {"services": [_service(project, name) for name in page]} if page else {}
    return answer | ({"nextPageToken": token} if token else {})


def get_service(call: Call) -> Json:
    """services.get."""
    name = call.params["name"]
    _check_known([name])
    return _service(call.cloud.projects.get(call.project), name)


def batch_get_services(call: Call) -> Json:
    """services.batchGet."""
    names = [name.rsplit("/", 1)[-1] for name in call.query_lists.get("names", [])]
    _check_known(names)
    project = call.cloud.projects.get(call.project)
    return {"services": [_service(project, name) for name in names]}


def batch_enable_services(call: Call) -> Json:
    """services.batchEnable: all of them or none."""
    names = call.body.get("serviceIds") or []
    if not 0 < len(names) <= BATCH_LIMIT:
        raise invalid(f"Request must have between 1 and {BATCH_LIMIT} service ids, this has {len(names)}")
    return _enable(call, names, "BatchEnableServicesResponse", "services")


def enable_service(call: Call) -> Json:
    """services.enable."""
    return _enable(call, [call.params["name"]], "EnableServiceResponse", "service")


def disable_service(call: Call) -> Json:
    """services.disable; dependants are not modelled, so none is in the way."""
    name = call.params["name"]
    _check_known([name])
    call.cloud.projects.disable(call.project, name)
    return _start(call, "disable", [name], "DisableServiceResponse", "service")


def get_operation(call: Call) -> Json:
    """operations.get."""
    operation = call.cloud.operations.get(HOST, call.params["operation"])
    return _render(call, operation)


def _enable(call: Call, names: list[str], response_type: str, key: str) -> Json:
    _check_known(names)
    project = call.cloud.projects.require_active(call.project)
    if all(name in project.enabled for name in names):
        return _nothing_to_do(_service(project, names[0]))
    under_way = call.cloud.operations.of_project(HOST, call.project)
    if any(not call.cloud.operations.is_done(operation) for operation in under_way):
        raise failed_precondition(
            f"Another activation or deactivation is in progress for the service(s) of project {call.project}"
        )
    _check_billing(project, names)
    call.cloud.projects.enable(call.project, names)
    return _start(call, "enable", names, response_type, key)


def _nothing_to_do(service: Json) -> Json:
    """What services.enable answers for a service that is on, whichever method asked: no operation to ask for again."""
    response = {"@type": "type.googleapis.com/google.api.serviceusage.v1.EnableServiceResponse", "service": service}
    return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": response}


def _start(call: Call, verb: str, names: list[str], response_type: str, key: str) -> Json:
    project = call.cloud.projects.get(call.project)
    services = [_service(project, name) for name in names]
    operation = call.cloud.operations.start(
        HOST,
        call.project,
        verb=verb,
        target=",".join(names),
        name=f"acat.p2-{project.number}-{call.cloud.clock.uuid()}",
        real_seconds=ENABLE_SECONDS,
        response={
            "@type": f"type.googleapis.com/google.api.serviceusage.v1.{response_type}",
            key: services if key == "services" else services[0],
        },
        metadata={"@type": _METADATA, "resourceNames": [service["name"] for service in services]},
    )
    return _render(call, operation)


def _render(call: Call, operation: Operation) -> Json:
    return longrunning(operation, f"operations/{operation.name}", done=call.cloud.operations.is_done(operation))


def _service(project: Project, name: str) -> Json:
    return {
        "name": f"projects/{project.number}/services/{name}",
        "config": {"name": name, "title": name.removesuffix(".googleapis.com")},
        "state": _state(project, name),
        "parent": f"projects/{project.number}",
    }


def _state(project: Project, name: str) -> str:
    return "ENABLED" if name in project.enabled else "DISABLED"


def _check_billing(project: Project, names: list[str]) -> None:
    billed = sorted(BILLED & set(names))
    if billed and not project.has_billing:
        raise failed_precondition(
            f"Billing account for project '{project.number}' is not found. Billing must be enabled for activation of "
            f"service(s) '{','.join(billed)}' to proceed."
        )


def _check_known(names: list[str]) -> None:
    if unknown := [name for name in names if name not in KNOWN]:
        message = f"Not found or permission denied for service(s): {', '.join(unknown)}."
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED",
            "domain": "serviceusage.googleapis.com",
            "metadata": {"services": ",".join(unknown)},
        }
        raise ApiError(403, message, details=[info])
