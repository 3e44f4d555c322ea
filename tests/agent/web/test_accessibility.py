"""axe finds nothing wrong with page and widget, in light and dark, in the states people meet."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from agent.answer import ChartHint, RowsQuote
from tests.agent.web.asking import QUESTION, ask
from tests.agent.web.conftest import Visit, violations
from tests.agent.web.stage import HostPage, Stage, Tell, Wait, answer_of, passage, steps

COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TEXT = "# Boiling\n\nFor **two** minutes [1].\n\n1. Lift `x`\n2. Wait\n\n| a | b |\n|---|---|\n| 1 | 2 [2] |"
ROWS = RowsQuote(
    id=2,
    statement="SELECT month, litres FROM kettles",
    columns=["month", "litres"],
    rows=[["2026-01", 1.7], ["2026-02", 2.1]],
    cells=[(0, "litres")],
    chart=ChartHint(kind="line", label="month", value="litres"),
)


def act(stage: Stage, page: Page) -> None:
    """Come through the states, with a look at each."""
    stage.scripts[QUESTION] = [
        *steps("For two"),
        Wait("end"),
        answer_of(TEXT, [passage(url="https://docs.example/k"), ROWS], degraded=True, notes=["Slow."]),
    ]
    stage.scripts["Which?"] = [answer_of("Red or blue?", status="clarify", choices=["red", "blue"])]
    stage.scripts["red"] = [Tell("error", {"message": "it went wrong"})]
    turn = ask(page)
    turn.locator(".step-head").click()
    expect(turn.locator(".draft")).to_be_visible()
    assert violations(page) == []
    stage.gate("end").set()
    turn.get_by_role("button", name="Source 1").first.click()
    turn.get_by_role("button", name="Source 2").first.click()
    turn.get_by_text("The statement that was run").click()
    turn.get_by_role("button", name="Bad answer").click()
    expect(turn.get_by_label("What was wrong?")).to_be_focused()
    assert violations(page) == []
    ask(page, "Which?").get_by_role("button", name="red").click()
    expect(page.locator(".turn").last.locator(".notice")).to_contain_text("it went wrong")
    assert violations(page) == []


@pytest.mark.parametrize("colours", COLOURS)
def test_the_page_has_no_violation(stage: Stage, page: Page, colours: Literal["light", "dark"]) -> None:
    """Empty, with a draft, an answer and its sources, a choice, a failure; narrow, with a dialog."""
    page.emulate_media(color_scheme=colours)
    assert violations(page) == []
    act(stage, page)
    page.set_viewport_size({"width": 360, "height": 640})
    page.get_by_role("button", name="Conversations").click()
    page.get_by_role("button", name=f"Delete “{QUESTION}”").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("colours", COLOURS)
def test_the_widget_has_no_violation(
    stage: Stage,
    visit: Visit,
    host: HostPage,
    address: str,
    host_address: str,
    colours: Literal["light", "dark"],
) -> None:
    """In the same states, in a colour of the site's own, closed, and asking for a person."""
    host.embed(address, 'data-accent="#e5a50a"', strict=False)
    page = visit.page()
    page.emulate_media(color_scheme=colours)
    page.goto(host_address)
    expect(page.get_by_role("button", name="Ask a question")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Ask a question").click()
    act(stage, page)
    page.get_by_role("button", name="Talk to a person").click()
    assert violations(page) == []


@pytest.mark.parametrize("colours", COLOURS)
def test_the_question_for_a_key_has_no_violation(
    stage: Stage, visit: Visit, address: str, colours: Literal["light", "dark"]
) -> None:
    """Nor the page behind it."""
    stage.key = "pl_right"
    page = visit.page()
    page.emulate_media(color_scheme=colours)
    page.goto(address)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
