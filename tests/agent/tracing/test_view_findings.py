"""What stands out: every planted fault is told on the page, without reading code."""

from dataclasses import replace
from datetime import date

import pytest

from agent.recording.recording import Call, Failure, Recording
from agent.tracing.findings import find
from agent.tracing.views import Finding
from graph.deps import Limits
from graph.state import Assessment, Claim, RowsCitation, Verification
from tests.agent.tracing.planted import (
    QUESTION,
    RETURNS,
    changed,
    found,
    hit,
    quoting,
    refused,
    run,
    statement,
)
from tests.agent.tracing.runs import call_of, chat_of, step_of
from tests.fakes_graph import part_of, plan_of, route_of, rows_of
from tools.ranking.rules import Rule
from tools.types import Match

GOOD = hit(RETURNS, dense=0.7, bm25=6.0)
OTHER = hit("Parcels abroad take six working days to arrive.", dense=0.2)
ROWS = {"columns": ["count"], "rows": [[3]], "truncated": False}
OLD = hit(
    "Returns were accepted within 14 days.",
    dense=0.8,
    bm25=9.0,
    source="returns-2024.md",
    valid_to=date(2025, 1, 1),
    superseded_by="returns-2026.md",
)
NEW = hit("Now 30 days hold for any return at all.", dense=0.3, source="returns-2026.md")


def healthy() -> Recording:
    """Return a run in which nothing went wrong."""
    return run(found(GOOD, OTHER), asked=[statement(2, "SELECT 3", response=ROWS)], **quoting(GOOD))


def wrong_route() -> Recording:
    plan = plan_of(part_of(QUESTION, bases=("guides",), route=route_of(guides=0.9, rules=0.05)))
    guide = hit("Boil the kettle with water up to the mark.", dense=0.3, base="guides")
    return run(found(guide, base="guides"), found(GOOD), plan=plan, **quoting(guide))


def unlikely_base() -> Recording:
    route = route_of(guides=0.9, rules=0.1)
    guide = hit("Boil the kettle with water up to the mark.", dense=0.3, base="guides")
    return run(
        found(guide, base="guides"),
        found(GOOD),
        plan=plan_of(part_of(QUESTION, route=route)),
        **quoting(guide),
    )


def stale_rule() -> Recording:
    return run(found(OLD, NEW), rules=(), **quoting(OLD))


def expired_citation() -> Recording:
    return run(found(OLD, OTHER), **quoting(OLD))


def rule_against_the_best() -> Recording:
    rule = Rule(kind="authority", factors={"community": 0.1})
    best = hit(RETURNS, dense=0.7, bm25=6.0, authority="community")
    return run(found(best, OTHER), rules=(rule,), **quoting(OTHER))


def refused_sql() -> Recording:
    failure = refused("the table secrets may not be read")
    return run(found(GOOD), asked=[statement(2, "SELECT * FROM secrets", failure=failure)], **quoting(GOOD))


def repaired_sql() -> Recording:
    asked = [
        statement(2, "SELECT x FROM t", failure=refused("there is no column x", "unknown_column")),
        statement(3, "SELECT count FROM t", response=ROWS),
    ]
    return run(found(GOOD), asked=asked, **quoting(GOOD))


def empty_sql() -> Recording:
    return run(found(GOOD), asked=[statement(2, "SELECT 1", response={**ROWS, "rows": []})], **quoting(GOOD))


def truncated_sql() -> Recording:
    response = {**ROWS, "truncated": True}
    return run(found(GOOD), asked=[statement(2, "SELECT 1", response=response)], **quoting(GOOD))


def near_duplicate() -> Recording:
    twin = hit(f"{RETURNS} ", dense=0.9, bm25=1.0, source="twin.md")
    return run(found(GOOD, twin), **quoting(GOOD))


def packed_out() -> Recording:
    long = hit("Return " + "the kettle to us please " * 40, dense=0.9, bm25=9.0)
    return run(found(long, OTHER), limits=Limits(evidence_tokens=100), **quoting(OTHER))


def behind_the_first() -> Recording:
    last = hit("Nobody looked at this line before.", dense=0.95, bm25=0.1)
    return run(found(GOOD, OTHER, last), limits=Limits(passages_per_part=1), **quoting(GOOD))


def other_evidence() -> Recording:
    return changed(healthy(), 4, update={"evidence": [{"hits": [], "rows": []}]})


def not_cited() -> Recording:
    return run(found(GOOD, OTHER), **quoting(OTHER))


def rejected_claim() -> Recording:
    verification = Verification(faithfulness=0.0, rejected=((0, "the number 45 does not stand in it"),))
    return run(found(GOOD), verification=verification, **quoting(GOOD))


def invented_number() -> Recording:
    return run(
        found(GOOD),
        **{**quoting(GOOD), "claims": [Claim(text="You have 45 days to return it.", citations=(1,))]},
    )


def foreign_quotation() -> Recording:
    citation = replace(quoting(GOOD)["citations"][0], quote="You may keep it for ever, free of charge, forev")
    return run(found(GOOD), **{**quoting(GOOD), "citations": [citation]})


def rows_without_the_number() -> Recording:
    rows = rows_of(("Kettle", 4))
    cited = RowsCitation(id=1, statement=rows.statement, parameters=(), columns=rows.columns, rows=rows.rows)
    return run(
        found(GOOD),
        rows=[rows],
        claims=[Claim(text="There are 99 in stock.", citations=(1,))],
        citations=[cited],
    )


def failed_branch() -> Recording:
    failed = changed(healthy(), 3, failure=Failure(type="TransientError", message="it is away"), update=None)
    notes = ["The database could not be asked: it is away"]
    handler = step_of(8, "query_database", superstep=2, place=1, handles=True, update={"failures": notes})
    return replace(failed, steps=[*failed.steps[:3], handler, *failed.steps[3:]])


def unusable_reply() -> Recording:
    failure = Failure(type="ModelOutputError", message="the reply is cut off")
    return replace(healthy(), calls=[chat_of(5, 6, failure=failure, response=None)])


def withheld() -> Recording:
    return run(
        found(GOOD),
        assessment=Assessment(verdict="gap", confidence=0.05),
        answer={"status": "unanswerable"},
    )


def low_faithfulness() -> Recording:
    return run(found(GOOD), answer={"faithfulness": 0.5}, **quoting(GOOD))


def without_evidence() -> Recording:
    recording = run(found(), claims=())
    return replace(recording, calls=[chat_of(5, 6)])


def half_a_condition() -> Recording:
    plan = plan_of(part_of(QUESTION, bases=("rules",)))
    part = replace(plan.parts[0], matches=(Match(query="stock", score=0.9, unknown=("blue",)),))
    return run(found(GOOD), plan=replace(plan, parts=(part,)), **quoting(GOOD))


FAULTS = {
    "wrong route": (wrong_route, 2, "rules was not searched: the router gave it 0.05"),
    "unlikely base": (unlikely_base, 2, "which the router found unlikely (0.10 against 0.90)"),
    "stale rule": (stale_rule, 4, "before “Kettle › Use” of returns-2026.md, which replaces it"),
    "expired citation": (expired_citation, 4, "held until 2025-01-01 (asked as of 2026-03-16)"),
    "rule against the best": (rule_against_the_best, 4, "(authority × 0.1) moved the best passage"),
    "refused SQL": (refused_sql, 3, "was refused by the guard: the table secrets may not be read"),
    "repaired SQL": (repaired_sql, 3, "mended after 1 of 2 statements"),
    "wrong column": (repaired_sql, 3, "failed (unknown_column): there is no column x"),
    "empty result": (empty_sql, 3, "returned no rows"),
    "truncated result": (truncated_sql, 3, "cut at 1 rows"),
    "near duplicate": (near_duplicate, 4, "is no evidence: dropped: near duplicate of"),
    "packed out": (packed_out, 4, "do not fit into what better passages leave of the budget of 100"),
    "behind the first": (behind_the_first, 4, "dropped: behind the first 1"),
    "other evidence": (other_evidence, 4, "is not what its lists, rules and limits give now"),
    "not used": (not_cited, 6, "is not cited by the answer"),
    "rejected claim": (rejected_claim, 7, "Statement 1 does not hold: the number 45"),
    "invented number": (invented_number, 7, "let statement 1 pass, but the number 45 does not stand"),
    "foreign quotation": (foreign_quotation, 7, "citation 1 is not evidence of this run"),
    "rows without the number": (rows_without_the_number, 7, "the number 99 does not stand in what it cites"),
    "failed branch": (failed_branch, 3, "failed with TransientError: it is away; the run went on without it"),
    "degraded": (failed_branch, 8, "degraded: The database could not be asked"),
    "unusable reply": (unusable_reply, 6, "the prompt write could not be used: the reply is cut off"),
    "withheld": (withheld, 5, "judged gap with confidence 0.05 (assistant.abstain is 0.20), although"),
    "low faithfulness": (low_faithfulness, 7, "Only 50 % of the statements held"),
    "without evidence": (without_evidence, 6, "without any evidence in its prompt"),
    "half a condition": (half_a_condition, 2, "knows nothing of “blue”"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_told_at_its_step(name: str) -> None:
    """The finding names the cause, and the step to look at."""
    plant, step, words = FAULTS[name]
    findings = find(plant())
    told = [one for one in findings if words in one.text]
    assert told, "\n".join(one.text for one in findings)
    assert told[0].step == step


def test_a_healthy_run_has_no_findings() -> None:
    """Nothing cries wolf."""
    assert find(healthy()) == []


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"attempt": 2}, "went well only at attempt 2"),
        ({"paused": {"question": "Which kettle?"}, "update": None}, "asked back instead of answering"),
    ],
)
def test_a_step_that_did_not_go_through_is_told(known: dict[str, object], words: str) -> None:
    """Retries and questions back."""
    assert any(words in one.text and one.step == 3 for one in find(changed(healthy(), 3, **known)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (chat_of(5, 6, started_ms=10.0, ended_ms=1_500.0), "took 1,490 ms"),
        (chat_of(5, 6, exceeded="usd"), "The budget of usd was reached here"),
        (chat_of(5, 6), "was asked 2 times"),
        (call_of(5, 1, "store", "search", {"text": "x"}, interrupted=True), "was given up before it ended"),
    ],
)
def test_a_call_that_stands_out_is_told(call: Call, words: str) -> None:
    """Slow, over budget, retried, given up."""
    recording = replace(healthy(), calls=[call])
    assert [one for one in find(recording) if words in one.text and one.call == 5]


def test_the_gravest_finding_comes_first() -> None:
    """Then the order of the run decides."""
    order: list[Finding] = find(replace(failed_branch(), failure=Failure(type="Crash", message="it broke")))
    gravity = ["error", "warning", "note"]
    assert [gravity.index(one.severity) for one in order] == sorted(
        gravity.index(one.severity) for one in order
    )
    assert "Crash" in order[0].text


def test_many_alike_do_not_drown_the_others() -> None:
    """Of one rule a handful is told."""
    calls = [chat_of(number, 6, exceeded=None) for number in range(1, 500)]
    assert len(find(replace(healthy(), calls=calls))) < 20
