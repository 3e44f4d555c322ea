"""Reads a question from its first to its last word by the rules, along all promising ways at once.

A chart over the places of the question: the states that reach a place are extended by every rule that
applies there; the best of each place are kept. A reading is a state that reached the end, so it accounts
for every word.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from graph.reasoning.local.sql import conditions, ordering, ranking, relations, selecting
from graph.reasoning.local.sql.frame import Frame, State
from graph.reasoning.local.sql.lattice import Lattice

_BEAM = 24
_FINISHED = 12
_IDLE = 0.6

Rule = Callable[[Lattice, State], Iterator[State]]

RULES: tuple[Rule, ...] = (
    selecting.opening,
    selecting.sorting_first,
    selecting.target,
    selecting.joining,
    selecting.another_sentence,
    conditions.condition,
    conditions.negation,
    conditions.connection,
    relations.table,
    relations.role,
    relations.having,
    relations.each,
    relations.grouped_by,
    ranking.superlative,
    ordering.order,
    relations.filler,
)


def read(lattice: Lattice) -> list[State]:
    """Return the ways to read the whole question, best first; none when it was not understood."""
    length = len(lattice)
    places: list[list[State]] = [[] for _ in range(length + 1)]
    places[0].append(State(0, Frame(), 0.0, "open"))
    for at in range(length):
        waiting, seen = _best(places[at]), 0
        while seen < len(waiting):
            state = waiting[seen]
            seen += 1
            for rule in RULES:
                for following in rule(lattice, state):
                    (waiting if following.at == at else places[following.at]).append(following)
    return [state for state in map(_weighed, _best(places[length])[:_FINISHED]) if _complete(state)]


def _best(states: list[State]) -> list[State]:
    return sorted(states, key=lambda state: -state.score)[:_BEAM]


def _weighed(state: State) -> State:
    """Doubt a reading for each of which nothing is counted or computed."""
    frame = state.frame
    figures = any(item.function is not None for item in frame.targets) or frame.having or frame.orders
    return state if figures or not (frame.groups or frame.each) else replace(state, score=state.score - _IDLE)


def _complete(state: State) -> bool:
    """Tell whether nothing was announced that did not come."""
    frame = state.frame
    limited = frame.limit is None or frame.superlative
    ended = not (state.negated or state.either or state.distinct or state.counting)
    return state.phase in {"named", "body"} and bool(frame.targets) and limited and ended
