"""Which tables and columns a parsed statement reads, and whether it may.

Scoping follows the databases: a common table expression is visible to the statement that owns it and to
the expressions behind it, never to itself or to those before it, where its name means a real table.

A schema lists all columns of its tables, as reflection does: `*` gives whatever a table has, so columns are
kept from readers by a view without them. Unknown columns are refused for the clear reason it gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from tools.database.schema import Dialect, Schema, TableSchema, fold_name
from tools.database.vocabulary import SYSTEM_PREFIXES

_HOME: dict[Dialect, str] = {"sqlite": "main", "postgres": "public"}
_NAME_BYTES = 63
"""PostgreSQL cuts longer names, which could then mean another table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Resolves the names of one statement."""

    dialect: Dialect
    schema: Schema | None

    def refusal(self, tree: exp.Expr) -> str | None:
        """Return why the names are refused, or None; turns SQLite's "text" in place into 'text'."""
        for identifier in tree.find_all(exp.Identifier):
            if len(str(identifier.this).encode()) > _NAME_BYTES:
                return "a name is longer than 63 bytes"
        for table in tree.find_all(exp.Table):
            reason = self._table_refusal(table)
            if reason:
                return reason
        for column in list(tree.find_all(exp.Column)):
            reason = self._column_refusal(column)
            if reason:
                return reason
        return None

    def _table_refusal(self, table: exp.Table) -> str | None:
        if not isinstance(table.this, exp.Identifier):
            return "only named tables can be read, not functions in FROM"
        name = fold_name(table.name, dialect=self.dialect, quoted=False)
        if name.startswith(SYSTEM_PREFIXES):
            return f"the system table {table.name!r} cannot be read"
        if table.catalog or (table.db and self._fold(table.args["db"]) != _HOME[self.dialect]):
            return (
                f"tables outside {_HOME[self.dialect]!r} cannot be read: {table.sql(dialect=self.dialect)!r}"
            )
        if not table.db and self._expression_named(table) is not None:
            return None
        if self.schema is not None and self._known_table(table) is None:
            return f"there is no table {table.name!r}"
        return None

    def _column_refusal(self, column: exp.Column) -> str | None:
        if column.args.get("db") or column.args.get("catalog"):
            return f"write columns as table.column, not {column.sql(dialect=self.dialect)!r}"
        selects = list(_enclosing_selects(column))
        if column.args.get("table"):
            return self._qualified_refusal(column, selects)
        if isinstance(column.this, exp.Star) or not selects:
            return None
        if any(self._source_offers(source, column) for select in selects for source in _sources(select)):
            return None
        if self._is_alias(column, selects[0]):
            return None
        if self.dialect == "sqlite" and column.this.args.get("quoted"):
            column.replace(exp.Literal.string(column.name))  # SQLite's own reading of an unknown "name"
            return None
        return f"there is no column {column.name!r} in the tables of the statement"

    def _qualified_refusal(self, column: exp.Column, selects: list[exp.Select]) -> str | None:
        wanted = self._fold(column.args["table"])
        for select in selects:
            for source in _sources(select):
                if self._source_name(source) == wanted:
                    if isinstance(column.this, exp.Star) or self._source_offers(source, column):
                        return None
                    return f"there is no column {column.name!r} in {column.table!r}"
        return f"there is no table or alias {column.table!r} in FROM"

    def _is_alias(self, column: exp.Column, select: exp.Select) -> bool:
        """Resolve a name that the SELECT list gives, where the databases may look for one.

        ORDER BY alone prefers such a name; elsewhere a column goes first, perhaps one that is not in the
        schema, so there the expression itself is put in its place.
        """
        clause: exp.Expr = column
        while clause.parent is not None and clause.parent is not select:
            clause = clause.parent
        if not isinstance(clause, exp.Order | exp.Group | exp.Having | exp.Where):
            return False
        wanted = self._fold(column.this)
        for item in select.expressions:
            if isinstance(item, exp.Alias) and self._fold(item.args["alias"]) == wanted:
                if not (isinstance(clause, exp.Order) and isinstance(column.parent, exp.Ordered)):
                    column.replace(exp.Paren(this=item.this.copy()))
                return True
        return False

    def _source_offers(self, source: exp.Expr, column: exp.Column) -> bool:
        columns = self._columns_of(source)
        return columns is None or self._fold(column.this) in columns

    def _columns_of(self, source: exp.Expr) -> frozenset[str] | None:
        """Return the folded column names of a source; None when they are not known here.

        A table that is not in the schema has none that are known: `_table_refusal` asks first.
        """
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.columns:
            return None
        if isinstance(source, exp.Table):
            expression = None if source.db else self._expression_named(source)
            if expression is not None:
                declared = expression.args["alias"].columns
                return None if declared else self._output_of(expression.this)
            return self._known_columns(source)
        return self._output_of(source.this)

    def _known_table(self, table: exp.Table) -> TableSchema | None:
        quoted = bool(table.this.args.get("quoted"))
        return self.schema.table(table.name, dialect=self.dialect, quoted=quoted) if self.schema else None

    def _known_columns(self, table: exp.Table) -> frozenset[str] | None:
        known = self._known_table(table)
        if not known or not known.columns:
            return None
        return frozenset(
            fold_name(column.name, dialect=self.dialect, quoted=True) for column in known.columns
        )

    def _output_of(self, query: exp.Expr) -> frozenset[str] | None:
        names: set[str] = set()
        for item in query.selects if isinstance(query, exp.Query) else []:
            if item.is_star or not item.alias_or_name:
                return None
            identifier = item.args.get("alias") or item.this
            if not isinstance(identifier, exp.Identifier):
                return None
            names.add(self._fold(identifier))
        return frozenset(names) or None

    def _expression_named(self, table: exp.Table) -> exp.CTE | None:
        wanted = self._fold(table.this)
        for expression in _visible_expressions(table):
            if self._fold(expression.args["alias"].this) == wanted:
                return expression
        return None

    def _source_name(self, source: exp.Expr) -> str | None:
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.this:
            return self._fold(alias.this)
        return self._fold(source.this) if isinstance(source, exp.Table) else None

    def _fold(self, identifier: exp.Expr) -> str:
        quoted = bool(identifier.args.get("quoted"))
        return fold_name(identifier.name, dialect=self.dialect, quoted=quoted)


def _enclosing_selects(node: exp.Expr) -> Iterator[exp.Select]:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, exp.Select):
            yield parent
        parent = parent.parent


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the tables and subqueries that FROM and JOIN name, through parentheses."""
    start = select.args.get("from_")
    pending = [start.this] if start else []
    pending += [join.this for join in select.args.get("joins") or []]
    while pending:
        source = pending.pop()
        pending += [join.this for join in source.args.get("joins") or []]
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table | exp.Subquery):
            pending.append(source.this)
        elif isinstance(source, exp.Table | exp.Subquery):
            yield source


def _visible_expressions(node: exp.Expr) -> Iterator[exp.CTE]:
    """Yield the common table expressions a node sees, innermost first."""
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.With):
            for expression in parent.expressions:
                if expression is child:
                    break
                yield expression
        else:
            clause = parent.args.get("with_")
            if clause is not None and clause is not child:
                yield from clause.expressions
        child, parent = parent, parent.parent
