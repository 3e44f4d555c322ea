"""The tools, and the two ways in which they are served: over HTTP, and over standard input and output."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.access.caller import Caller
from agent.answer import Answer
from agent.events import Event, NodeStarted
from agent.footnotes import with_footnotes
from agent.hosting import Host
from agent.lookups import FEW_HITS, MOST_HITS
from agent.mcp.models import PassagesFound, RowsFound
from agent.mcp.work import HostWork, Work
from agent.settings import Settings
from agent.steps import STEPS
from tools.errors import PlumblineError

Asked: TypeAlias = Context[Any, Any]
READING = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What is mounted at an address."""

    application: ASGIApp
    running: AbstractAsyncContextManager[None]
    """To be entered, once, while the application serves."""


def mcp_front(host: Host, caller_of: Callable[[Scope], Caller]) -> Front:
    """Return the streamable HTTP front; every request stands for itself.

    Args:
        host: Everything that is open.
        caller_of: Who sent a request, known from its scope. Whoever mounts the front has found that out, and
            has checked the names and origins that browsers send; the SDK's own check knows no configuration.
    """

    def work_of(context: Asked) -> Work:
        request = context.request_context.request
        if request is None:
            raise AssertionError("over HTTP, every call has its request")
        return HostWork(host, caller_of(request.scope))

    server = build_server(host.settings, work_of)
    server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=host.settings.server.body_kb * 1024,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    manager = server.session_manager

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await manager.handle_request(scope, receive, send)

    return Front(application=application, running=manager.run())


async def serve_over_stdio(settings: Settings, work: Work) -> None:
    """Serve one client over standard input and output until it closes them."""
    await build_server(settings, lambda _: work).run_stdio_async()


def build_server(settings: Settings, work_of: Callable[[Asked], Work]) -> MCPServer[Any]:
    """Return a server with the three tools."""
    bases = "; ".join(
        f"{name}: {base.description.strip()}" for name, base in settings.knowledge_bases.items()
    )
    server = _Tools(
        name=settings.assistant.name,
        instructions=(
            f"{settings.assistant.description.strip()} Every answer is verified against its sources. "
            f"Knowledge bases: {bases or 'none'}."
        ).strip(),
        subscriptions=False,
    )

    for add in (_add_ask, _add_search, _add_query_data):
        add(server, work_of)
    return server


class _Tools(MCPServer[Any]):
    """The SDK's server, which by itself tells wrong arguments in several lines, and repeats them."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Asked | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: It cannot be called so; the message says why, in one line.
        """
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                wrong = (
                    f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.__cause__.errors()
                )
                raise ToolError(f"{name}: {'; '.join(wrong)}") from error
            raise


def _add_ask(server: MCPServer[Any], work_of: Callable[[Asked], Work]) -> None:
    @server.tool(title="Ask", annotations=READING)
    async def ask(
        question: Annotated[str, Field(description="A question in words, at most 8,000 characters.")],
        context: Asked,
        thread_id: Annotated[
            str | None,
            Field(description="That of an earlier answer, to ask on, or to reply to what was asked back."),
        ] = None,
    ) -> Annotated[CallToolResult, Answer]:
        """Answer a question from the documents and the database, with citations that were verified.

        The status says what came of it: answered, partial, clarify (the answer is a question: call again with
        the reply and the thread_id), unanswerable, or declined (it is out of scope).
        """
        progress = _Progress(context)
        with _told():
            answer = await work_of(context).ask(question, thread_id=thread_id, on_event=progress.take)
        await progress.sent()
        return CallToolResult(
            content=[TextContent(type="text", text=with_footnotes(answer))],
            structured_content=answer.model_dump(mode="json"),
        )


def _add_search(server: MCPServer[Any], work_of: Callable[[Asked], Work]) -> None:
    @server.tool(title="Search", annotations=READING)
    async def search(
        query: Annotated[str, Field(description="What to look for, in words.")],
        context: Asked,
        knowledge_base: Annotated[str | None, Field(description="Search only this one.")] = None,
        limit: Annotated[int, Field(description="Most passages.", ge=1, le=MOST_HITS)] = FEW_HITS,
    ) -> PassagesFound:
        """Find the passages of the documents nearest in meaning and words, best first, without an answer."""
        with _told():
            found = await work_of(context).search(query, knowledge_base=knowledge_base, limit=limit)
        return PassagesFound.model_validate(found)


def _add_query_data(server: MCPServer[Any], work_of: Callable[[Asked], Work]) -> None:
    @server.tool(title="Query data", annotations=READING)
    async def query_data(
        question: Annotated[str, Field(description="A question that the database's records can answer.")],
        context: Asked,
    ) -> RowsFound:
        """Answer a question from the SQL database alone, with the statement that was run and its rows.

        Without rows, `error` says why, and what can be asked.
        """
        with _told():
            found = await work_of(context).query(question)
        return RowsFound.model_validate(found)


@contextmanager
def _told() -> Iterator[None]:
    """Have errors that we raise on purpose reach the client in their own words."""
    try:
        yield
    except PlumblineError as error:
        raise ToolError(str(error)) from error


class _Progress:
    """Tells a client that asked for it which steps are being taken."""

    def __init__(self, context: Asked) -> None:
        self._context = context
        self._sending: list[asyncio.Task[None]] = []

    def take(self, event: Event) -> None:
        """Note an event of the run."""
        if isinstance(event, NodeStarted) and (step := STEPS.get(event.node)):
            report = self._context.report_progress(len(self._sending) + 1, message=step)
            self._sending.append(asyncio.create_task(report))

    async def sent(self) -> None:
        """Wait until everything noted was told: a reply ends the stream."""
        await asyncio.gather(*self._sending)
