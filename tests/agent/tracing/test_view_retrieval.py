"""Why each passage stands where it does."""

from datetime import date

import pytest

from agent.recording.recording import Recording
from agent.tracing.view_step import step_given
from agent.tracing.views_found import PassageSeen
from graph.deps import Limits
from graph.plan import Query
from tests.agent.tracing.planted import QUESTION, RETURNS, found, hit, run
from tests.fakes_graph import part_of, plan_of
from tools.ranking.rules import Rule

FIRST = hit(RETURNS, dense=0.7, bm25=6.0)
SECOND = hit("Parcels abroad take six working days to arrive.", dense=0.2)
THIRD = hit("Gift cards are never taken back by anyone.", dense=0.1)


def seen(recording: Recording) -> list[PassageSeen]:
    """Return the passages of the first part, as the rerank step shows them."""
    retrieval = step_given(recording, 4).retrieval
    assert retrieval is not None
    return retrieval.parts[0].passages


def test_passages_carry_the_scores_of_every_search_that_found_them() -> None:
    """With the place that each search gave them."""
    part = part_of(QUESTION, queries=(QUESTION, "return kettle"), bases=("rules",))
    lists = (found(FIRST, SECOND), found(SECOND, query="return kettle"))
    (passage,) = [one for one in seen(run(*lists, plan=plan_of(part))) if one.source == "parcels.md"]
    assert [(one.query, one.family, one.rank, one.dense) for one in passage.found] == [
        (QUESTION, "question", 2, 0.2),
        ("return kettle", "rewrite", 1, 0.2),
    ]


def test_a_rule_is_told_with_its_factor_and_the_places_it_moved_a_passage() -> None:
    """And since when a document does not hold, and what replaces it."""
    old = hit(RETURNS, dense=0.7, valid_to=date(2025, 1, 1), superseded_by="new.md")
    passages = seen(run(found(old, SECOND, THIRD)))
    (moved,) = [one for one in passages if one.factors]
    assert moved.factors == {"superseded": pytest.approx(0.3)}
    assert (moved.fusion_rank, moved.rank) == (1, 3)
    assert moved.why == (
        "superseded since 2025-01-01 by new.md: × 0.3, from place 1 to 3; place 3 of the evidence"
    )


def test_two_rules_of_a_kind_are_told_apart() -> None:
    """Each with its own factor."""
    rule = Rule(kind="authority", factors={"forum": 0.5})
    passage = seen(run(found(hit(RETURNS, dense=1.0, authority="forum")), rules=(rule, rule)))[0]
    assert passage.factors == {"authority": 0.5, "authority 2": 0.5}


def test_a_cross_encoder_is_told_with_its_recorded_scores() -> None:
    """It is not asked again."""
    passages = seen(run(found(FIRST, SECOND), scores=(-1.0, 3.0)))
    assert [(one.source, one.cross_encoder) for one in passages] == [("parcels.md", 3.0), ("you.md", -1.0)]
    assert passages[0].why == "the cross-encoder moved it from place 2 to 1; place 1 of the evidence"


def test_what_was_dropped_is_told_with_its_reason() -> None:
    """Duplicates, budget, number and the cut after fusion."""
    twin = hit(f"{RETURNS} ", dense=0.1, source="twin.md")
    many = [
        hit(" ".join(f"word{number}{letter}" for letter in "abcdefgh"), dense=0.01, bm25=0.0)
        for number in range(35)
    ]
    passages = seen(run(found(FIRST, twin, *many), limits=Limits(passages_per_part=2)))
    why = {one.source: one.why for one in passages if not one.kept}
    assert why["twin.md"] == "dropped: near duplicate of “Kettle › Use” in you.md"
    reasons = set(why.values())
    assert "dropped: behind the first 2" in reasons
    assert "dropped: behind the first 30 of all that was found" in reasons
    assert [one.rank for one in passages][:3] == [1, 2, None]


def test_queries_of_other_parts_lend_no_passages() -> None:
    """Each part has its own lists."""
    parts = (part_of("one", bases=("rules",)), part_of("two", bases=("rules",)))
    recording = run(found(FIRST, query="one"), found(SECOND, query="two"), plan=plan_of(*parts))
    retrieval = step_given(recording, 4).retrieval
    assert retrieval is not None
    assert [[one.source for one in part.passages] for part in retrieval.parts] == [["you.md"], ["parcels.md"]]


def test_hypothetical_queries_keep_their_family() -> None:
    """The inspector says what a query was."""
    part = part_of(QUESTION, bases=("rules",))
    made_up = Query(text="made up", family="hypothetical")
    plan = plan_of(
        type(part)(question=QUESTION, route=part.route, queries=(made_up,), knowledge_bases=("rules",))
    )
    assert seen(run(found(FIRST, query="made up"), plan=plan))[0].found[0].family == "hypothetical"
