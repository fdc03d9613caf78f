import pytest
from pydantic import ValidationError

from environment.infrastructure import parse_outputs

VALUES = {
    "network": {"name": "n", "subnetwork": "s"},
    "cluster": {"name": "c", "location": "us-central1-a", "endpoint": "10.0.0.1", "workload_pool": "p.svc.id.goog"},
    "database": {"instance": "d", "connection_name": "p:r:d", "private_address": "10.0.0.2", "version": "MYSQL_8_0"},
    "artifact_store": {"bucket": "b", "url": "gs://b", "dataflow_url": "gs://b/dataflow/"},
    "service_accounts": {"node": "n@p", "system": "s@p", "user": "u@p", "notebook": None, "dataflow": "d@p"},
    "notebook": None,
}


def _printed(**changed: object) -> dict[str, object]:
    values = {**VALUES, **changed}
    return {name: {"value": value, "type": "dynamic", "sensitive": False} for name, value in values.items()}


def test_outputs_are_typed() -> None:
    infrastructure = parse_outputs(_printed())
    assert infrastructure.cluster.endpoint == "10.0.0.1"
    assert infrastructure.artifact_store.dataflow_url == "gs://b/dataflow/"
    assert infrastructure.service_accounts.notebook is None
    assert infrastructure.notebook is None


def test_the_notebook_is_typed_where_there_is_one() -> None:
    notebook = {"name": "w", "location": "us-central1-a", "proxy_uri": "x.notebooks.googleusercontent.com"}
    found = parse_outputs(_printed(notebook=notebook)).notebook
    assert found is not None
    assert found.model_dump() == notebook


def test_a_missing_output_is_an_error() -> None:
    with pytest.raises(ValidationError, match=r"cluster\.endpoint"):
        parse_outputs(_printed(cluster={"name": "c", "location": "l", "workload_pool": "w"}))
