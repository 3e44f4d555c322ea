"""Hostile texts in every field of a recording: no script runs, no request leaves; and what it all weighs."""

import gzip
import json
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.agent.web.conftest import Visit
from tests.agent.web.debugged import Debugged, go, pane, rows
from tests.agent.web.debugging import (
    OTHER,
    RUN,
    Json,
    comparison_of,
    everywhere,
    given_step,
    origin_of,
    summary_of,
    trace_of,
)
from tests.agent.web.test_hostile_content import CORPUS, WATCH

WEB = Path(__file__).parents[3] / "agent" / "web"
MOST_COMPRESSED = 60_000
KEPT = (
    "run_id",
    "started_at",
    "severity",
    "kind",
    "state",
    "id",
    "source",
    "target",
    "html",
    "source",
    "port",
)
"""What is no text of documents, rows, models or people, or has walls of its own."""
STRANGE = """() => {
  const known = new Set((
    "section article header h2 h3 h4 div p span b em i small button svg path text rect title g a ol ul li " +
    "dl dt dd strong s code pre blockquote table thead tbody tr th td br hr mark figure figcaption details " +
    "summary ins del form fieldset legend label input select option textarea datalist time").split(" "));
  const attributes = new Set((
    "class part id type tabindex role hidden title href target rel referrerpolicy scope d viewBox x y " +
    "width height rx transform text-anchor preserveAspectRatio colspan disabled open style for list value " +
    "rows placeholder autocomplete spellcheck novalidate datetime pattern required readonly data-tab " +
    "data-call"
  ).split(" "));
  return [...document.querySelectorAll("main *")].flatMap((one) => [
    ...(known.has(one.localName) ? [] : [one.localName]),
    ...[...one.attributes].filter(({ name, value }) =>
      !(attributes.has(name) || name.startsWith("aria-")) ||
      (name === "href" && !value.startsWith("#")) ||
      (name === "style" && !/^(--[a-z]+: ?[-0-9.e+px]+; ?)+$/.test(value))
    ).map(({ name, value }) => `${one.localName} ${name}=${value}`),
  ]);
}"""
"""Finds elements and attributes that our own code does not make."""
OPEN = (
    "() => { for (const one of document.querySelectorAll('summary, .hit-name, .fold:enabled')) one.click(); }"
)
HARM = "[...window.refused, ...(window.ran ? ['script'] : [])]"


def poison(recorded: Debugged, texts: Iterator[str]) -> None:
    """Put a text into every field, past the server's own walls."""
    plain = trace_of()
    trace: Json = everywhere(plain, texts, (*KEPT, "citations"))
    html = next(texts)
    trace["answer"] |= {"html": f"<p>{html}</p>{html}", "choices": [next(texts)], "notes": [next(texts)]}
    trace |= {
        "forks": [everywhere(summary_of(OTHER), texts, KEPT)],
        "parent": origin_of(OTHER),
        "software": {next(texts): next(texts)},
        "configuration": {next(texts): next(texts)},
        "feedback": {"thumb": "down", "reason": next(texts), "correction": next(texts)},
        "failure": {"type": next(texts), "message": next(texts)},
    }
    recorded.traces = {RUN: trace, OTHER: trace}
    recorded.summaries = [everywhere(summary_of(f"{number:032x}"), texts, KEPT) for number in range(20)]
    recorded.steps = {one["number"]: bad_step(plain, one["number"], texts) for one in plain["steps"]}
    recorded.comparison = everywhere(comparison_of(summary_of(), summary_of(OTHER)), texts, KEPT)
    found = {
        "node": next(texts),
        "what": next(texts),
        "expected": next(texts),
        "found": {next(texts): next(texts)},
    }
    recorded.replay |= {"equal": False, "first_divergence": {"step": 6, **found}}


def bad_step(plain: Json, number: int, texts: Iterator[str]) -> Json:
    """Return a step with texts in every field; calls of models still have prompts."""
    failed = {"failure": {"type": next(texts), "message": next(texts)}, "paused": {next(texts): next(texts)}}
    return {**everywhere(given_step(plain, number), texts, KEPT), **failed}


def harm(page: Page) -> Sequence[object]:
    """Open everything there is, and return what became of it that should not."""
    page.evaluate(OPEN)
    return [*page.evaluate(STRANGE), *page.evaluate(HARM)]


@pytest.mark.parametrize("first", range(4))
def test_nothing_hostile_runs_or_leaves(recorded: Debugged, debugger: Page, address: str, first: int) -> None:
    """On the list, in a run, in every kind of step and all of its tabs, in a fork and in a comparison."""
    texts = [one["text"] for one in CORPUS]
    poison(recorded, islice(cycle(texts), first * len(texts) // 4, None))
    debugger.add_init_script(WATCH)
    go(debugger, address)
    expect(rows(debugger)).to_have_count(20)
    assert harm(debugger) == []
    go(debugger, address, f"#/{RUN}")
    debugger.get_by_role("button", name="Replay").click()
    expect(debugger.locator(".outcome")).to_contain_text("First divergence")
    for number in (1, 4, 6, 9):
        debugger.evaluate(f"location.hash = '#/{RUN}/steps/{number}'")
        expect(pane(debugger).locator(".flow-number").first).to_have_text(str(number))
        expect(pane(debugger).get_by_role("tab")).not_to_have_count(0)
        for tab in pane(debugger).get_by_role("tab").all():
            tab.click()
            assert harm(debugger) == [], (number, tab.text_content())
    for place in (f"#/{RUN}/fork/6", f"#/{RUN}/diff/{OTHER}"):
        go(debugger, address, place)
        expect(debugger.get_by_role("heading", level=2)).to_be_visible()
        assert harm(debugger) == [], place


def test_a_page_that_has_no_such_walls_is_found_out(debugger: Page, address: str) -> None:
    """By what looks for strange elements and attributes."""
    go(debugger, address)
    debugger.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('img'), {alt: 'x'}))"
    )
    assert debugger.evaluate(STRANGE) == ["img", "img alt=x"]


def test_the_debugger_is_small_and_nobody_else_loads_it(
    recorded: Debugged, visit: Visit, debugger: Page, address: str
) -> None:
    """Everything that it ever loads, compressed; the chat page loads nothing of its own files."""
    fetched: list[Request] = []
    debugger.on("requestfinished", lambda request: fetched.append(request))
    go(debugger, address)
    expect(rows(debugger)).to_have_count(len(recorded.summaries))
    files = [one for one in fetched if "/api/" not in one.url]
    bodies = {one.url: gzip.compress(response.body()) for one in files if (response := one.response())}
    own = {path.name for path in WEB.glob("debug*")} - {"debug.html"}
    assert own <= {url.rsplit("/", 1)[-1] for url in bodies}
    assert sum(map(len, bodies.values())) <= MOST_COMPRESSED
    fetched.clear()
    page = visit.page()
    page.on("requestfinished", lambda request: fetched.append(request))
    page.goto(address, wait_until="networkidle")
    assert json.dumps([one.url for one in fetched]).count("debug") == 0
