"""plumbline sql ask: a question to the database alone, or many from standard input."""

import asyncio
import json as reading
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from agent.cli.options import ConfigOption, JsonOption, answer_lines_async, console, emit, settings_for
from agent.data_desk import Answered, DataDesk, Unanswered, open_data_desk
from agent.settings import Settings
from tools.errors import InvalidInput, RejectedQuery
from tools.types import Cell, Principal

GroupOption = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="A group of the asker; may be repeated.")
]
AsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--as", metavar="NAME=VALUE", help="What row filters know of the asker, such as customer_id=7."
    ),
]


def ask(
    question: Annotated[str, typer.Argument(help="A question; - reads JSON lines from standard input.")],
    group: GroupOption = None,
    attributes: AsOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Answer a question from the database, and show the statement that did.

    A named query of the configuration is run where one fits. Else SQL is written for the question, checked by
    the guard, and run without a chance to write. A question that is not understood entirely is not answered:
    one line says what can be asked, and the exit code is 1. With "-" each input line is an object with
    "question" and optionally "id", and gets one line of JSON, with "error" where there is no answer.
    """
    settings = settings_for(config)
    principal = principal_of(groups=group or (), attributes=attributes or ())
    if question == "-":
        return asyncio.run(_ask_many(settings, principal))
    reply = asyncio.run(_ask_one(settings, question, principal))
    if isinstance(reply, Unanswered):
        raise RejectedQuery(reply.message)
    if json:
        emit(as_json(reply))
        return 0
    from agent.cli.showing_rows import show_rows

    show_rows(console(), reply.rows, notes=reply.notes)
    return 0


def principal_of(*, groups: Sequence[str], attributes: Sequence[str]) -> Principal:
    """Return whose question it is; a value that reads as a number, true or false is one.

    Raises:
        InvalidInput: An attribute is not written as NAME=VALUE, or is given twice.
    """
    known: dict[str, Cell] = {}
    for attribute in attributes:
        name, equals, value = attribute.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidInput(f"--as {attribute!r} is not NAME=VALUE; write it like --as customer_id=7")
        if name in known:
            raise InvalidInput(f"--as gives {name!r} twice; give it once")
        known[name] = _value(value)
    return Principal(groups=frozenset(groups), attributes=tuple(sorted(known.items())))


def as_json(reply: Answered | Unanswered) -> dict[str, Any]:
    """Return a reply in the shape of the public contract; without rows it has an `error`."""
    if isinstance(reply, Unanswered):
        return {
            "statement": None,
            "columns": [],
            "rows": [],
            "attempts": len(reply.attempts),
            "error": reply.message,
            "notes": list(reply.notes),
        }
    from tools.database.charts import chart_for

    rows = reply.rows
    chart = chart_for(rows.columns, rows.rows)
    return {
        "statement": rows.statement,
        "columns": list(rows.columns),
        "rows": [list(row) for row in rows.rows],
        "attempts": len(reply.attempts),
        "named": rows.name or None,
        "parameters": dict(rows.parameters),
        "description": rows.description,
        "truncated": rows.truncated,
        "chart": {"kind": chart.kind, "label": chart.label, "value": chart.value} if chart else None,
        "notes": list(reply.notes),
    }


async def _ask_one(settings: Settings, question: str, principal: Principal) -> Answered | Unanswered:
    async with open_data_desk(settings) as desk:
        return await desk.ask(question, principal)


async def _ask_many(settings: Settings, principal: Principal) -> int:
    async def reply(desk: DataDesk, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return as_json(await desk.ask(request["question"], principal))
        except RejectedQuery as error:  # a named query that the asker may not run is an answer too
            return as_json(Unanswered(message=str(error)))

    async with open_data_desk(settings) as desk:
        return await answer_lines_async("question", lambda request: reply(desk, request))


def _value(text: str) -> Cell:
    try:
        value = reading.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
