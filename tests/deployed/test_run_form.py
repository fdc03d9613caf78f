"""A run that a person starts from the form of Prefect's own UI, in a browser; and what they then see of it."""

from __future__ import annotations

import re
import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is among the development dependencies")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
MILLISECONDS = 90_000
SUBMISSIONS = 3
"""A server on SQLite that is busy says so, and a person clicks again."""


@pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(BROWSERS)} is on PATH")
def test_a_run_from_the_form_is_completed_and_shows_result_tasks_and_artifact(team) -> None:
    with team.worker(), sync_api.sync_playwright() as playwright:
        team.register("enable-services-dev")  # while the worker starts
        # Chromium's own sandbox cannot be had by root, which CI is.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(MILLISECONDS)
        sync_api.expect.set_options(timeout=MILLISECONDS)
        run_id = _start_from_the_form(page, f"{team.url}/v2/deployments")
        # Prefect links to it in a message that is gone after some seconds.
        page.goto(f"{team.url}/v2/runs/flow-run/{run_id}")
        _read_the_run(page)
        _read_the_artifact(page)
        browser.close()


def _start_from_the_form(page, deployments: str) -> str:
    """The form starts with the deployment's values; say in it which cloud is meant. Return the run's id."""
    page.goto(deployments)
    page.get_by_role("link", name="enable-services-dev", exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    sync_api.expect(page.get_by_text("Fields of the spec for this run")).to_be_visible()
    page.get_by_role("button", name="Add item").click()
    values = page.locator("textarea")
    sync_api.expect(values).to_have_count(2)
    sync_api.expect(values.first).to_have_value("dev")
    values.last.fill("cloud=sandbox")
    for _ in range(SUBMISSIONS):
        with page.expect_response(re.compile("/create_flow_run$")) as submitted:
            page.get_by_role("button", name="Submit").click()
        if submitted.value.ok:
            break
        page.wait_for_timeout(2000)
    return str(submitted.value.json()["id"])


def _read_the_run(page) -> None:
    sync_api.expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    sync_api.expect(page.get_by_text(re.compile(r"^enable-services-dev-\d{4}-\d\d-\d\d-\d{4}$")).first).to_be_visible()
    page.get_by_role("tab", name="Details").click()
    sync_api.expect(page.get_by_text("Changed 15", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Parameters").click()
    sync_api.expect(page.get_by_text("cloud=sandbox")).to_be_visible()
    page.get_by_role("tab", name="Task Runs").click()
    for task in ("list enabled services of acme-mlops-dev", "enable 13 services", "enable ml.googleapis.com"):
        sync_api.expect(page.get_by_role("link", name=task).first).to_be_visible()


def _read_the_artifact(page) -> None:
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_role("link").filter(has_text="Cloud APIs of the environment").click()
    page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).click()
    sync_api.expect(page.get_by_role("row").filter(has_text="container.googleapis.com")).to_contain_text("true")
