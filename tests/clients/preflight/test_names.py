"""Whose ranges count beside ours, from what Compute Engine answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.google_rest import GoogleRest
from clients.preflight.names import look_at_ranges
from environment.destruction import NETWORK, Found
from environment.errors import GoogleApiError, PermissionDeniedError
from environment.names import PEERING

PROJECT, REGION = "acme-preflight", "us-central1"


@pytest.mark.parametrize("at", [0, 1])
def test_subnetworks_are_looked_at_on_every_page_and_a_refusal_is_told(
    at: int, monkeypatch: pytest.MonkeyPatch, dev: Any
) -> None:
    pages = [{"items": {"regions/us-central1": {"subnetworks": []}}}, {"items": {}}]
    theirs = f"projects/{PROJECT}/global/networks/pre-network"
    pages[at]["items"] = {
        "regions/x": {"subnetworks": [{"name": "t", "network": theirs, "ipCidrRange": "10.20.0.0/20"}]}
    }
    tokens = {"": {**pages[0], "nextPageToken": "more"}, "more": pages[1]}

    def get(self: GoogleRest, host: str, path: str, what: str, **parameters: str) -> dict[str, Any]:
        if "aggregated" not in path:
            peering = {"name": PEERING, "network": "projects/servicenetworking-tenant/global/networks/n"}
            return {"peerings": [peering]}
        assert PROJECT in path, "what is Google's is asked for in vain"
        return tokens[parameters.get("pageToken", "")]

    monkeypatch.setattr(GoogleRest, "get", get)
    environment, ours = dev(), [Found(NETWORK, "pre-network")]
    looked = look_at_ranges(environment, Addresses(), ours)
    assert [one.subject.split()[0] for one in looked.findings] == ["network.pods_cidr"]
    tokens.clear()
    monkeypatch.setattr(GoogleRest, "pages", refused)
    with pytest.raises(GoogleApiError):
        look_at_ranges(environment, Addresses(), ours)


@pytest.mark.parametrize(
    ("error", "is_note"),
    [(PermissionDeniedError("no"), True), (GoogleApiError("gone", status=404), True), (GoogleApiError("busy"), False)],
)
def test_ranges_of_all_peers_count_and_a_peer_that_is_not_seen_is_told(
    error: GoogleApiError, is_note: bool, monkeypatch: pytest.MonkeyPatch, dev: Any
) -> None:
    """Two have a subnetwork of one name in one region; a third is not ours to look at."""
    peers = {name: f"projects/{name}/global/networks/n" for name in ("acme-first", "acme-other", "acme-hidden")}
    ranges = {"acme-first": "10.20.0.0/20", "acme-other": "192.168.0.0/24"}

    def get(self: GoogleRest, host: str, path: str, what: str, **parameters: str) -> dict[str, Any]:
        if "aggregated" not in path:
            return {"peerings": [{"name": name, "network": network} for name, network in peers.items()]}
        if "acme-hidden" in path:
            raise error
        found = [
            {"name": "main", "network": network, "ipCidrRange": ranges[name]}
            for name, network in peers.items()
            if name in path
        ]
        return {"items": {f"regions/{REGION}": {"subnetworks": found}}}

    monkeypatch.setattr(GoogleRest, "get", get)
    environment, ours = dev(), [Found(NETWORK, "pre-network")]
    if not is_note:
        with pytest.raises(GoogleApiError):
            look_at_ranges(environment, Addresses(), ours)
        return
    looked = look_at_ranges(environment, Addresses(), ours)
    (finding,) = looked.findings
    assert "of the peer projects/acme-first/global/networks/n" in f"{finding.subject} {finding.problem}"
    assert looked.notes == (f"ranges: those of the peer {peers['acme-hidden']} may not be looked at",)


def refused(*_: Any) -> Iterator[dict[str, Any]]:
    raise GoogleApiError("no")
