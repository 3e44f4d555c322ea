"""What a worker makes of requests, without a process around it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.fakes_database import FakeDatabase
from tools.database.schema import Column, Schema, TableSchema
from tools.database.worker.messages import MOST_REPLY_BYTES, principal_as_json, taken_apart
from tools.database.worker.program import Service, fingerprint
from tools.errors import ConfigurationError, RejectedQuery, TransientError
from tools.types import ANYONE, Cell, Principal, Table

TABLES = Schema(tables=(TableSchema(name="plants", columns=(Column(name="name"),)),))
STATEMENT = "SELECT name FROM plants"
FETCH = {
    "do": "fetch",
    "statement": STATEMENT,
    "parameters": {},
    "limit": 5,
    "principal": principal_as_json(ANYONE),
}


def database(table: Table | None = None) -> FakeDatabase:
    """Prepare a database that answers one statement."""
    answer = table or Table(columns=("name",), rows=(("Fern",),))
    return FakeDatabase(
        tables=TABLES, answers={STATEMENT: lambda _: answer}, column_values={("plants", "name"): ("Fern",)}
    )


def ask(service: Service, **told: object) -> bytes:
    """Ask as somebody in particular does."""
    return service.reply({"principal": principal_as_json(ANYONE), **told})


def test_each_request_is_answered_with_the_version_of_the_schema() -> None:
    """Rows, tables, values, or nothing but that."""
    service, version = Service(database()), fingerprint(TABLES)
    table = taken_apart(service.reply(FETCH), Table)
    assert (table.content, table.version) == (Table(columns=("name",), rows=(("Fern",),)), version)
    assert taken_apart(ask(service, do="schema"), Schema).content == TABLES
    values = taken_apart(ask(service, do="values", table="plants", column="name", limit=3), tuple)
    assert values.content == ("Fern",)
    ping = taken_apart(ask(service, do="ping"), type(None))
    assert (ping.content, ping.version) == (None, version)


def test_errors_are_replies() -> None:
    """Each with its type."""
    service = Service(database())
    refused = taken_apart(service.reply(FETCH | {"statement": "DELETE FROM plants"}), Table)
    assert isinstance(refused.content, RejectedQuery)
    unknown = taken_apart(ask(service, do="values", table="plants", column="age", limit=3), tuple)
    assert isinstance(unknown.content, ConfigurationError)


def test_a_database_that_is_away_is_found_out_when_it_is_asked() -> None:
    """Preparing does not fail, and once it is back it serves."""
    away = database()
    away.failure = TransientError("away")
    service = Service(away)
    service.prepare()
    assert isinstance(taken_apart(service.reply(FETCH), Table).content, TransientError)
    away.failure = None
    assert isinstance(taken_apart(service.reply(FETCH), Table).content, Table)


def test_a_result_that_is_too_long_is_refused() -> None:
    """Its size is known before it is written."""
    long = Table(columns=("name",), rows=(("x" * (MOST_REPLY_BYTES // 2),),) * 3)
    content = taken_apart(Service(database(long)).reply(FETCH), Table).content
    assert isinstance(content, RejectedQuery)
    assert content.problem == "too_large"


@dataclass(slots=True)
class Greedy(FakeDatabase):
    """A database whose every statement runs out of memory."""

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Want more than there is."""
        raise MemoryError


def test_running_out_of_memory_is_the_statements_fault() -> None:
    """The process lives on."""
    service = Service(Greedy(tables=TABLES))
    content = taken_apart(service.reply(FETCH), Table).content
    assert isinstance(content, RejectedQuery)
    assert content.problem == "too_large"


@pytest.mark.parametrize(
    "other",
    [
        Schema(tables=()),
        Schema(tables=(TableSchema(name="plants"),)),
        Schema(tables=(TableSchema(name="plants", columns=(Column(name="name", type="TEXT"),)),)),
    ],
)
def test_another_schema_has_another_fingerprint(other: Schema) -> None:
    """And the same one the same, in whatever process."""
    assert fingerprint(other) != fingerprint(TABLES)
    assert fingerprint(Schema(tables=TABLES.tables)) == fingerprint(TABLES)
