"""Without a conversation: search passages, ask the database, ingest documents."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.sse import format_sse_event
from pydantic_core import to_json

from agent.api.models_data import IngestGiven, IngestTaken, QueryTaken, RowsGiven, SearchGiven, SearchTaken
from agent.api.security import AdminCaller, DataCaller, SearchCaller, TheHost
from agent.api.sse import EVENTS, EventStream, wants_events
from agent.hosting import Host
from agent.ingestion import reports_as_json
from agent.lookups import check_knowledge_base, find_passages, found_as_json, reply_as_json
from agent.settings import Settings
from tools.errors import InvalidInput, PlumblineError
from tools.types import IngestReport

if TYPE_CHECKING:
    from tools.knowledge.ingest import Progress

router = APIRouter(prefix="/api", tags=["data"])
Accept = Annotated[str, Header()]
OTHERS = (
    "every process finds the new content, but the others choose sources by what they knew at their start; "
    "restart the server soon"
)
"""What processes that share a store do not tell one another."""
Steps = asyncio.Queue[dict[str, Any] | None]


@router.post("/search", response_model=SearchGiven, response_model_exclude_unset=True)
async def search(caller: SearchCaller, host: TheHost, taken: SearchTaken) -> dict[str, Any]:
    """Find the passages nearest in meaning and words, among the documents that the caller may see."""
    found = await asyncio.to_thread(
        find_passages,
        host.library,
        taken.query,
        knowledge_base=taken.knowledge_base,
        limit=taken.limit,
        principal=caller.principal,
    )
    return found_as_json(found)


@router.post("/query", response_model=RowsGiven, response_model_exclude_unset=True)
async def query(caller: DataCaller, host: TheHost, taken: QueryTaken) -> dict[str, Any]:
    """Answer a question from the database alone, as far as the caller may see its rows and columns."""
    if host.desk is None:
        raise InvalidInput("there is no database here; search the documents, or ask in a thread")
    return reply_as_json(await host.desk.ask(taken.question, caller.principal))


@router.post(
    "/ingest",
    response_model=IngestGiven,
    response_model_exclude_unset=True,
    responses={
        200: {**EVENTS, "description": "What was done, or with `Accept: text/event-stream` how far it is"}
    },
)
async def ingest(
    _caller: AdminCaller,
    host: TheHost,
    taken: IngestTaken | None = None,
    accept: Accept = "application/json",
) -> dict[str, Any] | Response:
    """Bring knowledge bases in line with their files, while questions are answered; one at a time.

    It goes on when the connection is lost. Questions asked after its end know the new content; `remark` says
    where some do not yet. The stream has events `progress`, then `report` or `error`.
    """
    taken = taken or IngestTaken()
    check_knowledge_base(taken.knowledge_base, host.settings)
    only = tuple(_existing(host.settings, path) for path in taken.paths)
    steps: Steps = asyncio.Queue()

    def advance(name: str, step: "Progress") -> None:
        steps.put_nowait({"knowledge_base": name, **asdict(step)})

    names = [taken.knowledge_base] if taken.knowledge_base is not None else [*host.settings.knowledge_bases]
    work = host.ingestion.start(names, only=only, on_progress=advance)
    if not wants_events(accept):
        return _report(host, await asyncio.shield(work))
    work.add_done_callback(lambda _: steps.put_nowait(None))
    return EventStream(_told(host, work, steps))


def _existing(settings: Settings, text: str) -> Path:
    try:
        path = settings.resolve(Path(text))
        if path.exists():
            return path
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput("a path cannot be read as one; name files of the configured paths") from error
    raise InvalidInput(f"{path.name!r}: there is no such file or folder; name one of the configured paths")


async def _told(host: Host, work: asyncio.Task[list[IngestReport]], steps: Steps) -> AsyncGenerator[bytes]:
    """Tell how far it is, and what was done or what went wrong."""
    while (step := await steps.get()) is not None:
        yield _event("progress", step)
    try:
        reports = await asyncio.shield(work)
    except PlumblineError as error:
        yield _event("error", {"message": str(error)})
    else:
        yield _event("report", _report(host, reports))


def _report(host: Host, reports: list[IngestReport]) -> dict[str, Any]:
    counted = reports_as_json(reports)
    return {**counted, "remark": OTHERS} if host.settings.server.workers > 1 else counted


def _event(name: str, content: dict[str, Any]) -> bytes:
    return format_sse_event(event=name, data_str=to_json(content).decode())
