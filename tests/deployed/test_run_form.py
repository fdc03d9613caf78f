"""Runs that a person starts from the form of Prefect's own UI, in a browser; and what they then see of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import lifecycle

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is among the development dependencies")
BROWSER = "MLOPS_ENV_BROWSER"
pytestmark = pytest.mark.skipif(BROWSER not in os.environ, reason=f"{BROWSER} is not set: no Chromium to run")
ARGUMENTS = ("--no-sandbox", "--disable-gpu")
"""Chromium's own sandbox cannot be had by root, which CI is; and without a GPU, to play one takes most of the time."""
MILLISECONDS = 90_000
RUN_SECONDS = 300.0
SUBMISSIONS = 3
"""A server on SQLite that is busy says so, and a person clicks again."""
STEPS = ("enable-services", "provision-infra", "deploy-kfp")
OVERRIDES = ["cloud=sandbox"]
CHANGED = re.compile(r"^Changed (\d+)$")
UI = re.compile(r"^https://[0-9a-f]+-dot-us-central1\.pipelines\.googleusercontent\.com$")


class Person:
    """Somebody in front of a browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self._url = url

    def opens(self, path: str) -> None:
        """Go to a page of the UI."""
        self.page.goto(f"{self._url}/v2/{path}")

    def opens_run(self, run_id: str, tab: str) -> None:
        """Go to a run; Prefect links to a new one in a message that is gone after some seconds."""
        self.opens(f"runs/flow-run/{run_id}")
        self.turns_to(tab)

    def opens_step(self, run_id: str, step: str) -> None:
        """Go to a child run from its parent's page."""
        self.opens_run(run_id, "Subflow Runs")
        self.page.get_by_role("link", name=re.compile(rf"^{step}-dev-\d{{4}}-\d\d-\d\d-\d{{4}}$")).click()
        self.sees("Completed")

    def turns_to(self, tab: str) -> None:
        """Show a tab."""
        self.page.get_by_role("tab", name=tab, exact=True).click()

    def opens_artifact(self, text: str) -> None:
        """Open an artifact of the run from its card; of one with a key, whose history comes first, the newest."""
        self.turns_to("Artifacts")
        self.page.get_by_role("link").filter(has_text=text).click()
        self.page.wait_for_url("**/artifacts/**")
        if "/key/" in self.page.url:
            self.page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first.click()

    def sees(self, text: str, milliseconds: float = MILLISECONDS) -> None:
        """Wait until a text is there."""
        sync_api.expect(self.page.get_by_text(text, exact=True).first).to_be_visible(timeout=milliseconds)

    def sees_row(self, of: str, *texts: str | re.Pattern[str]) -> None:
        """Wait until a table has a row with all this."""
        row = self.page.get_by_role("row").filter(has_text=of)
        for text in texts:
            sync_api.expect(row).to_contain_text(text)

    def reads_changed(self) -> int:
        """Return the number in the state's message."""
        self.turns_to("Details")
        found = CHANGED.match(self.page.get_by_text(CHANGED).inner_text())
        assert found
        return int(found[1])


@pytest.fixture(scope="module")
def person(team) -> Iterator[Person]:
    """A browser before the team's server, which has a worker."""
    with team.worker(), sync_api.sync_playwright() as playwright:
        team.register("enable-services-dev")  # while the worker starts
        browser = playwright.chromium.launch(executable_path=os.environ[BROWSER], args=ARGUMENTS)
        page = browser.new_page(reduced_motion="reduce")
        page.set_default_timeout(MILLISECONDS)
        sync_api.expect.set_options(timeout=MILLISECONDS)
        yield Person(page, team.url)
        browser.close()


def fill_form(person: Person, deployment: str) -> None:
    """Open the form of a deployment, which has its values, and add to the overrides."""
    page = person.page
    person.opens("deployments")
    page.get_by_role("link", name=deployment, exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    person.sees("Fields of the spec for this run, such as cluster.max_nodes=8.")
    page.get_by_role("button", name="Add item").first.click()
    values = page.locator("textarea")
    sync_api.expect(values).to_have_count(2)
    sync_api.expect(values.first).to_have_value("dev")
    values.last.fill(OVERRIDES[0])


def submit_form(person: Person, team: Any) -> str:
    """Start the run, and leave the page until it has ended; return its id."""
    page = person.page
    for _ in range(SUBMISSIONS):
        with page.expect_response(re.compile("/create_flow_run$")) as submitted:
            page.get_by_role("button", name="Submit").click()
        if submitted.value.ok:
            break
        page.wait_for_timeout(2000)
    found = str(submitted.value.json()["id"])
    page.goto("about:blank")
    assert team.ended(found, RUN_SECONDS)["type"] == "COMPLETED"
    return found


def test_a_step_from_the_form_is_completed_and_shows_its_artifact(person: Person, team) -> None:
    fill_form(person, "enable-services-dev")
    found = submit_form(person, team)
    person.opens_run(found, "Details")
    person.sees("Completed")
    assert person.reads_changed() == 15
    person.opens_artifact("Cloud APIs of the environment")
    person.sees_row("container.googleapis.com", "true")


@pytest.fixture(scope="module")
def run_id(person: Person, team) -> str:
    """A create that was started from the form, which has ended."""
    team.register("create-dev", "drift-dev")
    fill_form(person, "create-dev")
    person.page.get_by_role("button", name="Select start_at").click()
    sync_api.expect(person.page.get_by_role("option")).to_have_text(list(STEPS))
    person.page.keyboard.press("Escape")
    return submit_form(person, team)


@pytest.mark.long
def test_the_run_shows_its_name_its_parameters_and_its_tasks(person: Person, run_id: str) -> None:
    person.opens_run(run_id, "Parameters")
    sync_api.expect(person.page.get_by_text(re.compile(r"^create-dev-\d{4}-\d\d-\d\d-\d{4}$")).first).to_be_visible()
    sync_api.expect(person.page.get_by_text(OVERRIDES[0])).to_be_visible()
    person.turns_to("Task Runs")
    for task in ("preflight of acme-mlops-dev", "write record of dev", "complete history of dev"):
        person.sees(task)


@pytest.mark.long
def test_each_step_is_a_completed_run_below_it_with_tasks_and_artifacts_and_their_changes_add_up(
    person: Person, run_id: str
) -> None:
    person.opens_step(run_id, "enable-services")
    changed = [person.reads_changed()]
    person.opens_artifact("Cloud APIs of the environment")

    person.opens_step(run_id, "provision-infra")
    changed.append(person.reads_changed())
    person.turns_to("Task Runs")
    for task in ("ensure bucket acme-mlops-dev-tfstate", "terraform init", "terraform plan", "terraform apply"):
        person.sees(task)
    person.opens_artifact("terraform apply")
    person.sees("Progress: 100%")
    person.page.go_back()
    person.opens_artifact("What Terraform changed")
    person.sees_row("module.cluster.google_container_cluster.this", "create")

    person.opens_step(run_id, "deploy-kfp")
    changed.append(person.reads_changed())
    person.turns_to("Task Runs")
    person.sees("check health of the Kubeflow Pipelines API")
    person.opens_artifact("Kubernetes objects that changed")
    person.sees_row("Namespace kubeflow", "create")

    person.opens_run(run_id, "Subflow Runs")
    person.sees("3 Subflow runs")
    assert person.reads_changed() == sum(changed)
    assert all(changed)


@pytest.mark.long
def test_the_report_has_versions_addresses_times_and_a_link_to_the_pipelines(person: Person, run_id: str) -> None:
    person.opens_run(run_id, "Details")
    changed = person.reads_changed()
    person.opens_artifact("What create did")
    sync_api.expect(person.page.get_by_role("heading", name=f"dev: changed {changed}")).to_be_visible()
    person.sees_row("version", "2.14.4", "healthy")
    person.sees_row("cluster", "acme-dev-cluster (us-central1-a)")
    person.sees_row("database", "acme-mlops-dev:us-central1:acme-dev-mysql-", "MYSQL_8_0")
    person.sees_row("gs://", "gs://acme-mlops-dev-acme-dev-artifacts")
    for step in STEPS:
        person.sees_row(step, re.compile(r"\d\.\d s$"))
    row = person.page.get_by_role("row").filter(has_text="Kubeflow Pipelines")
    address = row.get_by_role("link").get_attribute("href")
    assert address
    assert UI.match(address)
    person.opens_run(run_id, "Artifacts")
    person.opens_artifact("UI of Kubeflow Pipelines")
    link = person.page.get_by_role("link", name="Kubeflow Pipelines", exact=True)
    sync_api.expect(link).to_have_attribute("href", address)


@pytest.mark.long
def test_a_look_for_drift_says_in_its_state_what_it_found_and_in_a_table_where(
    person: Person, run_id: str, team
) -> None:
    def looks(expected: str) -> None:
        look = team.run("detect-drift/drift-dev", overrides=OVERRIDES)
        assert team.ended(look)["name"] == expected
        person.opens_run(look, "Details")
        person.sees(expected)

    looks("In sync")
    person.opens_artifact("All is as expected")
    person.sees("No results.")

    firewall = "projects/acme-mlops-dev/global/firewalls/acme-dev-control-plane"
    gone = {"name": "gone", "collection": "compute.firewalls", "document": firewall}
    lifecycle.control(team.sandbox, "POST", "drift", gone).raise_for_status()
    looks("Drifted")
    person.sees("1 changed outside")
    person.opens_artifact("What is not as expected")
    person.sees_row("module.cluster.google_compute_firewall.control_plane[0]", "missing", "changed outside")
