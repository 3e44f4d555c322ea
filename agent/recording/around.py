"""Stands around every node of the graph and writes down its runs, when a tape is running."""

from collections.abc import Awaitable, Callable
from functools import wraps
from time import perf_counter
from typing import Any, cast

from langgraph.config import get_config
from langgraph.errors import GraphInterrupt, NodeError
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.recording.tape import StepNote, current_tape
from graph.build import Handler, Node
from graph.deps import Deps
from graph.state import State


class Recorded:
    """What `graph.build.build` puts around its nodes."""

    def node(self, name: str, node: Node) -> Node:
        """Return the node, writing down each run."""

        @wraps(node)
        async def on_tape(state: Any, runtime: Runtime[Deps]) -> State:  # noqa: ANN401 - each node has its own
            tape = current_tape()
            if tape is None:
                return await node(state, runtime)
            info = runtime.execution_info
            note = _note(name, dict(state), info.node_attempt if info is not None else 1)
            with tape.step(note):
                try:
                    update = await self.run(note, lambda: node(state, runtime))
                except GraphInterrupt as pause:
                    note.paused = pause.args[0][0].value
                    raise
                note.update = update
                return update

        return cast("Node", on_tape)

    def handler(self, name: str, handler: Handler) -> Handler:
        """Return what takes note of a node's failure, writing down each time it does."""

        @wraps(handler)
        def on_tape(state: State, error: NodeError) -> Command[Any]:  # Any: where it goes on differs
            tape = current_tape()
            if tape is None:
                return handler(state, error)
            note = _note(name, {}, 1, handles=True)
            with tape.step(note):
                command = handler(state, error)
                note.update = command.update
            return command

        return cast("Handler", on_tape)

    async def run(self, note: StepNote, work: Callable[[], Awaitable[State]]) -> State:
        """Run a node; a fork may do otherwise."""
        del note
        return await work()


def _note(name: str, state: dict[str, Any], attempt: int, *, handles: bool = False) -> StepNote:
    metadata = get_config().get("metadata") or {}
    return StepNote(
        node=name,
        superstep=int(metadata.get("langgraph_step", 0)),
        path=tuple(metadata.get("langgraph_path", ())),
        attempt=attempt,
        handles=handles,
        state=state,
        started=perf_counter(),
    )
