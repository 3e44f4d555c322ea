"""Which tables and columns a parsed statement reads, and whether it may.

A schema lists all columns of its tables, as reflection does. Unknown names are refused with what may have
been meant, so that whoever wrote the statement can mend it; only names that may be read are ever told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from tools.database.guarding.offers import Offers
from tools.database.guarding.refusal import Refused, meant, shown
from tools.database.guarding.scopes import enclosing_selects, joins, sorted_set, sources, within
from tools.database.guarding.vocabulary import SYSTEM_COLUMNS, SYSTEM_PREFIXES
from tools.database.schema import Dialect, fold_name

HOME: dict[Dialect, str] = {"sqlite": "main", "postgres": "public"}
"""Where the tables are."""
_NAME_BYTES = 63
"""PostgreSQL cuts longer names, which could then mean another table."""
_MOST_COPIED_NODES = 2_000
_Sources = Sequence[exp.Table | exp.Subquery]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Resolves the names of one statement."""

    offers: Offers

    def check(self, tree: exp.Expr) -> None:
        """Refuse unknown names; turn SQLite's "text" into 'text' and names of results into expressions.

        Raises:
            Refused: A name may not be read, or means nothing.
        """
        for identifier in tree.find_all(exp.Identifier):
            if len(str(identifier.this).encode()) > _NAME_BYTES:
                raise Refused("a name is longer than 63 bytes", "too_large")
        if self.offers.dialect == "sqlite":
            self._check_forward_references(tree)
        for table in tree.find_all(exp.Table):
            self._check_table(table)
        for select in tree.find_all(exp.Select):
            self._check_using(select)
        of_results = [column for column in list(tree.find_all(exp.Column)) if self._is_of_result(column)]
        self._put_in_place(of_results)

    def _check_forward_references(self, tree: exp.Expr) -> None:
        """Refuse names that mean a table here, and to SQLite an expression of the same WITH.

        SQLite lets expressions see themselves and those behind them, without the word RECURSIVE.
        """
        for clause in tree.find_all(exp.With):
            behind: set[str] = set()
            for expression in reversed(clause.expressions):
                behind.add(self.offers.fold(expression.args["alias"].this))
                for table in expression.this.find_all(exp.Table):
                    if not table.db and isinstance(table.this, exp.Identifier):
                        self._check_behind(table, behind)

    def _check_behind(self, table: exp.Table, behind: set[str]) -> None:
        if self.offers.fold(table.this) in behind and self.offers.expression(table) is None:
            raise Refused(f"name the WITH expression {shown(table.name)} unlike a table, and put it first")

    def _check_table(self, table: exp.Table) -> None:
        dialect = self.offers.dialect
        if not isinstance(table.this, exp.Identifier):
            raise Refused("only named tables can be read, not functions in FROM")
        name = fold_name(table.name, dialect=dialect, quoted=False)
        if name.startswith(SYSTEM_PREFIXES):
            raise Refused(f"the system table {shown(table.name)} cannot be read")
        if table.catalog or (table.db and self.offers.fold(table.args["db"]) != HOME[dialect]):
            raise Refused(f"tables outside {HOME[dialect]!r} cannot be read: {shown(table.name)}")
        schema = self.offers.schema
        if schema is None or self.offers.table(table) or self.offers.expression(table):
            return
        hint = meant(table.name, (known.name for known in schema.tables))
        raise Refused(f"there is no table {shown(table.name)}{hint}", "unknown_table")

    def _check_using(self, select: exp.Select) -> None:
        for join in joins(select):
            for identifier in join.args.get("using") or []:
                added = list(within(join.this))
                others = [source for source in sources(select) if not any(source is each for each in added)]
                if not (self._offered(identifier, added) and self._offered(identifier, others)):
                    raise Refused(
                        f"USING needs a column of both sides, and {shown(identifier.name)} is not one",
                        "unknown_column",
                    )

    def _is_of_result(self, column: exp.Column) -> bool:
        """Check a column; True when it stands for an expression of the SELECT list."""
        if column.args.get("db") or column.args.get("catalog"):
            raise Refused("write columns as table.column", "unknown_column")
        whole = sorted_set(column)
        if whole is not None:
            self._check_sorted(column, whole)
            return False
        selects = list(enclosing_selects(column))
        if column.args.get("table"):
            self._check_qualified(column, selects)
            return False
        return not isinstance(column.this, exp.Star) and self._is_bare_of_result(column, selects)

    def _check_sorted(self, column: exp.Column, whole: exp.SetOperation) -> None:
        given = self.offers.output(whole)
        if given is not None and (column.args.get("table") or self.offers.fold(column.this) not in given):
            raise Refused(
                f"there is no column {shown(column.name)} in the result{meant(column.name, given.values())}",
                "unknown_column",
            )

    def _check_qualified(self, column: exp.Column, selects: list[exp.Select]) -> None:
        wanted = self.offers.fold(column.args["table"])
        seen = [source for select in selects for source in sources(select)]
        for source in seen:
            if self.offers.name(source) == wanted:
                if not isinstance(column.this, exp.Star) and not self._offered(column.this, [source]):
                    raise self._unknown(column, [source])
                return
        names = (source.alias_or_name for source in seen)
        raise Refused(
            f"there is no table or alias {shown(column.table)} in FROM{meant(column.table, names)}",
            "unknown_table",
        )

    def _is_bare_of_result(self, column: exp.Column, selects: list[exp.Select]) -> bool:
        for select in selects:
            offering = [source for source in sources(select) if self._offered(column.this, [source])]
            if len(offering) > 1 and not self._is_merged(column, select):
                self._check_ambiguous(column, offering)
            if offering:
                return False
            if select is selects[0] and self._is_named_first(column, select):
                return True
        if selects and self._named_by(column, selects[0]) is not None:
            return True
        if self.offers.dialect == "sqlite" and column.this.args.get("quoted"):
            column.replace(exp.Literal.string(column.name))  # SQLite's own reading of an unknown "name"
            return False
        raise self._unknown(column, list(sources(selects[0])) if selects else [])

    def _offered(self, identifier: exp.Expr, among: _Sources) -> bool:
        """Whether one of the sources has a column; what is not known has any but the database's own."""
        wanted = self.offers.fold(identifier)
        for source in among:
            columns = self.offers.columns(source)
            if wanted in columns if columns is not None else wanted.lower() not in SYSTEM_COLUMNS:
                return True
        return False

    def _is_merged(self, column: exp.Column, select: exp.Select) -> bool:
        """Whether a join makes one column of two, or ORDER BY means a result's column."""
        wanted = self.offers.fold(column.this)
        for join in joins(select):
            merged = {self.offers.fold(name) for name in join.args.get("using") or []}
            if join.args.get("method") == "NATURAL" or wanted in merged:
                return True
        sorts = isinstance(column.parent, exp.Ordered)
        return sorts and any(item.alias_or_name.lower() == wanted.lower() for item in select.expressions)

    def _check_ambiguous(self, column: exp.Column, offering: _Sources) -> None:
        known = [source for source in offering if self.offers.columns(source) is not None]
        if len(known) > 1:
            places = " or ".join(f"{source.alias_or_name}.{column.name}" for source in known[:4])
            raise Refused(f"the column {shown(column.name)} is ambiguous; write {places}", "ambiguous")

    def _unknown(self, column: exp.Column, among: _Sources) -> Refused:
        columns = [self.offers.columns(source) or {} for source in among]
        places = ", ".join(_described(source) for source in among[:6]) or "a statement without FROM"
        hint = meant(column.name, (name for names in columns for name in names.values()))
        if not hint and (homes := list(self._homes(column))):
            hint = f"; it is in {', '.join(homes[:3])}"
        return Refused(f"there is no column {shown(column.name)} in {places}{hint}", "unknown_column")

    def _homes(self, column: exp.Column) -> Iterator[str]:
        schema = self.offers.schema
        for table in schema.tables if schema else ():
            if column.name.lower() in {known.name.lower() for known in table.columns}:
                yield table.name

    def _named_by(self, column: exp.Column, select: exp.Select) -> exp.Expr | None:
        """Return the expression that the SELECT list gives a name, where the databases may look for one."""
        if not isinstance(_clause(column, select), exp.Order | exp.Group | exp.Having | exp.Where):
            return None
        wanted = self.offers.fold(column.this)
        for item in select.expressions:
            if isinstance(item, exp.Alias) and self.offers.fold(item.args["alias"]) == wanted:
                named: exp.Expr = item.this
                return named
        return None

    def _is_named_first(self, column: exp.Column, select: exp.Select) -> bool:
        """Whether a name of the SELECT list goes before the columns of outer SELECTs."""
        if self.offers.dialect == "postgres" and isinstance(_clause(column, select), exp.Where | exp.Having):
            return False
        return self._named_by(column, select) is not None

    def _put_in_place(self, columns: list[exp.Column]) -> None:
        """Write the expressions out: a column that is not in the schema may have the same name.

        Only ORDER BY prefers such a name by itself. Inner ones go first, because outer ones are copies.
        """
        copied = 0
        for column in reversed(columns):
            select = next(enclosing_selects(column))
            named = self._named_by(column, select)
            if named is None or _is_sort_key(column, select):
                continue
            copied += sum(1 for _ in named.walk())
            if copied > _MOST_COPIED_NODES:
                raise Refused("names of the SELECT list are used too often; repeat less", "too_large")
            column.replace(exp.Paren(this=named.copy()))


def _clause(column: exp.Expr, select: exp.Select) -> exp.Expr:
    while column.parent is not None and column.parent is not select:
        column = column.parent
    return column


def _is_sort_key(column: exp.Expr, select: exp.Select) -> bool:
    return isinstance(column.parent, exp.Ordered) and isinstance(_clause(column, select), exp.Order)


def _described(source: exp.Table | exp.Subquery) -> str:
    return source.name if isinstance(source, exp.Table) else source.alias or "the subquery"
