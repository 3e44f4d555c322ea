"""plumbline trace fork: a recorded question again from one of its steps, with something changed."""

import asyncio
import json as reading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit
from agent.cli.trace_runs import RunArgument, open_runs
from agent.running_server import running_server
from tools.errors import InvalidInput

if TYPE_CHECKING:
    from agent.recording.recording import Changes, Json
    from agent.settings import Settings
    from agent.tracing.diffing import Comparison

MODEL = "models.chat"


StepOption = Annotated[
    int,
    typer.Option("--step", metavar="N", help="Keep everything up to this step; 0 runs all again.", min=0),
]
StateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        metavar="CHANNEL=JSON",
        help="What a channel holds behind the step; @FILE takes an object of channels.",
    ),
]
PromptOption = Annotated[
    list[str] | None,
    typer.Option("--prompt", metavar="NAME=@FILE", help="Text that replaces one of the prompts."),
]
SettingOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A key of the configuration: assistant.abstain=0.3"),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="Another language model.")]


def fork(
    run: RunArgument,
    step: StepOption,
    state: StateOption = None,
    prompt: PromptOption = None,
    setting: SettingOption = None,
    model: ModelOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Run a recorded question again from behind a step, with something changed.

    Calls that stay equal are answered by the recording, the others are made. The fork is kept beside its
    parent and is no part of the conversation; what it changed in the answer is shown.
    """
    from agent.recording.recording import Changes

    configuration = _pairs(setting, "--set KEY=VALUE", _value)
    if model is not None:
        configuration[MODEL] = model
    changes = Changes(
        state=_channels(state or ()),
        prompts=_pairs(prompt, "--prompt NAME=@FILE", _text),
        configuration=configuration,
    )
    found = asyncio.run(_fork(config, run, step, changes))
    if json:
        answer = found.answer.model_dump(mode="json")
        emit(
            {
                "fork": found.b.model_dump(mode="json"),
                "answer": answer,
                "first_difference": found.first_difference,
            }
        )
        return 0
    _show(found)
    return 0


def _show(found: "Comparison") -> None:
    from agent.cli.harmless import harmless
    from agent.cli.showing_trace import facts_of
    from agent.cli.showing_trace_step import show_lines
    from agent.tracing.diffing import Comparison

    screen, both = console(), Comparison.model_validate(harmless(found.model_dump()))
    screen.print(Text(f"fork {both.b.run_id}", style="bold"))
    screen.print(Text("  " + " · ".join(facts_of(both.b)), style="dim"))
    if both.answer.lines:
        show_lines(screen, "answer", both.answer.lines)
    else:
        screen.print(Text("  the answer is the same"))
    screen.print(Text(f"  plumbline trace diff {both.a.run_id} {both.b.run_id} shows the rest", style="dim"))


async def _fork(config: Path | None, name: str, step: int, changes: "Changes") -> "Comparison":
    from agent.tracing.diffing import compare

    async with open_runs(config) as runs:
        parent = await runs.id_of(name)
        child = await _forked(runs.settings, parent, step, changes)
        a, b = await runs.get(parent), await runs.get(child)
        return compare(a.recording, b.recording, a_summary=a.summary, b_summary=b.summary)


async def _forked(settings: "Settings", run_id: str, step: int, changes: "Changes") -> str:
    """Fork by way of the server of this installation when one runs, else here; return the fork's id."""
    async with running_server(settings.folder) as server:
        if server is not None:
            return await server.fork(run_id, step, changes)
    from agent.tracing.opening import open_live_desk

    with library_of(settings) as library:
        ingest_sample(library)
        async with open_live_desk(library) as desk:
            return (await desk.fork(run_id, step, changes, owner=None)).run_id


def _channels(given: Sequence[str]) -> "dict[str, Json]":
    found: dict[str, Json] = {}
    for one in given:
        if one.startswith("@"):
            value = _json(_file(one[1:]), f"the file {one[1:][:80]!r}")
            if not isinstance(value, dict):
                raise InvalidInput(f"the file {one[1:][:80]!r} holds no object of channels")
            found |= value
        else:
            found |= _pairs([one], "--state CHANNEL=JSON", _state)
    return found


def _pairs(given: Sequence[str] | None, form: str, read: "Callable[[str], Json]") -> "dict[str, Json]":
    """Read options of the form NAME=VALUE."""
    found: dict[str, Json] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"{one[:80]!r} is not of the form {form}")
        if name.strip() in found:
            raise InvalidInput(f"{name.strip()[:80]!r} is given twice; give it once")
        found[name.strip()] = read(value)
    return found


def _text(written: str) -> str:
    return _file(written[1:]) if written.startswith("@") else written


def _value(written: str) -> "Json":
    """Read a value as JSON where it is some, else as text."""
    try:
        return reading.loads(written)
    except ValueError:
        return written


def _state(written: str) -> "Json":
    return _json(written, f"the value {written[:80]!r} of --state")


def _json(written: str, where: str) -> "Json":
    try:
        return reading.loads(written)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is not JSON; text stands in quotation marks") from error


def _file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the file {name[:200]!r} cannot be read as text") from error
