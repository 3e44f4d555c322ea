"""The graph of foreign keys, and the smallest tree in it that joins some tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.vocabulary import ROLES
from graph.reasoning.local.sql.words import identifier_words, root

_FARTHEST = 4
_IMPLIED = 1.5
_ROLE_ROOTS = {role: frozenset(map(root, words)) for role, words in ROLES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A reference from one table to another, declared or implied by the names."""

    child: int
    columns: tuple[str, ...]
    parent: int
    references: tuple[str, ...]
    cost: float = 1.0

    def across(self, table: int) -> int:
        """Return the table at the other end."""
        return self.parent if table == self.child else self.child


class Joins:
    """All references of a schema."""

    def __init__(self, elements: Elements) -> None:
        """Collect declared foreign keys, and for columns without one those that their names imply."""
        self.elements = elements
        self.edges = (*_declared(elements), *_implied(elements))
        self._around: dict[int, list[Edge]] = {}
        for edge in self.edges:
            self._around.setdefault(edge.child, []).append(edge)
            if edge.parent != edge.child:
                self._around.setdefault(edge.parent, []).append(edge)
        self.references = {
            Element(table=edge.child, column=self._place(edge.child, name)): edge
            for edge in reversed(self.edges)
            for name in edge.columns
        }
        """Column that refers to another table → the reference."""
        self._trees: dict[tuple[int, ...], tuple[Edge, ...] | None] = {}

    def is_key(self, element: Element) -> bool:
        """Tell whether a column only identifies: part of a primary key, or a reference."""
        key = self.elements.table(element).primary_key
        return element in self.references or self.elements.column(element).name in key

    def target(self, element: Element) -> Element:
        """Return the column that a reference points to in the end; itself when it refers to nothing."""
        for _ in range(_FARTHEST):
            edge = self.references.get(element)
            if edge is None or len(edge.columns) != 1 or edge.parent == edge.child:
                break
            element = Element(table=edge.parent, column=self._place(edge.parent, edge.references[0]))
        return element

    def plays(self, edge: Edge, roles: Sequence[str]) -> str | None:
        """Return the role that a reference has, by its name, among those that are asked for."""
        words = {word for name in edge.columns for word in identifier_words(name)}
        return next((role for role in roles if words & _ROLE_ROOTS[role]), None)

    def _place(self, table: int, name: str) -> int | None:
        columns = self.elements.schema.tables[table].columns
        return next(
            (place for place, column in enumerate(columns) if column.name.lower() == name.lower()), None
        )

    def around(self, table: int) -> Sequence[Edge]:
        """Return the references from and to a table."""
        return self._around.get(table, ())

    def between(self, first: int, second: int) -> list[Edge]:
        """Return the references between two tables."""
        return [
            edge for edge in self.around(first) if edge.across(first) == second and edge.child != edge.parent
        ]

    def tree(self, tables: tuple[int, ...]) -> tuple[Edge, ...] | None:
        """Return references that join the tables, grown from the first by shortest paths; None if apart.

        Parallel references appear once, the first declared; `between` tells whether there are others.
        """
        key = tuple(dict.fromkeys(tables))
        if key not in self._trees:
            self._trees[key] = self._grow(key)
        return self._trees[key]

    def _grow(self, tables: tuple[int, ...]) -> tuple[Edge, ...] | None:
        joined, edges = {tables[0]}, list[Edge]()
        waiting = [table for table in tables[1:] if table not in joined]
        while waiting:
            paths = [path for table in waiting if (path := self._path(joined, table)) is not None]
            if len(paths) < len(waiting):
                return None
            path = min(paths, key=lambda found: sum(edge.cost for edge in found))
            for edge in path:
                edges.append(edge)
                joined |= {edge.child, edge.parent}
            waiting = [table for table in waiting if table not in joined]
        return tuple(edges)

    def _path(self, sources: set[int], target: int) -> list[Edge] | None:
        """Return the cheapest path to a table, its edges outward from the sources."""
        best: dict[int, tuple[float, list[Edge]]] = {table: (0.0, []) for table in sources}
        frontier = dict(best)
        for _ in range(_FARTHEST):
            following: dict[int, tuple[float, list[Edge]]] = {}
            for table, (cost, path) in frontier.items():
                for edge in self.around(table):
                    other, total = edge.across(table), cost + edge.cost
                    if other not in best or total < best[other][0]:
                        best[other] = following[other] = (total, [*path, edge])
            frontier = following
        return best[target][1] if target in best else None


def _declared(elements: Elements) -> list[Edge]:
    places = {table.name.lower(): place for place, table in enumerate(elements.schema.tables)}
    found = []
    for place, table in enumerate(elements.schema.tables):
        for key in table.foreign_keys:
            parent = places.get(key.table.lower())
            if parent is not None:
                references = key.references or elements.schema.tables[parent].primary_key
                found.append(Edge(child=place, columns=key.columns, parent=parent, references=references))
    return found


def _implied(elements: Elements) -> list[Edge]:
    """Read a column that is called like another table, or like its key, as a reference to it."""
    keyed: dict[frozenset[str], list[tuple[int, Element]]] = {}
    for place, table in enumerate(elements.schema.tables):
        if len(table.primary_key) != 1:
            continue
        key = next(
            item for item in elements.columns(place) if elements.column(item).name == table.primary_key[0]
        )
        names = {frozenset(elements.words(Element(table=place)))}
        names.add(frozenset({*elements.words(Element(table=place)), *elements.words(key)}))
        for name in names:
            keyed.setdefault(name, []).append((place, key))
    return [
        edge for place in range(len(elements.schema.tables)) for edge in _implied_by(place, elements, keyed)
    ]


def _implied_by(
    place: int, elements: Elements, keyed: dict[frozenset[str], list[tuple[int, Element]]]
) -> list[Edge]:
    table = elements.schema.tables[place]
    taken = {name for key in table.foreign_keys for name in key.columns}
    found = []
    for item in elements.columns(place):
        name = elements.column(item).name
        targets = [pair for pair in keyed.get(frozenset(elements.words(item)), ()) if pair[0] != place]
        if name in taken or (name,) == table.primary_key or len(targets) != 1:
            continue
        parent, key = targets[0]
        if elements.kind(item) == elements.kind(key):
            references = (elements.column(key).name,)
            found.append(
                Edge(child=place, columns=(name,), parent=parent, references=references, cost=_IMPLIED)
            )
    return found
