"""The planner that asks a model where the local one is not sure."""

from dataclasses import replace
from datetime import date

import pytest

from graph.plan import Families, Plan, Turn
from graph.reasoning.llm.planner import LlmPlanner, is_plain
from graph.reasoning.llm.schemas import (
    BaseProbability,
    PartReply,
    PlanReply,
    ResolvedQuestion,
    ResolveReply,
)
from graph.state import Evidence
from tests.fakes_chat import FakeChat, Reply
from tests.fakes_graph import BASES, TODAY, hit_of, part_of, plan_of, route_of
from tests.graph.reasoning.llm.conftest import BOIL, LocalSide
from tools.errors import ModelOutputError, ModelUnavailable
from tools.metering import Budget, Meter

COMPOUND = "How long does the Moor 2 boil, and can I return it?"
FIRST = "How long does the Moor 2 boil?"
SECOND = "Can I return the Moor 2?"


def part_reply(question: str, **given: object) -> PartReply:
    """Return one sub-question of a reply; the guides answer it unless said otherwise."""
    fields: dict[str, object] = {
        "question": question,
        "needs": [],
        "knowledge_bases": [BaseProbability(name="guides", probability=0.9)],
        "database": 0.0,
        "rewrites": [],
        "hypothetical_answer": "",
        "products": [],
        "versions": [],
    }
    return PartReply.model_validate({**fields, **given})


def plan_reply(*parts: PartReply, **given: object) -> PlanReply:
    """Return a reply of these parts."""
    fields: dict[str, object] = {
        "standalone_question": COMPOUND,
        "small_talk": False,
        "in_scope": 0.9,
        "as_of": None,
        "parts": list(parts),
    }
    return PlanReply.model_validate({**fields, **given})


async def planned(
    local: LocalSide,
    *replies: Reply,
    question: str = COMPOUND,
    history: tuple[Turn, ...] = (),
    calls: int = 4,
) -> tuple[Plan, FakeChat]:
    """Plan a question with a model that says this."""
    chat = FakeChat(replies)
    planner = LlmPlanner(chat=chat, local=local.planner, bases=BASES, queries=[("stock", "What is left")])
    meter = Meter(budget=Budget(model_calls=calls))
    return await planner.plan(question, history, today=TODAY, meter=meter), chat


@pytest.mark.parametrize(
    ("plan", "plain"),
    [
        pytest.param(plan_of(part_of("x?")), True, id="one likely base"),
        pytest.param(
            plan_of(part_of("x?", route=route_of(guides=0.5, rules=0.5))), False, id="no likely place"
        ),
        pytest.param(plan_of(part_of("x?", route=route_of(in_scope=0.5))), False, id="may not be for us"),
        pytest.param(plan_of(part_of("x?"), part_of("y?")), False, id="two parts"),
        pytest.param(
            replace(plan_of(part_of("z?")), question="What about z?"), False, id="leans on the talk"
        ),
        pytest.param(
            plan_of(part_of("x?", route=route_of(guides=0.1, rules=0.1, database=0.9))), True, id="database"
        ),
        pytest.param(plan_of(part_of("x?"), part_of("y?"), small_talk="Hello."), True, id="small talk"),
    ],
)
def test_a_second_opinion_is_wanted_where_the_local_plan_is_not_plain(plan: Plan, plain: bool) -> None:
    """One sure place, asked as it stands, needs none."""
    assert is_plain(plan, "x?") is plain


async def test_small_talk_costs_no_call(local: LocalSide) -> None:
    """Nor anything else that is plain."""
    plan, chat = await planned(local, question="Thank you!")
    assert plan.small_talk is not None
    assert chat.prompts == []


async def test_the_models_plan_is_taken(local: LocalSide) -> None:
    """Its parts, their words, and its families of queries."""
    reply = plan_reply(
        part_reply(FIRST, rewrites=["Boiling time of the Moor 2"], hypothetical_answer="It takes an hour."),
        part_reply(SECOND, knowledge_bases=[BaseProbability(name="rules", probability=0.9)]),
        as_of="2025-12-31",
    )
    plan, chat = await planned(local, reply)
    assert [prompt.name for prompt in chat.prompts] == ["plan"]
    assert plan.question == COMPOUND
    assert [part.question for part in plan.parts] == [FIRST, SECOND]
    assert [(query.text, query.family) for query in plan.parts[0].queries][-2:] == [
        ("Boiling time of the Moor 2", "rewrite"),
        ("It takes an hour.", "hypothetical"),
    ]
    assert plan.parts[0].queries[0].family == "sub_question"
    assert [part.knowledge_bases for part in plan.parts] == [("guides",), ("rules",)]
    assert plan.parts[0].products == ("Moor 2",)
    assert plan.as_of == date(2025, 12, 31)
    assert plan.route.in_scope == pytest.approx(0.9)


async def test_the_conversation_is_shown(local: LocalSide) -> None:
    """A follow-up is understood from it."""
    history = (Turn(question=FIRST, answer="Two minutes."),)
    reply = plan_reply(part_reply(SECOND), standalone_question=SECOND)
    plan, chat = await planned(local, reply, question="And can I return it?", history=history)
    assert plan.question == SECOND
    assert "Two minutes." in chat.prompts[0].messages[-1].text.replace("ˆ", " ")


async def test_a_place_that_does_not_exist_is_not_searched(local: LocalSide) -> None:
    """And probabilities are what probabilities can be."""
    places = [
        BaseProbability(name="secrets", probability=1.0),
        BaseProbability(name="guides", probability=99.0),
        BaseProbability(name="rules", probability=-3.0),
    ]
    plan, _ = await planned(
        local, plan_reply(part_reply(FIRST, knowledge_bases=places, database=1.0, products=["Fell 9"]))
    )
    assert plan.parts[0].knowledge_bases == ("guides",)
    assert plan.route.knowledge_bases == {"guides": pytest.approx(0.98), "rules": pytest.approx(0.02)}
    assert plan.route.database == 0.0
    assert plan.parts[0].products == ("Moor 2",)


@pytest.mark.parametrize("day", ["2031-01-01", "yesterday", "", "2025-13-01"])
async def test_a_day_that_is_no_past_day_is_not_asked_about(local: LocalSide, day: str) -> None:
    """Today is."""
    plan, _ = await planned(local, plan_reply(part_reply(FIRST), as_of=day))
    assert plan.as_of == TODAY


async def test_parts_wait_for_earlier_parts_only(local: LocalSide) -> None:
    """Whatever the model says: neither for themselves nor in a circle."""
    plan, _ = await planned(
        local,
        plan_reply(
            part_reply("Which kettle is {2}?", needs=[2]),
            part_reply("Can I return {1}?", needs=[1, 2, 9, -1]),
        ),
    )
    assert [part.needs for part in plan.parts] == [(), (0,)]
    assert plan.parts[0].question == "Which kettle is it?"
    assert plan.waiting == (1,)


async def test_switched_off_families_are_not_searched(local: LocalSide) -> None:
    """Without sub-questions a compound question is one part."""
    families = Families(sub_questions=False, rewrites=False, hypothetical=False)
    local = replace(local, planner=replace(local.planner, families=families))
    reply = plan_reply(
        part_reply(FIRST, rewrites=["Boiling"], hypothetical_answer="An hour."), part_reply(SECOND)
    )
    plan, _ = await planned(local, reply)
    assert [[query.text for query in part.queries] for part in plan.parts] == [[COMPOUND]]


@pytest.mark.parametrize(
    ("reply", "calls", "reason"),
    [
        pytest.param(ModelUnavailable("away"), 4, "not available", id="away"),
        pytest.param(ModelOutputError("nonsense"), 4, "no usable reply", id="nonsense"),
        pytest.param(ModelUnavailable("unasked"), 1, "budget", id="one call left, for the answer"),
    ],
)
async def test_without_the_model_the_local_plan_stands_and_it_is_said(
    local: LocalSide, reply: Reply, calls: int, reason: str
) -> None:
    """The last call of a budget belongs to the answer."""
    plan, _ = await planned(local, reply, calls=calls)
    alone = await local.planner.plan(COMPOUND, (), today=TODAY, meter=Meter())
    assert plan.parts == alone.parts
    assert plan.shortfall is not None
    assert reason in plan.shortfall


async def test_a_reply_without_questions_asks_the_question_itself(local: LocalSide) -> None:
    """Nothing is ever searched for without words."""
    plan, _ = await planned(local, plan_reply(part_reply(""), standalone_question=""))
    alone = await local.planner.plan(COMPOUND, (), today=TODAY, meter=Meter())
    assert plan.question == plan.parts[0].question == alone.question


async def test_a_reply_without_parts_is_the_local_plan(local: LocalSide) -> None:
    """There is nothing else to go by."""
    plan, _ = await planned(local, plan_reply())
    assert [part.question for part in plan.parts] != []


WAITING = plan_of(part_of("Which kettle is in order 7?"), part_of("Can I return {1}?", needs=(0,)))
FOUND = [Evidence(hits=(hit_of(BOIL),)), Evidence()]


async def carried_on(local: LocalSide, reply: Reply) -> tuple[Plan, FakeChat]:
    """Carry a waiting plan on with a model that says this."""
    chat = FakeChat([reply])
    planner = LlmPlanner(chat=chat, local=local.planner, bases=BASES, queries=())
    return await planner.carry_on(WAITING, FOUND, today=TODAY, meter=Meter()), chat


async def test_what_was_found_completes_what_waited(local: LocalSide) -> None:
    """The model is shown the findings; the part is then routed like any other."""
    reply = ResolveReply(questions=[ResolvedQuestion(part=2, question=SECOND)])
    plan, chat = await carried_on(local, reply)
    assert [part.question for part in plan.parts] == ["Which kettle is in order 7?", SECOND]
    assert plan.waiting == ()
    assert plan.parts[0].question == WAITING.parts[0].question
    assert BOIL.text in chat.prompts[0].messages[-1].text.replace("ˆ", " ")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(ResolveReply(questions=[]), id="nothing"),
        pytest.param(ResolveReply(questions=[ResolvedQuestion(part=2, question="")]), id="not found"),
        pytest.param(ResolveReply(questions=[ResolvedQuestion(part=9, question="X?")]), id="another part"),
        pytest.param(
            ResolveReply(questions=[ResolvedQuestion(part=2, question="Can I return {1}?")]), id="as it was"
        ),
        pytest.param(ModelUnavailable("away"), id="no model"),
    ],
)
async def test_what_cannot_be_completed_is_asked_in_general(local: LocalSide, reply: Reply) -> None:
    """Better than not at all; a missing model is noted."""
    plan, _ = await carried_on(local, reply)
    assert plan.parts[1].question == "Can I return it?"
    assert plan.waiting == ()
    assert (plan.shortfall is not None) is isinstance(reply, ModelUnavailable)
