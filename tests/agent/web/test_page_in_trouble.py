"""The chat page when something goes wrong: lost connections, reloads, refusals."""

from playwright.sync_api import Page, expect

from tests.agent.web.asking import ANSWER, QUESTION, ask
from tests.agent.web.conftest import Visit
from tests.agent.web.stage import Cue, Drop, Refusal, Stage, Tell, Wait, steps

SERVER_FAULT = "something went wrong here; the operator finds it in the log"


def test_a_connection_lost_in_mid_answer_is_taken_up_where_it_broke(stage: Stage, page: Page) -> None:
    """Nothing is shown twice, and nothing is asked twice."""
    stage.refusals += [Refusal(method="GET", path="/events", status=503, message="not yet") for _ in range(2)]
    rest: list[Cue] = [Tell("token", {"text": " minutes", "restart": False}), Wait("end")]
    stage.scripts[QUESTION] = [*steps("It boils for two"), Wait("seen"), Drop(), *rest, ANSWER]
    turn = ask(page)
    expect(turn.locator(".step-now")).to_contain_text("Checked: 100 %")
    stage.gate("seen").set()
    expect(turn.locator(".notice")).to_contain_text("connection was lost")
    expect(turn.locator(".draft-text")).to_have_text("It boils for two minutes")
    expect(turn.locator(".notice")).to_be_hidden()
    stage.gate("end").set()
    expect(turn.locator(".answer")).to_contain_text("two minutes")
    resumed = stage.sent("GET", "/events")
    assert [headers["last-event-id"] for _, _, headers, _ in resumed] == ["8", "8", "8"]
    assert len(stage.sent("POST", "/messages")) == 1


def test_a_question_whose_response_never_came_is_found_again(stage: Stage, page: Page) -> None:
    """The server had kept it, so it is not asked a second time."""
    stage.scripts[QUESTION] = [ANSWER]
    stage.lose = 1
    expect(ask(page).locator(".answer")).to_contain_text("two minutes")
    assert len(stage.sent("POST", "/messages")) == 1


def test_being_offline_is_said_and_over_as_soon_as_it_is(stage: Stage, page: Page, visit: Visit) -> None:
    """The browser tells when it is online again."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("off"), Drop(), Wait("end"), ANSWER]
    turn = ask(page)
    expect(turn.locator(".draft")).to_be_visible()
    visit.context.set_offline(True)
    stage.gate("off").set()
    expect(turn.locator(".notice")).to_contain_text("connection was lost")
    stage.gate("end").set()
    visit.context.set_offline(False)
    expect(turn.locator(".answer")).to_contain_text("two minutes")


def test_a_question_that_could_not_be_sent_can_be_sent_later(stage: Stage, page: Page, visit: Visit) -> None:
    """It says so, and it stands there still."""
    stage.scripts[QUESTION] = [ANSWER]
    visit.context.set_offline(True)
    turn = ask(page)
    expect(turn.locator(".notice")).to_contain_text("not sent")
    visit.context.set_offline(False)
    turn.get_by_role("button", name="Try again").click()
    expect(page.locator(".turn").last.locator(".answer")).to_contain_text("two minutes")


def test_reloading_in_mid_answer_follows_the_same_run(stage: Stage, page: Page) -> None:
    """The address names the conversation; the draft is there again, then the answer."""
    stage.scripts[QUESTION] = [*steps("It boils for two"), Wait("end"), ANSWER]
    expect(ask(page).locator(".draft")).to_be_visible()
    page.reload()
    expect(page.locator(".question")).to_have_text([QUESTION])
    expect(page.locator(".draft-text")).to_have_text("It boils for two")
    stage.gate("end").set()
    expect(page.locator(".answer")).to_contain_text("two minutes")
    page.reload()
    expect(page.locator(".answer")).to_contain_text("two minutes")
    assert len(stage.sent("POST", "/messages")) == 1


def test_an_answer_reloaded_in_the_middle_can_still_be_stopped(stage: Stage, page: Page) -> None:
    """And the next reload tells that it was."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("never")]
    expect(ask(page).locator(".draft")).to_be_visible()
    page.reload()
    expect(page.locator(".draft")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".notice")).to_contain_text("Stopped")
    page.reload()
    expect(page.locator(".notice")).to_contain_text("Stopped")


def test_leaving_a_conversation_does_not_end_its_run(stage: Stage, page: Page) -> None:
    """Meanwhile another one can be held."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("end"), ANSWER]
    stage.scripts["Two?"] = [ANSWER]
    expect(ask(page).locator(".draft")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(ask(page, "Two?").locator(".answer")).to_be_visible()
    stage.gate("end").set()
    page.get_by_role("link", name=QUESTION).click()
    expect(page.locator(".answer")).to_contain_text("two minutes")
    assert stage.sent("POST", "/cancel") == []


def test_a_run_that_fails_says_why_and_can_be_tried_again(stage: Stage, page: Page) -> None:
    """In the words of the server."""
    stage.scripts[QUESTION] = [*steps("It boils"), Tell("error", {"message": SERVER_FAULT})]
    turn = ask(page)
    expect(turn.locator(".notice")).to_contain_text(SERVER_FAULT)
    expect(turn.locator(".draft")).to_have_count(0)
    stage.scripts[QUESTION] = [ANSWER]
    turn.get_by_role("button", name="Try again").click()
    expect(page.locator(".turn").last.locator(".answer")).to_be_visible()


def test_asking_too_often_says_how_long_to_wait(stage: Stage, page: Page) -> None:
    """And lets nobody try before."""
    stage.scripts[QUESTION] = [ANSWER]
    slow = Refusal(
        method="POST", path="/messages", status=429, message="slow down", headers={"Retry-After": "1"}
    )
    stage.refusals.append(slow)
    turn = ask(page)
    expect(turn.locator(".notice")).to_contain_text("slow down")
    expect(turn.get_by_role("button", name="Try again in 1 s")).to_be_disabled()
    turn.get_by_role("button", name="Try again", exact=True).click()
    expect(page.locator(".turn").last.locator(".answer")).to_be_visible()


def test_something_else_under_way_in_the_conversation_is_said(stage: Stage, page: Page) -> None:
    """As another tab may have it."""
    busy = Refusal(method="POST", path="/messages", status=409, message="another answer is under way")
    stage.refusals.append(busy)
    expect(ask(page).locator(".notice")).to_contain_text("another answer is under way")


def test_a_key_is_asked_for_and_kept_in_the_tab_alone(stage: Stage, visit: Visit, address: str) -> None:
    """A wrong one is asked for again; what waits goes on as soon as it is right."""
    stage.key = "pl_right"
    stage.scripts[QUESTION] = [ANSWER]
    page = visit.page()
    page.goto(address)
    dialog = page.get_by_role("dialog", name="An access key is needed")
    dialog.get_by_label("Access key").fill("pl_wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("This key is not accepted.")
    dialog.get_by_label("Access key").fill("pl_right")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_have_count(0)
    expect(ask(page).locator(".answer")).to_contain_text("two minutes")
    assert page.evaluate("Object.values(sessionStorage)") == ["pl_right"]
    assert page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href").count("pl_") == 0
    page.reload()
    expect(page.locator(".answer")).to_contain_text("two minutes")
    other = visit.page()
    other.goto(address)
    expect(other.get_by_role("dialog", name="An access key is needed")).to_be_visible()


def test_going_without_a_key_leaves_an_honest_word(stage: Stage, visit: Visit, address: str) -> None:
    """Escape closes the question for the key."""
    stage.key = "pl_right"
    page = visit.page()
    page.goto(address)
    expect(page.get_by_role("dialog", name="An access key is needed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("The conversations cannot be listed")).to_be_visible()


def test_a_conversation_that_is_gone_gives_way_to_a_new_one(page: Page, address: str) -> None:
    """Or never was, or is somebody else's."""
    page.goto(f"{address}/#{'0' * 32}")
    expect(page.locator(".notice")).to_contain_text("does not exist any more")
    assert page.evaluate("location.hash") == ""


def test_a_server_that_is_away_is_told_when_stopping(stage: Stage, page: Page, visit: Visit) -> None:
    """The page does not claim more than it knows."""
    stage.scripts[QUESTION] = [*steps("It boils"), Wait("never")]
    turn = ask(page)
    expect(turn.locator(".draft")).to_be_visible()
    visit.context.set_offline(True)
    page.get_by_role("button", name="Stop").click()
    expect(turn.locator(".notice")).to_contain_text("the server was not told")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
