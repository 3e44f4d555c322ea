"""plumbline sql ask: a question to the database alone, or many from standard input."""

import asyncio
import json as reading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from agent.cli.options import ConfigOption, JsonOption, answer_lines_async, console, emit, settings_for
from agent.data_desk import Unanswered, open_data_desk
from agent.lookups import reply_as_json
from agent.running_server import running_server
from agent.settings import Settings
from tools.errors import InvalidInput, RejectedQuery
from tools.types import ANYONE, Cell, Principal, Rows

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
    found = asyncio.run(_ask_one(settings, question, principal))
    if "error" in found:
        raise RejectedQuery(found["error"])
    if json:
        emit(found)
        return 0
    from agent.cli.showing_rows import show_rows

    show_rows(console(), _rows(found), sentence=found["sentence"], notes=found["notes"])
    return 0


def principal_of(*, groups: Sequence[str], attributes: Sequence[str], option: str = "--as") -> Principal:
    """Return whose question it is; a value that reads as a number, true or false is one.

    Args:
        groups: Groups of the asker.
        attributes: What row filters know of the asker, each as NAME=VALUE.
        option: How attributes are given, for messages.

    Raises:
        InvalidInput: An attribute is not written as NAME=VALUE, or is given twice.
    """
    known: dict[str, Cell] = {}
    for attribute in attributes:
        name, equals, value = attribute.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidInput(
                f"{option} {attribute!r} is not NAME=VALUE; write it like {option} customer_id=7"
            )
        if name in known:
            raise InvalidInput(f"{option} gives {name!r} twice; give it once")
        known[name] = _value(value)
    return Principal(groups=frozenset(groups), attributes=tuple(sorted(known.items())))


async def _ask_one(settings: Settings, question: str, principal: Principal) -> dict[str, Any]:
    async with _opened(settings, principal) as ask_it:
        return await ask_it(question)


async def _ask_many(settings: Settings, principal: Principal) -> int:
    async with _opened(settings, principal) as ask_it:

        async def reply(request: dict[str, Any]) -> dict[str, Any]:
            try:
                return await ask_it(request["question"])
            except RejectedQuery as error:  # a named query that the asker may not run is an answer too
                return reply_as_json(Unanswered(message=str(error)))

        return await answer_lines_async("question", reply)


@asynccontextmanager
async def _opened(
    settings: Settings, principal: Principal
) -> AsyncIterator[Callable[[str], Awaitable[dict[str, Any]]]]:
    """Open what answers: the server of this installation when one runs, else its database.

    A server asks on behalf of the operator; for somebody else the database is opened here, which is no
    trouble to the server.
    """
    if principal == ANYONE:
        async with running_server(settings.folder) as server:
            if server is not None:
                yield server.query
                return
    async with open_data_desk(settings) as desk:

        async def ask_desk(question: str) -> dict[str, Any]:
            return reply_as_json(await desk.ask(question, principal))

        yield ask_desk


def _rows(found: Mapping[str, Any]) -> Rows:
    return Rows(
        name=found["named"] or "",
        statement=found["statement"],
        parameters=tuple(found["parameters"].items()),
        columns=tuple(found["columns"]),
        rows=tuple(tuple(row) for row in found["rows"]),
        truncated=found["truncated"],
        description=found["description"],
    )


def _value(text: str) -> Cell:
    try:
        value = reading.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
