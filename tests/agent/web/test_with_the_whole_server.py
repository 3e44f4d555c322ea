"""Page and widget with the real API behind them: real storage, conversations and access."""

from playwright.sync_api import expect

from tests.agent.api.hosts import QUESTION
from tests.agent.web.asking import ask
from tests.agent.web.conftest import Visit


def test_a_conversation_on_the_page(visit: Visit, whole: str) -> None:
    """Asked, read, rated, found again after a reload, and deleted."""
    page = visit.page()
    page.goto(whole)
    turn = ask(page, QUESTION)
    expect(turn.locator(".answer")).to_contain_text("The kettle boils for two minutes.")
    turn.get_by_role("button", name="Source 1").click()
    expect(turn.locator(".source-body mark")).to_have_text("The kettle boils for two minutes.")
    turn.get_by_role("button", name="Good answer").click()
    expect(turn.get_by_text("Thank you.")).to_be_visible()
    page.reload()
    expect(page.locator(".answer")).to_contain_text("The kettle boils")
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=f"Delete “{QUESTION}”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    page.go_back()
    expect(page.locator(".answer")).to_have_count(0)


def test_a_conversation_in_the_widget(visit: Visit, whole: str) -> None:
    """Of a visitor with a token: asked, found again after a reload, and handed over to a person."""
    page = visit.page()
    page.goto(f"{whole}/demo")
    page.get_by_role("button", name="Ask a question").click()
    expect(ask(page, QUESTION).locator(".answer")).to_contain_text("The kettle boils for two minutes.")
    page.reload()
    page.get_by_role("button", name="Ask a question").click()
    expect(page.locator(".answer")).to_contain_text("The kettle boils for two minutes.")
    page.get_by_role("button", name="Talk to a person").click()
    page.get_by_label("How can we reach you?").fill("anna@example.org")
    page.get_by_role("button", name="Ask for a person").click()
    expect(page.locator(".notice").last).to_contain_text("A person will get back to you")
