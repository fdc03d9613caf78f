"""Resource Manager v1 and v3: projects and their policies.

Source: https://cloud.google.com/resource-manager/reference/rest
"""

from __future__ import annotations

from sandbox.kernel.clock import rfc3339
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


def get_project(call: Call) -> Json:
    """projects.get of v1."""
    return _v1(call.cloud.projects.get(call.project))


def list_projects(call: Call) -> Json:
    """projects.list of v1."""
    page, token = paginate(call.cloud.projects.all(), call.query)
    return {"projects": [_v1(project) for project in page]} | ({"nextPageToken": token} if token else {})


def get_project_v3(call: Call) -> Json:
    """projects.get of v3."""
    project = call.cloud.projects.get(call.project)
    return {
        "name": f"projects/{project.number}",
        "projectId": project.project_id,
        "state": "ACTIVE",
        "displayName": project.project_id,
        "createTime": rfc3339(project.created_at),
        "etag": "W/sandbox",
    }


def _v1(project: Project) -> Json:
    return {
        "projectNumber": project.number,
        "projectId": project.project_id,
        "lifecycleState": "ACTIVE",
        "name": project.project_id,
        "createTime": rfc3339(project.created_at),
    }
