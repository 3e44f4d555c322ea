"""What a place in a parsed statement sees: SELECTs around it, tables in FROM, WITH expressions.

Scoping follows the databases: a common table expression is visible to the statement that owns it and to
the expressions behind it, never to itself or to those before it, where its name means a real table. A
subquery in FROM and an expression in WITH do not see the tables of the SELECT they stand in.
"""

from collections.abc import Iterator

from sqlglot import exp

_QUERIES = exp.Select | exp.SetOperation


def enclosing_selects(node: exp.Expr) -> Iterator[exp.Select]:
    """Yield the SELECTs whose tables a node sees, innermost first."""
    blind: exp.Expr | None = None
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.With):
            blind = parent.parent
        elif isinstance(parent, exp.Subquery) and isinstance(child, _QUERIES) and _is_in_from(parent):
            blind = parent.find_ancestor(exp.Select)
        if isinstance(parent, exp.Select) and parent is not blind:
            yield parent
        child, parent = parent, parent.parent


def sources(select: exp.Select) -> Iterator[exp.Table | exp.Subquery]:
    """Yield the tables and subqueries that FROM and JOIN name, through parentheses, in order."""
    start = select.args.get("from_")
    if start is not None:
        yield from within(start.this)
    for join in select.args.get("joins") or []:
        yield from within(join.this)


def within(source: exp.Expr) -> Iterator[exp.Table | exp.Subquery]:
    """Yield the tables and subqueries of one item of FROM, which parentheses and joins may hold."""
    if isinstance(source, exp.Subquery) and not isinstance(source.this, _QUERIES):
        yield from [source] if source.alias else within(source.this)
    elif isinstance(source, exp.Table | exp.Subquery):
        yield source
    for join in source.args.get("joins") or []:
        yield from within(join.this)


def joins(select: exp.Select) -> Iterator[exp.Join]:
    """Yield the joins of a SELECT, through parentheses."""
    yield from select.args.get("joins") or []
    for source in sources(select):
        holder: exp.Expr | None = source
        while isinstance(holder, exp.Table | exp.Subquery):
            yield from holder.args.get("joins") or []
            holder = holder.parent


def visible_expressions(node: exp.Expr) -> Iterator[exp.CTE]:
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


def sorted_set(column: exp.Expr) -> exp.SetOperation | None:
    """Return the set operation whose ORDER BY a column stands in, outside of any SELECT in it."""
    parent = column.parent
    while parent is not None and not isinstance(parent, _QUERIES):
        parent = parent.parent
    return parent if isinstance(parent, exp.SetOperation) else None


def _is_in_from(subquery: exp.Expr) -> bool:
    while isinstance(subquery.parent, exp.Subquery):
        subquery = subquery.parent
    holder = subquery.parent
    return isinstance(holder, exp.From) or (isinstance(holder, exp.Join) and subquery.arg_key == "this")
