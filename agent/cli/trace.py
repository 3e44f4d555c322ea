"""plumbline trace: look at what questions did, run them again, change a step, keep them as tests."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agent.cli.options import ConfigOption, JsonOption, console, emit
from agent.cli.trace_files import export, take_in
from agent.cli.trace_fork import fork
from agent.cli.trace_replay import replay
from agent.cli.trace_runs import Run, RunArgument, open_runs

if TYPE_CHECKING:
    from agent.recording.summary import Wanted
    from agent.tracing.views import StepGiven, TraceGiven, TraceSummary

HELP = """Look at recorded questions, replay, fork, compare and keep them.

A wrong answer: "trace show last" tells which step went wrong, "trace show last --step 4" what it did.
"trace fork last --step 3 --set assistant.abstain=0.4" tries a change from there on, "trace diff A B" shows
what became of it, and "trace keep B" makes a test of it, which "eval run" checks step by step.

After a change of the code, "trace replay --all" says what goes another way than when it was recorded, without
network and model. "trace export last --scrub" makes a file for somebody else, who can show and replay it.
"""

trace = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)


@trace.callback()
def group() -> None:
    """Look at what questions did, step by step; run them again, change a step, keep them as tests."""


SearchOption = Annotated[
    str | None, typer.Option("--search", metavar="TEXT", help="In the question, or begins the run's id.")
]
StatusOption = Annotated[
    str | None,
    typer.Option("--status", help="answered, partial, clarify, unanswerable, declined, failed or cancelled."),
]
RouteOption = Annotated[
    str | None, typer.Option("--route", help="A knowledge base, database or out_of_scope.")
]
SlowOption = Annotated[
    float | None, typer.Option("--slow", metavar="MS", help="Took longer than that.", min=0)
]
DegradedOption = Annotated[bool, typer.Option("--degraded", help="Something could not be reached.")]
UnfaithfulOption = Annotated[
    float | None,
    typer.Option("--unfaithful", metavar="SHARE", help="Faithfulness is below that.", min=0, max=1),
]
ThumbOption = Annotated[
    Literal["up", "down"] | None, typer.Option("--thumb", help="What the asker said of the answer.")
]
LimitOption = Annotated[int, typer.Option("--limit", help="Most runs.", min=1)]


@trace.command("list")
def listed(
    search: SearchOption = None,
    status: StatusOption = None,
    route: RouteOption = None,
    slow: SlowOption = None,
    degraded: DegradedOption = False,
    unfaithful: UnfaithfulOption = None,
    thumb: ThumbOption = None,
    limit: LimitOption = 20,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """List recorded runs, the latest first; every condition that is given must hold."""
    from agent.recording.summary import Wanted

    wanted = Wanted(
        text=search,
        status=status,
        route=route,
        slower_than_ms=slow,
        degraded=degraded or None,
        faithfulness_below=unfaithful,
        thumb=thumb,
    )
    found = asyncio.run(_list(config, wanted, limit))
    if json:
        emit({"traces": [one.model_dump(mode="json") for one in found]})
    else:
        from agent.cli.showing_trace import show_list

        show_list(console(), found)
    return 0


@trace.command("show")
def show(
    run: RunArgument,
    step: Annotated[
        int | None, typer.Option("--step", metavar="N", help="Everything of one step.", min=1)
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Show a run: what stands out, its steps and calls along time, its answer.

    Solid bars are what the run waited for, step after step. With --step: the state that the step changed,
    prompts and completions, passages and why each stands where it does, SQL with the guard's decision,
    claims with their evidence.
    """
    if step is None:
        given = asyncio.run(_trace(config, run))
        if json:
            emit(given.model_dump(mode="json"))
        else:
            from agent.cli.showing_trace import show_trace

            show_trace(console(), given)
        return 0
    one = asyncio.run(_step(config, run, step))
    if json:
        emit(one.model_dump(mode="json"))
    else:
        from agent.cli.showing_trace_step import show_step

        show_step(console(), one)
    return 0


trace.command("replay")(replay)
trace.command("fork")(fork)


@trace.command("diff")
def diff(
    a: RunArgument,
    b: RunArgument,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Compare two runs: steps side by side, state, evidence, answer, time and cost."""
    from agent.tracing.diffing import compare

    first, second = asyncio.run(_two(config, a, b))
    found = compare(first.recording, second.recording, a_summary=first.summary, b_summary=second.summary)
    if json:
        emit(found.model_dump(mode="json"))
    else:
        from agent.cli.showing_trace_step import show_comparison

        show_comparison(console(), found)
    return 0


@trace.command("keep")
def keep(
    run: RunArgument,
    file: Annotated[
        Path | None, typer.Option("--file", help="JSONL of cases; default what tracing.cases names.")
    ] = None,
    case_id: Annotated[str | None, typer.Option("--id", help="Of the case; the run's by default.")] = None,
    note: Annotated[str, typer.Option("--note", help="What is to be remembered of it.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Make a run, or its corrected fork, an evaluation case that plumbline eval run checks step by step."""
    from agent.tracing.keeping import append, case_of

    one, cases = asyncio.run(_one_and_cases(config, run))
    case = case_of(one.recording, id=case_id, note=note)
    where = file or cases
    added = append(case, where)
    if json:
        emit({"case": case.model_dump(mode="json"), "file": where.name, "added": added})
    else:
        said = "is now in" if added else "was already in"
        console().print(f"case {case.id} {said} {where.name}", markup=False)
    return 0


@trace.command("delete")
def delete(run: RunArgument, config: ConfigOption = None, json: JsonOption = False) -> int:
    """Delete the recording of a run; its conversation and its forks stay."""
    deleted = asyncio.run(_delete(config, run))
    if json:
        emit({"deleted": deleted})
    else:
        console().print(f"the recording of run {deleted} is deleted", markup=False)
    return 0


trace.command("export")(export)
trace.command("import")(take_in)


async def _list(config: Path | None, wanted: "Wanted", limit: int) -> "list[TraceSummary]":
    from agent.tracing.views import TraceSummary

    async with open_runs(config) as runs:
        return [TraceSummary.of(summary) for summary in await runs.wanted(wanted, limit)]


async def _trace(config: Path | None, name: str) -> "TraceGiven":
    async with open_runs(config) as runs:
        one = await runs.get(name)
        if one.stored:
            return await (await runs.desk()).trace(one.summary.run_id, owner=None)
        from agent.tracing.view import trace_given

        return trace_given(one.recording, one.summary)


async def _step(config: Path | None, name: str, number: int) -> "StepGiven":
    from agent.tracing.view_step import step_given

    return step_given((await _one(config, name)).recording, number)


async def _one(config: Path | None, name: str) -> Run:
    async with open_runs(config) as runs:
        return await runs.get(name)


async def _two(config: Path | None, a: str, b: str) -> tuple[Run, Run]:
    async with open_runs(config) as runs:
        return await runs.get(a), await runs.get(b)


async def _one_and_cases(config: Path | None, name: str) -> tuple[Run, Path]:
    async with open_runs(config) as runs:
        return await runs.get(name), runs.settings.resolve(runs.settings.tracing.cases)


async def _delete(config: Path | None, name: str) -> str:
    async with open_runs(config) as runs:
        run_id = await runs.id_of(name)
        await (await runs.storage()).traces.delete(run_id, owner=None)
        return run_id
