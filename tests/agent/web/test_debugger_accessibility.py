"""axe finds nothing wrong with the debugger, in light and dark, wide and narrow."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.agent.web.conftest import violations
from tests.agent.web.debugged import Debugged, go, pane, rows
from tests.agent.web.debugging import OTHER, RUN, STEPS, origin_of, summary_of, trace_of

COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TABS = (
    (1, "searches"),
    (4, "sql"),
    (6, "retrieval"),
    (8, "claims"),
    (8, "prompts"),
    (8, "state"),
    (8, "calls"),
)
FOLDED = ".hit-name, .fold:enabled, .calls summary"
OPEN = f"() => {{ for (const one of document.querySelectorAll('{FOLDED}')) one.click(); }}"


@pytest.fixture
def colourful(recorded: Debugged) -> Debugged:
    """Record what has every colour there is."""
    states = ("answered", "partial", "clarify", "declined", "failed")
    recorded.summaries = [
        summary_of(
            f"{number:032}", status=status, kind="fork", degraded=True, thumb="down", error="TransientError"
        )
        for number, status in enumerate(states)
    ]
    failed = {"type": "TransientError", "message": "the store is away"}
    steps = [{**STEPS[0], "paused": {"question": "Which?"}}, {**STEPS[1], "failure": failed}, *STEPS[2:]]
    said = {"thumb": "down", "reason": "Wrong.", "correction": "39.50"}
    marks = {"kind": "fork", "imported": True, "scrubbed": True, "thumb": "up"}
    findings = trace_of()["findings"]
    recorded.traces = {
        RUN: trace_of(
            steps=steps, failure=failed, feedback=said, forks=[summary_of(OTHER, **marks)], findings=findings
        ),
        OTHER: trace_of(OTHER, parent=origin_of(RUN), summary=marks),
    }
    return recorded


@pytest.mark.parametrize("colours", COLOURS)
def test_list_fork_and_comparison_have_no_violation(
    colourful: Debugged, debugger: Page, address: str, colours: Literal["light", "dark"]
) -> None:
    """With dialogs and mistakes."""
    debugger.emulate_media(color_scheme=colours)
    go(debugger, address)
    expect(rows(debugger)).to_have_count(len(colourful.summaries))
    assert violations(debugger) == []
    debugger.keyboard.press("?")
    assert violations(debugger) == []
    go(debugger, address, f"#/{RUN}/fork/6")
    debugger.get_by_label("Add a channel").select_option("round")
    debugger.get_by_label("round", exact=True).fill("{")
    debugger.get_by_role("button", name="Run the fork").click()
    expect(debugger.get_by_role("alert")).to_be_visible()
    assert violations(debugger) == []
    go(debugger, address, f"#/{RUN}/diff/{OTHER}")
    expect(debugger.locator("details.change").first).to_be_visible()
    assert violations(debugger) == []


@pytest.mark.parametrize("colours", COLOURS)
def test_a_run_and_every_kind_of_step_have_no_violation(
    colourful: Debugged, debugger: Page, address: str, colours: Literal["light", "dark"]
) -> None:
    """With everything open, and with the outcome of a replay."""
    debugger.emulate_media(color_scheme=colours)
    for number, tab in TABS:
        go(debugger, address, f"#/{RUN}/steps/{number}/{tab}")
        expect(pane(debugger).get_by_role("tab", selected=True)).to_have_attribute("data-tab", tab)
        debugger.evaluate(OPEN)
        assert violations(debugger) == [], tab
    found = {"step": 6, "node": "rerank", "what": "update", "expected": {"a": 1}, "found": None}
    colourful.replay |= {"equal": False, "first_divergence": found}
    debugger.get_by_role("button", name="Replay").click()
    expect(debugger.locator(".outcome.error")).to_be_visible()
    assert violations(debugger) == []


@pytest.mark.parametrize("width", [1280, 400])
def test_no_page_is_wider_than_the_screen(
    colourful: Debugged, debugger: Page, address: str, width: int
) -> None:
    """What is wide scrolls by itself."""
    assert colourful.traces
    debugger.set_viewport_size({"width": width, "height": 800})
    go(debugger, address)
    expect(rows(debugger).first.locator("b")).to_be_visible()
    steps = [f"#/{RUN}/steps/{number}/{tab}" for number, tab in TABS]
    for place in ("", *steps, f"#/{RUN}/fork/6", f"#/{RUN}/diff/{OTHER}"):
        go(debugger, address, place)
        expect(debugger.locator("main > [aria-busy]")).to_have_count(0)
        assert debugger.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, place
    assert violations(debugger) == []
