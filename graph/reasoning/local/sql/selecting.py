"""Rules for the things a question asks to see: columns, figures, tables, everything."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.elements import Candidate
from graph.reasoning.local.sql.frame import Mention, State, Target, Use
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import (
    AGGREGATES,
    COUNTERS,
    DETERMINERS,
    DISTINCT,
    JOINERS,
    MEASURES,
    OPENINGS,
    Aggregate,
    word_set,
)
from graph.reasoning.local.sql.words import root

KEYWORD = 0.95
"""What a word is worth that belongs to the grammar; a word of a name is worth up to 1."""
ITEM = -0.15
"""What each phrase costs, so that long names win over several short ones."""
_SKIPPED = 0.85
_EVERYTHING = word_set("information info everything")
_PARTLY = word_set("details detail data records fields columns rows")
_COUNTING = word_set("most least fewest best worst greatest")
_DOUBTFUL = 0.3
_ASKED = 0.8
_WHAT_IS_THE = 3
_PLACES = ("locat", "citi", "address", "place", "venu")
_COSTING = word_set("cost costs earn earns weigh weighs make makes")
_POSSESSIVE = word_set("their its his her")


def opening(lattice: Lattice, state: State) -> Iterator[State]:
    """Skip "show me", "what are the" and the like; "who" alone asks for people."""
    if state.phase != "open":
        return
    word = lattice.word(state.at)
    yield from _asked(lattice, state)
    if word in OPENINGS or lattice.tokens[state.at].kind == "mark":
        yield state.moved(state.at + 1, _SKIPPED)
    yield replace(state, phase="select")


def _asked(lattice: Lattice, state: State) -> Iterator[State]:
    """Read what a question word asks for by itself: "when", "where", "how old", "how much does it cost"."""
    at, word = state.at, lattice.word(state.at)
    if state.frame.targets:
        return
    if word == "when":
        found = [Candidate(element=element, score=_ASKED) for element in lattice.moments]
        yield from _answered(state, at + 1, lattice.by_verb(found))
    elif word == "where":
        places = (found for name in _PLACES for found in lattice.elements.called(name))
        yield from _answered(state, at + 1, [replace(found, score=_ASKED) for found in places])
    elif word == "how" and lattice.word(at + 1) in MEASURES:
        nouns = MEASURES[lattice.word(at + 1)][1].split()
        if lattice.word(at + 1) == "much":
            nouns = [token.folded for token in lattice.tokens[at + 2 :] if token.folded in _COSTING]
        mention = lattice.measured(at, at + 2, tuple(map(root, nouns)))
        if mention is not None:
            much = lattice.word(at + 1) in {"much", "many"}
            yield from _answered(state, at + 2, list(mention.candidates), summed=much)


def _answered(
    state: State, end: int, candidates: list[Candidate], *, summed: bool = False
) -> Iterator[State]:
    if candidates:
        mention = Mention(state.at, end, tuple(candidates))
        score = KEYWORD * (end - state.at) + candidates[0].score - 1
        yield _with_targets(state, (Target(mention, summed=summed),), end, score)


def target(lattice: Lattice, state: State) -> Iterator[State]:
    """Read one thing to be shown or counted, after words such as "different"."""
    if state.phase != "select":
        return
    at = lattice.past_determiners(state.at)
    skipped = _SKIPPED * (at - state.at)
    if lattice.word(at) in DISTINCT:
        yield replace(state.moved(at + 1, skipped + KEYWORD), distinct=True)
    if state.counting:
        yield from _amounts(lattice, state, at, skipped)
    yield from _nouns(lattice, state, at, skipped)
    if state.counting:
        if lattice.word(at) == "times":
            yield _with_targets(state, (Target(None, "count"),), at + 1, skipped + KEYWORD)
        return
    for end in lattice.among(at, COUNTERS):
        yield replace(state.moved(end, skipped + KEYWORD * (end - at)), counting=True)
    yield from _some(lattice, state, at, skipped)
    yield from _aggregates(lattice, state, at, skipped)
    yield from _everything(lattice, state, at, skipped)


def _nouns(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    """Read a column or a table; amounts are not counted, and rows are not their date."""
    counted = state.counting and not state.distinct
    for found in (*lattice.columns(at), *lattice.tables(at)):
        if (counted and lattice.all_amounts(found)) or lattice.is_rows(found):
            continue
        mention = _owned(lattice, state, found)
        wanted, score = (_noun(lattice, state, mention),), skipped + _noun_worth(state, mention)
        yield _with_targets(state, wanted, mention.end, score)


def _amounts(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    """Read "the number of cylinders" as the column that holds it, "the total number" as its sum."""
    for mention in lattice.columns(at):
        amounts = lattice.figured(mention, moments=False)
        if amounts is not None and not state.distinct:
            before = {lattice.word(place) for place in range(max(0, state.at - 3), state.at)}
            found = Target(amounts, "sum" if "total" in before else None, summed=True)
            yield _with_targets(state, (found,), mention.end, skipped + worth(mention))


def _some(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    """Read "the 3 films" of which a superlative will follow."""
    number = lattice.tokens[at].number if at < len(lattice) else None
    if not isinstance(number, int) or state.frame.limit is not None:
        return
    for mention in lattice.tables(at + 1):
        limited = replace(state, frame=replace(state.frame, limit=number))
        yield _with_targets(limited, (Target(mention),), mention.end, skipped + KEYWORD + worth(mention))


def _owned(lattice: Lattice, state: State, mention: Mention) -> Mention:
    """Tie "their names" to the rows that were asked for before."""
    asked = [item.mention for item in state.frame.targets] + [use.mention for use in state.frame.uses]
    owner = next((item for item in asked if item is not None and item.is_table), None)
    if mention.is_table or owner is None or lattice.word(mention.start - 1) not in _POSSESSIVE:
        return mention
    return replace(mention, owner=owner)


def _noun(lattice: Lattice, state: State, mention: Mention) -> Target:
    function: Aggregate | None = "count" if state.counting else None
    summed = state.at <= _WHAT_IS_THE and lattice.word(0) == "what" and lattice.word(mention.start) == "total"
    return Target(mention, function, distinct=state.distinct, summed=summed and not state.counting)


def _noun_worth(state: State, mention: Mention) -> float:
    """Counting the values of a column is meant less often than counting rows."""
    unlikely = state.counting and not state.distinct and not mention.is_table
    return worth(mention) - (_DOUBTFUL if unlikely else 0.0)


def worth(mention: Mention) -> float:
    """Return what a phrase adds to a reading when it is taken at its best."""
    return mention.candidates[0].score + ITEM


def _with_targets(state: State, targets: tuple[Target, ...], at: int, score: float) -> State:
    known = {(other.mention, other.function) for other in state.frame.targets}
    new = tuple(item for item in targets if (item.mention, item.function) not in known)
    distinct = state.frame.distinct or (state.distinct and any(item.function is None for item in targets))
    frame = replace(state.frame, targets=(*state.frame.targets, *new), distinct=distinct)
    return replace(state.moved(at, score, "named", frame), distinct=False, counting=False)


def _aggregates(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    functions: list[Aggregate] = []
    place, score = at, skipped
    while (step := _function(lattice, place)) is not None:
        end, function = step
        functions.append(function)
        score += KEYWORD * (end - place)
        place = end
        yield from _aggregated(lattice, state, functions, place, score)
        following = _past_comma(lattice, place)
        if _function(lattice, following) is None:
            return
        score += KEYWORD * (following - place)
        place = following


def _function(lattice: Lattice, at: int) -> tuple[int, Aggregate] | None:
    start = lattice.past_determiners(at)
    found = lattice.phrase(start, AGGREGATES)
    if found is not None:
        return found
    superlative = lattice.superlative(start)
    if superlative is None or superlative.frequent or superlative.end > start + 1:
        return None
    return superlative.end, "max" if superlative.descending else "min"


def _timed(lattice: Lattice, at: int) -> bool:
    """Tell whether the greatest of moments may be meant: "latest date", not "biggest order"."""
    superlative = lattice.superlative(at)
    if superlative is None or lattice.word(at) in _COUNTING:
        return superlative is None
    return not superlative.measures or "date" in superlative.measures


def _past_comma(lattice: Lattice, at: int) -> int:
    while lattice.word(at) in {",", "and", "&"}:
        at += 1
    return at


def _aggregated(
    lattice: Lattice, state: State, functions: list[Aggregate], place: int, score: float
) -> Iterator[State]:
    timed = _timed(lattice, place - 1)
    start = lattice.past_determiners(place + (lattice.word(place) == "of"))
    for end in lattice.among(start, COUNTERS)[:1]:
        start = lattice.past_determiners(end)
    score += KEYWORD * (start - place)
    for found in lattice.columns(start):
        if lattice.is_rows(found):
            continue
        mention = lattice.figured(found, moments=timed and not {"sum", "avg"} & set(functions))
        if mention is None:
            continue
        targets = tuple(Target(mention, function) for function in functions)
        yield _with_targets(state, targets, mention.end, score + worth(mention))


def _everything(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    place = at
    while lattice.word(place) in DETERMINERS:
        place += 1
    if lattice.word(place) not in _EVERYTHING | _PARTLY:
        return
    score = skipped + KEYWORD - (_DOUBTFUL if lattice.word(place) in _PARTLY else 0)
    place += 1
    while lattice.word(place) in {
        "about",
        "of",
        "on",
        "for",
        "regarding",
        "the",
        "all",
        "each",
        "every",
        "any",
    }:
        score += _SKIPPED
        place += 1
    for mention in lattice.tables(place):
        yield _with_targets(state, (Target(mention, everything=True),), mention.end, score + worth(mention))


def joining(lattice: Lattice, state: State) -> Iterator[State]:
    """Go on from one thing to the next: a comma, "and", "as well as"."""
    if state.phase not in {"named", "body"} or state.scope != "all" or state.negated:
        return
    penalty = 0.0 if state.phase == "named" else -0.1
    at, score = state.at, penalty
    if lattice.word(at) == ",":
        at, score = at + 1, score + KEYWORD
        yield state.moved(at, score, "select")
    for end in lattice.among(at, JOINERS):
        yield state.moved(end, score + KEYWORD * (end - at), "select")


def another_sentence(lattice: Lattice, state: State) -> Iterator[State]:
    """Start again behind a full stop; what the second sentence names is shown in place of the first."""
    if state.at == 0 or lattice.word(state.at) not in {".", "?", "!", ";"}:
        return
    if state.at + 1 == len(lattice):
        yield state.moved(state.at + 1, KEYWORD, "body")
        return
    frame = state.frame
    yield replace(state.moved(state.at + 1, KEYWORD, "body"), scope="all", negated=False)
    only = frame.targets[0] if len(frame.targets) == 1 else None
    if only is not None and only.function is None and only.mention is not None and only.mention.is_table:
        fresh = replace(frame, targets=(), uses=(*frame.uses, Use(only.mention)))
        yield replace(state.moved(state.at + 1, KEYWORD, "open", fresh), scope="all", negated=False)
    else:
        yield replace(state.moved(state.at + 1, KEYWORD - 0.1, "open"), scope="all", negated=False)


def sorting_first(lattice: Lattice, state: State) -> Iterator[State]:
    """Read "sort the names by age": what is shown stands between the verb and its key."""
    if state.at == 0 and state.phase == "open" and lattice.word(0) in {"sort", "order", "rank", "arrange"}:
        yield state.moved(1, KEYWORD, "select")
