"""An environment whose changes need approval, on the sandbox; a thread plays the person at Prefect's form."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from prefect import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Cancelling, Running

from environment.approval import Answer
from environment.errors import ApprovalError, ReplacementRefusedError

PROJECT = "acme-ruled-project"
BUCKET = "acme-ruled-tfstate"
SPEC = f"""\
name: ruled
cloud: sandbox
role: prod
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: ruled
state: {{bucket: {BUCKET}}}
approval: {{expires_after_seconds: 600}}
"""
STATE = "mlops-env/ruled/default.tfstate"
MORE_NODES = "cluster.max_nodes=8"
SERVICE = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/dataflow.googleapis.com"
COMMAND = [sys.executable, "-c", "from cli.main import main; main()"]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "ruled.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture
def cloud(cloud, monkeypatch):
    """The sandbox, where who waits looks often."""
    from flows import pausing, waiting

    monkeypatch.setattr(pausing, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.1)
    return cloud


def create(spec: str, *overrides: str, **switches: Any) -> Any:
    from flows.create_environment import create_environment

    return create_environment(spec, list(overrides), **switches)


def waiting_run(name: str, when: Callable[[], bool]) -> Any:
    """Return the run that waits, as soon as one does."""
    from flows.waiting import find_waiting

    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(ApprovalError):
            if when():
                return find_waiting(name)
        time.sleep(0.1)
    pytest.fail(f"{name} never waited")


@contextmanager
def person(
    act: Callable[[Any], Answer], name: str = "create-ruled", when: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Let somebody look at the run that waits, and answer it; what goes wrong there goes wrong in the test."""
    from flows.waiting import answer

    wrong: list[BaseException] = []

    def look() -> None:
        try:
            run = waiting_run(name, when)
            answer(run, act(run))
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        if wrong:
            raise wrong[0]


def changing_calls(cloud: Any, before: int) -> list[str]:
    return [call["path"] for call in cloud.calls_since(before) if call["mutating"]]


def entries(spec: str) -> tuple[Any, ...]:
    from clients.addresses import Addresses
    from clients.history import read_history
    from environment.spec_file import load_environment

    return read_history(load_environment(spec, []), Addresses.from_environment(), 20)


def storage() -> Any:
    from clients.addresses import Addresses
    from clients.storage import Storage

    return Storage(Addresses.from_environment(), PROJECT)


def held_slots() -> int:
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return client.read_global_concurrency_limit_by_name("mlops-env-ruled").active_slots
        except ObjectNotFound:
            return 0


def test_first_create_waits_with_nothing_held_and_does_what_was_approved(cloud, spec) -> None:
    from flows.waiting import read_plan

    before, seen = cloud.last_call(), []

    def act(run: Any) -> Answer:
        seen.extend([changing_calls(cloud, before), held_slots(), storage().read(BUCKET, f"{STATE[:-6]}lock")])
        seen.append(read_plan(run))
        return Answer(decision="approve", reason="go on")

    with person(act):
        report = create(spec)
    changed, slots, lock, plan = seen
    assert (changed, slots, lock) == ([], 0, None)
    assert f"# ruled: {report.change_count} changes" in plan
    (entry,) = entries(spec)
    assert (entry.approval.how, entry.approval.reason) == ("in Prefect", "go on")
    assert entry.who == "user@sandbox.localhost"


def test_without_changes_nobody_is_asked(cloud, spec) -> None:
    before = cloud.last_call()
    assert create(spec).change_count == 0
    assert changing_calls(cloud, before) == []


def test_what_the_guard_refuses_nobody_is_asked_about(cloud, spec) -> None:
    from flows.provision_infra import provision_infra

    before = cloud.last_call()
    with pytest.raises(ReplacementRefusedError, match="allow-replace"):
        provision_infra(spec, ["network.subnet_cidr=10.11.0.0/20"])
    assert changing_calls(cloud, before) == []


def test_what_moves_while_it_waits_is_named_and_nothing_is_changed(cloud, spec) -> None:
    calls: list[int] = []

    def act(run: Any) -> Answer:
        state = json.loads(storage().read(BUCKET, STATE))
        storage().write(BUCKET, STATE, json.dumps({**state, "serial": state["serial"] + 1}))
        cloud.call("POST", f"{SERVICE}:disable", {"disableDependentServices": True}).raise_for_status()
        calls.append(cloud.last_call())
        return Answer(decision="approve")

    with person(act), pytest.raises(ApprovalError) as caught:
        create(spec, MORE_NODES)
    message = str(caught.value)
    assert "ruled has moved since its plan was approved" in message
    assert "the serial of Terraform's state (" in message
    assert "new: enable dataflow.googleapis.com" in message
    assert changing_calls(cloud, calls[0]) == []
    assert len(entries(spec)) == 1


@pytest.mark.parametrize(
    ("flow", "expected"),
    [("enable_services", "enable dataflow"), ("provision_infra", "update module.cluster.google_container_node_pool")],
)
def test_step_does_only_what_was_approved(cloud, spec, flow: str, expected: str) -> None:
    """Inside of a run for which something else was approved."""
    from importlib import import_module

    from environment.spec_file import load_environment
    from flows import approval

    permission = approval.Permission(load_environment(spec, [MORE_NODES]).digest, approved=())
    before = cloud.last_call()
    token = approval._permissions.set({"ruled": permission})
    try:
        with pytest.raises(ApprovalError, match=f"not approved: {expected}"):
            getattr(import_module(f"flows.{flow}"), flow)(spec, [MORE_NODES])
    finally:
        approval._permissions.reset(token)
    assert changing_calls(cloud, before) == []


@pytest.fixture
def impatient(cloud, monkeypatch) -> list[str]:
    """Let the first pause time out after a second; return the keys of all."""
    from flows import approval

    real, keys = approval.wait_for_answer, list[str]()

    def wait(form: Any, key: str, until: float, run_id: Any) -> Any:
        keys.append(key)
        return real(form, key, until if len(keys) > 1 else time.time() + 1, run_id)

    monkeypatch.setattr(approval, "wait_for_answer", wait)
    return keys


def test_it_expires_and_is_failed_then(impatient, spec) -> None:
    from flows.enable_services import enable_services

    state = enable_services(spec, return_state=True)
    with get_client(sync_client=True) as client:
        kept = client.read_flow_run(state.state_details.flow_run_id).state
    assert (kept.name, kept.message) == ("Failed", state.message)
    assert "approval expired: the plan of ruled is older than 600 s" in state.message


def test_second_try_of_the_same_run_asks_anew(impatient, cloud, spec) -> None:
    from flows.enable_services import enable_services

    again = enable_services.with_options(retries=2)  # Prefect counts going on as a try
    with person(lambda _: Answer(decision="approve"), "enable-services-ruled", when=lambda: len(impatient) == 2):
        report = again(spec, return_state=True).result()
    assert len({*impatient}) == 2
    assert report.changed == ("dataflow.googleapis.com",)


@pytest.mark.parametrize("act", [Cancelling, Cancelled, Running])
def test_run_that_is_ended_or_sent_on_while_it_waits_ends_at_once(cloud, spec, act: Callable[[], State[Any]]) -> None:
    """As the Prefect UI does: cancelling, and setting a state by hand."""
    from flows.enable_services import enable_services
    from flows.outcome import report_of

    cloud.call("POST", f"{SERVICE}:disable", {"disableDependentServices": True}).raise_for_status()
    before, found = cloud.last_call(), list[Any]()

    def end() -> None:
        found.append(waiting_run("enable-services-ruled", lambda: True))
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(found[0].id, act(), force=True)

    thread = threading.Thread(target=end)
    thread.start()
    said = "cancelled while" if act is not Running else "set to Running without an answer while"
    with pytest.raises(ApprovalError, match=f"the run was {said} it waited for approval; nothing was changed"):
        report_of(enable_services, spec)
    thread.join()
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(found[0].id).state
    assert state.is_failed() if act is Running else state.is_cancelled()
    assert changing_calls(cloud, before) == []


def test_answer_that_nobody_takes_is_said(cloud, spec, monkeypatch) -> None:
    """The process of the run is no more; Prefect still shows it as paused."""
    from flows import waiting
    from flows.approval import ApprovalForm
    from flows.enable_services import enable_services
    from flows.pausing import pause

    monkeypatch.setattr(waiting, "TAKEN_SECONDS", 0.5)
    with get_client(sync_client=True) as client:
        gone = client.create_flow_run(enable_services, name="enable-services-gone", parameters={"environment": spec})
        client.set_flow_run_state(gone.id, Running(), force=True)
    pause(ApprovalForm, "approval-gone", time.time() + 60, gone.id)
    with pytest.raises(ApprovalError, match="enable-services-gone did not take the answer in 0 s: the run's process"):
        waiting.answer(waiting.find_waiting("enable-services-gone"), Answer(decision="approve"))


def test_rejected_on_a_server_from_the_command_line(cloud, spec) -> None:
    """Two processes that share nothing but Prefect's server and the cloud."""
    from prefect.settings import get_current_settings

    variables = cloud.process_environment(PREFECT_API_URL=str(get_current_settings().api.url))
    before = cloud.last_call()
    creating = subprocess.Popen(
        [*COMMAND, "create", spec, "--set", MORE_NODES],
        env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = iter(creating.stderr.readline, "")
    asked = next(line for line in lines if "mlops-env approve " in line)
    run = asked.partition("mlops-env approve ")[2].partition("`")[0]
    no = [*COMMAND, "approve", run, "--reject", "--reason", "not on a Friday"]
    answered = subprocess.run(no, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert "- **update** `module.cluster.google_container_node_pool.this`" in answered.stdout
    out, err = creating.communicate(timeout=120)
    assert (creating.returncode, out) == (1, "")
    assert err.splitlines()[-1] == ("mlops-env: the change of ruled was rejected: not on a Friday; nothing was changed")
    assert changing_calls(cloud, before) == []
    from flows.waiting import find_waiting

    with pytest.raises(ApprovalError, match=r"create-ruled-\S+ is not waiting for approval: it is Failed"):
        find_waiting(run)
