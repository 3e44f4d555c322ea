"""plumbline trace replay: the same graph again, on what was recorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from agent.cli.harmless import harmless, on_one_line
from agent.cli.options import ConfigOption, JsonOption, console, emit, progress_console
from agent.cli.trace_runs import SHORT, Runs, open_runs
from tools.errors import InvalidInput, PlumblineError

if TYPE_CHECKING:
    from agent.tracing.replaying import Replay

LONGEST = 200
"""Characters that are shown of what was expected and found."""


def replay(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...",
            help='Runs: ids or their beginnings, "last", or files that plumbline trace export wrote.',
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every recorded run.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Run the graph again on what was recorded, and compare the state after every step.

    Needs no network, no model, no documents and no database: what was recorded answers. A difference is how
    a change of the code shows itself, and is told with its step. The exit code is 1 when a run differs.
    """
    if bool(runs) == every:
        raise InvalidInput("name runs, or give --all (plumbline trace replay last)")
    return asyncio.run(_replay_all(runs or [], config, json=json, single=not every and len(runs or []) == 1))


async def _replay_all(names: list[str], config: Path | None, *, json: bool, single: bool) -> int:
    from agent.tracing.replaying import replay as replayed

    screen, different, failed, done = console(), 0, 0, 0
    async with open_runs(config) as runs:
        async for name in _named(runs, names):
            try:
                one = await runs.get(name)
                found = await replayed(one.recording)
            except PlumblineError as error:
                if single:
                    raise
                failed += 1
                _tell(screen, name, {"error": str(error)}, json=json)
                continue
            done, different = done + 1, different + (not found.equal)
            told = _told(found)
            _tell(screen, one.summary.run_id, told, json=json, alone=single)
    if not single:
        _summarise(
            screen,
            {"runs": done, "equal": done - different, "different": different, "failed": failed},
            json=json,
        )
    return 1 if different or failed else 0


async def _named(runs: Runs, names: list[str]) -> AsyncIterator[str]:
    """Yield the runs to replay; a person at a terminal sees how far it is."""
    from rich.progress import track

    from agent.recording.summary import Wanted

    names = names or [summary.run_id for summary in await runs.wanted(Wanted(), None)]
    screen = progress_console()
    shown = not screen.is_terminal or len(names) == 1
    for name in track(names, "replaying", console=screen, transient=True, disable=shown):
        yield name


def _told(found: "Replay") -> dict[str, Any]:
    """Return a replay as JSON, in the form of the public contract."""
    whole = asdict(found)
    order = ("equal", "steps", "first_divergence", "network_calls", "milliseconds")
    return {name: whole[name] for name in order}


def _tell(screen: Console, name: str, told: dict[str, Any], *, json: bool, alone: bool = False) -> None:
    if json:
        emit(told if alone else {"run_id": name, **told})
        return
    if "error" in told:
        screen.print(Text(f"{name[:SHORT]}  cannot be replayed: {told['error']}", style="red"))
        return
    facts = f"{told['steps']} steps, {told['network_calls']} network calls, {told['milliseconds']:,.0f} ms"
    if told["equal"]:
        screen.print(Text(f"{name[:SHORT]}  equal: {facts}", style="green"))
        return
    divergence = harmless(told["first_divergence"])
    screen.print(Text(f"{name[:SHORT]}  differs at step {divergence['step']}: {facts}", style="red"))
    screen.print(Text(f"  {on_one_line(divergence['what'])}"))
    for side in ("expected", "found"):
        screen.print(Text(f"  {side}: {_written(divergence[side])}", style="dim"))


def _summarise(screen: Console, counts: dict[str, int], *, json: bool) -> None:
    if json:
        emit(counts)
        return
    told = f"{counts['runs']} replayed: {counts['equal']} equal, {counts['different']} different"
    failed = f", {counts['failed']} not replayable" if counts["failed"] else ""
    screen.print(Text(told + failed, style="bold"))


def _written(value: object) -> str:
    from json import dumps

    return on_one_line(dumps(value, ensure_ascii=False), LONGEST)
