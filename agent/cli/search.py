"""plumbline search: look into the knowledge bases without asking for an answer."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol

import typer
from rich.markup import escape

from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, answer_lines_async, console, emit, settings_for
from agent.lookups import FEW_HITS, MOST_HITS, check_knowledge_base, find_passages, found_as_json
from agent.running_server import running_server
from agent.settings import Settings
from tools.errors import InvalidInput


class Searching(Protocol):
    """Searches, here or by way of a server."""

    async def __call__(self, query: str, *, knowledge_base: str | None, limit: int) -> dict[str, Any]:
        """Find passages."""


def search(
    query: Annotated[str, typer.Argument(help="What to look for; - reads JSON lines from standard input.")],
    kb: Annotated[str | None, typer.Option("--kb", help="Search only this knowledge base.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_HITS, help="Most hits.")] = FEW_HITS,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Find the passages nearest in meaning and words, best first.

    When the embedding model is of no help, words alone decide, and standard error says so.
    With "-" each input line is an object with "query" and optionally "kb", "limit" and "id".
    """
    settings = settings_for(config)
    check_knowledge_base(kb, settings)
    if query == "-":
        return asyncio.run(_search_many(settings, kb, limit))
    found = asyncio.run(_search_one(settings, query, kb, limit))
    if json:
        emit(found)
    else:
        _show(found["hits"])
    return 0


async def _search_one(settings: Settings, query: str, kb: str | None, limit: int) -> dict[str, Any]:
    async with _opened(settings) as find:
        return _remarked(await find(query, knowledge_base=kb, limit=limit))


async def _search_many(settings: Settings, kb: str | None, limit: int) -> int:
    async with _opened(settings) as find:

        async def reply(request: dict[str, Any]) -> dict[str, Any]:
            chosen, most = request.get("kb", kb), request.get("limit", limit)
            if type(most) is not int or not 1 <= most <= MOST_HITS:
                raise InvalidInput(f"limit {most!r} is not a whole number from 1 to {MOST_HITS}")
            check_knowledge_base(chosen, settings)
            return _remarked(await find(request["query"], knowledge_base=chosen, limit=most))

        return await answer_lines_async("query", reply)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Searching]:
    """Open what searches: the server of this installation when one runs, else its library."""
    async with running_server(settings.folder) as server:
        if server is not None:
            yield server.search
            return
    with library_of(settings) as library:
        ingest_sample(library)
        library.check_ingested()

        async def search_library(query: str, *, knowledge_base: str | None, limit: int) -> dict[str, Any]:
            return found_as_json(find_passages(library, query, knowledge_base=knowledge_base, limit=limit))

        yield search_library


def _remarked(found: dict[str, Any]) -> dict[str, Any]:
    """Say on standard error how it was found, where that matters; the output holds the hits alone."""
    if found.get("remark"):
        typer.echo(f"plumbline: {found['remark']}", err=True)
    return {"hits": found["hits"]}


def _show(hits: Sequence[Mapping[str, Any]]) -> None:
    screen = console()
    for number, hit in enumerate(hits, start=1):
        reasons = ", ".join(f"{name} {value}" for name, value in hit["explanation"].items())
        heading = " › ".join(filter(None, (hit["title"], hit["section"])))
        place = escape(f"{hit['knowledge_base']}/{hit['source']}")
        screen.print(f"[bold]{number}. {escape(heading)}[/bold]  [dim]{place}[/dim]")
        screen.print(f"   [dim]score {hit['score']:.4f} ({reasons})[/dim]")
        screen.print("   " + " ".join(hit["text"].split())[:400], markup=False)
    if not hits:
        screen.print("Nothing found.")
