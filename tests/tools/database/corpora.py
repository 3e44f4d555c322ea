"""The tables of hostile and benign statements, and the shop they are about, for SQLite and PostgreSQL."""

import json
from pathlib import Path
from typing import Literal, get_args

from tools.database.schema import Column, Dialect, Schema, TableSchema
from tools.types import Cell

HERE = Path(__file__).parent
SHARED = Path(__file__).parents[3].parent / "shared" / "data"
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
CANARY = "canary-7f3a"
"""Stands in a table and in files that nobody may read."""


def table(name: str, /, **columns: str) -> TableSchema:
    """Describe a table by its columns' names and types."""
    return TableSchema(
        name=name, columns=tuple(Column(name=column, type=kind) for column, kind in columns.items())
    )


_WORD, _MONEY = "VARCHAR(50)", "NUMERIC(10, 2)"
SHOP = Schema(
    tables=(
        table(
            "orders",
            order_id="INTEGER",
            customer_id="INTEGER",
            ordered_on="DATE",
            status=_WORD,
            total=_MONEY,
        ),
        table("customers", customer_id="INTEGER", name=_WORD, email=_WORD, city=_WORD, country=_WORD),
        table("products", product_id="INTEGER", name=_WORD, price=_MONEY, category=_WORD),
        table("items", order_id="INTEGER", product_id="INTEGER", quantity="INTEGER", unit_price=_MONEY),
    )
)
READABLE = tuple(known.name for known in SHOP.tables)

ROWS = f"""
INSERT INTO customers VALUES (1,'Åsa Berg','asa@example.com','Lund','Sweden'),
  (2,'Bo','bo@example.org','','Norway'),(3,'Cy','','Malmö','Sweden'),(4,'Di',NULL,NULL,'Chile');
INSERT INTO orders VALUES (1,1,'2026-01-05','paid',120.50),(2,1,'2026-01-20','open',12.00),
  (3,2,'2026-02-03','paid',300.25),(4,3,'2026-02-03','returned',8.00),(5,NULL,'2026-03-01','cancelled',NULL);
INSERT INTO products VALUES (1,'Lamp',40.00,'home'),(2,'Desk',250.00,'home'),(3,'Pen',1.50,'office');
INSERT INTO items VALUES (1,1,2,40.00),(1,3,27,1.50),(3,2,1,250.00),(3,1,1,50.25);
INSERT INTO secrets VALUES (1,'{CANARY}','{CANARY}');
"""


def definitions() -> str:
    """Return what creates the shop with a table that nobody may read, for either database."""
    tables = "".join(
        f"CREATE TABLE {known.name} ({', '.join(f'{each.name} {each.type}' for each in known.columns)});\n"
        for known in SHOP.tables
    )
    return f"{tables}CREATE TABLE secrets (id INTEGER, word VARCHAR(20), password VARCHAR(20));\n{ROWS}"


def statements(name: Literal["hostile", "benign"], dialect: Dialect) -> list[str]:
    """Read the lines that both dialects share and those of one."""
    lines = [
        line
        for file in ("both", dialect)
        for line in (HERE / f"{name}_{file}.txt").read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in lines if line.strip() and not line.startswith("# ")]


def unescaped(line: str) -> str:
    """Return the statement a line stands for."""
    bare = line.removeprefix("schema|").removeprefix("harmless|")
    return bare.replace("\\n", "\n").replace("\\0", "\0")


def typed_in() -> list[str]:
    """Return what attackers and others typed into forms, when the public collection is here."""
    lines = [
        line
        for path in sorted((SHARED / "injection" / "sqli").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [json.loads(line)["decoded"] for line in lines]


PARAMETERS: dict[str, Cell] = {
    "customer": 1,
    "period_start": "2026-01-01",
    "period_end": "2026-12-31",
    "status": "paid",
    "n": 3,
    "since": "2026-01-01",
}
"""Values for the parameters of the benign statements."""

TELLTALES = (CANARY, "root:x:0:")
"""What only stands where nobody may read: in the table `secrets`, and in the system's list of accounts."""


def files_to_be_written() -> dict[str, bool]:
    """Tell which of the files exist that hostile statements would write."""
    return {name: Path(name).exists() for name in ("/tmp/x", "/tmp/y", "/tmp/x.db", "/tmp/copy.db")}  # noqa: S108  # as the statements say
