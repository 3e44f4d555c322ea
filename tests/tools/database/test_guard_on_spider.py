"""The guard on the gold queries of Spider, which people wrote for ten databases."""

import json
import sqlite3

import pytest

from tests.tools.database.corpora import SHARED, table
from tools.database.guard import check
from tools.database.schema import Schema

SPIDER = SHARED / "spider_dev"


def spider() -> list[dict[str, str]]:
    """Read the gold queries, or skip."""
    if not (SPIDER / "dev.jsonl").is_file():
        pytest.skip("the Spider queries are not beside the repository (../shared/data/spider_dev)")
    return [json.loads(line) for line in (SPIDER / "dev.jsonl").read_text(encoding="utf-8").splitlines()]


def spider_schemas() -> dict[str, Schema]:
    """Read the tables and columns of the Spider databases."""
    schemas = {}
    for entry in json.loads((SPIDER / "tables.json").read_text(encoding="utf-8")):
        columns = entry["column_names_original"]
        schemas[entry["db_id"]] = Schema(
            tables=tuple(
                table(name, **{column: "" for place, column in columns if place == number})
                for number, name in enumerate(entry["table_names_original"])
            )
        )
    return schemas


def test_the_gold_queries_of_spider_are_allowed() -> None:
    """At least 99.5 % pass, with the schema and without."""
    entries, schemas = spider(), spider_schemas()
    for known in (True, False):
        refused = [
            (entry["query"], verdict.reason)
            for entry in entries
            if not (
                verdict := check(
                    entry["query"],
                    dialect="sqlite",
                    schema=schemas[entry["db_id"]] if known else None,
                    max_rows=None,
                )
            ).allowed
        ]
        assert len(refused) <= 0.005 * len(entries), refused[:5]


def test_rewriting_the_gold_queries_of_spider_does_not_change_their_results() -> None:
    """The regenerated text means what the original meant."""
    schemas: dict[str, Schema] = {}
    differing = []
    for entry in spider():
        path = SPIDER / "database" / entry["db_id"] / f"{entry['db_id']}.sqlite"
        if not path.is_file():
            continue
        schemas = schemas or spider_schemas()
        verdict = check(entry["query"], dialect="sqlite", schema=schemas[entry["db_id"]], max_rows=None)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        before = connection.execute(entry["query"]).fetchall()
        after = connection.execute(verdict.normalized or "").fetchall()
        connection.close()
        if before != after:
            differing.append((entry["query"], verdict.normalized))
    assert not differing
