"""Container registries: whether they have an image. No credentials are sent; public images need none.

A registry that wants a token says where anybody gets one.

Source: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from typing import Any

from clients.addresses import Addresses
from environment.images import Image

TIMEOUT_SECONDS = 4.0
_TYPES = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


def has_image(addresses: Addresses, image: Image) -> bool | None:
    """Tell whether a registry has an image, None where it does not answer, or not to us."""
    import requests

    base = addresses.service(image.registry)
    url = f"{base}/v2/{image.repository}/manifests/{image.reference}"
    headers = {"Accept": _TYPES}
    try:
        answer = requests.head(url, headers=headers, timeout=TIMEOUT_SECONDS)
        if answer.status_code == 401 and (token := _token(answer.headers.get("WWW-Authenticate", ""), base)):
            headers["Authorization"] = f"Bearer {token}"
            answer = requests.head(url, headers=headers, timeout=TIMEOUT_SECONDS)
    except (requests.RequestException, ValueError):
        return None
    # Who asks a registry for a repository that is gone is told by some that he may not see it; so says a proxy too.
    is_refused = answer.status_code == 403 and "Docker-Distribution-Api-Version" in answer.headers
    return True if answer.ok else False if is_refused or answer.status_code == 404 else None


def _token(challenge: str, base: str) -> str:
    import requests

    asked = dict(_CHALLENGE.findall(challenge))
    realm = asked.pop("realm", "")
    if not realm.startswith(("https://", f"{base}/")):
        return ""
    found: Any = requests.get(realm, params=asked, timeout=TIMEOUT_SECONDS).json()
    return str(found.get("token") or found.get("access_token") or "") if isinstance(found, dict) else ""
