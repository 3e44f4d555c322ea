"""The chat page in a real browser: asking, reading, choosing, rating, deleting."""

import re

from playwright.sync_api import Page, expect

from agent.answer import ChartHint, RowsQuote
from tests.agent.web.asking import ANSWER, QUESTION, ask
from tests.agent.web.conftest import Visit
from tests.agent.web.stage import Stage, Tell, Wait, answer_of, steps
from tools.types import Cell

UNKNOWN: list[list[Cell]] = [["Cedar", None] for _ in range(18)]
LITRES = RowsQuote(
    id=1,
    statement="SELECT name, litres FROM kettles",
    columns=["name", "litres"],
    rows=[["Alder", 1.7], ["Birch", 2.1], *UNKNOWN],
    cells=[(0, "litres")],
    chart=ChartHint(kind="bar", label="name", value="litres"),
)


def test_a_draft_and_the_steps_are_shown_until_the_checked_answer_is_there(stage: Stage, page: Page) -> None:
    """The draft says that it is none, and does not stay."""
    stage.scripts[QUESTION] = [*steps("It boils for two"), Wait("checked"), ANSWER]
    turn = ask(page)
    expect(turn.locator(".draft")).to_contain_text("not checked yet")
    expect(turn.locator(".draft")).to_contain_text("It boils for two")
    turn.locator(".step-head").click()
    expect(turn.locator(".step-list")).to_contain_text("Searching guides")
    expect(turn.locator(".step-list")).to_contain_text("boiling time")
    expect(turn.locator(".step-list")).to_contain_text("Checking the draft")
    stage.gate("checked").set()
    expect(turn.locator(".answer")).to_have_text("It boils for two minutes 1. Not for three [3].")
    expect(turn.locator(".answer strong")).to_have_text("two minutes")
    expect(turn.locator(".draft")).to_have_count(0)
    expect(turn.locator(".step-now")).to_contain_text("Checked")
    expect(page.get_by_role("status").filter(has_text="Answer: It boils")).to_be_attached()


def test_a_rewritten_draft_replaces_the_earlier_one(stage: Stage, page: Page) -> None:
    """What was streamed before is void."""
    again = [
        Tell("token", {"text": "", "restart": True}),
        Tell("token", {"text": "Better", "restart": False}),
    ]
    stage.scripts[QUESTION] = [Tell("token", {"text": "Worse", "restart": False}), *again, Wait("end")]
    expect(ask(page).locator(".draft-text")).to_have_text("Better")


def test_a_chip_opens_the_quoted_passage_and_escape_leads_back(stage: Stage, page: Page) -> None:
    """With title, section, knowledge base, highlight, and the link of the document's own metadata."""
    stage.scripts[QUESTION] = [ANSWER]
    turn = ask(page)
    chip = turn.get_by_role("button", name="Source 1: The kettle › Boiling")
    chip.click()
    body = turn.locator(".source-body")
    expect(body).to_be_focused()
    expect(body.locator("mark")).to_have_text("The kettle boils for two minutes.")
    whole = "Fill it first. The kettle boils for two minutes. Then it clicks."
    expect(body.locator("blockquote")).to_have_text(whole)
    expect(body).to_contain_text("guides · kettle.md")
    link = body.get_by_role("link", name="Open the document")
    expect(link).to_have_attribute("href", "https://docs.example/k")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    page.keyboard.press("Escape")
    expect(body).to_be_hidden()
    expect(chip).to_be_focused()


def test_rows_are_a_table_with_a_drawing_and_their_statement(stage: Stage, page: Page) -> None:
    """The cells that the answer shows are marked; long results unfold."""
    stage.scripts[QUESTION] = [answer_of("1.7 litres [1]", [LITRES])]
    turn = ask(page)
    turn.get_by_role("button", name="Source 1: 20 rows of the database").click()
    expect(turn.locator(".source-body tbody tr")).to_have_count(12)
    expect(turn.locator("td mark")).to_have_text("1.7")
    expect(turn.get_by_role("img", name="Bars: litres by name").locator("rect")).to_have_count(2)
    turn.get_by_role("button", name="Show all 20 rows").click()
    expect(turn.locator(".source-body tbody tr")).to_have_count(20)
    expect(turn.locator(".source-body code")).to_be_hidden()
    turn.get_by_text("The statement that was run").click()
    expect(turn.locator(".source-body code")).to_have_text(LITRES.statement)


def test_what_is_asked_back_can_be_chosen_or_written(stage: Stage, page: Page) -> None:
    """The choice is the next message of the same conversation."""
    stage.scripts["Which?"] = [
        Tell("clarification", {"question": "Red or blue?", "choices": ["red", "blue"]}),
        answer_of("Red or blue?", status="clarify", choices=["red", "blue"]),
    ]
    stage.scripts["red"] = stage.scripts["green"] = [ANSWER]
    ask(page, "Which?").get_by_role("button", name="red").click()
    expect(page.locator(".turn").last.locator(".question")).to_have_text("red")
    expect(page.locator(".turn").last.locator(".answer")).to_contain_text("two minutes")
    expect(page.get_by_role("button", name="blue")).to_be_disabled()
    expect(ask(page, "green").locator(".answer")).to_contain_text("two minutes")
    assert [len(runs) for runs in stage.threads.values()] == [3]


def test_what_is_lacking_is_said(stage: Stage, page: Page) -> None:
    """Notes, and that less than usual was at hand."""
    stage.scripts[QUESTION] = [answer_of("Some.", status="partial", degraded=True, notes=["No database."])]
    turn = ask(page)
    expect(turn.get_by_label("Notes")).to_contain_text("less than usual")
    expect(turn.get_by_label("Notes")).to_contain_text("No database.")


def test_an_answer_can_be_copied_with_its_sources(stage: Stage, page: Page, visit: Visit) -> None:
    """As text."""
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.scripts[QUESTION] = [ANSWER]
    ask(page).get_by_role("button", name="Copy the answer").click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_attached()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{ANSWER.answer}\n[1] The kettle › Boiling <https://docs.example/k>"


def test_an_answer_can_be_stopped_and_asked_again(stage: Stage, page: Page) -> None:
    """The server ends the run; trying again asks the same."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("never")]
    turn = ask(page)
    expect(turn.locator(".draft")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(turn.locator(".notice")).to_contain_text("Stopped")
    expect(turn.locator(".draft")).to_have_count(0)
    assert len(stage.sent("POST", "/cancel")) == 1
    stage.scripts[QUESTION] = [ANSWER]
    turn.get_by_role("button", name="Try again").click()
    expect(page.locator(".turn").last.locator(".answer")).to_contain_text("two minutes")
    expect(page.locator(".question")).to_have_text([QUESTION, QUESTION])


def test_an_answer_can_be_rated_with_a_reason_and_a_correction(stage: Stage, page: Page) -> None:
    """The thumb counts at once; the words are optional."""
    stage.scripts[QUESTION] = [ANSWER]
    turn = ask(page)
    turn.get_by_role("button", name="Bad answer").click()
    turn.get_by_label("What was wrong?").fill("Too short")
    turn.get_by_label("What would have been right?").fill("Three minutes")
    turn.get_by_role("button", name="Send feedback").click()
    expect(turn.get_by_text("Thank you.")).to_be_visible()
    expect(turn.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    said = [body for _, _, _, body in stage.sent("POST", "/feedback")]
    assert said == [
        {"thumb": "down"},
        {"thumb": "down", "reason": "Too short", "correction": "Three minutes"},
    ]
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")


def test_conversations_are_listed_opened_and_deleted(stage: Stage, page: Page) -> None:
    """Deleting asks first; the one that was open gives way to a new one."""
    stage.scripts["One?"] = stage.scripts["Two?"] = [ANSWER]
    expect(ask(page, "One?").locator(".answer")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    expect(ask(page, "Two?").locator(".answer")).to_be_visible()
    side = page.get_by_role("navigation", name="Conversations")
    expect(side.get_by_role("listitem")).to_have_count(2)
    side.get_by_role("link", name="One?").click()
    expect(page.locator(".question")).to_have_text(["One?"])
    expect(side.locator("[aria-current]")).to_contain_text("One?")
    page.go_back()
    expect(page.locator(".question")).to_have_text(["Two?"])
    side.get_by_role("button", name="Delete “Two?”").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert len(stage.threads) == 2
    side.get_by_role("button", name="Delete “Two?”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(side.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    assert len(stage.threads) == 1


def test_everything_fits_on_a_narrow_screen(stage: Stage, page: Page) -> None:
    """At 360 pixels nothing scrolls sideways, and the list of conversations folds out."""
    page.set_viewport_size({"width": 360, "height": 640})
    wide = (
        "| " + " | ".join(f"column{n}" for n in range(9)) + " |\n" + "|---" * 9 + "|\n" + "| cell " * 9 + "|"
    )
    text = f"{'Donaudampfschifffahrt' * 6} [1]\n\n{wide}\n\n```\n{'code ' * 40}\n```"
    stage.scripts[QUESTION] = [answer_of(text, [LITRES])]
    turn = ask(page)
    turn.get_by_role("button", name="Source 1").click()
    turn.get_by_text("The statement that was run").click()
    for one in (page.locator("html"), page.locator(".transcript")):
        assert one.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    expect(page.get_by_role("button", name="New conversation")).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    expect(page.get_by_role("button", name="New conversation")).to_be_hidden()


def test_the_colours_follow_the_system_until_they_are_chosen(page: Page) -> None:
    """The choice is remembered."""
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert light != dark
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(background) == light
    page.reload()
    assert page.evaluate(background) == light
    expect(page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "false")


def test_everything_can_be_done_by_keyboard(stage: Stage, page: Page) -> None:
    """Skip to the field, ask, go to a source, close it, rate."""
    stage.scripts["Which?"] = [answer_of("Red or blue?", status="clarify", choices=["red", "blue"])]
    stage.scripts["red"] = [ANSWER]
    page.evaluate(
        "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')"
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the question field")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Which?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="red")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "red":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".turn").last.locator(".answer")).to_contain_text("two minutes")
    expect(page.get_by_label("Your question")).to_be_focused()
    seen = set()
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        seen.add(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.className"))
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    assert {
        "Good answer",
        "Bad answer",
        "Copy the answer",
        "source-head",
        "Source 1: The kettle › Boiling",
    } <= seen
    page.keyboard.press("Enter")
    expect(page.locator(".source-body")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("^Source 1"))).to_be_focused()


def test_shift_and_enter_write_a_second_line(page: Page) -> None:
    """Only Enter sends; nothing is sent that is empty."""
    field = page.get_by_label("Your question")
    field.press("Enter")
    field.press_sequentially("a")
    field.press("Shift+Enter")
    field.press_sequentially("b")
    expect(field).to_have_value("a\nb")
    expect(page.locator(".turn")).to_have_count(0)
