"""Cloud Billing v1: which account pays for a project, if any.

Source: https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
"""

from __future__ import annotations

from sandbox.kernel.routes import Call, Json, Route, Service

HOST = "cloudbilling.googleapis.com"
ACCOUNT = "billingAccounts/000000-000000-000000"


def get_billing_info(call: Call) -> Json:
    """projects.getBillingInfo."""
    project = call.cloud.projects.require_active(call.project)
    return {
        "name": f"projects/{call.project}/billingInfo",
        "projectId": call.project,
        "billingAccountName": ACCOUNT if project.has_billing else "",
        "billingEnabled": project.has_billing,
    }


SERVICE = Service(HOST, (Route("GET", "/v1/projects/{project}/billingInfo", get_billing_info, by_consumer=True),))
