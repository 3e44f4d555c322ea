"""Whether every verb of a question is accounted for by the tables and columns of its query.

The grammar lets verbs tie nouns together. A verb is redundant when the name of something that is read says
the same ("born" and a date of birth), or when it stands for the relation between two tables; any other verb
says something that the query does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.reasoning.local.sql.elements import Element, Elements, same_words
from graph.reasoning.local.sql.frame import Frame
from graph.reasoning.local.sql.joins import Edge, Joins
from graph.reasoning.local.sql.query import Membership, NotUnderstood, Query, elements_of, parts_of
from graph.reasoning.local.sql.verbs import CARRIED, CARRIERS, TELLING
from graph.reasoning.local.sql.words import Token, identifier_words, root

_CARRIERS = frozenset(map(root, CARRIERS))
_TELLING = frozenset(map(root, TELLING))
_PLAIN = frozenset(map(root, ("id", "code", "number", "key", "name")))


def _nouns() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for verb, nouns in CARRIED.items():
        found[root(verb)] = found.get(root(verb), frozenset()) | frozenset(map(root, nouns.split()))
    return found


_CARRIED = _nouns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a query reads, as words."""

    tables: frozenset[int]
    edges: frozenset[Edge]
    words: frozenset[str]


def used(query: Query, joins: Joins) -> Used:
    """Return the tables, references and words that a query uses."""
    elements = joins.elements
    tables, edges, words = set[int](), set[Edge](), set[str]()
    for part in parts_of(query):
        edges |= {*part.edges, *_across(part, joins)}
        tables |= {part.table, *(table for edge in part.edges for table in (edge.child, edge.parent))}
        for element in elements_of(part):
            words |= {*elements.words(element), *elements.described(element)}
    for edge in edges:
        words |= {word for name in edge.columns for word in identifier_words(name)}
    for table in tables:
        words |= set(elements.words(Element(table=table)))
    return Used(tables=frozenset(tables), edges=frozenset(edges), words=frozenset(words))


def _across(query: Query, joins: Joins) -> Iterator[Edge]:
    """Yield the references by which the conditions of a query reach into other tables."""
    for found in query.conditions:
        if not isinstance(found, Membership):
            continue
        for element in (found.element, *(item.element for item in found.inside.items)):
            edge = joins.references.get(element) if element is not None else None
            if edge is not None and {edge.child, edge.parent} == {query.table, found.inside.table}:
                yield edge


def account(frame: Frame, tokens: Sequence[Token], query: Query, joins: Joins) -> None:
    """Check that no verb was dropped that says something.

    Raises:
        NotUnderstood: One was.
    """
    found = used(query, joins)
    for place in frame.tied:
        verb = tokens[place].stem
        if says_same(verb, found.words):
            continue
        if any(verb in roles_of(edge, joins.elements) for edge in _beside(found, joins)):
            raise NotUnderstood("the verb speaks of another reference")
        if verb in _TELLING or (verb not in _CARRIERS and len(found.tables) == 1):
            raise NotUnderstood("a verb says something that nothing here is called like")


def decide_ways(tokens: Sequence[Token], query: Query, joins: Joins) -> None:
    """Check that no reference with a role of its own was taken without that role being said.

    "Employees on a project" are those of the table between the two, or the one who leads it.

    Raises:
        NotUnderstood: There is another way between the two tables.
    """
    stems = frozenset(token.stem for token in tokens)
    for edge in used(query, joins).edges:
        roles = roles_of(edge, joins.elements)
        said = any(says_same(stem, roles) for stem in stems)
        if roles and not said and edge.child != edge.parent and _bridged(edge, joins):
            raise NotUnderstood("two tables are tied in more than one way")


def _bridged(edge: Edge, joins: Joins) -> bool:
    """Tell whether some third table refers to both ends of a reference."""
    ends = {edge.child, edge.parent}
    referring = [{other.child for other in joins.around(end) if other.parent == end} - ends for end in ends]
    return bool(referring[0] & referring[1])


def says_same(verb: str, words: frozenset[str]) -> bool:
    """Tell whether a verb is redundant beside some words."""
    return bool((same_words(verb) | _CARRIED.get(verb, frozenset())) & words)


def roles_of(edge: Edge, elements: Elements) -> frozenset[str]:
    """Return the words of a reference that say more than which table it refers to."""
    words = {word for name in edge.columns for word in identifier_words(name)}
    plain = {word for name in edge.references for word in identifier_words(name)}
    plain |= {like for word in elements.words(Element(table=edge.parent)) for like in same_words(word)}
    return frozenset(words - plain - _PLAIN)


def _beside(found: Used, joins: Joins) -> Iterator[Edge]:
    """Yield the references between tables of a query that it does not use."""
    for edge in joins.edges:
        if {edge.child, edge.parent} <= found.tables and edge not in found.edges:
            yield edge
