"""Applies a policy to a checked statement: what an asker may not see is not there to be asked about.

Every governed table becomes a subquery that gives the columns shown, masked ones as NULL of their type, of
the rows whose condition holds. Behind it stands a fence that neither SQLite nor PostgreSQL moves conditions
or expressions across, so nothing of the statement is ever computed on a row that is filtered out: no
division by zero and no slow comparison tells of it. The price is that no index serves the statement's own
conditions on a governed table, and that PostgreSQL no longer knows its primary key in GROUP BY.
"""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.database.guarding.conditions import condition_of
from tools.database.guarding.forms import ASKER
from tools.database.guarding.names import HOME
from tools.database.guarding.offers import Offers
from tools.database.guarding.policy import Policy, TableAccess
from tools.database.guarding.refusal import Refused, shown
from tools.database.guarding.vocabulary import TYPES
from tools.database.schema import Column, Dialect, Schema, TableSchema

_INSIDE = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Rewrites the governed tables of one statement."""

    dialect: Dialect
    schema: Schema | None
    """Everything that is there, also what the asker does not see."""
    policy: Policy

    def apply(self, tree: exp.Expr, offers: Offers) -> frozenset[str]:
        """Put subqueries in the places of governed tables; return the attributes they need.

        Raises:
            Refused: The columns of a governed table are not known, or its rules cannot be used.
        """
        needed: set[str] = set()
        if not self.policy.tables:
            return frozenset()
        for expression in tree.find_all(exp.CTE):
            if self.policy.access(expression.alias) is not None:
                raise Refused(f"name the WITH expression {shown(expression.alias)} otherwise")
        for table in list(tree.find_all(exp.Table)):
            access = self.policy.access(table.name)
            if access is not None:
                needed |= self._replace(table, offers.table(table), access)
        return frozenset(needed)

    def _replace(self, table: exp.Table, seen: TableSchema | None, access: TableAccess) -> set[str]:
        known = self._whole(seen)
        if known is None or not known.columns:
            raise Refused(f"{shown(table.name)} cannot be read, because its columns are not known")
        try:
            condition, needed = self._condition(known, access)
        except Refused as error:  # its words are the operator's
            raise Refused(f"{shown(table.name)} cannot be read: its access rule cannot be used") from error
        inner = exp.select(
            *(self._shown(column, access) for column in known.columns if access.shows(column.name))
        )
        home = exp.Table(this=_quoted(known.name), db=exp.to_identifier(HOME[self.dialect]))
        inner = inner.from_(exp.alias_(home, _INSIDE, table=True), copy=False)
        inner = self._fenced(inner.where(condition, copy=False) if condition else inner)
        alias = table.args.get("alias") or exp.TableAlias()
        if not alias.this:
            alias.set("this", table.this.copy())
        subquery = exp.Subquery(this=inner, alias=alias)
        for join in table.args.get("joins") or []:
            subquery.append("joins", join)
        table.replace(subquery)
        return needed

    def _whole(self, seen: TableSchema | None) -> TableSchema | None:
        tables = self.schema.tables if self.schema is not None and seen is not None else ()
        return next((table for table in tables if seen is not None and table.name == seen.name), None)

    def _fenced(self, query: exp.Select) -> exp.Select:
        if self.dialect == "sqlite":
            query.limit(exp.Neg(this=exp.Literal.number(1)), copy=False)
        return query.offset(0, copy=False)

    def _shown(self, column: Column, access: TableAccess) -> exp.Expr:
        value: exp.Expr = exp.Column(this=_quoted(column.name), table=exp.to_identifier(_INSIDE))
        if not access.masks(column.name):
            return value
        kind = _type(column.type, self.dialect)
        if kind is not None:
            value = exp.Cast(this=exp.Null(), to=kind)
        elif self.dialect == "sqlite":
            value = exp.Null()
        else:  # a type of its own, which only the column itself names
            value = exp.Case(ifs=[exp.If(this=exp.false(), true=value)])
        return exp.Alias(this=value, alias=_quoted(column.name))

    def _condition(self, table: TableSchema, access: TableAccess) -> tuple[exp.Expr | None, set[str]]:
        """Return the conditions of all rules together with the attributes they need."""
        conditions = [condition_of(rows, table, dialect=self.dialect) for rows in access.rows]
        needed = {
            str(placeholder.this)
            for condition in conditions
            for placeholder in condition.find_all(exp.Placeholder)
        }
        if needed - self.policy.attributes:
            return exp.false(), set()
        for condition in conditions:
            for column in condition.find_all(exp.Column):
                column.set("table", exp.to_identifier(_INSIDE))
            for placeholder in condition.find_all(exp.Placeholder):
                placeholder.set("this", f"{ASKER}{placeholder.this}")
        return (exp.and_(*conditions) if conditions else None), needed


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _type(name: str, dialect: Dialect) -> exp.DataType | None:
    """Return a type that values may be cast to, or None when it is another."""
    try:
        kind = exp.DataType.build(name, dialect=dialect) if name else None
    except (SqlglotError, ValueError):
        return None
    return kind if kind is not None and kind.this in TYPES and not kind.args.get("nested") else None
