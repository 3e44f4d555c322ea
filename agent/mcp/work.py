"""What the tools do for one caller: here, or by way of a server that runs."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from agent.access.caller import Caller, Scope
from agent.answer import Answer
from agent.events import Event
from agent.hosting import Host
from agent.lookups import find_passages, found_as_json, reply_as_json
from tools.errors import AccessDenied, InvalidInput


class Work(Protocol):
    """What the tools do for one caller."""

    async def ask(self, question: str, *, thread_id: str | None, on_event: Callable[[Event], None]) -> Answer:
        """Answer a question."""

    async def search(self, query: str, *, knowledge_base: str | None, limit: int) -> dict[str, Any]:
        """Find passages, in the JSON of the public contract."""

    async def query(self, question: str) -> dict[str, Any]:
        """Ask the database, in the JSON of the public contract."""


class HostWork:
    """Works with what this process has opened, as far as the caller's scopes allow."""

    def __init__(self, host: Host, caller: Caller) -> None:
        """Take everything that is open, and on whose behalf it is used."""
        self._host = host
        self._caller = caller

    async def ask(self, question: str, *, thread_id: str | None, on_event: Callable[[Event], None]) -> Answer:
        """Answer a question in a thread that is not listed, or in one of the caller's; cancelling ends it.

        Raises:
            AccessDenied: The caller may not.
            PlumblineError: What the conversations raise.
        """
        self._check("chat")
        conversations = self._host.conversations
        if thread_id is None:
            thread_id = (await conversations.open_thread(self._caller, listed=False)).id
        run = await conversations.say(self._caller, thread_id, question)
        try:
            async for told in conversations.follow(self._caller, run.id):
                on_event(told.event)
            return await conversations.answer(self._caller, run.id)
        except asyncio.CancelledError:
            await asyncio.shield(conversations.cancel(self._caller, run.id))
            raise

    async def search(self, query: str, *, knowledge_base: str | None, limit: int) -> dict[str, Any]:
        """Find passages.

        Raises:
            AccessDenied: The caller may not.
            InvalidInput: The query cannot be used, or there is no such knowledge base.
        """
        self._check("search")
        found = await asyncio.to_thread(
            find_passages,
            self._host.library,
            query,
            knowledge_base=knowledge_base,
            limit=limit,
            principal=self._caller.principal,
        )
        return found_as_json(found)

    async def query(self, question: str) -> dict[str, Any]:
        """Ask the database.

        Raises:
            AccessDenied: The caller may not.
            InvalidInput: The question cannot be used, or there is no database.
        """
        self._check("data")
        if self._host.desk is None:
            raise InvalidInput("there is no database here; use the tool ask or search")
        return reply_as_json(await self._host.desk.ask(question, self._caller.principal))

    def _check(self, scope: Scope) -> None:
        if scope not in self._caller.scopes:
            raise AccessDenied(f"this tool needs the scope {scope!r}; use a key that has it")
