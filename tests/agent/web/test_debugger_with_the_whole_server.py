"""The debugger with the real API behind it: what was asked just now, recorded, and looked at."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.agent.api.hosts import QUESTION
from tests.agent.web.asking import ask
from tests.agent.web.conftest import Visit
from tests.agent.web.debugged import pane, rows


def test_a_question_is_asked_and_its_run_looked_at(visit: Visit, whole: str) -> None:
    """Listed, opened, every step and tab, replayed, forked, compared, exported, deleted, imported again."""
    page = visit.page()
    page.goto(whole)
    expect(ask(page, QUESTION).locator(".answer")).to_contain_text("The kettle boils for two minutes.")
    page.goto(f"{whole}/debug")
    rows(page).filter(has_text=QUESTION).click()
    expect(page.locator(".trace-answer .answer")).to_contain_text("The kettle boils for two minutes.")
    address = page.url
    steps = page.get_by_role("list", name="Steps").locator(".flow-link:visible")
    expect(steps).not_to_have_count(0)
    for step in steps.all():
        step.click()
        expect(step).to_have_attribute("aria-current", "true")
        expect(pane(page)).not_to_have_attribute("aria-busy", "true")
        for tab in pane(page).get_by_role("tab").all():
            tab.click()
            expect(pane(page).get_by_role("tabpanel")).not_to_be_empty()
    page.get_by_role("button", name="Replay").click()
    expect(page.locator(".outcome")).to_contain_text("0 network calls")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    file = Path(download.value.path())
    assert QUESTION in file.read_text("utf-8")
    page.get_by_role("link", name="Fork from here").click()
    page.get_by_label("Fork from").select_option("0")
    page.get_by_role("button", name="Run the fork").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("Equal|First difference"))
    page.goto(address)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{whole}/debug")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files(file)
    expect(page.locator(".trace-title")).to_contain_text("Imported")
