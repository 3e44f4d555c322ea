"""Rules for other tables, groups, numbers of rows, and words that only tie nouns together."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.frame import Filter, Having, Mention, Phase, State, Target, Use
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import (
    COMPARISONS,
    DISTINCT,
    EACH,
    ENDINGS,
    LIGHT,
    PREPOSITIONS,
    TAILS,
    word_set,
)
from graph.reasoning.local.sql.quantities import amounts, number_at, quantities
from graph.reasoning.local.sql.selecting import KEYWORD, worth
from graph.reasoning.local.sql.verbs import VERBS
from graph.reasoning.local.sql.vocabulary import ROLES
from graph.reasoning.local.sql.words import root

_PRONOUNS = word_set("one of them it kind type person")
_VERB_ROOTS = frozenset(map(root, VERBS))
_ASKING = word_set("do does did when where times much")
_ENDS = word_set(". ? ! ; ,") | {""}
_TIED, _TRAILING, _PREPOSITION, _ENDING, _ROLE = 0.6, 0.6, 0.5, 0.8, 0.7
_COUNTED_FIRST = 0.2
_UNNAMED = 0.2


def table(lattice: Lattice, state: State) -> Iterator[State]:
    """Read another table: "of all singers", "who have a concert", "without any concert"."""
    if state.phase not in {"named", "body"}:
        return
    at = lattice.past_determiners(state.at + (lattice.word(state.at) in PREPOSITIONS))
    at += lattice.word(at) in DISTINCT
    limit = number_at(lattice, at) if lattice.word(at - 1) == "the" and state.frame.limit is None else None
    at += limit is not None
    score = KEYWORD * (at - state.at)
    for mention in lattice.tables(at):
        excluded = state.negated and state.scope == "all"
        hint = mention.end < len(lattice) and bool(lattice.named_values(mention.end))
        use = Use(mention, "excluded" if excluded else state.scope, hint)
        frame = replace(state.frame, uses=(*state.frame.uses, use))
        if limit is not None:
            frame = replace(frame, limit=int(limit))
        moved = state.moved(mention.end, score + worth(mention), "body", frame)
        if excluded:
            moved = replace(moved, negated=False, scope="excluded")
        if excluded or not state.negated:
            yield moved
            yield from _numbered(lattice, moved, mention)


def _numbered(lattice: Lattice, state: State, mention: Mention) -> Iterator[State]:
    """Read the number of a row behind its kind: "order 1001", "room 12"."""
    at = mention.end
    if at >= len(lattice) or lattice.tokens[at].kind != "number":
        return
    number = lattice.tokens[at].number
    key = lattice.keys(mention)
    if isinstance(number, int) and key is not None:
        found = Filter(key, "=", (number,), scope=state.scope)
        yield state.moved(
            at + 1, KEYWORD, "body", replace(state.frame, filters=(*state.frame.filters, found))
        )


def role(lattice: Lattice, state: State) -> Iterator[State]:
    """Note a word that says which of several references is meant: "departing from", "arriving in"."""
    if state.phase == "open":
        return
    word = lattice.word(state.at)
    for name, words in ROLES.items():
        if word in words:
            frame = replace(state.frame, roles=(*state.frame.roles, name))
            phase: Phase = "select" if state.phase == "select" else "body"
            yield state.moved(state.at + 1, _ROLE, phase, frame)


def having(lattice: Lattice, state: State) -> Iterator[State]:
    """Read a number of rows: "at least 2 paragraphs"; or a figure: "an average salary above 4000"."""
    if state.phase not in {"named", "body"} or state.negated:
        return
    for amount in amounts(lattice, state.at):
        start = lattice.past_determiners(amount.end)
        start += lattice.word(start) in DISTINCT or lattice.word(start) == "single"
        score = amount.score + KEYWORD * (start - amount.end)
        times = lattice.word(start) in {"times", "time"}
        if times or lattice.word(amount.end - 1) in {"once", "twice"}:
            found = Having(Target(None, "count"), amount.comparison, amount.numbers)
            yield _with_having(state, found, start + times, score + KEYWORD * times)
        for mention in lattice.tables(start):
            found = Having(Target(mention, "count"), amount.comparison, amount.numbers)
            yield _with_having(state, found, mention.end, score + worth(mention) + _COUNTED_FIRST)
    yield from _figure(lattice, state)


def _figure(lattice: Lattice, state: State) -> Iterator[State]:
    start = state.at + (lattice.word(state.at) in PREPOSITIONS)
    for quantity in quantities(lattice, start):
        if quantity.target.function is None or quantity.target.mention is None:
            continue
        end = quantity.end
        while lattice.word(end) in {"is", "are", "that", "of", "was"}:
            end += 1
        compared = lattice.phrase(end, COMPARISONS)
        number = number_at(lattice, compared[0]) if compared is not None else None
        if compared is not None and number is not None:
            score = quantity.score + KEYWORD * (start - state.at + compared[0] + 1 - quantity.end)
            yield _with_having(state, Having(quantity.target, compared[1], (number,)), compared[0] + 1, score)


def _with_having(state: State, found: Having, at: int, score: float) -> State:
    return state.moved(at, score, "body", replace(state.frame, having=(*state.frame.having, found)))


def each(lattice: Lattice, state: State) -> Iterator[State]:
    """Read "for each stadium", "per year", "in each", also at the beginning."""
    at = state.at + (lattice.word(state.at) in PREPOSITIONS)
    that = lattice.word(at) in {"that", "this"} and at > state.at and state.phase == "body"
    if not (lattice.word(at) in EACH or that) or state.negated:
        return
    if state.phase == "select":
        if at == state.at:
            yield state.moved(at + 1, KEYWORD, frame=replace(state.frame, each=True))
        return
    end = lattice.past_determiners(at + 1 + (lattice.word(at + 1) == "of"))
    score = KEYWORD * (end - state.at)
    begins = state.phase == "open"
    for mention in (*lattice.tables(end), *lattice.columns(end)):
        frame = replace(state.frame, groups=(*state.frame.groups, mention))
        comma = begins and lattice.word(mention.end) == ","
        total = score + worth(mention) + KEYWORD * comma
        yield state.moved(mention.end + comma, total, "open" if begins else "body", frame)
    if not begins:
        place = at + 1
        while lattice.word(place) in _PRONOUNS:
            place += 1
        frame = replace(state.frame, each=True)
        yield state.moved(place, KEYWORD * (place - state.at) - _UNNAMED, "body", frame)


def grouped_by(lattice: Lattice, state: State) -> Iterator[State]:
    """Read "by country" behind figures."""
    figures = [target for target in state.frame.targets if target.function is not None]
    if state.phase not in {"named", "body"} or not figures or state.negated:
        return
    at = state.at + (lattice.word(state.at) in {"grouped", "broken"})
    at += lattice.word(at) == "down"
    if lattice.word(at) != "by":
        return
    place = lattice.past_determiners(at + 1)
    for mention in (*lattice.columns(place), *lattice.tables(place)):
        frame = replace(state.frame, groups=(*state.frame.groups, mention))
        yield state.moved(mention.end, KEYWORD * (place - state.at) + worth(mention), "body", frame)


def filler(lattice: Lattice, state: State) -> Iterator[State]:
    """Skip a preposition before what another rule reads, tying verbs, and words that add nothing."""
    if state.phase not in {"named", "body"}:
        return
    word = lattice.word(state.at)
    for end in lattice.among(state.at, ENDINGS):
        yield state.moved(end, _ENDING * (end - state.at))
    if word in LIGHT:
        yield state.moved(state.at + 1, _TIED, "body")
    elif _ties(lattice, state.at):
        yield state.moved(
            state.at + 1, _TIED, "body", replace(state.frame, tied=(*state.frame.tied, state.at))
        )
    elif word in TAILS:
        yield state.moved(state.at + 1, _TRAILING)
    elif word in PREPOSITIONS:
        yield state.moved(state.at + 1, _PREPOSITION, "body")


def _ties(lattice: Lattice, at: int) -> bool:
    """Tell whether a verb ties two nouns; at the end of a clause only behind "do", "when" and such.

    "The shops that employees work for" and "how many does it sell" tie, "how many are open" says something.
    """
    if root(lattice.word(at)) not in _VERB_ROOTS and lattice.word(at) not in VERBS:
        return False
    before = {lattice.word(place) for place in range(at)}
    return lattice.word(at + 1) not in _ENDS or bool(before & _ASKING)
