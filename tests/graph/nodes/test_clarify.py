"""The node `clarify`; its pause is tested with the compiled graph in `tests/graph/test_build.py`."""

import pytest
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command

from graph.deps import Deps
from graph.nodes.clarify import clarify
from graph.state import Assessment, Clarification, State
from tests.fakes_graph import deps_of, part_of, plan_of

ASKED = Assessment(
    verdict="ambiguous", confidence=0.9, ask="The red or the blue one?", choices=("red", "blue")
)


@pytest.mark.parametrize("question", ["How long does it boil?", "How long does it boil"])
async def test_the_reply_completes_the_question_and_empties_the_evidence(question: str) -> None:
    """Notes and lists of the first attempt are gone, whatever the question ended with."""
    builder = StateGraph(State, context_schema=Deps)
    builder.add_node("clarify", clarify)
    builder.add_edge(START, "clarify")
    graph = builder.compile(checkpointer=MemorySaver())
    state = State(plan=plan_of(part_of(question)), assessments=[ASKED], notes=["old"], failures=["old"])
    paused = await graph.ainvoke(state, {"configurable": {"thread_id": "t"}}, context=deps_of())
    assert [pause.value for pause in paused["__interrupt__"]] == [
        Clarification(question="The red or the blue one?", choices=("red", "blue"))
    ]
    after = await graph.ainvoke(
        Command(resume="the red one"), {"configurable": {"thread_id": "t"}}, context=deps_of()
    )
    assert after["question"] == "How long does it boil (the red one)?"
    assert after["clarified"] is True
    assert (after["prefetched"], after["retrieved"], after["queried"]) == ([], [], [])
    assert (after["notes"], after["failures"]) == ([], [])
