"""plumbline search: look into the knowledge bases without asking for an answer."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from agent.bootstrap import Library, open_library
from agent.cli.indexing import ingest_sample
from agent.cli.options import ConfigOption, JsonOption, answer_lines, console, emit, settings_for
from agent.settings import Settings
from tools.errors import InvalidInput, ModelError
from tools.types import Filter, Hit

MOST = 100


def search(
    query: Annotated[str, typer.Argument(help="What to look for; - reads JSON lines from standard input.")],
    kb: Annotated[str | None, typer.Option("--kb", help="Search only this knowledge base.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Most hits.")] = 5,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Find the passages nearest in meaning and words, best first.

    When the embedding model is of no help, words alone decide, and standard error says so.
    With "-" each input line is an object with "query" and optionally "kb", "limit" and "id".
    """
    settings = settings_for(config)
    _known(kb, settings)
    with open_library(settings) as library:
        ingest_sample(library)
        library.check_ingested()
        if query == "-":
            return answer_lines("query", lambda request: _reply(library, request, kb, limit))
        hits = _search(library, query, kb, limit)
        if json:
            emit({"hits": [as_json(hit) for hit in hits]})
        else:
            _show(hits)
    return 0


def as_json(hit: Hit) -> dict[str, Any]:
    """Return a hit in the shape of the public contract."""
    chunk = hit.chunk
    return {
        "source": chunk.source,
        "knowledge_base": chunk.knowledge_base,
        "title": chunk.title,
        "section": " › ".join(chunk.section),
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "score": round(hit.score, 6),
        "explanation": dict(hit.explanation),
    }


def _reply(library: Library, request: dict[str, Any], kb: str | None, limit: int) -> dict[str, Any]:
    chosen, most = request.get("kb", kb), request.get("limit", limit)
    if type(most) is not int or not 1 <= most <= MOST:
        raise InvalidInput(f"limit {most!r} is not a whole number from 1 to {MOST}")
    _known(chosen, library.settings)
    return {"hits": [as_json(hit) for hit in _search(library, request["query"], chosen, most)]}


def _search(library: Library, query: str, kb: str | None, limit: int) -> list[Hit]:
    if not query.strip():
        raise InvalidInput("the query is empty; say what to look for")
    from agent.questions import clean

    text = clean(query)
    where = Filter(knowledge_bases=(kb,) if kb else ())
    try:
        vector = library.embedder.embed([text])
    except ModelError as error:
        typer.echo(f"plumbline: searched by words alone: {error}", err=True)
        vector = None
    return library.store.search(text, vector, limit=limit, where=where)


def _known(kb: object, settings: Settings) -> None:
    if kb is not None and (not isinstance(kb, str) or kb not in settings.knowledge_bases):
        names = ", ".join(settings.knowledge_bases) or "none"
        raise InvalidInput(f"there is no knowledge base {kb!r}; the configuration has: {names}")


def _show(hits: list[Hit]) -> None:
    screen = console()
    for number, hit in enumerate(hits, start=1):
        reasons = ", ".join(f"{name} {value}" for name, value in hit.explanation.items())
        place = escape(f"{hit.chunk.knowledge_base}/{hit.chunk.source}")
        screen.print(f"[bold]{number}. {escape(hit.chunk.heading)}[/bold]  [dim]{place}[/dim]")
        screen.print(f"   [dim]score {hit.score:.4f} ({reasons})[/dim]")
        screen.print("   " + " ".join(hit.chunk.text.split())[:400], markup=False)
    if not hits:
        screen.print("Nothing found.")
