"""Cloud Billing v1: whether a project can be charged; here it always can.

Source: https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
"""

from __future__ import annotations

from sandbox.kernel.routes import Call, Json, Route, Service

HOST = "cloudbilling.googleapis.com"
ACCOUNT = "billingAccounts/000000-000000-000000"


def get_billing_info(call: Call) -> Json:
    """projects.getBillingInfo."""
    return {
        "name": f"projects/{call.project}/billingInfo",
        "projectId": call.project,
        "billingAccountName": ACCOUNT,
        "billingEnabled": True,
    }


SERVICE = Service(HOST, (Route("GET", "/v1/projects/{project}/billingInfo", get_billing_info, gated=False),))
