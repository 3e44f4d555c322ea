"""What a command loads before it does anything: a start is mostly imports."""

import subprocess
import sys

import pytest

GRAPH = {"langgraph", "langchain_core", "langsmith"}
ENGINES = {"fastembed", "qdrant_edge", "qdrant_client", "sqlalchemy", "psycopg", "sqlglot", "numpy"}
READERS = {"kreuzberg", "markdown_it", "semantic_text_splitter", "yaml"}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import agent.cli.app", GRAPH | ENGINES | READERS, id="all commands, as --help does"),
        pytest.param("import agent.bootstrap", GRAPH | ENGINES | READERS, id="the composition root"),
        pytest.param(
            "from agent.cli.app import run; run(['sql', 'check', 'SELECT 1'])",
            GRAPH | READERS | ENGINES - {"sqlglot", "numpy"},
            id="the SQL guard alone",
        ),
        pytest.param(
            "import agent.data_desk, graph.querying, graph.reasoning.local.sql",
            GRAPH | READERS | ENGINES - {"sqlglot", "numpy"},
            id="questions to the database alone",
        ),
        pytest.param(
            "import tools.database.engine",
            {"psycopg", "psycopg_binary"},
            id="a database other than PostgreSQL",
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(code: str, unwanted: set[str]) -> None:
    """The heavy libraries wait for the command that uses them."""
    loaded = f"import sys; {code}; print(); print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    packages = {name.partition(".")[0] for name in finished.stdout.splitlines()[-1].split()}
    assert "agent" in packages or "tools" in packages
    assert packages & unwanted == set()
