"""The SQL that is allowed: every node class and every function by name.

These are allow-lists, because lists of dangerous functions have always been incomplete. What cannot read
files, change anything, run SQL given as text, wait, or make a large value out of a small one may be added.
"""

from sqlglot import exp

from tools.database.schema import Dialect

_SHAPE: frozenset[type[exp.Expr]] = frozenset(
    {exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join}
    | {exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch}
    | {exp.LimitOptions, exp.Distinct, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Star}
    | {exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Paren, exp.Tuple}
    | {exp.Window, exp.WindowSpec, exp.Filter, exp.WithinGroup, exp.Interval, exp.Var}
    | {exp.DataType, exp.DataTypeParam, exp.Collate, exp.AtTimeZone}
)

_VALUES: frozenset[type[exp.Expr]] = frozenset(
    {exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Paren, exp.Tuple}
    | {exp.Interval, exp.Var, exp.DataType, exp.DataTypeParam, exp.Collate, exp.AtTimeZone, exp.Anonymous}
)

_OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ}
    | {exp.NullSafeNEQ, exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Exists, exp.Any, exp.All}
    | {exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe, exp.Case, exp.If, exp.Cast}
)

_FUNCTIONS: frozenset[type[exp.Expr]] = frozenset(
    {exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.GroupConcat, exp.Coalesce, exp.Nullif}
    | {exp.Greatest, exp.Least, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Sign, exp.Sqrt, exp.Ln}
    | {exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Substring, exp.StrPosition, exp.Replace}
    | {exp.Concat, exp.ConcatWs, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist}
    | {exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue}
    | {exp.Date, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp}
)

_OF_DIALECT: dict[Dialect, frozenset[type[exp.Expr]]] = {
    "sqlite": frozenset({exp.TimeToStr, exp.TsOrDsToTimestamp, exp.Typeof, exp.Pow}),
    "postgres": frozenset(
        {exp.Extract, exp.TimestampTrunc, exp.TimeToStr, exp.StrToDate, exp.Trunc, exp.Left, exp.Right}
        | {exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr}
        | {exp.PercentileCont, exp.PercentileDisc, exp.Mode, exp.LogicalAnd, exp.LogicalOr}
        | {exp.Localtimestamp, exp.SplitPart, exp.Initcap, exp.StartsWith, exp.Reverse, exp.Translate}
        | {exp.CovarPop, exp.CovarSamp, exp.WidthBucket, exp.IntDiv, exp.Log, exp.Rollup}
    ),
}

_SHARED = _SHAPE | _OPERATORS | _FUNCTIONS

NODES: dict[Dialect, frozenset[type[exp.Expr]]] = {
    "sqlite": _SHARED | _OF_DIALECT["sqlite"],
    "postgres": _SHARED | _OF_DIALECT["postgres"],
}
"""Every node class a statement may hold, compared exactly: a subclass is another class."""

CONDITIONS = _VALUES | frozenset(
    kind
    for kind in (_OPERATORS | _FUNCTIONS).union(*_OF_DIALECT.values()) - {exp.Exists, exp.Any, exp.All}
    if not issubclass(kind, exp.AggFunc)
)
"""What the row condition of an access rule may hold besides: values of one row, nothing of other rows."""

UNTYPED_FUNCTIONS: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset({"date", "time", "datetime", "julianday", "unixepoch", "total"}),
    "postgres": frozenset({"age", "make_date", "every", "isfinite"}),
}
"""Functions that the parser has no class for, in lower case."""

SQLITE_FUNCTIONS = frozenset(
    {"count", "sum", "avg", "min", "max", "total", "group_concat", "coalesce", "ifnull", "nullif", "iif"}
    | {
        "abs",
        "round",
        "ceil",
        "ceiling",
        "floor",
        "sign",
        "sqrt",
        "ln",
        "pow",
        "power",
        "mod",
        "lower",
        "upper",
        "length",
        "trim",
    }
    | {"ltrim", "rtrim", "substr", "substring", "instr", "replace", "typeof", "like", "concat", "concat_ws"}
    | {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"}
    | {"first_value", "last_value", "nth_value", "date", "time", "datetime", "julianday", "unixepoch"}
    | {"strftime", "current_date", "current_time", "current_timestamp"}
)
"""The same functions as SQLite's own authorizer names them."""

TYPES = frozenset(
    {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.FLOAT}
    | {exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR, exp.DType.CHAR}
    | {exp.DType.BOOLEAN, exp.DType.DATE, exp.DType.TIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
    | {exp.DType.INTERVAL}
)
"""What a value may be cast to; names of database objects (regclass) and structured types are not."""

SYSTEM_PREFIXES = ("sqlite_", "pg_", "pragma_", "information_schema", "dbstat", "fts3", "fts4", "fts5")
"""First letters of tables that describe the database instead of the user's data."""

SYSTEM_COLUMNS = frozenset({"rowid", "oid", "_rowid_", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Columns that databases give to tables which have none of the name."""
