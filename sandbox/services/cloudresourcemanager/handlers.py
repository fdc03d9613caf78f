"""Resource Manager v1 and v3: projects and their policies.

Source: https://cloud.google.com/resource-manager/reference/rest
"""

from __future__ import annotations

from sandbox.kernel.clock import rfc3339
from sandbox.kernel.errors import no_project
from sandbox.kernel.pages import paginate
from sandbox.kernel.projects import Project
from sandbox.kernel.routes import Call, Json

HOST = "cloudresourcemanager.googleapis.com"
OWNER = {"role": "roles/owner", "members": ["user:sandbox@sandbox.invalid"]}


def project_policy_name(call: Call) -> str:
    """Name the project's policy; a new project has its owner in it."""
    name = f"projects/{call.project}"
    if not call.cloud.policies.get(name).get("bindings"):
        call.cloud.policies.set(name, {"bindings": [OWNER]})
    return name


def active_policy_name(call: Call) -> str:
    """Name the policy of a project that is there."""
    return f"projects/{call.cloud.projects.require_active(call.project).project_id}"


def get_project(call: Call) -> Json:
    """projects.get of v1."""
    return _v1(_known(call))


def list_projects(call: Call) -> Json:
    """projects.list of v1."""
    page, token = paginate(call.cloud.projects.all(), call.query)
    return {"projects": [_v1(project) for project in page]} | ({"nextPageToken": token} if token else {})


def get_project_v3(call: Call) -> Json:
    """projects.get of v3."""
    project = _known(call)
    return {
        "name": f"projects/{project.number}",
        "projectId": project.project_id,
        "state": project.lifecycle,
        "displayName": project.project_id,
        "createTime": rfc3339(project.created_at),
        "etag": "W/sandbox",
    }


def _known(call: Call) -> Project:
    """Return the project, also while it is being deleted."""
    project = call.cloud.projects.get(call.project)
    if project.lifecycle == "MISSING":
        raise no_project(call.project)
    return project


def _v1(project: Project) -> Json:
    return {
        "projectNumber": project.number,
        "projectId": project.project_id,
        "lifecycleState": project.lifecycle,
        "name": project.project_id,
        "createTime": rfc3339(project.created_at),
    }
