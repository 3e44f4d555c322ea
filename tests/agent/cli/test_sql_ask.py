"""plumbline sql ask, tables, keep and role: the database alone."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline, plumbline_process
from tests.endpoint.replies import Request
from tests.endpoint.server import Endpoint, Reply

COUNT = "How many orders are there?"


def extended(configuration: Path, text: str) -> Path:
    configuration.write_text(configuration.read_text(encoding="utf-8") + text, encoding="utf-8")
    return configuration


def test_a_question_whose_named_query_fits_runs_that_query(marlow: Path) -> None:
    """The real command prints the catalogue's sentence and the statement."""
    done = plumbline_process("sql", "ask", "What does the Heron cost?", "--config", marlow)
    assert (done.code, done.err) == (0, "")
    assert "The Heron costs EUR 149; 3 are in stock." in done.out
    assert "SELECT name, price, stock FROM kites WHERE name = :kite" in done.out
    found = plumbline("sql", "ask", "What does the Heron cost?", "--json", "--config", marlow).json
    assert (found["named"], found["attempts"], found["parameters"]) == ("kite_price", 1, {"kite": "Heron"})
    assert (found["columns"], found["rows"]) == (["name", "price", "stock"], [["Heron", 149.0, 3]])


def test_a_named_query_runs_once_for_each_value_that_is_named(marlow: Path) -> None:
    """The rows come together."""
    found = plumbline("sql", "ask", "stock of the Swift and the Puffin", "--json", "--config", marlow).json
    assert found["named"] == "kite_price"
    assert sorted(row[0] for row in found["rows"]) == ["Puffin", "Swift"]
    assert found["attempts"] == 2


def test_a_missing_variable_is_asked_for(marlow: Path) -> None:
    """One line, exit code 1: nothing was guessed."""
    done = plumbline("sql", "ask", "Where is my order?", "--config", marlow)
    assert (done.code, done.out) == (1, "")
    assert done.complaint == "Which order number, like MK-4711?"


def test_sql_is_written_where_no_named_query_fits(fresh: Path) -> None:
    """Nothing has to be ingested for it; the statement is shown."""
    done = plumbline("sql", "ask", COUNT, "--json", "--config", fresh)
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert (found["rows"], found["named"], found["attempts"]) == ([[2]], None, 1)
    assert found["statement"].upper().startswith("SELECT COUNT(*)")
    shown = plumbline("sql", "ask", COUNT, "--config", fresh)
    assert found["statement"] in " ".join(shown.out.split())


def test_what_is_not_understood_entirely_is_not_answered(marlow: Path) -> None:
    """The line says what there is to ask about."""
    done = plumbline("sql", "ask", "How do I launch a kite alone in a storm?", "--config", marlow)
    assert (done.code, done.out) == (1, "")
    assert "the tables kites, orders" in done.complaint
    assert "plumbline sql tables" in done.complaint


def test_only_named_queries_run_where_the_configuration_says_so(fresh: Path) -> None:
    """The key that would allow more is in the message."""
    extended(fresh, "\n[database.asking]\nenabled = false\n")
    done = plumbline("sql", "ask", "What was the weather like in March?", "--config", fresh)
    assert (done.code, done.out) == (1, "")
    assert "database.asking.enabled" in done.complaint
    assert plumbline("sql", "ask", "What does the Heron cost?", "--config", fresh).code == 0


def test_many_questions_get_one_line_each(marlow: Path) -> None:
    """An unanswered one has an error and leaves the exit code alone; an unusable line does not."""
    lines = [{"id": 1, "question": COUNT}, {"id": 2, "question": "Where is my order?"}]
    done = plumbline("sql", "ask", "-", "--config", marlow, stdin="\n".join(map(json.dumps, lines)))
    assert done.code == 0
    assert [(line["id"], line["rows"], line.get("error")) for line in done.lines] == [
        (1, [[2]], None),
        (2, [], "Which order number, like MK-4711?"),
    ]
    done = plumbline("sql", "ask", "-", "--config", marlow, stdin='{"question": " "}\n{}')
    assert done.code == 2
    assert [line["error"] for line in done.lines] == [
        "the question is empty; ask something in words",
        "line 2 has no text under 'question'",
    ]


@pytest.mark.parametrize("attribute", ["customer_id", "=7", "customer id=7", "a=1"])
def test_attributes_of_the_asker_are_names_with_values(marlow: Path, attribute: str) -> None:
    """The message shows how; a name counts once."""
    done = plumbline("sql", "ask", COUNT, "--as", "a=0", "--as", attribute, "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert "--as" in done.complaint


def test_what_the_asker_may_not_see_is_not_there(fresh: Path) -> None:
    """Row filters take the asker's attributes; a group's hidden columns are not listed."""
    extended(
        fresh,
        '\n[[database.access]]\ntable = "orders"\nrows = "number = :own"\n'
        '\n[[database.access]]\ntable = "kites"\ngroups = ["guests"]\nhidden = ["stock"]\n',
    )
    own = plumbline("sql", "ask", COUNT, "--as", "own=MK-2001", "--json", "--config", fresh)
    assert own.json["rows"] == [[1]]
    other = plumbline("sql", "ask", COUNT, "--as", "own=MK-9999", "--json", "--config", fresh)
    assert other.json["rows"] == [[0]]
    listed = plumbline("sql", "tables", "--group", "guests", "--json", "--config", fresh).json["tables"]
    names = {table["name"]: [column["name"] for column in table["columns"]] for table in listed}
    assert names["kites"] == ["name", "price"]


def test_rows_are_shown_as_a_table_that_obeys_nobody(fresh: Path) -> None:
    """Unknown cells are NULL, control characters of rows do not reach the terminal, a cut is told."""
    with closing(sqlite3.connect(fresh.parent / "marlow.db")) as connection, connection:
        connection.execute("CREATE TABLE boats (name TEXT, keel REAL)")
        boats = [("Evil\x1b[2J\nboat", None), ("Skiff", 2.5), ("Yawl", 3.25)]
        connection.executemany("INSERT INTO boats VALUES (?, ?)", boats)
    text = fresh.read_text(encoding="utf-8").replace("[database]\n", "[database]\nmax_rows = 2\n", 1)
    fresh.write_text(text, encoding="utf-8")
    done = plumbline("sql", "ask", "List the name and keel of all boats", "--config", fresh)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert "Evil�[2J boat" in done.out
    assert "NULL" in done.out
    assert "only the first 2 rows are shown; there are more" in done.out


def test_tables_tell_what_may_be_asked(marlow: Path) -> None:
    """Columns with types, and the named queries with examples."""
    listed = plumbline("sql", "tables", "--json", "--config", marlow).json
    assert [table["name"] for table in listed["tables"]] == ["kites", "orders"]
    columns = [(column["name"], column["type"]) for column in listed["tables"][0]["columns"]]
    assert columns == [("name", "TEXT"), ("price", "REAL"), ("stock", "INTEGER")]
    assert listed["queries"][0]["name"] == "kite_price"
    shown = plumbline("sql", "tables", "--config", marlow)
    assert (shown.code, shown.err) == (0, "")
    assert "order_status: The status of one order" in shown.out


def test_a_confirmed_pair_is_kept_once(fresh: Path) -> None:
    """Where the language model is shown it."""
    keep = ("sql", "keep", "How many kites do we sell?", "SELECT count(*) FROM kites", "--config", fresh)
    first = plumbline(*keep, "--json").json
    assert (first["kept"], first["statement"], first["rows"]) == (True, "SELECT count(*) FROM kites", 1)
    assert plumbline(*keep).out == "Known already; the statement gives 1 row(s).\n"
    kept = (fresh.parent / ".plumbline" / "sql_examples.jsonl").read_text(encoding="utf-8")
    assert json.loads(kept) == {"question": "How many kites do we sell?", "sql": "SELECT count(*) FROM kites"}


@pytest.mark.parametrize("statement", ["DROP TABLE kites", "SELECT wings FROM kites", "SELECT"])
def test_a_statement_that_does_not_run_is_not_kept(fresh: Path, statement: str) -> None:
    """The reason is told, exit code 1."""
    done = plumbline("sql", "keep", "How many kites?", statement, "--config", fresh)
    assert (done.code, done.out) == (1, "")
    assert done.complaint
    assert not (fresh.parent / ".plumbline" / "sql_examples.jsonl").exists()


def test_a_role_that_can_only_read_is_spelled_out(tmp_path: Path) -> None:
    """For the configured tables; no connection is opened, and nothing else of the url is told."""
    configuration = tmp_path / "plumbline.toml"
    url = "postgresql://owner:s3cret@db.invalid/sh%20op?sslmode=require"
    configuration.write_text(f'[database]\nurl = "{url}"\ntables = ["kites"]\n', encoding="utf-8")
    done = plumbline("sql", "role", "--name", "reader", "--config", configuration)
    assert (done.code, done.err) == (0, "")
    assert 'CREATE ROLE "reader" LOGIN' in done.out
    assert 'GRANT CONNECT ON DATABASE "sh op" TO "reader";' in done.out
    assert 'GRANT SELECT ON public."kites" TO "reader";' in done.out
    assert not {"owner", "s3cret", "db.invalid"} & set(done.out.replace('"', " ").split())
    statements = plumbline("sql", "role", "--name", "reader", "--json", "--config", configuration).json
    assert [f"{statement};" for statement in statements["statements"]] == done.out.splitlines()


@pytest.mark.parametrize(
    ("url", "told"),
    [("sqlite:///shop.db", "SQLite has no roles"), ("postgresql://owner@db.invalid/", "names no database")],
)
def test_a_role_needs_a_postgresql_database(tmp_path: Path, url: str, told: str) -> None:
    """Exit code 2, and why."""
    configuration = tmp_path / "plumbline.toml"
    configuration.write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    done = plumbline("sql", "role", "--config", configuration)
    assert (done.code, done.out) == (2, "")
    assert told in done.complaint


def replying(*statements: str) -> Callable[[Request], Reply]:
    """Return a model that writes these statements, one a request."""
    rest = iter(statements)

    def respond(_: Request) -> Reply:
        reply = {
            "columns": [],
            "tables": [],
            "understood": True,
            "why_not": "",
            "description": "What was asked",
        }
        return Reply(json.dumps({**reply, "sql": next(rest)}))

    return respond


@pytest.mark.enable_socket
def test_a_model_mends_what_failed(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both statements count as attempts."""
    extended(fresh, '\n[database.asking]\nexamples = "none"\n')
    with Endpoint(replying("SELECT avg(wings) FROM kites", "SELECT avg(stock) FROM kites")) as endpoint:
        monkeypatch.setenv("PLUMBLINE_MODELS__BASE_URL", endpoint.base_url)
        done = plumbline("sql", "ask", "Mean size of the inventory, roughly", "--json", "--config", fresh)
    assert (done.code, done.err) == (0, "")
    assert done.json["attempts"] == 2
    assert done.json["rows"][0][0] == pytest.approx(17 / 3)


@pytest.mark.enable_socket
def test_statements_that_all_fail_are_told_with_the_last_reason(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rows, exit code 1."""
    extended(fresh, '\n[database.asking]\nexamples = "none"\nrepairs = 1\n')
    with Endpoint(replying("SELECT wings FROM kites", "SELECT feathers FROM kites")) as endpoint:
        monkeypatch.setenv("PLUMBLINE_MODELS__BASE_URL", endpoint.base_url)
        done = plumbline("sql", "ask", "Mean size of the inventory, roughly", "--config", fresh)
    assert (done.code, done.out) == (1, "")
    assert "no statement answered it" in done.complaint
    assert "feathers" in done.complaint


def test_without_a_database_there_is_nothing_to_ask(tmp_path: Path) -> None:
    """Exit code 2, with what to add."""
    (tmp_path / "guide.md").write_text("# Guide\n\nKeep it dry.\n", encoding="utf-8")
    configuration = tmp_path / "plumbline.toml"
    configuration.write_text('[knowledge_bases.guides]\npaths = ["guide.md"]\n', encoding="utf-8")
    for command in (("ask", COUNT), ("tables",), ("keep", "q", "SELECT 1")):
        done = plumbline("sql", *command, "--config", configuration)
        assert (done.code, done.out) == (2, "")
        assert "there is no [database]" in done.complaint
