from environment.infrastructure import (
    ArtifactStoreOutput,
    ClusterOutput,
    DatabaseOutput,
    Infrastructure,
    NetworkOutput,
    ServiceAccountsOutput,
)
from environment.record import PipelinesRecord
from environment.report_texts import SHOWN, create_markdown
from environment.reports import CreateReport, InfrastructureReport, PipelinesReport, ServicesReport

OUTPUTS = Infrastructure(
    network=NetworkOutput(name="net", subnetwork="sub"),
    cluster=ClusterOutput(name="dev-cluster", location="us-central1-a", endpoint="1.2.3.4", workload_pool="p"),
    database=DatabaseOutput(instance="db", connection_name="acme:us-central1:db", version="MYSQL_8_0"),
    artifact_store=ArtifactStoreOutput(bucket="acme", url="gs://acme"),
    service_accounts=ServiceAccountsOutput(node="n", system="s", user="u"),
)


def report(url: str | None, *changes: str, warnings: tuple[str, ...] = ()) -> CreateReport:
    record = PipelinesRecord(
        version="2.14.4", namespace="kubeflow", source="GitHub", commit="a" * 40, digest="sha256:0", url=url
    )
    return CreateReport(
        environment="dev",
        services=ServicesReport(enabled=("container.googleapis.com",)),
        infrastructure=InfrastructureReport(outputs=OUTPUTS, changes=changes),
        pipelines=PipelinesReport(record=record, object_count=78, healthy=True, warnings=warnings),
        seconds={"enable-services": 1.0, "provision-infra": 2.04, "deploy-kfp": 3.0},
    )


def test_it_says_where_what_and_how_long() -> None:
    lines = create_markdown(
        report("https://kfp.example.com", "update module.a_b.this", warnings=("a | b",))
    ).splitlines()
    assert lines[0] == "# dev: changed 1"
    assert "| Kubeflow Pipelines | [https://kfp.example.com](https://kfp.example.com) |" in lines
    assert f"| version | 2.14.4 from GitHub at {'a' * 12}, healthy |" in lines
    assert "| database | acme:us-central1:db (MYSQL\\_8\\_0) |" in lines
    assert "| provision-infra | 1 | 2.0 s |" in lines
    assert "- update module.a\\_b.this" in lines
    assert lines[-1] == "- a \\| b"


def test_nothing_changed_is_short() -> None:
    text = create_markdown(report(None))
    assert text.startswith("# dev: no changes\n")
    assert "no address yet" in text
    assert "What changed" not in text


def test_a_first_create_does_not_list_everything() -> None:
    lines = create_markdown(report(None, *[f"create module.x.thing[{n}]" for n in range(SHOWN + 3)])).splitlines()
    assert lines[-1] == "- and 3 more, in the artifacts of the steps"
