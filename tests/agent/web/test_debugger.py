"""The debugger's list of runs, and how one gets around, in a real browser."""

import re

from playwright.sync_api import Page, expect

from tests.agent.web.debugged import Debugged, go, pane, rows
from tests.agent.web.debugging import OTHER, QUESTION, summary_of, trace_of

WORDS = (
    *("Answered in part", QUESTION, "guides", "75 %", "2.31 s", "5,612", "$0.0041"),
    *("Degraded", "Thumbs-down", "Fork", "out of time"),
)


def test_the_list_tells_what_matters_of_each_run(recorded: Debugged, debugger: Page, address: str) -> None:
    """Status, route, faithfulness, time, tokens, cost, and what is peculiar to it."""
    recorded.summaries = [summary_of(degraded=True, thumb="down", kind="fork", exit_reason="out_of_time")]
    go(debugger, address)
    for words in WORDS:
        expect(rows(debugger)).to_contain_text(words)
    recorded.summaries = []
    debugger.get_by_role("button", name="Refresh").click()
    expect(debugger.get_by_text("Nothing was recorded yet.")).to_be_visible()


def test_the_list_is_read_page_by_page(recorded: Debugged, debugger: Page, address: str) -> None:
    """Fifty at a time, until there are no more."""
    recorded.summaries = [summary_of(f"{number:032x}") for number in range(120)]
    go(debugger, address)
    for shown in (50, 100, 120):
        expect(rows(debugger)).to_have_count(shown)
        if shown < 120:
            debugger.get_by_role("button", name="More").click()
    expect(debugger.get_by_role("button", name="More")).to_be_hidden()


def test_filters_stand_in_the_address_and_going_back_comes_to_the_same_list(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """Each is sent; a list of what is wanted can be passed on."""
    recorded.summaries = [summary_of(), summary_of(OTHER, status="failed", question="boom", degraded=True)]
    go(debugger, address, "#?thread_id=" + "c" * 32)
    debugger.get_by_label("Status").select_option("failed")
    debugger.get_by_label("Route").select_option("guides")
    debugger.get_by_label("Duration").select_option("1000")
    debugger.get_by_label("Faithfulness").select_option("0.9")
    debugger.get_by_label("Degraded").check()
    debugger.get_by_label("Search").fill("boo")
    expect(rows(debugger)).to_have_count(1)
    filters = "text=boo", "status=failed", "route=guides", "slower_than_ms=1000", "degraded=true"
    expect(debugger).to_have_url(re.compile(".*".join((*filters, "faithfulness_below=0.9"))))
    sent = recorded.requests[-1][2]
    assert (sent["text"], sent["everybody"], sent["thread_id"]) == ("boo", "true", "c" * 32)
    recorded.traces[OTHER] = trace_of(OTHER)
    rows(debugger).click()
    expect(debugger.get_by_role("heading", name=QUESTION)).to_be_visible()
    debugger.go_back()
    expect(debugger.get_by_label("Search")).to_have_value("boo")
    expect(rows(debugger)).to_have_count(1)
    debugger.reload()
    expect(debugger.get_by_label("Search")).to_have_value("boo")
    debugger.get_by_role("button", name="thread cccccccccccc").click()
    expect(debugger).not_to_have_url(re.compile("thread_id"))


def test_thumbs_and_forks_are_filters(recorded: Debugged, debugger: Page, address: str) -> None:
    """So is whose the runs are."""
    recorded.summaries = [summary_of(), summary_of(OTHER, kind="fork", thumb="down", question="boom")]
    go(debugger, address)
    for label in ("Thumbs-down", "Forks", "Only mine"):
        debugger.get_by_label(label).check()
    expect(rows(debugger)).to_have_count(1)
    expect(debugger).to_have_url(re.compile("#.thumb=down&kind=fork&own=true"))
    assert "everybody" not in recorded.requests[-1][2]
    debugger.get_by_label("Search").fill("nothing is like this")
    expect(debugger.get_by_text("No run is like this.")).to_be_visible()


def test_who_may_not_see_others_runs_sees_their_own(recorded: Debugged, debugger: Page, address: str) -> None:
    """Without being asked which."""
    recorded.everybody = False
    go(debugger, address)
    expect(rows(debugger)).to_have_count(1)
    expect(debugger.get_by_label("Only mine")).to_be_hidden()


def test_keys_lead_through_list_and_steps(recorded: Debugged, debugger: Page, address: str) -> None:
    """Arrows in the list of steps, j and k everywhere, and the slash to search."""
    recorded.summaries = [summary_of(), summary_of(OTHER)]
    go(debugger, address)
    expect(rows(debugger)).to_have_count(2)
    debugger.keyboard.press("/")
    expect(debugger.get_by_label("Search")).to_be_focused()
    debugger.get_by_label("Search").blur()
    for key in ("j", "ArrowDown", "k"):
        debugger.keyboard.press(key)
    expect(rows(debugger).first).to_be_focused()
    debugger.keyboard.press("Enter")
    expect(pane(debugger)).to_contain_text("verify")
    debugger.keyboard.press("k")
    expect(debugger).to_have_url(re.compile("/steps/8$"))
    debugger.get_by_role("link", name=re.compile("^8 synthesize")).focus()
    for key in ("Home", "ArrowDown", "ArrowRight"):
        debugger.keyboard.press(key)
    expect(debugger.get_by_role("link", name=re.compile("^2 classify"))).to_be_focused()
    expect(debugger.get_by_role("button", name="1 call of step 2")).to_have_attribute("aria-expanded", "true")
    debugger.keyboard.press("/")
    debugger.keyboard.type("there is no")
    expect(debugger.locator(".flow-step:visible")).to_have_count(0)
    debugger.get_by_label("Filter the steps").fill("refused")
    expect(debugger.locator(".flow-step:visible")).to_have_count(1)
    debugger.get_by_label("Filter the steps").blur()
    debugger.keyboard.press("?")
    expect(debugger.get_by_role("dialog", name="Keys")).to_be_visible()
    debugger.keyboard.press("Escape")
    debugger.keyboard.press("u")
    expect(rows(debugger)).to_have_count(2)


def test_addresses_lead_to_a_step_and_going_back_leads_back(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """Steps reached by keys leave no trace in the browser's history, those reached by links do."""
    assert recorded.traces
    go(debugger, address)
    rows(debugger).click()
    debugger.get_by_role("link", name=re.compile("^3 retrieve")).click()
    debugger.get_by_role("link", name=re.compile("^6 rerank")).click()
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("rerank")
    debugger.go_back()
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("retrieve")
    debugger.go_back()
    debugger.go_back()
    expect(rows(debugger)).to_have_count(1)
    go(debugger, address, f"#/{OTHER}")
    expect(debugger.get_by_role("alert")).to_contain_text("There is no such recording")


def test_the_page_asks_for_a_key_when_the_server_does(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """And shows why it cannot show anything, with a way to try again."""
    recorded.refusals["GET", ""] = (401, "a key is needed")
    go(debugger, address)
    expect(debugger.get_by_role("dialog")).to_contain_text("An access key is needed")
    recorded.refusals["GET", ""] = (503, "the storage is away")
    debugger.get_by_role("textbox", name="Access key").fill("pl_right")
    debugger.get_by_role("button", name="Continue").click()
    expect(debugger.get_by_role("alert")).to_contain_text("the storage is away")
    recorded.refusals.clear()
    debugger.get_by_role("button", name="Try again").click()
    expect(rows(debugger)).to_have_count(1)
