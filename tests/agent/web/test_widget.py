"""The widget on a page of another origin, whose policy allows our server's scripts and requests alone."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.agent.web.asking import ANSWER, QUESTION, ask
from tests.agent.web.conftest import Visit
from tests.agent.web.stage import HostPage, Refusal, Stage, Wait, steps

LISTEN = """
window.heard = [];
for (const name of ["ready", "open", "close", "question", "answer", "feedback", "handoff", "error"])
  addEventListener(`plumbline:${name}`, (event) => heard.push([name, event.detail]));
"""


@pytest.fixture
def shop(visit: Visit, host: HostPage, address: str, host_address: str) -> Page:
    """Open the page of the other origin, which hears everything that the widget tells."""
    host.embed(address)
    page = visit.page()
    page.add_init_script(LISTEN)
    page.goto(host_address)
    return page


def heard(page: Page) -> list[str]:
    """Return the names of the events that the page has heard."""
    names: list[str] = page.evaluate("heard.map(([name]) => name)")
    return names


def test_a_visitor_asks_and_the_page_hears_of_it(stage: Stage, shop: Page) -> None:
    """Nothing is asked of the server before the panel is opened."""
    stage.scripts[QUESTION] = [*steps("It boils"), ANSWER]
    launcher = shop.get_by_role("button", name="Ask a question")
    expect(launcher).to_be_visible()
    assert stage.requests == []
    launcher.click()
    panel = shop.get_by_role("dialog", name="Shop help")
    expect(panel).to_be_visible()
    expect(shop.get_by_label("Your question")).to_be_focused()
    turn = ask(shop)
    turn.get_by_role("button", name="Source 1").click()
    expect(turn.locator(".source-body mark")).to_have_text("The kettle boils for two minutes.")
    shop.keyboard.press("Escape")
    shop.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(launcher).to_be_focused()
    assert heard(shop) == ["ready", "open", "question", "answer", "close"]
    question, answer = shop.evaluate("heard.slice(2, 4).map(([, detail]) => detail)")
    assert (question["content"], answer["answer"]) == (QUESTION, ANSWER.answer)


def test_the_thread_is_remembered_and_nothing_that_opens_more(stage: Stage, shop: Page) -> None:
    """After a reload the conversation is there again; the token was in memory alone."""
    stage.scripts[QUESTION] = [ANSWER]
    shop.get_by_role("button", name="Ask a question").click()
    expect(ask(shop).locator(".answer")).to_be_visible()
    kept = shop.evaluate("({...localStorage})")
    thread = next(iter(stage.threads))
    assert json.loads(kept.pop("plumbline:shop")) == {"thread": thread, "visitor": "visitor-1"}
    assert (kept, shop.evaluate("({...sessionStorage})"), shop.evaluate("document.cookie")) == ({}, {}, "")
    shop.reload()
    shop.get_by_role("button", name="Ask a question").click()
    expect(shop.locator(".question")).to_have_text([QUESTION])
    expect(shop.locator(".answer")).to_contain_text("two minutes")
    asked = [body for _, _, _, body in stage.sent("POST", "/session")]
    assert asked == [{"site": "shop"}, {"site": "shop", "visitor": "visitor-1"}]
    shop.get_by_role("button", name="New conversation").click()
    expect(shop.locator(".question")).to_have_count(0)


def test_a_token_that_ran_out_is_renewed_unnoticed(stage: Stage, shop: Page) -> None:
    """Before it ends by the clock, and when the server says so."""
    stage.scripts[QUESTION] = [ANSWER]
    shop.get_by_role("button", name="Ask a question").click()
    expect(ask(shop).locator(".answer")).to_be_visible()
    assert stage.sessions == 1
    stage.key = "token-of-another-time"
    expect(ask(shop).locator(".answer")).to_be_visible()
    assert stage.sessions == 2
    stage.refusals += [Refusal(method="POST", path="/messages", status=401, message="no") for _ in range(2)]
    expect(ask(shop).locator(".notice")).to_contain_text("no")


def test_a_visitor_can_ask_for_a_person(stage: Stage, shop: Page) -> None:
    """The page gets a typed action with everything that was said."""
    stage.scripts[QUESTION] = [ANSWER]
    shop.get_by_role("button", name="Ask a question").click()
    expect(ask(shop).locator(".answer")).to_be_visible()
    shop.get_by_role("button", name="Talk to a person").click()
    shop.get_by_label("How can we reach you?").fill("anna@example.org")
    shop.get_by_label("Anything else").fill("It is urgent")
    shop.get_by_role("button", name="Ask for a person").click()
    expect(shop.locator(".notice").last).to_contain_text("A person will get back to you")
    name, action = shop.evaluate("heard.at(-1)")
    assert (name, action["action"], action["contact"]) == ("handoff", "handoff", "anna@example.org")
    assert (action["note"], action["transcript"][0]["content"]) == ("It is urgent", QUESTION)


def test_the_page_can_direct_the_widget(stage: Stage, shop: Page) -> None:
    """Open, ask and get the answer, listen, close."""
    stage.scripts[QUESTION] = [ANSWER]
    expect(shop.get_by_role("button", name="Ask a question")).to_be_visible()
    shop.evaluate(
        "void (window.deafen = plumbline.on('answer', (detail) => { window.told = detail.answer; }))"
    )
    answer = shop.evaluate("(question) => plumbline.ask(question)", QUESTION)
    assert answer["answer"] == shop.evaluate("told") == ANSWER.answer
    shop.evaluate("deafen(); told = null")
    assert shop.evaluate("(question) => plumbline.ask(question).then(() => told)", QUESTION) is None
    shop.evaluate("plumbline.close()")
    expect(shop.get_by_role("dialog")).to_be_hidden()


def test_the_page_says_who_the_visitor_is(stage: Stage, shop: Page) -> None:
    """Signed by the site; somebody else's conversation is not shown."""
    stage.scripts[QUESTION] = [ANSWER]
    shop.get_by_role("button", name="Ask a question").click()
    expect(ask(shop).locator(".answer")).to_be_visible()
    stage.refusals.append(
        Refusal(method="GET", path=next(iter(stage.threads)), status=404, message="no such thread")
    )
    shop.evaluate("plumbline.identify('signed.by.site')")
    expect(shop.locator(".turn")).to_have_count(0)
    assert stage.sent("POST", "/session")[-1][3]["identity"] == "signed.by.site"
    expect(shop.get_by_text("How can I help?")).to_be_visible()


def test_the_tag_says_how_the_widget_looks(
    visit: Visit, host: HostPage, address: str, host_address: str
) -> None:
    """Title, side, colour, and that it is open at once, without taking the focus from the page."""
    host.embed(address, 'data-title="Ask Anna" data-position="left" data-accent="#ffcc00" data-open')
    page = visit.page()
    page.goto(host_address)
    panel = page.get_by_role("dialog", name="Ask Anna")
    expect(panel).to_be_visible()
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] < 100
    send = page.get_by_role("button", name="Send", exact=True)
    expect(send).to_have_css("background-color", "rgb(255, 204, 0)")
    expect(page.locator("body")).to_be_focused()


def test_the_page_can_dress_the_widget(stage: Stage, shop: Page) -> None:
    """By custom properties and parts; its own rules do not leak in."""
    shop.get_by_role("button", name="Ask a question").click()
    shop.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`
            * { color: red; } button { display: none; }
            plumbline-widget { --plumbline-surface: rgb(1, 2, 3); }
            plumbline-widget::part(header) { background: rgb(4, 5, 6); }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    expect(shop.get_by_role("dialog")).to_have_css("background-color", "rgb(1, 2, 3)")
    expect(shop.locator("header")).to_have_css("background-color", "rgb(4, 5, 6)")
    expect(shop.get_by_role("button", name="Close")).to_be_visible()


def test_an_answer_under_way_is_followed_after_a_reload(stage: Stage, shop: Page) -> None:
    """As on the page."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("end"), ANSWER]
    shop.get_by_role("button", name="Ask a question").click()
    expect(ask(shop).locator(".draft")).to_be_visible()
    shop.reload()
    shop.get_by_role("button", name="Ask a question").click()
    expect(shop.locator(".draft")).to_be_visible()
    stage.gate("end").set()
    expect(shop.locator(".answer")).to_contain_text("two minutes")


def test_a_site_that_is_not_known_is_told_in_the_panel(stage: Stage, shop: Page) -> None:
    """In the words of the server, and the page hears of it when somebody asks."""
    stage.closed = "this site is not known here"
    shop.get_by_role("button", name="Ask a question").click()
    expect(shop.locator(".notice").first).to_contain_text("this site is not known here")
    expect(ask(shop).locator(".notice")).to_contain_text("this site is not known here")
    assert heard(shop)[-1] == "error"


def test_the_widget_fills_a_narrow_screen(stage: Stage, shop: Page) -> None:
    """And nothing scrolls sideways."""
    stage.scripts[QUESTION] = [ANSWER]
    shop.set_viewport_size({"width": 360, "height": 640})
    shop.get_by_role("button", name="Ask a question").click()
    ask(shop).get_by_role("button", name="Source 1").click()
    assert shop.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    for one in (shop.locator("html"), shop.locator(".transcript")):
        assert one.evaluate("one => one.scrollWidth - one.clientWidth") == 0


def test_the_page_to_try_it_on_has_the_widget(visit: Visit, stage: Stage, address: str) -> None:
    """On the server's own origin, under its own policy."""
    stage.scripts[QUESTION] = [ANSWER]
    page = visit.page()
    page.goto(f"{address}/demo")
    page.get_by_role("button", name="Ask a question").click()
    expect(ask(page).locator(".answer")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('data-site="shop"')
