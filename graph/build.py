"""The graph's table of contents: every node and edge, and nothing else."""

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, RetryPolicy

from graph.deps import Deps
from graph.edges import after_assess, after_verify, expand
from graph.nodes.abstain import abstain
from graph.nodes.assess import assess
from graph.nodes.clarify import clarify
from graph.nodes.classify import classify
from graph.nodes.decline import decline
from graph.nodes.prefetch import prefetch
from graph.nodes.query_database import query_database
from graph.nodes.rerank import rerank
from graph.nodes.retrieve import retrieve
from graph.nodes.revise import revise
from graph.nodes.synthesize import synthesize
from graph.nodes.verify import verify
from graph.state import State
from tools.errors import DeadlineExceeded, PlumblineError, TransientError

Graph = CompiledStateGraph[State, Deps, State, State]

STEPS = 40
"""Most supersteps of one question; the longest way takes 24: clarified, revised, and then quoted instead."""


def build(checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """Compile the graph; give a checkpointer to let threads live on and clarifications pause."""
    builder = StateGraph(State, context_schema=Deps)
    again = RetryPolicy(max_attempts=2, retry_on=worth_another_try, initial_interval=0.1)

    builder.add_node("prefetch", prefetch, retry_policy=again, error_handler=prefetch_failed)
    builder.add_node("classify", classify)
    builder.add_node("retrieve", retrieve, retry_policy=again, error_handler=search_failed)
    builder.add_node("query_database", query_database, retry_policy=again, error_handler=query_failed)
    builder.add_node("rerank", rerank)
    builder.add_node("assess", assess)
    builder.add_node("synthesize", synthesize)
    builder.add_node("verify", verify)
    builder.add_node("revise", revise)
    builder.add_node("clarify", clarify)
    builder.add_node("decline", decline)
    builder.add_node("abstain", abstain)

    builder.add_edge(START, "prefetch")
    builder.add_edge(START, "classify")
    builder.add_conditional_edges(
        "classify", expand, ["retrieve", "query_database", "rerank", "clarify", "decline"]
    )
    builder.add_edge("retrieve", "rerank")
    builder.add_edge("query_database", "rerank")
    builder.add_edge("rerank", "assess")
    builder.add_conditional_edges("assess", after_assess)
    builder.add_edge("synthesize", "verify")
    builder.add_conditional_edges("verify", after_verify)
    builder.add_edge("revise", "verify")
    builder.add_edge("clarify", "classify")
    builder.add_edge("decline", END)
    builder.add_edge("abstain", END)
    return builder.compile(checkpointer=checkpointer, name="plumbline").with_config(recursion_limit=STEPS)


def worth_another_try(error: Exception) -> bool:
    """Tell what may go well the second time: a service that was away, not work that takes too long."""
    return isinstance(error, TransientError) and not isinstance(error, DeadlineExceeded)


def prefetch_failed(_: State, error: NodeError) -> Command[Literal["__end__"]]:
    """Note that the first search failed; the branch ends there, as it does when it succeeds."""
    return Command(update=State(failures=[f"The documents could not be searched: {_reason(error)}"]))


def search_failed(_: State, error: NodeError) -> Command[Literal["rerank"]]:
    """Go on without one search and say so."""
    note = f"One search of the documents failed: {_reason(error)}"
    return Command(update=State(failures=[note]), goto="rerank")


def query_failed(_: State, error: NodeError) -> Command[Literal["rerank"]]:
    """Go on without one database query and say so."""
    note = f"The database could not be asked: {_reason(error)}"
    return Command(update=State(failures=[note]), goto="rerank")


def _reason(error: NodeError) -> str:
    """Return a failure we know in words; anything else is a defect and travels on."""
    if isinstance(error.error, PlumblineError):
        return str(error.error)
    raise error.error
