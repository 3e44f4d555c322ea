"""plumbline demo: see real questions answered within a minute."""

import asyncio
from typing import Annotated

import typer

from agent.answer import Answer
from agent.bootstrap import Library
from agent.cli.indexing import ingest_all, library_of
from agent.cli.options import JsonOption, console, emit
from agent.cli.serve import serve_installation
from agent.cli.showing import show_answer
from agent.demo.workspace import configuration, prepare, tour
from agent.settings import load


def demo(
    json: JsonOption = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the tour.")] = False,
) -> int:
    """Ingest the sample company Fernhill, answer a short tour of questions, and serve it.

    With --json it ends after the tour.
    """
    settings = load(configuration())
    prepare(settings)
    screen = console()
    with library_of(settings) as library:
        for report in ingest_all(library, list(settings.knowledge_bases)):
            documents = library.count(report.knowledge_base)
            if not json:
                read = report.added + report.updated
                screen.print(f"{report.knowledge_base}: {documents} documents ({read} read now)")
        answers = asyncio.run(_answer(library, tour(), quiet=json))
    if json:
        emit({"answers": [answer.model_dump() for answer in answers]})
        return 0
    screen.print('\nAsk your own: [bold].venv/bin/plumbline ask "How do I clean the steam wand?"[/bold]')
    if not no_serve:
        screen.print("Or ask in a browser:\n")
        serve_installation(settings)
    return 0


async def _answer(library: Library, questions: list[str], *, quiet: bool) -> list[Answer]:
    from agent.assistant import open_session

    answers = []
    screen = console()
    async with open_session(library) as session:
        for question in questions:
            answers.append(await session.ask(question))
            if not quiet:
                screen.print(f"\n[bold]{question}[/bold]")
                show_answer(screen, answers[-1])
    return answers
