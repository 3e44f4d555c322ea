"""The end of a turn: the result for the asker and the memory for the next turn."""

from graph.state import Citation, Result, State, Turn
from tools.types import Status


def conclude(
    state: State,
    answer: str,
    *,
    status: Status,
    citations: tuple[Citation, ...] = (),
    faithfulness: float = 1.0,
) -> State:
    """Return the update that ends a turn."""
    result = Result(answer=answer, status=status, citations=citations, faithfulness=faithfulness)
    return State(result=result, history=[Turn(question=state["plan"].question, answer=answer)])
