"""`mlops-env register` and `prefect deploy` against a Prefect server that knows nothing of us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.settings import PREFECT_API_URL

from cli import main as command
from environment.paths import project_root

Register = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def prefect_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Our prefect.yaml with all of dev, and of the others one: each deploy takes half a second."""
    document = yaml.safe_load((project_root() / "prefect.yaml").read_text())
    document["deployments"] = [
        one for one in document["deployments"] if one["name"].endswith("-dev") or one["name"] == "drift-staging"
    ]
    path = tmp_path_factory.mktemp("prefect") / "prefect.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


@pytest.fixture(scope="module")
def said(prefect_server: None, prefect_file: str) -> list[str]:
    """What register printed the first time, as a user would run it."""
    environment = {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    return run("-c", "from cli.main import main; main()", "register", "--prefect-file", prefect_file, **environment)


def run(*arguments: str, **variables: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project_root(),
        env={**os.environ, "COLUMNS": "200", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (done.stdout + done.stderr).splitlines()


@pytest.fixture
def register(said: list[str], prefect_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command once more, in this process; returns its exit code and what it printed."""

    def run_again(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["mlops-env", "register", "--prefect-file", prefect_file, *arguments])
        with pytest.raises(SystemExit) as ended:
            command.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run_again


def schedule_of(environment: str) -> tuple[Any, DeploymentSchedule]:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"detect-drift/drift-{environment}")
    (schedule,) = deployment.schedules
    return deployment.id, schedule


def test_the_first_time_makes_everything_and_the_second_nothing(said: list[str], register: Register) -> None:
    assert said[2] in ("block type   mlops-environment made", "block type   there")  # a block of another test brings it
    assert [*said[:2], *said[3:5]] == [
        "work pool    mlops-env made",
        "limits       mlops-env-dev, mlops-env-staging made",
        "deployments  10 made",
        "automations  mlops-env: end lost runs, mlops-env: remediate dev made",
    ]
    assert any(line.startswith("Nobody is told of drift") for line in said)
    code, again = register()
    assert code == 0
    assert "Nothing to do: all of it is there" in again


def test_every_deployment_of_the_file_is_there_and_runs_what_is_installed(said: list[str], prefect_file: str) -> None:
    wanted = {one["name"]: one["entrypoint"] for one in yaml.safe_load(Path(prefect_file).read_text())["deployments"]}
    with get_client(sync_client=True) as client:
        found = client.read_deployments()
    assert {one.name: one.entrypoint for one in found if one.name in wanted} == wanted
    assert all(one.pull_steps == [] for one in found if one.name in wanted)
    forms = {one.name: (one.parameters, one.parameter_openapi_schema["properties"]) for one in found}
    parameters, fields = forms["create-dev"]
    assert parameters == {"environment": "dev"}
    assert len(fields["start_at"]["enum"]) == 3
    assert fields["overrides"]["description"] == "Fields of the spec for this run, such as cluster.max_nodes=8."


def test_what_a_person_paused_stays_paused_after_another_deploy_and_no_slot_is_doubled(
    said: list[str], prefect_file: str
) -> None:
    with get_client(sync_client=True) as client:
        paused, schedule = schedule_of("dev")
        client.update_deployment_schedule(paused, schedule.id, active=False)
        for environment in ("dev", "staging"):
            plan_runs(client, schedule_of(environment)[0])
        run(
            *("-m", "prefect", "--no-prompt", "deploy", "--prefect-file", prefect_file),
            *("--name", "drift-dev", "--name", "drift-staging"),
            PREFECT_API_URL=str(PREFECT_API_URL.value()),
        )
        for environment in ("dev", "staging"):
            plan_runs(client, schedule_of(environment)[0])
        runs = client.read_flow_runs()
    assert (schedule_of("dev")[1].active, schedule_of("staging")[1].active) == (False, True)
    times = [one.expected_start_time for one in runs if one.deployment_id == schedule_of("staging")[0]]
    assert len(times) == len(set(times)) >= 3
    assert [one for one in runs if one.deployment_id == paused] == []


def plan_runs(client: Any, deployment_id: Any) -> None:
    """Plan the next runs, as the server's scheduler does once a minute."""
    client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment_id}, json={})


@pytest.fixture
def webhook(prefect_server: None) -> str:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    CustomWebhookNotificationBlock(name="mlops", url="https://hooks.example.com/").save("mlops", overwrite=True)
    return "custom-webhook/mlops"


def test_a_notification_block_gets_automations_that_a_person_may_turn_off(webhook: str, register: Register) -> None:
    assert "automations  mlops-env: tell of drift, " in register("--notify", webhook)[1]
    with get_client(sync_client=True) as client:
        (told,) = client.read_automations_by_name("mlops-env: tell of drift")
        client.pause_automation(told.id)
        assert "Nothing to do" in register("--notify", webhook)[1]
        assert "Nothing to do" in register()[1]
        (told,) = client.read_automations_by_name("mlops-env: tell of drift")
    assert not told.enabled


SPEC = {
    "name": "kept",
    "role": "dev",
    "project_id": "acme-kept",
    "region": "us-central1",
    "name_prefix": "kept",
    "state": {"bucket": "acme-kept-tfstate"},
}


def test_a_spec_in_a_block_is_read_as_a_file_s_is(said: list[str]) -> None:
    from environment.errors import SpecError
    from tasks.environment_block import MlopsEnvironment
    from tasks.spec import read_spec

    block = MlopsEnvironment(spec=SPEC)
    block.save("kept")
    spec = read_spec("block:kept", ["cluster.max_nodes=8"])
    assert (spec.name, spec.cluster.max_nodes, spec.cluster.min_nodes) == ("kept", 8, 1)
    with pytest.raises(SpecError, match=r"block:none: there is no block mlops-environment/none on http"):
        read_spec("block:none")
    with pytest.raises(ValueError, match="unknown field regoin: did you mean region"):
        MlopsEnvironment(spec={**SPEC, "regoin": "x"})
    with get_client(sync_client=True) as client:  # as Prefect's form does
        bad = BlockDocumentUpdate(data={"spec": {**SPEC, "role": "test"}})
        client.update_block_document(block._block_document_id, bad)
    with pytest.raises(SpecError, match="block:kept: role: 'test' is unknown"):
        read_spec("block:kept")


def test_results_are_kept_in_a_bucket_through_blocks_without_a_key(register: Register) -> None:
    made = "blocks       gcp-credentials/mlops-env, gcs-bucket/mlops-env-results made"
    assert made in register("--results", "gs://acme-results/prefect")[1]
    assert "Nothing to do" in register("--results", "gs://acme-results/prefect")[1]
    assert "gcs-bucket/mlops-env-results made" in register("--results", "gs://acme-other")[1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--notify", "slack-webhook/nobody"], "there is no such block"),
        (["--notify", "nobody"], "give TYPE/NAME"),
        (["--results", "acme"], "give gs://BUCKET"),
        (["--prefect-file", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--pool-type", "kubernetes"], "is there with type process"),
    ],
)
def test_bad_input_is_one_line(register: Register, arguments: list[str], expected: str) -> None:
    code, printed = register(*arguments)
    assert (code, expected in printed) == (64, True)


def test_a_file_that_deploys_nothing_is_named(tmp_path: Path, register: Register) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("deployments: [{name: mine}]")
    code, printed = register("--prefect-file", str(path))
    assert code == 64
    assert f"{path}: not deployments with" in printed
