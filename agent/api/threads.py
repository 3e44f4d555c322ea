"""Conversations: open, list, read, go on, delete."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.responses import JSONResponse

from agent.api.models import (
    AnswerGiven,
    Cursor,
    Limit,
    MessageTaken,
    ThreadGiven,
    ThreadId,
    ThreadRead,
    ThreadsGiven,
    ThreadTaken,
)
from agent.api.models_runs import RunAccepted
from agent.api.security import ChatCaller, TheHost
from agent.api.sse import EVENTS, EventStream, encoded, wants_events

router = APIRouter(prefix="/api/threads", tags=["threads"])
RESPOND_ASYNC = "respond-async"


@router.post("", status_code=201)
async def open_thread(caller: ChatCaller, host: TheHost, taken: ThreadTaken | None = None) -> ThreadGiven:
    """Open a thread."""
    taken = taken or ThreadTaken()
    history = [earlier.as_record() for earlier in taken.history]
    thread = await host.conversations.open_thread(caller, thread_id=taken.thread_id, history=history)
    return ThreadGiven.of(thread)


@router.get("")
async def list_threads(
    caller: ChatCaller, host: TheHost, cursor: Cursor = None, limit: Limit = 50
) -> ThreadsGiven:
    """List the caller's threads, latest first."""
    return ThreadsGiven.of(await host.conversations.threads(caller, cursor=cursor, limit=limit))


@router.get("/{thread_id}")
async def read_thread(
    caller: ChatCaller, host: TheHost, thread_id: ThreadId, cursor: Cursor = None, limit: Limit = 50
) -> ThreadRead:
    """Read a thread with some of its messages, oldest first."""
    thread = await host.conversations.thread(caller, thread_id)
    page = await host.conversations.messages(caller, thread_id, cursor=cursor, limit=limit)
    return await asyncio.to_thread(ThreadRead.with_messages, thread, page)  # renders every answer


@router.delete("/{thread_id}", status_code=204)
async def delete_thread(caller: ChatCaller, host: TheHost, thread_id: ThreadId) -> None:
    """Delete a thread with all that was kept of it; an answer under way there is ended."""
    await host.conversations.delete_thread(caller, thread_id)


@router.post(
    "/{thread_id}/messages",
    response_model=AnswerGiven,
    responses={
        200: {
            **EVENTS,
            "description": "The answer, or with `Accept: text/event-stream` what happens meanwhile",
        },
        202: {"model": RunAccepted, "description": "With `Prefer: respond-async`: work has begun"},
    },
)
async def send_message(
    caller: ChatCaller,
    host: TheHost,
    thread_id: ThreadId,
    taken: MessageTaken,
    accept: Annotated[str, Header()] = "application/json",
    prefer: Annotated[str, Header()] = "",
) -> AnswerGiven | Response:
    """Ask a question, or reply to what was asked back.

    The message is kept before anything is answered; work on it goes on when the connection is lost.
    """
    run = await host.conversations.say(caller, thread_id, taken.content)
    where = {"Location": f"/api/runs/{run.id}"}
    if _prefers_async(prefer):
        accepted = RunAccepted(run_id=run.id, thread_id=thread_id)
        applied = {**where, "Preference-Applied": RESPOND_ASYNC}
        return JSONResponse(accepted.model_dump(), status_code=202, headers=applied)
    if wants_events(accept):
        return EventStream(encoded(host.conversations.follow(caller, run.id)), headers=where)
    return AnswerGiven.of(await host.conversations.answer(caller, run.id))


def _prefers_async(prefer: str) -> bool:
    return RESPOND_ASYNC in {one.partition(";")[0].strip().lower() for one in prefer.split(",")}
