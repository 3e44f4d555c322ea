"""What tests of page and widget do alike."""

from playwright.sync_api import Locator, Page

from tests.agent.web.stage import answer_of, passage

QUESTION = "How long does it boil?"
ANSWER = answer_of(
    "It boils for **two minutes** [1]. Not for three [3].", [passage(url="https://docs.example/k")]
)


def ask(page: Page, question: str = QUESTION) -> Locator:
    """Ask, and return the turn of the question."""
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send", exact=True).click()
    return page.locator(".turn").last
