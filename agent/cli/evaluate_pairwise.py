"""plumbline eval pairwise: whose answers are better, by a model or by a person who sees no names."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.evaluate_compare import folder_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, progress_console, settings_for
from tools.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from agent.evaluation.pairwise.outcome import Outcome, Verdicts
    from agent.evaluation.pairwise.pairing import Pairing
    from agent.settings import Settings

SHOWN = 20
"""Cases and problems that are listed; `--json` has all."""


def pairwise(
    before: Annotated[
        str, typer.Argument(help="A run: its folder, or RUN or LADDER/RUN in the data folder.")
    ],
    after: Annotated[str, typer.Argument(help="Another over the same cases.")],
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write a page for a person to vote on.")
    ] = None,
    votes: Annotated[
        Path | None, typer.Option("--votes", metavar="FILE", help="Count the votes that the page saved.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Compare two runs' answers pair by pair, and rate the runs (Elo, Bradley-Terry with intervals).

    The configured model is asked twice about each pair, the second time with the answers exchanged; what it
    then says otherwise is a tie. A person gets a page instead that names neither run and works without a
    server: 1 or 2 is better, 0 neither.

    By the model: plumbline eval pairwise ladder/baseline ladder/full

    By a person: plumbline eval pairwise ladder/baseline ladder/full --page votes.html

    Their votes: plumbline eval pairwise ladder/baseline ladder/full --votes votes.jsonl
    """
    from agent.evaluation.pairwise.outcome import outcome_of
    from agent.evaluation.pairwise.pairing import pairing_of
    from agent.evaluation.pairwise.votes import read_votes
    from agent.evaluation.runs import read_run

    if page is not None and votes is not None:
        raise InvalidInput("--page writes the page, --votes counts what it saved; give one of them")
    settings = settings_for(config)
    pairing = pairing_of(read_run(folder_of(settings, before)), read_run(folder_of(settings, after)))
    if page is not None:
        _write(pairing, page, json=json)
        return 0
    verdicts = read_votes(votes, pairing) if votes else asyncio.run(_judged(settings, pairing))
    outcome = outcome_of(pairing, verdicts)
    if json:
        emit(outcome.model_dump(mode="json"))
    else:
        _show(outcome)
    return 0


def _write(pairing: "Pairing", page: Path, *, json: bool) -> None:
    from agent.evaluation.pairwise.page import page_of

    try:
        page.write_text(page_of(pairing), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{page}: cannot be written; name a file in a folder that is there") from error
    if json:
        emit({"page": str(page), "cases": len(pairing.pairs), "same": len(pairing.same)})
    else:
        said = f"{page}: {len(pairing.pairs)} pairs to vote on; open it in a browser, then give --votes"
        console().print(said, markup=False, soft_wrap=True)


async def _judged(settings: "Settings", pairing: "Pairing") -> "Verdicts":
    from rich.progress import Progress

    from agent.endpoints import chat_for, open_endpoint
    from agent.evaluation.pairwise.judging import judge

    if settings.mode == "local":
        raise ConfigurationError(
            "a model has to judge, and the mode is local; configure one (OPENAI_API_KEY or models.base_url, "
            'assistant.mode "auto" or "llm"), or let a person vote: --page FILE'
        )
    screen = progress_console()
    async with open_endpoint(settings) as endpoint:
        chat = chat_for(settings, endpoint, settings.models.judge)
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
            task = progress.add_task("comparing", total=len(pairing.pairs))
            return await judge(
                pairing,
                chat,
                marked=settings.models.datamarking,
                advanced=lambda: progress.advance(task),
            )


def _show(outcome: "Outcome") -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    table = Table("run", "better", "Elo", "Bradley-Terry", "95 %", title="Pairs of answers")
    for name, rating in outcome.bradley_terry.items():
        table.add_row(
            escape(name),
            str(outcome.wins[name]),
            f"{outcome.elo[name]:.0f}",
            f"{rating.estimate:.0f}",
            f"{rating.low:.0f} … {rating.high:.0f}",
        )
    screen.print(table)
    words = {"kept": "better", "harmful": "worse", "no effect": "no sure difference"}
    found = outcome.advantage
    told = f"{found.estimate:+.3f} ({found.low:+.3f} … {found.high:+.3f}), {words[found.decision]}"
    ties = f"{outcome.ties} ties ({outcome.same} in the same words, {outcome.torn} where the order decided)"
    summary = f"{outcome.second} over {outcome.first}: {told}; {ties}, {outcome.undecided} not compared"
    screen.print(summary, markup=False, soft_wrap=True)
    for one in [one for one in outcome.decided if one.better][:SHOWN]:
        told = f"  {one.better}: {one.id} {one.question}{f' ({one.reason})' if one.reason else ''}"
        screen.print(told, markup=False, soft_wrap=True)
    for problem in outcome.problems[:SHOWN]:
        screen.print(problem, markup=False, soft_wrap=True, style="red")
    if len(outcome.problems) > SHOWN:
        screen.print(f"and {len(outcome.problems) - SHOWN} more; --json lists all", style="dim")
