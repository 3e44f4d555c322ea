"""What the debugger does with a run: replay, fork, compare, keep, export, import, delete."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.agent.web.debugged import Debugged, go, pane, rows
from tests.agent.web.debugging import OTHER, RUN, origin_of, trace_of


def test_a_replay_tells_that_all_is_equal_or_where_it_is_not(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """The first divergence leads to its step."""
    go(debugger, address, f"#/{RUN}")
    debugger.get_by_role("button", name="Replay").click()
    said = debugger.get_by_role("status").filter(has_text="Equal at all 10 steps, 0 network calls, 14 ms.")
    expect(said).to_be_visible()
    found = {
        "step": 6,
        "node": "rerank",
        "what": "update.evidence",
        "expected": {"rank": 1},
        "found": {"rank": 2},
    }
    recorded.replay = {**recorded.replay, "equal": False, "first_divergence": found}
    debugger.get_by_role("button", name="Replay").click()
    said = debugger.get_by_role("status").filter(
        has_text="First divergence at step 6, rerank: update.evidence"
    )
    expect(said).to_contain_text("rank: 2")
    said.get_by_role("link", name="step 6, rerank").click()
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("rerank")
    recorded.refusals["POST", "replay"] = (409, "its graph is another one")
    debugger.get_by_role("button", name="Replay").click()
    expect(
        debugger.get_by_role("status").filter(has_text="It could not be replayed: its graph")
    ).to_be_visible()


def test_a_run_can_be_kept_exported_and_deleted(recorded: Debugged, debugger: Page, address: str) -> None:
    """Deleting asks first."""
    go(debugger, address)
    rows(debugger).click()
    debugger.get_by_role("button", name="Keep as test").click()
    debugger.get_by_label("Name (optional)").fill("kettle")
    debugger.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(debugger.get_by_role("status").filter(has_text="Kept in cases.jsonl.")).to_be_visible()
    assert [json.loads(body) for body in recorded.sent("POST", "/keep")] == [{"id": "kettle"}]
    for name, scrubbed in (("Export", "false"), ("Export without personal data", "true")):
        with debugger.expect_download() as download:
            debugger.get_by_role("button", name=name, exact=True).click()
        assert json.loads(Path(download.value.path()).read_text("utf-8")) == {"scrub": scrubbed}
    debugger.get_by_role("button", name="Delete").click()
    debugger.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert recorded.sent("DELETE", RUN) == []
    debugger.get_by_role("button", name="Delete").click()
    debugger.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows(debugger)).to_have_count(0)
    assert len(recorded.sent("DELETE", RUN)) == 1


def test_a_file_is_imported_byte_by_byte(
    recorded: Debugged, debugger: Page, address: str, tmp_path: Path
) -> None:
    """What it holds is not read and written anew: numbers would lose digits."""
    file = tmp_path / "run.json"
    file.write_text('{"figure": 1.0, "large": 12345678901234567890}', "utf-8")
    go(debugger, address)
    with debugger.expect_file_chooser() as chooser:
        debugger.get_by_role("button", name="Import").click()
    chooser.value.set_files(file)
    expect(debugger.locator(".trace-title")).to_contain_text("Imported")
    assert recorded.sent("POST", "/import") == [file.read_bytes()]
    debugger.get_by_role("link", name="All runs").click()
    recorded.refusals["POST", "import"] = (409, "this run is already there")
    with debugger.expect_file_chooser() as chooser:
        debugger.get_by_role("button", name="Import").click()
    chooser.value.set_files(file)
    expect(debugger.get_by_role("dialog")).to_contain_text("this run is already there")


def test_a_fork_is_checked_before_it_runs_and_compared_when_it_has(
    recorded: Debugged, debugger: Page, address: str
) -> None:
    """State is JSON, prompts begin with what they were, settings are JSON or text."""
    go(debugger, address, f"#/{RUN}/steps/6")
    pane(debugger).get_by_role("link", name="Fork from here").click()
    expect(debugger.get_by_label("Fork from")).to_have_value("6")
    debugger.get_by_label("Add a channel").select_option("round")
    state = debugger.get_by_label("round", exact=True)
    expect(state).to_have_value("6")
    state.fill("{7")
    expect(debugger.locator(".problem")).to_contain_text("JSON")
    debugger.get_by_role("button", name="Run the fork").click()
    expect(debugger.get_by_role("alert")).to_have_text("1 value is not JSON yet.")
    expect(state).to_be_focused()
    assert recorded.sent("POST", "/fork") == []
    state.fill('{"a": 1}')
    debugger.get_by_label("Add a prompt").select_option("write")
    expect(debugger.get_by_label("write", exact=True)).to_have_value("Answer from the sources.")
    for name, value in (
        ("models.chat", "large-model"),
        ("assistant.abstain", "0.5"),
        ("ranking.extra", "[1]"),
    ):
        debugger.get_by_label("Add a setting").fill(name)
        debugger.get_by_label("Add a setting").press("Enter")
        debugger.get_by_label(name, exact=True).fill(value)
    debugger.get_by_role("button", name="Do not change ranking.extra").click()
    recorded.refusals["POST", "fork"] = (422, "assistant.abstain must be less than 0.4")
    debugger.get_by_role("button", name="Run the fork").click()
    expect(debugger.get_by_role("alert")).to_have_text("assistant.abstain must be less than 0.4")
    recorded.refusals.clear()
    debugger.get_by_role("button", name="Run the fork").click()
    expect(debugger).to_have_url(re.compile(f"#/{RUN}/diff/{OTHER}$"))
    assert json.loads(recorded.sent("POST", "/fork")[-1]) == {
        "step": 6,
        "state": {"round": {"a": 1}},
        "prompts": {"write": "Answer from the sources."},
        "configuration": {"models.chat": "large-model", "assistant.abstain": 0.5},
    }


def test_two_runs_stand_side_by_side(recorded: Debugged, debugger: Page, address: str) -> None:
    """The first difference is open; a fork is compared with its parent by one button."""
    recorded.traces[OTHER] = trace_of(
        OTHER, summary={"kind": "fork", "duration_ms": 1155.2}, parent=origin_of(RUN)
    )
    go(debugger, address, f"#/{OTHER}")
    debugger.get_by_role("button", name="Compare").click()
    debugger.get_by_role("dialog").get_by_role("button", name="Compare").click()
    expect(debugger).to_have_url(re.compile(f"#/{RUN}/diff/{OTHER}$"))
    diff = debugger.get_by_role("article", name="Comparison")
    expect(diff.get_by_role("heading", level=2)).to_have_text("First difference at A’s step 6, rerank")
    for words in ("−1.16 s (−50 %)", "It costs 39.50 euros.", "kettle-2.md › Boiling", "1 → 2", "Only in A"):
        expect(diff).to_contain_text(words)
    expect(diff.locator("details.change ins:visible")).to_have_text('  "rounds": 1,')
    diff.get_by_role("link", name="Swap").click()
    expect(debugger).to_have_url(re.compile(f"#/{OTHER}/diff/{RUN}$"))
    debugger.get_by_role("listitem").filter(has_text="assess").get_by_role("link").first.click()
    expect(pane(debugger).get_by_role("heading", level=3)).to_have_text("assess")
