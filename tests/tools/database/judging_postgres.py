"""Judges statements by PostgreSQL's own parser, through pglast."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from pglast import ast, enums, parse_sql
from pglast.parser import ParseError

from tests.tools.database.corpora import READABLE, SHOP

Tree: TypeAlias = Any  # pglast's trees are not typed, and hold tuples and plain values
_FUNCTIONS = """
count sum avg min max string_agg coalesce nullif greatest least abs round ceil ceiling floor sign sqrt ln
log lower upper length char_length character_length btrim ltrim rtrim trim substr substring position
strpos replace concat concat_ws row_number rank dense_rank percent_rank cume_dist ntile lag lead
first_value last_value nth_value date extract date_trunc date_part to_char to_date to_timestamp trunc left
right stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp percentile_cont
percentile_disc mode bool_and bool_or every split_part initcap starts_with reverse translate width_bucket
div mod age make_date isfinite now timezone like_escape
"""
_TYPES = """
int2 int4 int8 float4 float8 numeric text varchar bpchar char bool date time timetz timestamp timestamptz
interval decimal
"""
_OPERATORS = "= <> < > <= >= + - * / % || ~~ ~~* !~~ !~~*"
_IMPLIED = "case ?column? exists bool int4 float8 interval"
_TIMES = {
    getattr(enums.SQLValueFunctionOp, f"SVFOP_{name}")
    for name in (
        *("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIME_N", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP_N"),
        *("LOCALTIME", "LOCALTIME_N", "LOCALTIMESTAMP", "LOCALTIMESTAMP_N"),
    )
}
_NODES = (
    *(ast.RawStmt, ast.SelectStmt, ast.ResTarget, ast.ColumnRef, ast.A_Star, ast.A_Const, ast.A_Expr),
    *(ast.BoolExpr, ast.NullTest, ast.BooleanTest, ast.CaseExpr, ast.CaseWhen, ast.CoalesceExpr),
    *(ast.MinMaxExpr, ast.FuncCall, ast.TypeCast, ast.TypeName, ast.SubLink, ast.RowExpr, ast.ParamRef),
    *(ast.RangeVar, ast.RangeSubselect, ast.JoinExpr, ast.Alias, ast.SortBy, ast.WindowDef, ast.WithClause),
    *(ast.CommonTableExpr, ast.CollateClause, ast.SQLValueFunction, ast.GroupingSet),
    *(ast.String, ast.Integer, ast.Float, ast.Boolean, ast.BitString),
)
_COLUMNS = {column.name for table in SHOP.tables for column in table.columns}


def broken_rules(statement: str, *, governed: bool) -> Iterator[str]:
    """Yield what PostgreSQL would see beyond one SELECT over what may be read."""
    try:
        parsed = parse_sql(statement)
    except (ParseError, UnicodeError, ValueError):
        return  # PostgreSQL would not run it
    if len(parsed) != 1 or type(parsed[0].stmt) is not ast.SelectStmt:
        yield "PostgreSQL sees something else than one SELECT"
    nodes = list(_walk(parsed))
    yield from _names(nodes)
    for node in nodes:
        if not isinstance(node, _NODES):
            yield f"PostgreSQL sees {type(node).__name__}"
        rule = _RULES.get(type(node))
        if rule is not None:
            yield from rule(node)
    if governed:
        yield from _unfenced(nodes)


def _names(nodes: list[Tree]) -> Iterator[str]:
    expressions = {node.ctename for node in nodes if isinstance(node, ast.CommonTableExpr)}
    names = {
        *_COLUMNS,
        *_FUNCTIONS.split(),
        *_IMPLIED.split(),
        *(node.name for node in nodes if isinstance(node, ast.ResTarget)),
        *(
            name.sval
            for node in nodes
            if isinstance(node, ast.Alias | ast.CommonTableExpr)
            for name in (getattr(node, "colnames", None) or getattr(node, "aliascolnames", None) or ())
        ),
    }
    for node in nodes:
        if isinstance(node, ast.RangeVar) and node.relname not in (*READABLE, *expressions):
            yield f"PostgreSQL sees the table {node.relname}"
        if isinstance(node, ast.ColumnRef) and not _is_known(node, names):
            yield f"PostgreSQL sees the column {node.fields}"


def _walk(node: Tree) -> Iterator[Tree]:
    if isinstance(node, tuple):
        for each in node:
            yield from _walk(each)
    elif isinstance(node, ast.Node):
        yield node
        for name in node:
            yield from _walk(getattr(node, name))


def _is_known(node: Tree, names: set[str]) -> bool:
    last = node.fields[-1]
    return isinstance(last, ast.A_Star) or (last.sval in names and len(node.fields) <= 2)


def _unfenced(nodes: list[Tree]) -> Iterator[str]:
    """Yield governed tables that stand elsewhere than in a subquery of their own behind a fence."""
    fenced = {
        id(node.fromClause[0])
        for node in nodes
        if isinstance(node, ast.SelectStmt) and node.fromClause and len(node.fromClause) == 1
        if node.whereClause is not None and node.limitOffset is not None
    }
    for node in nodes:
        is_governed = isinstance(node, ast.RangeVar) and node.relname in {"customers", "orders"}
        if is_governed and (id(node) not in fenced or node.schemaname != "public"):
            yield f"PostgreSQL sees {node.relname} without its condition"


def _select(node: Tree) -> Iterator[str]:
    if node.intoClause or node.lockingClause or node.valuesLists:
        yield "PostgreSQL sees INTO, FOR UPDATE or VALUES"


def _relation(node: Tree) -> Iterator[str]:
    if node.catalogname or node.schemaname not in (None, "public") or not node.inh:
        yield f"PostgreSQL sees {node.schemaname}.{node.relname}"


def _subselect(node: Tree) -> Iterator[str]:
    if node.lateral:
        yield "PostgreSQL sees LATERAL"


def _with(node: Tree) -> Iterator[str]:
    if node.recursive:
        yield "PostgreSQL sees RECURSIVE"


def _expression(node: Tree) -> Iterator[str]:
    if not isinstance(node.ctequery, ast.SelectStmt):
        yield "PostgreSQL sees a write in WITH"


def _function(node: Tree) -> Iterator[str]:
    *schema, name = (part.sval for part in node.funcname)
    if name not in _FUNCTIONS.split() or schema not in ([], ["pg_catalog"]) or node.func_variadic:
        yield f"PostgreSQL sees the function {'.'.join([*schema, name])}"


def _type(node: Tree) -> Iterator[str]:
    *schema, name = (part.sval for part in node.names)
    if name not in _TYPES.split() or schema not in ([], ["pg_catalog"]) or node.arrayBounds or node.setof:
        yield f"PostgreSQL sees the type {'.'.join([*schema, name])}"


def _operator(node: Tree) -> Iterator[str]:
    is_between = node.kind in (enums.A_Expr_Kind.AEXPR_BETWEEN, enums.A_Expr_Kind.AEXPR_NOT_BETWEEN)
    if not is_between and {part.sval for part in node.name} - set(_OPERATORS.split()):
        yield f"PostgreSQL sees the operator {node.name}"


def _value(node: Tree) -> Iterator[str]:
    if node.op not in _TIMES:
        yield "PostgreSQL sees a value of the session"


_RULES = {
    ast.SelectStmt: _select,
    ast.RangeVar: _relation,
    ast.RangeSubselect: _subselect,
    ast.WithClause: _with,
    ast.CommonTableExpr: _expression,
    ast.FuncCall: _function,
    ast.TypeName: _type,
    ast.A_Expr: _operator,
    ast.SQLValueFunction: _value,
}
