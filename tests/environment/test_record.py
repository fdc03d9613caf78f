import json

from environment.record import EnvironmentRecord

RECORD = {
    "environment": "dev",
    "project_id": "acme-dev",
    "spec_digest": "0",
    "tool_version": "1",
    "services": ["compute.googleapis.com"],
    "infrastructure": {
        "network": {"name": "n", "subnetwork": "s"},
        "cluster": {"name": "c", "location": "l", "endpoint": "e", "workload_pool": "w"},
        "database": {"instance": "i", "connection_name": "p:r:i", "version": "MYSQL_8_0"},
        "artifact_store": {"bucket": "b", "url": "gs://b", "dataflow_url": None},
        "service_accounts": {"node": "a", "system": "b", "user": "c"},
    },
    "pipelines": {"version": "2", "namespace": "n", "source": "s", "commit": "c", "digest": "d", "url": None},
    "finished_at": "2026-01-01T00:00:00+00:00",
}


def test_a_record_equals_itself_at_another_time() -> None:
    one = EnvironmentRecord.read(json.dumps(RECORD))
    later = EnvironmentRecord.read(json.dumps({**RECORD, "finished_at": "2026-02-01T00:00:00+00:00"}))
    other = EnvironmentRecord.read(json.dumps({**RECORD, "tool_version": "2"}))
    assert one is not None
    assert later is not None
    assert other is not None
    assert one.same_as(later)
    assert not one.same_as(other)


def test_what_another_release_wrote_counts_as_none() -> None:
    assert EnvironmentRecord.read(None) is None
    assert EnvironmentRecord.read("{}") is None
    assert EnvironmentRecord.read("not json") is None


def test_a_run_of_some_layers_leaves_what_is_said_of_the_others() -> None:
    kept = EnvironmentRecord.read(json.dumps(RECORD))
    assert kept is not None
    pipelines = kept.pipelines.model_copy(update={"digest": "new"})
    updated = kept.brought_up_to_date(None, None, pipelines, finished_at="later")
    assert updated == kept.model_copy(update={"pipelines": pipelines, "finished_at": "later"})
    stamped = kept.brought_up_to_date(("a.googleapis.com",), None, None, spec_digest="1")
    assert (stamped.services, stamped.spec_digest, stamped.pipelines) == (("a.googleapis.com",), "1", kept.pipelines)
