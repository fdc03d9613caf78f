"""What a registry's answer says of an image."""

from __future__ import annotations

import pytest
import requests

from clients.addresses import Addresses
from clients.registries import Registries
from environment.images import Image


@pytest.mark.parametrize(("token", "expected"), [("given", False), ("", None)])
def test_a_refusal_of_a_token_that_was_given_is_about_this_image(
    monkeypatch: pytest.MonkeyPatch, token: str, expected: bool | None
) -> None:
    refusal = requests.Response()
    refusal.status_code = 401
    monkeypatch.setattr(requests.Session, "head", lambda *_, **__: refusal)
    registries = Registries(Addresses())
    monkeypatch.setattr(registries, "_token", lambda _: token)
    assert registries.has_image(Image("ghcr.io", "kubeflow/kfp-api-server", "2.14.4")) is expected


@pytest.mark.parametrize(("of_a_registry", "expected"), [(True, False), (False, None)])
def test_only_a_registry_s_own_refusal_says_that_an_image_is_gone(
    monkeypatch: pytest.MonkeyPatch, of_a_registry: bool, expected: bool | None
) -> None:
    answer = requests.Response()
    answer.status_code = 403
    answer.headers.update({"Docker-Distribution-Api-Version": "registry/2.0"} if of_a_registry else {})
    monkeypatch.setattr(requests.Session, "head", lambda *_, **__: answer)
    assert Registries(Addresses()).has_image(Image("ghcr.io", "kubeflow/kfp-api-server", "2.14.4")) is expected
