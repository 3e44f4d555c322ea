"""The decisions between nodes."""

import pytest
from langgraph.runtime import Runtime
from langgraph.types import Send

from graph.edges import after_assess, after_verify, expand, question_to_ask
from graph.state import (
    Assessment,
    Claim,
    Clarification,
    Draft,
    Evidence,
    Part,
    State,
    Sufficiency,
    Verification,
)
from tests.fakes_graph import deps_of, hit_of, part_of, plan_of, route_of
from tools.types import Match

STOCK = Match(query="stock", score=0.9, parameters=(("name", "Kettle"),))
ORDER = Match(query="order", score=0.9, missing=("Which order?",))
RUNTIME = Runtime(context=deps_of())
LIMITS = RUNTIME.context.limits


def state_of(*parts: Part, question: str = "q", clarified: bool = False) -> State:
    """Return the state behind `classify`."""
    return State(question=question, plan=plan_of(*parts), clarified=clarified)


def sends(state: State) -> list[tuple[str, object]]:
    """Return node and payload of the parallel work."""
    found = expand(state, RUNTIME)
    assert isinstance(found, list)
    assert all(isinstance(one, Send) for one in found)
    return [(one.node, one.arg) for one in found]


def test_one_send_a_pair_of_query_and_base() -> None:
    """Each pair is searched once, though two parts want it."""
    one = part_of("one", queries=("one", "wide"), bases=("guides",))
    two = part_of("two", queries=("wide",), bases=("guides", "rules"))
    assert sends(state_of(one, two)) == [
        ("retrieve", {"query": "one", "knowledge_base": "guides"}),
        ("retrieve", {"query": "wide", "knowledge_base": "guides"}),
        ("retrieve", {"query": "wide", "knowledge_base": "rules"}),
    ]


def test_what_was_prefetched_is_not_searched_again() -> None:
    """A plain question goes straight on."""
    assert expand(state_of(part_of("q")), RUNTIME) == "rerank"


def test_a_question_completed_by_a_clarification_is_searched() -> None:
    """Nothing prefetched it: `prefetch` ran before the asker was asked back."""
    state = state_of(part_of("q", bases=("guides",)), clarified=True)
    assert sends(state) == [("retrieve", {"query": "q", "knowledge_base": "guides"})]


def test_every_filled_query_is_asked_for_its_part() -> None:
    """One send a match; a match that misses something is not run."""
    parts = (part_of("one"), part_of("two", matches=(STOCK, ORDER)))
    lookups = [payload for node, payload in sends(state_of(*parts)) if node == "query_database"]
    assert lookups == [{"part": 1, "match": STOCK}]


@pytest.mark.parametrize(
    ("in_scope", "small_talk", "expected"),
    [
        pytest.param(LIMITS.surely_outside - 0.01, None, "decline", id="surely outside"),
        pytest.param(LIMITS.surely_outside, None, "rerank", id="worth a look"),
        pytest.param(1.0, "Hello!", "decline", id="small talk"),
    ],
)
def test_what_is_surely_not_ours_is_declined_unsearched(
    in_scope: float, small_talk: str | None, expected: str
) -> None:
    """The limit is a bound on the probability of being in scope."""
    plan = plan_of(part_of("q", route=route_of(in_scope=in_scope)), small_talk=small_talk)
    assert expand(State(question="q", plan=plan), RUNTIME) == expected


@pytest.mark.parametrize(
    ("bases", "clarified", "expected"),
    [
        pytest.param((), False, "clarify", id="only the database can answer"),
        pytest.param((), True, "rerank", id="asked back once already"),
        pytest.param(("guides",), False, "rerank", id="the documents may answer"),
    ],
)
def test_a_missing_variable_is_asked_for_once(bases: tuple[str, ...], clarified: bool, expected: str) -> None:
    """Asking back is for what nothing else can answer."""
    state = state_of(part_of("q", bases=bases, matches=(ORDER,)), clarified=clarified)
    assert expand(state, RUNTIME) == expected


@pytest.mark.parametrize(
    ("verdicts", "clarified", "in_scope", "expected"),
    [
        pytest.param(["sufficient", "gap"], False, 1.0, "synthesize", id="one part is answered"),
        pytest.param(["caveat"], False, 1.0, "synthesize", id="with a caveat"),
        pytest.param(["sufficient", "ambiguous"], False, 1.0, "synthesize", id="answer before asking"),
        pytest.param(["sufficient"], False, 0.1, "synthesize", id="answered though hardly ours"),
        pytest.param(["ambiguous", "gap"], False, 1.0, "clarify", id="ask back"),
        pytest.param(["ambiguous"], True, 1.0, "abstain", id="never twice"),
        pytest.param(["gap"], False, LIMITS.in_scope, "abstain", id="nothing found"),
        pytest.param(["gap"], False, LIMITS.in_scope - 0.01, "decline", id="nothing found and not ours"),
    ],
)
def test_verdicts_decide_how_it_goes_on(
    verdicts: list[Sufficiency], clarified: bool, in_scope: float, expected: str
) -> None:
    """Write, ask back, or say why not."""
    state = state_of(part_of("q", route=route_of(in_scope=in_scope)), clarified=clarified)
    state["assessments"] = [Assessment(verdict=verdict, confidence=0.5) for verdict in verdicts]
    state["evidence"] = [Evidence(hits=(hit_of("Boil."),))] * len(verdicts)
    assert after_assess(state, RUNTIME) == expected


@pytest.mark.parametrize(
    ("confidence", "found", "expected"),
    [
        pytest.param(0.01, True, "decline", id="nothing came near"),
        pytest.param(0.4, True, "abstain", id="something came near"),
        pytest.param(0.0, False, "abstain", id="no passage was seen"),
    ],
)
def test_evidence_tells_whether_an_unanswered_question_was_ours(
    confidence: float, found: bool, expected: str
) -> None:
    """A search that failed, or that never was, does not make a question foreign."""
    state = state_of(part_of("q", route=route_of(in_scope=0.8)))
    state["assessments"] = [Assessment(verdict="gap", confidence=confidence)]
    state["evidence"] = [Evidence(hits=(hit_of("Boil."),) if found else ())]
    assert after_assess(state, RUNTIME) == expected


@pytest.mark.parametrize(
    ("claims", "rejected", "revisions", "expected"),
    [
        pytest.param(1, (), 0, "__end__", id="all hold"),
        pytest.param(5, ((0, "why"),), 0, "revise", id="first failure"),
        pytest.param(5, ((0, "why"),), 1, "abstain", id="still failing"),
        pytest.param(2, ((0, "why"),), 0, "abstain", id="too little holds"),
        pytest.param(0, (), 1, "abstain", id="nothing left"),
    ],
)
def test_verification_decides_how_it_goes_on(
    claims: int, rejected: tuple[tuple[int, str], ...], revisions: int, expected: str
) -> None:
    """Let out, revise once, or withhold."""
    draft = Draft(claims=(Claim(text="x", citations=(1,)),) * claims)
    holds = 1 - len(rejected) / claims if claims else 1.0
    verification = Verification(faithfulness=holds, rejected=rejected)
    state = State(draft=draft, verification=verification, revisions=revisions)
    assert after_verify(state, RUNTIME) == expected


def test_an_ambiguity_is_asked_with_its_choices() -> None:
    """It comes before a missing variable."""
    ambiguous = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))
    state = state_of(part_of("q", bases=(), matches=(ORDER,)))
    state["assessments"] = [Assessment(verdict="gap", confidence=0.1), ambiguous]
    assert question_to_ask(state) == Clarification(question="Red or blue?", choices=("red", "blue"))


def test_a_missing_variable_is_asked_in_the_catalogues_words() -> None:
    """The first missing one of the best match."""
    state = state_of(part_of("q", bases=(), matches=(ORDER,)))
    assert question_to_ask(state) == Clarification(question="Which order?")


def test_without_anything_to_ask_the_asker_is_asked_to_rephrase() -> None:
    """The pause always has a question."""
    assert question_to_ask(state_of(part_of("q"))).question == "Could you say that in other words?"
