"""How the tables of one question are tied together."""

from collections.abc import Iterable, Sequence

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.joins import Edge, Joins
from graph.reasoning.local.sql.query import Condition, Item, Membership, NotUnderstood, Query


class Paths:
    """The references between tables, with the words of the question that choose among parallel ones."""

    def __init__(
        self, elements: Elements, joins: Joins, roles: Sequence[str], chosen: Iterable[Element]
    ) -> None:
        """Note the roles that are asked for, and which of them the chosen columns play."""
        self._elements = elements
        self._joins = joins
        self._roles = roles
        references = (joins.references.get(element) for element in chosen)
        self._used = {joins.plays(edge, roles) for edge in references if edge is not None}

    @property
    def unused(self) -> set[str]:
        """Roles that were asked for and have chosen nothing."""
        return set(self._roles) - self._used

    def tree(self, main: int, tables: Sequence[int]) -> tuple[Edge, ...]:
        """Return the references that join the tables, outward from the first.

        Raises:
            NotUnderstood: They are apart, or there are several ways.
        """
        edges = self._joins.tree((main, *tables))
        if edges is None:
            raise NotUnderstood("the tables are not tied by foreign keys")
        return tuple(self._chosen(edge) for edge in edges)

    def _chosen(self, edge: Edge) -> Edge:
        others = self._joins.between(edge.child, edge.parent)
        if len(others) == 1:
            return edge
        fitting = [other for other in others if self._joins.plays(other, self._roles)]
        if len(fitting) != 1:
            raise NotUnderstood("several references fit")
        self._used.add(self._joins.plays(fitting[0], self._roles))
        return fitting[0]

    @staticmethod
    def repeats(table: int, edges: Iterable[Edge]) -> bool:
        """Tell whether joining repeats rows of a table: some reference points towards it."""
        reached = {table}
        for edge in edges:
            if edge.child not in reached:
                return True
            reached |= {edge.child, edge.parent}
        return False

    def key(self, table: int) -> list[Element]:
        """Return the primary key of a table."""
        names = self._elements.schema.tables[table].primary_key
        return [item for item in self._elements.columns(table) if self._elements.column(item).name in names]

    def keyed(self, table: int, elements: Sequence[Element]) -> bool:
        """Tell whether some columns hold the whole primary key of a table."""
        key = self.key(table)
        return bool(key) and all(element in elements for element in key)

    def identifies(self, element: Element) -> bool:
        """Tell whether a column says which row is meant: its key or its name."""
        if element == self._elements.display(element.table) or element in self.key(element.table):
            return True
        return "name" in self._elements.words(element)

    def membership(
        self, main: int, tables: Sequence[int], conditions: Sequence[Condition | Membership], *, negated: bool
    ) -> Membership:
        """Return the condition that a row is, or is not, tied to rows of other tables.

        Raises:
            NotUnderstood: They are tied in several ways, or by several columns.
        """
        edges = self.tree(main, tables)
        first, rest = edges[0], edges[1:]
        if any(main in {edge.child, edge.parent} for edge in rest):
            raise NotUnderstood("two relations at once")
        down = first.parent == main
        here, there = (first.references, first.columns) if down else (first.columns, first.references)
        other = first.child if down else first.parent
        if len(here) != 1:
            raise NotUnderstood("the tables are tied by several columns")
        inner = self.element(other, there[0])
        query = Query(
            table=other,
            edges=rest,
            items=(Item(element=inner),),
            conditions=tuple(conditions),
            existing=(inner,) if negated else (),
        )
        return Membership(element=self.element(main, here[0]), inside=query, negated=negated)

    def element(self, table: int, name: str) -> Element:
        """Return a column by its name.

        Raises:
            NotUnderstood: It may not be read.
        """
        for item in self._elements.columns(table):
            if self._elements.column(item).name.lower() == name.lower():
                return item
        raise NotUnderstood("a foreign key names a column that may not be read")
