"""Plugin protocol 6: schemas, stored states, diagnostics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tf.gen import tfplugin_pb2 as pb

from sandbox.provider import protobuf
from sandbox.provider.registry import DATA_SOURCES, RESOURCES
from sandbox.provider.servicer import IMPORTED, GoogleServicer
from sandbox.provider.wire import decode


@pytest.fixture(scope="module")
def servicer() -> GoogleServicer:
    return GoogleServicer()


def test_every_type_has_a_schema_and_a_class(servicer: GoogleServicer) -> None:
    answer = servicer.GetProviderSchema(pb.GetProviderSchema.Request(), None)
    assert set(answer.resource_schemas) == set(RESOURCES)
    assert set(answer.data_source_schemas) == set(DATA_SOURCES)


def test_schemas_are_kept_for_the_next_process(servicer: GoogleServicer, tmp_path: Path) -> None:
    request, kept = pb.GetProviderSchema.Request(), tmp_path / "schemas"
    answer = servicer.GetProviderSchema(request, None)
    assert GoogleServicer(kept).GetProviderSchema(request, None) == answer
    assert pb.GetProviderSchema.Response.FromString(kept.read_bytes()) == answer
    assert [*tmp_path.iterdir()] == [kept]
    kept.write_bytes(b"")
    assert not GoogleServicer(kept).GetProviderSchema(request, None).resource_schemas
    assert GoogleServicer(tmp_path / "no folder" / "schemas").GetProviderSchema(request, None) == answer


def test_write_only_attributes_are_told_as_such(servicer: GoogleServicer) -> None:
    answer = servicer.GetProviderSchema(pb.GetProviderSchema.Request(), None)
    attributes = {item.name: item for item in answer.resource_schemas["google_sql_user"].block.attributes}
    assert attributes["password_wo"].SerializeToString().endswith(protobuf.WRITE_ONLY)
    assert not attributes["password"].SerializeToString().endswith(protobuf.WRITE_ONLY)
    assert attributes["password"].sensitive


def test_a_state_of_another_version_is_fitted(servicer: GoogleServicer) -> None:
    stored = json.dumps({"name": "n", "gone_since": 1}).encode()
    request = pb.UpgradeResourceState.Request(
        type_name="google_compute_network", version=0, raw_state=pb.RawState(json=stored)
    )
    state = decode(servicer.UpgradeResourceState(request, None).upgraded_state)
    assert state["name"] == "n"
    assert state["mtu"] is None
    assert "gone_since" not in state


def test_an_import_starts_from_the_id(servicer: GoogleServicer) -> None:
    request = pb.ImportResourceState.Request(type_name="google_compute_router", id="p/r/name")
    (imported,) = servicer.ImportResourceState(request, None).imported_resources
    state = decode(imported.state)
    assert (state["project"], state["region"], state["name"]) == ("p", "r", "name")
    assert state["id"] == "projects/p/regions/r/routers/name"
    assert imported.private == IMPORTED


def test_an_id_of_the_wrong_form_is_refused(servicer: GoogleServicer) -> None:
    request = pb.ImportResourceState.Request(type_name="google_compute_router", id="a/b/c/d/e")
    (diagnostic,) = servicer.ImportResourceState(request, None).diagnostics
    assert "doesn't match any of the accepted formats" in diagnostic.summary


def test_an_unknown_type_is_a_diagnostic_and_no_crash(servicer: GoogleServicer) -> None:
    request = pb.ImportResourceState.Request(type_name="google_dns_zone", id="x")
    (diagnostic,) = servicer.ImportResourceState(request, None).diagnostics
    assert "google_dns_zone" in diagnostic.summary
