"""The prompts that ask for SQL; the reply to each is a `SqlReply`.

What differs least comes first: the rules, then the database, then examples, then what was tried.
"""

from collections.abc import Sequence
from datetime import date

from graph.reasoning.llm.layout import notice, paragraphs, prompt_text, system, user
from graph.reasoning.llm.marking import block
from graph.reasoning.llm.sql_examples import SqlExample
from graph.reasoning.llm.sql_schema import marker_for, render_schema
from graph.reasoning.llm.sql_values import literal
from graph.reasoning.llm.sql_view import View
from graph.reasoning.ports import Attempt
from tools.database.schema import Dialect
from tools.database.shapes import spelled
from tools.types import Prompt

NAMES: dict[Dialect, str] = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
FAILED_SQL, REASON = 2_000, 300
"""Most characters of a failed query, and of why it failed."""


def sql_prompt(
    question: str,
    view: View,
    *,
    today: date,
    examples: Sequence[SqlExample] = (),
    failed: Sequence[Attempt] = (),
    marked: bool = True,
    name: str = "sql",
) -> Prompt:
    """Ask for the query that answers a question, or for another than those that failed.

    Args:
        question: What is asked, standing alone.
        view: What matters of the database.
        today: The day that relative dates count from.
        examples: Worked examples, the nearest first; the nearest is shown last.
        failed: What was tried before, oldest first.
        marked: Whether the words of descriptions are joined by a marker.
        name: What it is for.
    """
    marker = marker_for(view.schema) if marked else ""
    asked = paragraphs(
        f"Database: {NAMES[view.dialect]}",
        notice(marker),
        block("schema", {}, render_schema(view.schema, dialect=view.dialect, marker=marker)),
        *(block("example", {"question": example.question}, example.sql) for example in reversed(examples)),
        f"Today: {today.isoformat()} ({today:%A})",
        _values(view),
        block("question", {}, question),
        *(_failed(attempt) for attempt in failed),
        prompt_text("sql_mend") if failed else "",
    )
    return Prompt(name=name, messages=(system(prompt_text("sql")), user(asked)))


def _values(view: View) -> str:
    lines = [
        f"{spelled(hint.table, dialect=view.dialect)}.{spelled(hint.column, dialect=view.dialect)} = "
        f"{literal(hint.value)}"
        for hint in view.hints
    ]
    return block("values", {}, "\n".join(lines)) if lines else ""


def _failed(attempt: Attempt) -> str:
    problem = attempt.problem.replace("_", " ") if attempt.problem else "not run"
    return block(
        "failed", {"problem": problem, "reason": attempt.message[:REASON]}, attempt.statement[:FAILED_SQL]
    )
