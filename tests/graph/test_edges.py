"""The decisions between nodes."""

import pytest
from langgraph.runtime import Runtime
from langgraph.types import Send

from graph.edges import MOST_ROUNDS, after_assess, after_verify, expand, goes_on, question_to_ask
from graph.plan import Part
from graph.state import (
    Assessment,
    Claim,
    Clarification,
    Draft,
    Evidence,
    Retrieved,
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


def state_of(
    *parts: Part,
    question: str = "q",
    clarified: bool = False,
    round_: int = 1,
    ready: list[int] | None = None,
) -> State:
    """Return the state behind `classify`; every part is ready unless said otherwise."""
    return State(
        question=question,
        plan=plan_of(*parts),
        clarified=clarified,
        round=round_,
        ready=list(range(len(parts))) if ready is None else ready,
    )


def judged(state: State, *verdicts: Sufficiency, confidence: float = 0.5, seen: bool = True) -> State:
    """Return the state behind `assess`."""
    state["assessments"] = [Assessment(verdict=verdict, confidence=confidence) for verdict in verdicts]
    state["evidence"] = [Evidence(hits=(hit_of("Boil."),) if seen else ())] * len(verdicts)
    return state


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


def test_what_an_earlier_round_searched_is_not_searched_again() -> None:
    """Pair by pair: the same query in another base is."""
    later = part_of("two", queries=("q", "wide", "new"), bases=("guides", "rules"))
    state = state_of(part_of("one"), later, round_=2, ready=[1])
    state["retrieved"] = [Retrieved(query="wide", knowledge_base="guides", hits=())]
    assert sends(state) == [
        ("retrieve", {"query": "new", "knowledge_base": "guides"}),
        ("retrieve", {"query": "wide", "knowledge_base": "rules"}),
        ("retrieve", {"query": "new", "knowledge_base": "rules"}),
    ]


def test_only_what_is_ready_is_sent() -> None:
    """A part that waits is neither searched nor looked up, and one of the round before is not again."""
    parts = (
        part_of("one", bases=("guides",), matches=(STOCK,)),
        part_of("two", bases=("guides",), matches=(STOCK,)),
        part_of("{1}", needs=(1,), matches=(STOCK,)),
    )
    assert sends(state_of(*parts, round_=2, ready=[1])) == [
        ("retrieve", {"query": "two", "knowledge_base": "guides"}),
        ("query_database", {"part": 1, "match": STOCK, "question": "two"}),
    ]


def test_a_round_for_which_nothing_is_ready_goes_straight_on() -> None:
    """The graph never ends for want of work."""
    assert expand(state_of(part_of("one"), part_of("{1}", needs=(0,)), ready=[]), RUNTIME) == "rerank"


def test_every_filled_query_is_asked_for_its_part() -> None:
    """One send a match; a match that misses something is not run."""
    parts = (part_of("one"), part_of("two", matches=(STOCK, ORDER)))
    lookups = [payload for node, payload in sends(state_of(*parts)) if node == "query_database"]
    assert lookups == [{"part": 1, "match": STOCK, "question": "two"}]


def test_sql_is_written_for_a_part_that_no_query_fits() -> None:
    """The question goes along instead of a match; one that lacks a variable does not fit."""
    parts = (part_of("one", writes_sql=True), part_of("two", matches=(ORDER,), writes_sql=True))
    state = State(**{**state_of(*parts), "clarified": True})
    lookups = [payload for node, payload in sends(state) if node == "query_database"]
    assert lookups == [
        {"part": 0, "match": None, "question": "one"},
        {"part": 1, "match": None, "question": "two"},
    ]


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
    assert expand(State(question="q", plan=plan, ready=[0]), RUNTIME) == expected


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
    assert after_assess(judged(state, *verdicts), RUNTIME) == expected


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
    assert after_assess(judged(state, "gap", confidence=confidence, seen=found), RUNTIME) == expected


@pytest.mark.parametrize(
    ("needs", "verdicts", "round_", "expected"),
    [
        pytest.param([(), (0,)], ["sufficient", "gap"], 1, "classify", id="its need is met"),
        pytest.param([(), (0,)], ["caveat", "gap"], 1, "classify", id="met with a caveat"),
        pytest.param([(), (), (0,), (1,)], ["sufficient", *["gap"] * 3], 1, "classify", id="one of two"),
        pytest.param([(), ()], ["sufficient", "gap"], 1, "synthesize", id="nothing waits"),
        pytest.param([(), (0,)], ["gap", "gap"], 1, "abstain", id="its need is not met"),
        pytest.param(
            [(), (), (0, 1)], ["sufficient", "gap", "gap"], 1, "synthesize", id="half is not enough"
        ),
        pytest.param([(), (0,)], ["ambiguous", "gap"], 1, "clarify", id="its need must be asked for"),
        pytest.param([(), (0,)], ["sufficient", "gap"], MOST_ROUNDS, "synthesize", id="no round is left"),
    ],
)
def test_a_part_that_waits_is_asked_once_all_it_needs_is_found(
    needs: list[tuple[int, ...]], verdicts: list[Sufficiency], round_: int, expected: str
) -> None:
    """And while a round is left; otherwise the question goes on without it."""
    parts = [part_of(str(number), needs=needed) for number, needed in enumerate(needs)]
    state = judged(state_of(*parts, round_=round_), *verdicts)
    assert after_assess(state, RUNTIME) == expected
    assert goes_on(state, state["assessments"]) == (expected == "classify")


@pytest.mark.parametrize(
    ("claims", "rejected", "revisions", "expected"),
    [
        pytest.param(1, (), 0, "__end__", id="all hold"),
        pytest.param(5, ((0, "why"),), 0, "revise", id="first failure"),
        pytest.param(2, ((0, "why"),), 0, "revise", id="first failure, and little holds"),
        pytest.param(5, (), 1, "__end__", id="mended"),
        pytest.param(5, ((0, "why"),), 1, "__end__", id="still failing, and enough holds"),
        pytest.param(2, ((0, "why"),), 1, "abstain", id="still failing, and too little holds"),
    ],
)
def test_verification_decides_how_it_goes_on(
    claims: int, rejected: tuple[tuple[int, str], ...], revisions: int, expected: str
) -> None:
    """Let out, have it written anew once, then cut or withhold."""
    draft = Draft(claims=(Claim(text="x", citations=(1,)),) * claims)
    verification = Verification(faithfulness=1 - len(rejected) / claims, rejected=rejected)
    state = State(draft=draft, verification=verification, revisions=revisions)
    assert after_verify(state, RUNTIME) == expected


@pytest.mark.parametrize(
    ("shortfall", "expected"),
    [
        pytest.param(None, "revise", id="written by a model"),
        pytest.param("It was away.", "abstain", id="quoted in its stead"),
    ],
)
def test_a_revision_that_nobody_judged_goes_back_to_be_quoted(shortfall: str | None, expected: str) -> None:
    """Once, for what is quoted needs no judge."""
    draft = Draft(claims=(Claim(text="x", citations=(1,)),), shortfall=shortfall)
    verification = Verification(faithfulness=0.0, rejected=((0, "why"),), shortfall="Nobody judged it.")
    assert after_verify(State(draft=draft, verification=verification, revisions=1), RUNTIME) == expected


@pytest.mark.parametrize(
    ("in_scope", "revisions", "expected"),
    [
        pytest.param(LIMITS.in_scope, 0, "abstain", id="nothing written"),
        pytest.param(LIMITS.in_scope, 1, "abstain", id="nothing left"),
        pytest.param(LIMITS.in_scope - 0.01, 0, "decline", id="nothing written and not ours"),
    ],
)
def test_an_empty_draft_is_no_answer(in_scope: float, revisions: int, expected: str) -> None:
    """A writer that found nothing to say leaves it to the evidence whether the question was ours."""
    state = judged(state_of(part_of("q", route=route_of(in_scope=in_scope))), "sufficient")
    state |= State(draft=Draft(), verification=Verification(faithfulness=1.0), revisions=revisions)
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
