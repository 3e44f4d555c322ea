"""Statements that want all the time or all the memory, over every way that we know.

They read one table, `items(item_id, name, amount)` of a few thousand rows. The guard refuses most of them;
the worker has to outlive all of them without it.
"""

from tools.database.schema import Dialect

ROWS = 5_000
TABLE = "CREATE TABLE items (item_id INTEGER PRIMARY KEY, name VARCHAR(40), amount INTEGER)"

_DEEP = 200
_LISTED = 60_000
_JOINED = ", ".join(f"items i{number}" for number in range(6))
_DOUBLED = "replace(" * 12 + "'ab'" + ", 'a', 'aaaab')" * 12
_NESTED = "(" * _DEEP + "SELECT MAX(amount) FROM items" + ")" * _DEEP
_SUMMED = " + ".join(["amount"] * 2_000)
_NUMBERS = ", ".join(map(str, range(_LISTED)))
_UNIONS = " UNION ALL ".join(["SELECT a.name FROM items a, items b, items c"] * 25)
_CASES = "CASE WHEN amount > 0 THEN " * _DEEP + "1" + " ELSE 0 END" * _DEEP

_BOTH = {
    "two-way sort": "SELECT a.name, b.name FROM items a, items b ORDER BY a.name || b.name, b.amount",
    "six-way product": f"SELECT COUNT(*) FROM {_JOINED}",
    "product of products": "SELECT COUNT(*) FROM (SELECT a.name FROM items a, items b) x, items y, items z",
    "distinct product": (
        "SELECT COUNT(*) FROM (SELECT DISTINCT a.name, b.name AS other FROM items a, items b) x"
    ),
    "grouped product": (
        "SELECT a.amount + b.amount * 7919 AS n, COUNT(*) FROM items a, items b, items c GROUP BY 1"
    ),
    "window over a product": (
        "SELECT SUM(a.amount) OVER (ORDER BY b.name, a.name ROWS BETWEEN 4000 PRECEDING AND CURRENT ROW) "
        "FROM items a, items b"
    ),
    "ranking of a product": "SELECT RANK() OVER (ORDER BY a.name || b.name) FROM items a, items b",
    "correlated subqueries": (
        "SELECT COUNT(*) FROM items a WHERE a.amount < (SELECT AVG(b.amount) FROM items b WHERE b.amount <> "
        "(SELECT MAX(c.amount) FROM items c WHERE c.amount <> a.amount + b.amount))"
    ),
    "not exists ladder": (
        "SELECT COUNT(*) FROM items a WHERE NOT EXISTS (SELECT 1 FROM items b WHERE b.name > a.name AND NOT "
        "EXISTS (SELECT 1 FROM items c WHERE c.name > b.name || a.name))"
    ),
    "inequality join": (
        "SELECT COUNT(*) FROM items a JOIN items b ON a.name <> b.name JOIN items c ON c.name > b.name"
    ),
    "endless count": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c",
    "endless set": "WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT MAX(n) FROM c",
    "doubling text": (
        "WITH RECURSIVE c(t) AS (SELECT 'xxxxxxxx' UNION ALL SELECT t || t FROM c) SELECT LENGTH(t) FROM c"
    ),
    "growing rows": (
        "WITH RECURSIVE c(n, t) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, t || 'xxxxxxxxxxxxxxxx' FROM c) "
        "SELECT t FROM c"
    ),
    "chain of replacements": f"SELECT LENGTH({_DOUBLED})",
    "union of products": f"SELECT COUNT(*) FROM ({_UNIONS}) x",
    "long list": f"SELECT COUNT(*) FROM items a, items b WHERE a.amount + b.amount NOT IN ({_NUMBERS})",
    "deep parentheses": f"SELECT {_NESTED}",
    "long sum over a product": (
        f"SELECT SUM({_SUMMED.replace('amount', 'a.amount')}) FROM items a, items b, items c"
    ),
    "deep cases": f"SELECT SUM({_CASES}) FROM items a, items b, items c",
    "wide rows": "SELECT "
    + ", ".join(["a.name || b.name || c.name"] * 200)
    + " FROM items a, items b, items c",
}

_SQLITE = {
    "padding to a precision": "SELECT printf('%.*c', 900000000, 'x')",
    "padding of each row": "SELECT SUM(LENGTH(printf('%.*c', 9000000, 'x'))) FROM items",
    "padding of a number": "SELECT printf('%900000000d', 1)",
    "search in zeros": "SELECT instr(zeroblob(8000000), zeroblob(4000000) || x'01')",
    "zeros in hexadecimal": "SELECT hex(zeroblob(400000000))",
    "hexadecimal of hexadecimal": "SELECT length(hex(hex(hex(hex(hex(hex(zeroblob(1000000))))))))",
    "random bytes": "SELECT length(randomblob(900000000))",
    "random bytes of each row": "SELECT MAX(randomblob(1000000)) FROM items a, items b",
    "one big value in many rows": "SELECT zeroblob(1000000) FROM items",
    "one big text in many rows": "SELECT printf('%.*c', 1000000, 'x') FROM items",
    "growing group": "SELECT LENGTH(group_concat(a.name || b.name)) FROM items a, items b",
    "groups of groups": (
        "SELECT group_concat(t, t) FROM (SELECT group_concat(name) AS t FROM items) x, items y"
    ),
    "patterns of percent signs": (
        "SELECT COUNT(*) FROM items a, items b WHERE replace(hex(zeroblob(20000)), '0', 'a') "
        "LIKE '%a%a%a%a%a%a%a%a%a%b'"
    ),
    "one pattern": "SELECT hex(zeroblob(100000)) LIKE '%0%0%0%0%0%0%0%0%0%0%0%1'",
    "one glob": "SELECT hex(zeroblob(100000)) GLOB '*0*0*0*0*0*0*0*0*0*0*0*1'",
    "array of an endless text": (
        "SELECT COUNT(*) FROM json_each('[' || replace(hex(zeroblob(9000000)), '0', '1,') || '1]')"
    ),
    "array against array": (
        "SELECT COUNT(*) FROM json_each('[' || replace(hex(zeroblob(9000)), '0', '1,') || '1]') a, "
        "json_each('[' || replace(hex(zeroblob(9000)), '0', '1,') || '1]') b"
    ),
    "aggregated objects": (
        "SELECT LENGTH(json_group_array(json_object('a', a.name, 'b', b.name))) FROM items a, items b"
    ),
    "quoted zeros": "SELECT LENGTH(quote(zeroblob(300000000)))",
    "case of a long text": "SELECT LENGTH(upper(lower(upper(hex(zeroblob(200000000))))))",
    "trimming a long text": "SELECT LENGTH(trim(hex(zeroblob(400000)), hex(randomblob(40000))))",
}

_POSTGRES = {
    "sleep": "SELECT pg_sleep(600)",
    "sleep of each row": "SELECT COUNT(pg_sleep(0.2)) FROM items",
    "repeated text": "SELECT repeat('x', 1000000000)",
    "repeated repetition": "SELECT LENGTH(repeat(repeat(repeat('x', 1000), 1000), 500))",
    "repeated text of each row": "SELECT repeat('x', 2000000) FROM items",
    "padded text": "SELECT lpad('x', 500000000, 'abc')",
    "endless series": "SELECT COUNT(*) FROM generate_series(1, 1000000000000)",
    "series of series": "SELECT generate_series(1, 100000000), generate_series(1, 99999999)",
    "sorted series": "SELECT n FROM generate_series(1, 100000000) n ORDER BY n DESC",
    "hash join": (
        "SELECT COUNT(*) FROM (SELECT a.amount + b.amount AS n FROM items a, items b) x JOIN "
        "(SELECT a.amount * b.amount AS n FROM items a, items b) y ON x.n = y.n"
    ),
    "growing text": "SELECT LENGTH(string_agg(a.name || b.name, ',' ORDER BY b.name)) FROM items a, items b",
    "growing array": "SELECT array_agg(a.name || b.name) FROM items a, items b",
    "growing document": "SELECT LENGTH(json_agg(a)::text) FROM items a, items b",
    "greedy expression": (
        "SELECT COUNT(*) FROM items WHERE repeat(name, 2000) ~ '^((a+)+|(.*a)*|(n|na|nam)*)*\\1x$'"
    ),
    "one greedy expression": "SELECT repeat('a', 300000) ~ '(a|aa|aaa|a*)*(a*)*\\2b'",
    "replacement by expression": (
        "SELECT LENGTH(regexp_replace(repeat('a', 30000000), '(a)(a?)', '\\1\\1\\2\\2', 'g'))"
    ),
    "patterns of percent signs": (
        "SELECT COUNT(*) FROM items WHERE repeat('a', 20000) LIKE '%a%a%a%a%a%a%a%a%b'"
    ),
    "compared texts": (
        "SELECT COUNT(*) FROM items a, items b WHERE repeat(a.name, 20000) < repeat(a.name, 20000) || b.name"
    ),
    "digits of a power": "SELECT LENGTH((99999::numeric ^ 26000)::text) FROM items a, items b",
    "percentile of a product": (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a.amount * b.amount) "
        "FROM items a, items b, items c"
    ),
    "split text": "SELECT COUNT(*) FROM items, regexp_split_to_table(repeat('a,', 5000000), ',')",
}

BOMBS: dict[Dialect, dict[str, str]] = {
    "sqlite": _BOTH | _SQLITE,
    "postgres": _BOTH | _POSTGRES,
}
"""Statements by name, for each dialect."""
