"""The project: that it is there, that somebody pays, that we may do what is needed, that no policy forbids it.

Sources: projects.get and projects.testIamPermissions of Resource Manager v3, projects.getBillingInfo of Cloud Billing
v1, projects.policies.getEffectivePolicy of Organization Policy v2
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from clients.addresses import Addresses
from clients.credentials import principal
from clients.google_rest import GoogleRest
from environment.deployer import batches, needed_permissions, permission_findings
from environment.doctor import Looked, found_one
from environment.errors import GoogleApiError, PermissionDeniedError, ServiceDisabledError
from environment.organisation_policies import CONSTRAINTS, Rules, policy_findings, policy_notes
from environment.spec import Environment

RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
BILLING = "cloudbilling.googleapis.com"
POLICIES = "orgpolicy.googleapis.com"
LIFECYCLE = {"DELETE_REQUESTED": "is being deleted"}


def look_at_project(environment: Environment, addresses: Addresses) -> Looked:
    """Look whether the project exists and is active."""
    name = environment.project_id
    subject, what = f"project {name}", f"read the project {name}"
    try:
        project = GoogleRest(addresses, name).get(RESOURCE_MANAGER, f"/v3/projects/{name}", what)
    except ServiceDisabledError:
        raise
    except GoogleApiError as error:
        if error.status not in (403, 404):
            raise
        problem = f"does not exist, or {principal(addresses)} may not see it"
        return found_one("project", subject, problem, f"gcloud projects create {name}, or correct project_id")
    state = project.get("state", "ACTIVE")
    if state == "ACTIVE":
        return Looked()
    problem = LIFECYCLE.get(state, f"is in the state {state}")
    return found_one("project", subject, problem, f"gcloud projects undelete {name}")


def look_at_billing(environment: Environment, addresses: Addresses) -> Looked:
    """Look whether a billing account pays."""
    name = environment.project_id
    path = f"/v1/projects/{name}/billingInfo"
    info = GoogleRest(addresses, name).get(BILLING, path, f"read who pays for {name}")
    if info.get("billingEnabled"):
        return Looked()
    fix = f"gcloud billing projects link {name} --billing-account=ACCOUNT"
    return found_one("billing", f"project {name}", "no active billing account pays for it", fix)


def look_at_permissions(environment: Environment, addresses: Addresses) -> Looked:
    """Look which of the permissions that this environment needs we have on the project."""
    name, rest = environment.project_id, GoogleRest(addresses, environment.project_id)
    path, what = f"/v3/projects/{name}:testIamPermissions", f"test our permissions on {name}"
    held: set[str] = set()
    for batch in batches(needed_permissions(environment)):
        held |= set(rest.post(RESOURCE_MANAGER, path, what, {"permissions": batch}).get("permissions") or ())
    return Looked(findings=permission_findings(environment, principal(addresses), held))


def look_at_policies(environment: Environment, addresses: Addresses) -> Looked:
    """Look which organisation policies would refuse something; reading them needs orgpolicy.policy.get."""
    name = environment.project_id

    def read(constraint: str) -> Rules:
        path = f"/v2/projects/{name}/policies/{constraint}:getEffectivePolicy"
        answer = GoogleRest(addresses, name).get(POLICIES, path, f"read the policy {constraint}")
        return list((answer.get("spec") or {}).get("rules") or ())

    with ThreadPoolExecutor(len(CONSTRAINTS)) as pool:
        futures = {constraint: pool.submit(read, constraint) for constraint in CONSTRAINTS}
    found: dict[str, Rules] = {}
    notes: list[str] = []
    for constraint, future in futures.items():
        try:
            found[constraint] = future.result()
        except PermissionDeniedError:
            notes.append(
                "organisation policies were not looked at: it takes orgpolicy.policy.get (roles/orgpolicy.policyViewer)"
            )
    return Looked(findings=policy_findings(environment, found), notes=(*notes[:1], *policy_notes(environment, found)))
