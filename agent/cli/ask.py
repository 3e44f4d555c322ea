"""plumbline ask: one question, or many from standard input."""

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console

from agent.answer import Answer
from agent.bootstrap import open_library
from agent.cli.indexing import ingest_sample
from agent.cli.options import ConfigOption, JsonOption, answer_lines_async, console, emit, settings_for
from agent.cli.showing import show_answer, shown_live
from agent.settings import Settings
from tools.errors import InvalidInput


def ask(
    question: Annotated[str, typer.Argument(help="A question; - reads JSON lines from standard input.")],
    thread: Annotated[str | None, typer.Option("--thread", help="Go on with this conversation.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Answer a question from the documents and the database, with citations.

    When something is missing the answer is a question; reply with --thread ID. With "-" each input line is
    an object with "question" and optionally "thread_id", "history" and "id", and gets one line of JSON.
    """
    from agent.questions import clean

    settings = settings_for(config)
    if question == "-":
        return asyncio.run(_ask_many(settings))
    clean(question)
    screen = console()
    answer = asyncio.run(_ask_one(settings, question, thread, screen if not json else None))
    if json:
        emit(answer.model_dump())
    else:
        show_answer(screen, answer)
    return 0


async def _ask_one(settings: Settings, question: str, thread: str | None, screen: Console | None) -> Answer:
    """Answer one question; a person at a terminal sees the draft grow."""
    from agent.assistant import open_session

    with open_library(settings) as library:
        ingest_sample(library)
        async with open_session(library) as session:
            if screen is None or not screen.is_terminal:
                return await session.ask(question, thread_id=thread)
            with shown_live(screen) as show:
                return await session.ask(question, thread_id=thread, on_event=show)


async def _ask_many(settings: Settings) -> int:
    from agent.assistant import open_session
    from agent.session import Session

    async def reply(session: Session, request: dict[str, Any]) -> dict[str, Any]:
        thread = request.get("thread_id", request.get("thread"))
        if not isinstance(thread, str | None):
            raise InvalidInput(f"thread_id {thread!r} is not text; give the thread_id of an earlier answer")
        answer = await session.ask(
            request["question"], thread_id=thread, history=_turns(request.get("history"))
        )
        return answer.model_dump()

    with open_library(settings) as library:
        ingest_sample(library)
        async with open_session(library) as session:
            return await answer_lines_async("question", lambda request: reply(session, request))


def _turns(history: object) -> list[Any]:
    """Read earlier exchanges: questions as text, or objects with `question` and `answer`."""
    from graph.plan import Turn

    if history is None:
        return []
    if not isinstance(history, list):
        raise InvalidInput('history is not a list; write ["earlier question", ...]')
    turns = []
    for entry in history:
        if isinstance(entry, str):
            turns.append(Turn(question=_writable(entry), answer=""))
        elif isinstance(entry, dict) and isinstance(entry.get("question"), str):
            answer = _writable(str(entry.get("answer", "")))
            turns.append(Turn(question=_writable(entry["question"]), answer=answer))
        else:
            raise InvalidInput('an entry of history is neither text nor an object with "question"')
    return turns


def _writable(text: str) -> str:
    """Replace lone surrogates, which JSON can carry and no database can keep."""
    return text.encode("utf-8", "replace").decode("utf-8")
