"""The debugger's page of a run: what stands out, graph, timeline, and everything about a step."""

import re

from playwright.sync_api import Page, expect

from agent.tracing.diffing import Comparison
from agent.tracing.views import StepGiven, TraceGiven
from tests.agent.web.debugged import Debugged, go, pane
from tests.agent.web.debugging import (
    OTHER,
    QUESTION,
    RUN,
    SENTENCE,
    STEPS,
    comparison_of,
    given_step,
    long_trace,
    origin_of,
    summary_of,
    trace_of,
)

PANELS = {
    1: ["Searches", "The kettle 1 › Boiling", "0.800", "9.100"],
    3: ["Searches", "guides"],
    4: ["Refused", "there is no column cost", ":name", "price_of", "SEARCH kettles", "39.5"],
    6: ["superseded since 2025-06-01: × 0.3", "▼ 1", "▲ 1", "× 0.30", "near duplicate of kettle-2.md"],
    8: ["Holds", SENTENCE, "Rejected", "40 is not in its evidence", "Cut", "Nothing is cited for it."],
}


def test_what_these_tests_show_has_the_form_that_the_api_gives() -> None:
    """Runs, steps and comparisons."""
    trace = trace_of(parent=origin_of(OTHER), forks=[summary_of(OTHER)])
    TraceGiven.model_validate(trace)
    for step in STEPS:
        StepGiven.model_validate(given_step(trace, step["number"]))
    Comparison.model_validate(comparison_of(summary_of(), summary_of(OTHER)))


def test_a_run_opens_with_question_answer_findings_graph_and_the_step_that_stands_out(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """The worst finding first, and its step already open."""
    recorded.traces[RUN]["feedback"] = {"thumb": "down", "reason": "Wrong.", "correction": "39.50"}
    go(debugger, address, f"#/{RUN}")
    expect(debugger.get_by_role("heading", level=2)).to_have_text(QUESTION)
    expect(debugger.locator(".answer strong")).to_have_text("two minutes")
    debugger.get_by_role("button", name="Source 1").first.click()
    expect(debugger.locator(".source-body mark")).to_have_text(SENTENCE)
    expect(debugger.get_by_text("It should have been: 39.50")).to_be_visible()
    expect(debugger.locator(".findings .finding").first).to_contain_text("1 of 4 claims was rejected")
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("verify")
    expect(debugger.get_by_role("link", name=re.compile("^9 verify"))).to_have_attribute(
        "aria-current", "true"
    )
    debugger.get_by_role("link", name="A statement was refused").click()
    expect(debugger).to_have_url(re.compile(f"#/{RUN}/steps/4/calls/6$"))
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("query_database")
    expect(pane(debugger).locator('[data-call="6"]')).to_have_attribute("open", "")


def test_the_graph_shows_the_path_and_leads_to_its_steps(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """A node that ran more than once leads to each of its steps in turn."""
    go(debugger, address, f"#/{RUN}")
    graph = debugger.get_by_label("Graph with the path taken")
    expect(graph.locator(".node.skipped")).to_have_count(3)
    taken = [edge for edge in recorded.traces[RUN]["graph"]["edges"] if edge["taken"]]
    expect(graph.locator(".edge.taken")).to_have_count(len(taken))
    node = graph.get_by_role("link", name="retrieve: taken, 2 steps")
    for number in (3, 5):
        node.click()
        expect(debugger).to_have_url(re.compile(f"/steps/{number}$"))
        expect(node).to_have_class(re.compile("chosen"))
    node.focus()
    debugger.keyboard.press("Enter")
    expect(debugger).to_have_url(re.compile("/steps/3$"))


def test_the_timeline_marks_the_critical_path_and_opens_to_calls(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """Calls that another call made stand behind it; the step can fill the whole width."""
    assert recorded.traces
    go(debugger, address, f"#/{RUN}/steps/4")
    flow = debugger.get_by_role("region", name="Timeline")
    expect(flow.locator(".flow-step.critical")).to_have_count(
        len([step for step in STEPS if step["critical"]])
    )
    debugger.get_by_role("button", name="4 calls of step 4").click()
    nested = flow.locator(".nested .flow-name")
    names = "^chat.complete", "^database.fetchfailed", "^database.fetch", "^clock.today"
    expect(nested).to_have_text([re.compile(name) for name in names])
    bar = flow.get_by_role("link", name=re.compile("^4 query_database")).locator(".bar")
    before = bar.bounding_box()
    debugger.get_by_role("button", name="Zoom").click()
    expect(flow.locator(".ticks span").first).to_have_text("611 ms")
    after = bar.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 2 * before["width"]


def test_every_kind_of_step_shows_what_it_did(recorded: Debugged, debugger: Page, address: str) -> None:
    """Searches, retrieval, statements, claims."""
    assert recorded.traces
    go(debugger, address)
    for number, words in PANELS.items():
        go(debugger, address, f"#/{RUN}/steps/{number}")
        expect(pane(debugger).get_by_role("tabpanel")).to_be_visible()
        for text in words:
            expect(pane(debugger)).to_contain_text(text)


def test_passages_can_be_sorted_and_opened(recorded: Debugged, debugger: Page, address: str) -> None:
    """By any of their figures; the text and where it was found unfold."""
    assert recorded.traces
    go(debugger, address, f"#/{RUN}/steps/6")
    names = pane(debugger).locator(".hit-name b")
    expect(names.first).to_have_text("The kettle 2 › Boiling")
    pane(debugger).get_by_role("button", name="Dense").click()
    expect(names.first).to_have_text("The kettle 1 › Boiling")
    expect(pane(debugger).get_by_role("columnheader", name="Dense")).to_have_attribute(
        "aria-sort", "descending"
    )
    names.first.click()
    expect(pane(debugger).locator("blockquote")).to_have_text(SENTENCE)
    expect(pane(debugger)).to_contain_text("superseded by kettle-2.md")


def test_a_step_shows_state_prompts_and_raw_calls(recorded: Debugged, debugger: Page, address: str) -> None:
    """Behind tabs that keys can turn; a tab stays open from step to step, and has an address."""
    assert recorded.traces
    go(debugger, address, f"#/{RUN}/steps/8/prompts")
    expect(pane(debugger).get_by_role("tab", selected=True)).to_have_text("Prompts1")
    expect(pane(debugger)).to_contain_text("Answer from the sources.")
    expect(pane(debugger)).to_contain_text("1,730 → 134 tokens · $0.0014 · 789 ms")
    expect(pane(debugger).get_by_label("completion")).to_contain_text(f'"{SENTENCE}"')
    pane(debugger).get_by_role("tab", selected=True).press("ArrowRight")
    expect(pane(debugger).get_by_role("tab", selected=True)).to_have_text("State2")
    expect(debugger).to_have_url(re.compile("/steps/8/state$"))
    expect(pane(debugger).locator("ins")).to_have_text('  "rounds": 1,')
    pane(debugger).get_by_role("button", name="10 equal lines").click()
    expect(pane(debugger).locator(".line")).to_have_count(15)
    pane(debugger).get_by_text("The whole state after").click()
    expect(pane(debugger).locator(".json").last).to_contain_text("question")
    debugger.get_by_role("link", name=re.compile("^9 verify")).click()
    expect(pane(debugger).get_by_role("tab", selected=True)).to_have_text("State2")
    pane(debugger).get_by_role("tab", name="Calls").click()
    pane(debugger).get_by_text("judge, small-model").click()
    expect(pane(debugger)).to_contain_text("knowledge_bases")
    expect(pane(debugger)).to_contain_text("Given up")


def test_a_run_without_an_answer_tells_why(recorded: Debugged, debugger: Page, address: str) -> None:
    """A failed step, an earlier one that asked back, and one that was recorded."""
    failed = {"type": "TransientError", "message": "the store is away"}
    steps = [
        {**STEPS[0], "paused": {"question": "Which?"}, "source": "recorded"},
        {**STEPS[1], "failure": failed},
    ]
    lost = {"status": "failed", "faithfulness": None}
    recorded.traces[RUN] = trace_of(steps=steps, calls=[], answer=None, failure=failed, summary=lost)
    go(debugger, address, f"#/{RUN}/steps/2")
    expect(debugger.locator(".trace-answer")).to_contain_text("TransientError the store is away")
    expect(pane(debugger).locator(".failure")).to_have_text("TransientError the store is away")
    expect(debugger.get_by_role("link", name="classify: failed")).to_be_visible()
    debugger.keyboard.press("k")
    expect(pane(debugger).locator(".paused")).to_contain_text("Which?")
    expect(pane(debugger)).to_contain_text("Recorded")
    expect(debugger.get_by_text("Nothing stands out.")).to_be_visible()


def test_calls_of_a_long_run_are_built_when_they_are_opened(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """Two hundred steps are there at once, two thousand calls are not."""
    recorded.traces[RUN] = long_trace()
    go(debugger, address, f"#/{RUN}/steps/150")
    expect(debugger.locator(".flow-step")).to_have_count(200)
    expect(debugger.locator(".flow-step[class*=first]").nth(37).get_by_role("link")).to_be_in_viewport()
    expect(debugger.locator(".nested li")).to_have_count(0)
    debugger.get_by_role("button", name="10 calls of step 150").click()
    expect(debugger.locator(".nested li")).to_have_count(10)
