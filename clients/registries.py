"""Container registries: whether they have an image. No credentials are sent; public images need none.

A registry that wants a token says where anybody gets one, in the challenge of its first answer.

Source: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from clients.addresses import Addresses
from environment.images import Image

if TYPE_CHECKING:
    import requests

TIMEOUT_SECONDS = 4.0
_TYPES = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Registries:
    """The registries of one look: connections are kept, and where each gives its tokens; safe to use from threads."""

    def __init__(self, addresses: Addresses) -> None:
        import requests

        self._addresses = addresses
        self._session = requests.Session()
        self._challenges: dict[str, dict[str, str]] = {}

    def has_image(self, image: Image) -> bool | None:
        """Tell whether a registry has an image, None where it does not answer, or not to us."""
        import requests

        try:
            token = self._token(image)
            answer = self._ask(image, token)
            if answer.status_code == 401 and not token:
                self._challenges[image.registry] = dict(_CHALLENGE.findall(answer.headers.get("WWW-Authenticate", "")))
                if token := self._token(image):
                    answer = self._ask(image, token)
        except (requests.RequestException, ValueError):
            return None
        # Who asks a registry for a repository that is gone is told by some that he may not see it; so says a proxy too.
        is_own = "Docker-Distribution-Api-Version" in answer.headers
        is_refused = (answer.status_code == 403 and is_own) or (answer.status_code == 401 and bool(token))
        return True if answer.ok else False if is_refused or answer.status_code == 404 else None

    def _ask(self, image: Image, token: str) -> requests.Response:
        url = f"{self._addresses.service(image.registry)}/v2/{image.repository}/manifests/{image.reference}"
        headers = {"Accept": _TYPES, **({"Authorization": f"Bearer {token}"} if token else {})}
        return self._session.head(url, headers=headers, timeout=TIMEOUT_SECONDS)

    def _token(self, image: Image) -> str:
        """Get a token for an image where its registry is known to want one; each is for one repository."""
        asked = dict(self._challenges.get(image.registry, {}))
        realm = asked.pop("realm", "")
        if not realm.startswith(("https://", f"{self._addresses.service(image.registry)}/")):
            return ""
        if "scope" in asked:
            asked["scope"] = f"repository:{image.repository}:pull"
        found: Any = self._session.get(realm, params=asked, timeout=TIMEOUT_SECONDS).json()
        return str(found.get("token") or found.get("access_token") or "") if isinstance(found, dict) else ""

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()
