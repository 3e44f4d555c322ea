"""Conversations that a person is to take over: ask for one, and find those that wait."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query

from agent.access.caller import Caller
from agent.api.models import MOST_AT_ONCE, Cursor, ThreadId
from agent.api.models_runs import HandOffGiven, HandOffRead, HandOffsGiven, HandOffTaken
from agent.api.security import AdminCaller, ChatCaller, TheHost
from agent.hosting import Host
from agent.storage.records import Message
from tools.errors import AccessDenied, NotFound

router = APIRouter(prefix="/api", tags=["hand-offs"])
Few = Annotated[int, Query(ge=1, le=50, description="Most of them.")]


@router.post("/threads/{thread_id}/handoff")
async def hand_off(
    caller: ChatCaller, host: TheHost, thread_id: ThreadId, taken: HandOffTaken | None = None
) -> HandOffGiven:
    """Ask for a person to take over; the reply carries all that was said."""
    _check_site(host, caller)
    taken = taken or HandOffTaken()
    handoff = await host.conversations.hand_off(caller, thread_id, contact=taken.contact, note=taken.note)
    return HandOffGiven.of(handoff, await _transcript(host, thread_id, owner=caller.owner))


@router.get("/handoffs")
async def list_handoffs(
    _caller: AdminCaller, host: TheHost, cursor: Cursor = None, limit: Few = 20
) -> HandOffsGiven:
    """List the conversations of everybody that a person is to take over, latest first, with what was said."""
    page = await host.storage.handoffs.page(cursor=cursor, limit=limit)
    found = []
    for handoff in page.items:
        with suppress(NotFound):  # deleted since the page was read
            messages = await _transcript(host, handoff.thread_id, owner=handoff.owner)
            found.append(HandOffRead.found(handoff, messages))
    return HandOffsGiven(handoffs=found, next=page.next)


def _check_site(host: Host, caller: Caller) -> None:
    site = host.settings.server.sites.get(caller.site) if caller.site is not None else None
    if site is not None and not site.handoff:
        raise AccessDenied("this site has nobody to hand a conversation over to; ask the assistant instead")


async def _transcript(host: Host, thread_id: str, *, owner: str) -> list[Message]:
    messages: list[Message] = []
    cursor: str | None = None
    while True:
        page = await host.storage.threads.messages(thread_id, owner=owner, cursor=cursor, limit=MOST_AT_ONCE)
        messages += page.items
        if (cursor := page.next) is None:
            return messages
