"""Which columns the tables, subqueries and WITH expressions of a statement have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlglot import exp

from tools.database.guarding.scopes import sources, visible_expressions
from tools.database.schema import Dialect, Schema, TableSchema, fold_name

Columns = Mapping[str, str]
"""Names of columns as they are shown, by the spelling the database compares."""
_NONE: Columns = MappingProxyType({})
_CALLED = re.compile(r"([A-Za-z_]\w*)\(")
_UNNAMED_OPERATORS = exp.Binary | exp.Unary | exp.Literal | exp.Null | exp.Boolean | exp.Placeholder


@dataclass(slots=True, kw_only=True)
class Offers:
    """Looks up columns while one statement is checked; None stands for columns that are not known."""

    dialect: Dialect
    schema: Schema | None
    _tables: dict[str, TableSchema] = field(init=False, default_factory=dict)
    _outputs: dict[int, Columns | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for table in reversed(self.schema.tables if self.schema else ()):
            self._tables[fold_name(table.name, dialect=self.dialect, quoted=True)] = table

    def fold(self, identifier: exp.Expr) -> str:
        """Return the spelling under which the database compares an identifier."""
        quoted = bool(identifier.args.get("quoted"))
        return fold_name(identifier.name, dialect=self.dialect, quoted=quoted)

    def table(self, table: exp.Table) -> TableSchema | None:
        """Return the known table that a name in FROM means, if it means a table."""
        return self._tables.get(self.fold(table.this))

    def expression(self, table: exp.Table) -> exp.CTE | None:
        """Return the WITH expression that a name in FROM means instead of a table."""
        if table.db:
            return None
        wanted = self.fold(table.this)
        for expression in visible_expressions(table):
            if self.fold(expression.args["alias"].this) == wanted:
                return expression
        return None

    def name(self, source: exp.Expr) -> str | None:
        """Return the name by which columns refer to a source."""
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.this:
            return self.fold(alias.this)
        return self.fold(source.this) if isinstance(source, exp.Table) else None

    def columns(self, source: exp.Expr) -> Columns | None:
        """Return the columns of a source in FROM.

        A table that is not in the schema has none that are known: its name is refused first.
        """
        found = self._behind(source)
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.columns:
            return self._renamed(found, alias.columns)
        return found

    def output(self, query: exp.Expr) -> Columns | None:
        """Return the columns that a query gives."""
        if id(query) not in self._outputs:
            self._outputs[id(query)] = self._output(query)
        return self._outputs[id(query)]

    def _behind(self, source: exp.Expr) -> Columns | None:
        if not isinstance(source, exp.Table):
            return self.output(source.this)
        expression = self.expression(source)
        if expression is not None:
            found = self.output(expression.this)
            declared = expression.args["alias"].columns
            return self._renamed(found, declared) if declared else found
        known = self.table(source)
        if known is None or not known.columns:
            return None
        return {
            fold_name(column.name, dialect=self.dialect, quoted=True): column.name for column in known.columns
        }

    def _renamed(self, columns: Columns | None, names: list[exp.Expr]) -> Columns | None:
        """Give the first columns other names; the rest keep theirs."""
        if columns is None:
            return None
        rest = dict(list(columns.items())[len(names) :])
        return {self.fold(name): name.name for name in names} | rest

    def _output(self, query: exp.Expr) -> Columns | None:
        first = query
        while not isinstance(first, exp.Select):
            first = first.this
        given: dict[str, str] = {}
        for item in first.expressions:
            columns = self._of_star(item, first) if item.is_star else self._of_item(item)
            if columns is None:
                return None
            given |= columns
        return given

    def _of_star(self, item: exp.Expr, select: exp.Select) -> Columns | None:
        wanted = self.fold(item.args["table"]) if isinstance(item, exp.Column) else None
        given: dict[str, str] = {}
        for source in sources(select):
            if wanted is None or self.name(source) == wanted:
                columns = self.columns(source)
                if columns is None:
                    return None
                given |= columns
        return given

    def _of_item(self, item: exp.Expr) -> Columns:
        identifier = item.args.get("alias") if isinstance(item, exp.Alias) else item.this
        if isinstance(item, exp.Alias | exp.Column) and isinstance(identifier, exp.Identifier):
            return {self.fold(identifier): identifier.name}
        if self.dialect == "sqlite":  # calls such a column by the text of its expression
            text = item.sql(dialect=self.dialect, normalize_functions=False)
            return {fold_name(text, dialect=self.dialect, quoted=True): text}
        name = _implied_name(item)
        return {name: name} if name else _NONE


def _implied_name(item: exp.Expr) -> str | None:
    """Return what PostgreSQL calls an expression without a name: as its function, cast column or CASE."""
    while isinstance(item, exp.Window | exp.Filter | exp.WithinGroup | exp.Cast | exp.Paren | exp.Collate):
        item = item.this
    if isinstance(item, exp.Column):
        return item.name
    if isinstance(item, exp.Case):
        return "case"
    if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Select):
        return item.this.expressions[0].alias_or_name or _implied_name(item.this.expressions[0])
    if isinstance(item, _UNNAMED_OPERATORS):
        return None
    called = _CALLED.match(item.sql(dialect="postgres"))
    return called.group(1).lower() if called else None
