"""plumbline ask: one question, or many from standard input."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from rich.console import Console

from agent.answer import Answer
from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, answer_lines_async, console, emit, settings_for
from agent.cli.showing import show_answer, shown_live
from agent.running_server import running_server
from agent.settings import Settings
from tools.errors import InvalidInput

if TYPE_CHECKING:
    from agent.events import Event


class Asking(Protocol):
    """Answers questions, here or by way of a server."""

    async def __call__(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        history: Sequence[Mapping[str, str]] = (),
        on_event: Callable[["Event"], None] = lambda _: None,
    ) -> Answer:
        """Answer one."""


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
    asyncio.run(_ask_one(settings, question, thread, None if json else console()))
    return 0


async def _ask_one(settings: Settings, question: str, thread: str | None, screen: Console | None) -> None:
    """Answer one question, and show the answer before anything is closed; recording it takes a moment."""
    async with _opened(settings) as ask_it:
        if screen is None:
            emit((await ask_it(question, thread_id=thread)).model_dump())
            return
        show_answer(screen, await _ask_seen(ask_it, question, thread, screen))


async def _ask_seen(ask_it: Asking, question: str, thread: str | None, screen: Console) -> Answer:
    """Answer one question; a person at a terminal sees the draft grow."""
    if not screen.is_terminal:
        return await ask_it(question, thread_id=thread)
    with shown_live(screen) as show:
        return await ask_it(question, thread_id=thread, on_event=show)


async def _ask_many(settings: Settings) -> int:
    async with _opened(settings) as ask_it:

        async def reply(request: dict[str, Any]) -> dict[str, Any]:
            thread = request.get("thread_id", request.get("thread"))
            if not isinstance(thread, str | None):
                raise InvalidInput(
                    f"thread_id {thread!r} is not text; give the thread_id of an earlier answer"
                )
            history = _exchanges(request.get("history"))
            answer = await ask_it(request["question"], thread_id=thread, history=history)
            return answer.model_dump()

        return await answer_lines_async("question", reply)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Asking]:
    """Open what answers: the server of this installation when one runs, else the installation itself."""
    async with running_server(settings.folder) as server:
        if server is not None:
            yield server.ask
            return
    from agent.assistant import open_session

    with library_of(settings) as library:
        ingest_sample(library)
        async with open_session(library) as session:

            async def ask_session(
                question: str,
                *,
                thread_id: str | None = None,
                history: Sequence[Mapping[str, str]] = (),
                on_event: Callable[["Event"], None] = lambda _: None,
            ) -> Answer:
                from graph.plan import Turn

                turns = [Turn(question=one["question"], answer=one["answer"]) for one in history]
                return await session.ask(question, thread_id=thread_id, history=turns, on_event=on_event)

            yield ask_session


def _exchanges(history: object) -> list[dict[str, str]]:
    """Read earlier exchanges: questions as text, or objects with `question` and `answer`."""
    if history is None:
        return []
    if not isinstance(history, list):
        raise InvalidInput('history is not a list; write ["earlier question", ...]')
    exchanges = []
    for entry in history:
        if isinstance(entry, str):
            exchanges.append({"question": _writable(entry), "answer": ""})
        elif isinstance(entry, dict) and isinstance(entry.get("question"), str):
            answer = _writable(str(entry.get("answer", "")))
            exchanges.append({"question": _writable(entry["question"]), "answer": answer})
        else:
            raise InvalidInput('an entry of history is neither text nor an object with "question"')
    return exchanges


def _writable(text: str) -> str:
    """Replace lone surrogates, which JSON can carry and no database can keep."""
    return text.encode("utf-8", "replace").decode("utf-8")
