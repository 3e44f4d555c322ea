"""The end of a turn: the result for the asker and the memory for the next turn."""

from graph.plan import Turn
from graph.state import Citation, Result, State, searched_no_more
from tools.types import Status


def conclude(
    state: State,
    answer: str,
    *,
    status: Status,
    citations: tuple[Citation, ...] = (),
    faithfulness: float = 1.0,
) -> State:
    """Return the update that ends a turn.

    The result lists are forgotten: they would be three quarters of what a thread keeps, and evidence was
    chosen from them already.
    """
    result = Result(answer=answer, status=status, citations=citations, faithfulness=faithfulness)
    history = [Turn(question=state["plan"].question, answer=answer)]
    return State(result=result, history=history, **searched_no_more())
