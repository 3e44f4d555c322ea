"""The graph's table of contents: every node and edge, and nothing else."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
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


Node = TypeVar("Node", bound=Callable[[Any, Runtime[Deps]], Awaitable[State]])  # Any: the state, or a task
Handler = TypeVar("Handler", bound=Callable[[State, NodeError], Command[Any]])  # Any: where it goes on


class Around(Protocol):
    """Puts something around every node, such as a tape that is running."""

    def node(self, name: str, node: Node) -> Node:
        """Return what runs in a node's place, with its signature."""

    def handler(self, name: str, handler: Handler) -> Handler:
        """Return what runs in place of what takes note of a node's failure."""


class Plain:
    """Puts nothing around anything."""

    def node(self, name: str, node: Node) -> Node:
        """Return the node."""
        del name
        return node

    def handler(self, name: str, handler: Handler) -> Handler:
        """Return the handler."""
        del name
        return handler


FIRST = ("prefetch", "classify")
"""Nodes at which a question begins."""


def build(
    checkpointer: BaseCheckpointSaver[str] | None = None,
    *,
    around: Around | None = None,
    first: Sequence[str] = FIRST,
) -> Graph:
    """Compile the graph.

    Args:
        checkpointer: Lets threads live on and clarifications pause.
        around: What stands around every node; nothing by default.
        first: Nodes to begin at; others than the graph's own to begin in the middle.
    """
    builder = StateGraph(State, context_schema=Deps)
    _add_nodes(builder, around or Plain())
    for node in first:
        builder.add_edge(START, node)
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


def _add_nodes(builder: "StateGraph[State, Deps, State, State]", on: Around) -> None:
    again = RetryPolicy(max_attempts=2, retry_on=worth_another_try, initial_interval=0.1)

    builder.add_node(
        "prefetch",
        on.node("prefetch", prefetch),
        retry_policy=again,
        error_handler=on.handler("prefetch", prefetch_failed),
    )
    builder.add_node("classify", on.node("classify", classify))
    builder.add_node(
        "retrieve",
        on.node("retrieve", retrieve),
        retry_policy=again,
        error_handler=on.handler("retrieve", search_failed),
    )
    builder.add_node(
        "query_database",
        on.node("query_database", query_database),
        retry_policy=again,
        error_handler=on.handler("query_database", query_failed),
    )
    builder.add_node("rerank", on.node("rerank", rerank))
    builder.add_node("assess", on.node("assess", assess))
    builder.add_node("synthesize", on.node("synthesize", synthesize))
    builder.add_node("verify", on.node("verify", verify))
    builder.add_node("revise", on.node("revise", revise))
    builder.add_node("clarify", on.node("clarify", clarify))
    builder.add_node("decline", on.node("decline", decline))
    builder.add_node("abstain", on.node("abstain", abstain))


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
