"""What Google's refusals say in words: which permission, to whom, and whether a quota is full.

The APIs agree on no form. Seen are: `Permission 'storage.buckets.get' denied on resource`, `Required
'compute.networks.create' permission for 'projects/p/…'`, `Required "container.clusters.create" permission(s) for`,
`alice@example.com does not have storage.buckets.get access to the Google Cloud Storage bucket.`
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NAME = r"['\"]?([a-zA-Z]+\.[a-zA-Z]+\.[a-zA-Z]+)['\"]?"
_PERMISSION = re.compile(rf"[Pp]ermission {_NAME}|[Rr]equired {_NAME} permission|does not have {_NAME} access")
_PRINCIPAL = re.compile(r"([\w.+-]+@[\w-]+\.[\w.-]+) does not have")
_QUOTA = re.compile(r"quota ?exceeded|exceeded.{0,40}\bquota|quota .{0,120}\bexceeded|insufficient .{0,40}quota", re.I)
_STOCK_OUT = re.compile(r"not have enough resources|STOCKOUT|RESOURCE_POOL_EXHAUSTED", re.I)
_DISABLED = re.compile(r"has not been used in project|SERVICE_DISABLED|accessNotConfigured")
_FORBIDDEN = re.compile(r"\bError 403\b|\bPERMISSION_DENIED\b")
_NO_QUOTA_PROJECT = re.compile(r"requires a quota project", re.I)
QUOTA_HINT = "ask for a higher quota (https://console.cloud.google.com/iam-admin/quotas), or choose less or elsewhere"
STOCK_OUT_HINT = "choose another zone with --set zone=ZONE, or try again later; the next create replaces what failed"
ENABLE_HINT = "run enable_services, or the whole create, first"
QUOTA_PROJECT_HINT = "set USER_PROJECT_OVERRIDE=true and GOOGLE_BILLING_PROJECT to the environment's project_id"


def permission_in(message: str) -> str:
    """Return the permission that a refusal names, as "compute.networks.create", "" where it names none."""
    found = _PERMISSION.search(message)
    return next((group for group in found.groups() if group), "") if found else ""


def is_quota(message: str) -> bool:
    """Tell whether a message says that a quota is full."""
    return _QUOTA.search(message) is not None


def is_stock_out(message: str) -> bool:
    """Tell whether a message says that a zone has no machines left: GKE's words, Compute Engine's, or their codes."""
    return _STOCK_OUT.search(message) is not None


def is_disabled(text: str) -> bool:
    """Tell whether a text says that an API is off; user credentials without a quota project get the same reason."""
    return _DISABLED.search(text) is not None and not lacks_quota_project(text)


def lacks_quota_project(message: str) -> bool:
    """Tell whether a message says that user credentials name no project whose quota is to be used."""
    return _NO_QUOTA_PROJECT.search(message) is not None


def permission_hint(message: str, principal: Callable[[], str]) -> str:
    """Say to whom which permission must be granted.

    Args:
        message: The refusal.
        principal: Finds out who we are; asked only where the message does not say.
    """
    named = _PRINCIPAL.search(message)
    who = named.group(1) if named else principal()
    permission = permission_in(message)
    return f"grant {who} a role with {permission}" if permission else f"grant {who} the missing role"


def refusal_hint(text: str, principal: Callable[[], str]) -> str:
    """Say what to do about a refusal of Google that another program passed on, "" where the text is none."""
    if is_quota(text):
        return QUOTA_HINT
    if is_stock_out(text):
        return STOCK_OUT_HINT
    if lacks_quota_project(text):
        return QUOTA_PROJECT_HINT
    if is_disabled(text):
        return ENABLE_HINT
    return permission_hint(text, principal) if _FORBIDDEN.search(text) else ""
