"""plumbline trace export and import: one run as a file for another installation."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import ConfigOption, JsonOption, console, emit
from agent.cli.trace_runs import SHORT, Run, RunArgument, open_runs, read_file
from agent.owners import LOCAL
from tools.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from agent.tracing.views import TraceSummary

STANDARD = "-"
"""Names standard input and output."""


def export(
    run: RunArgument,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; default trace-ID.json here; - prints.")
    ] = None,
    scrub: Annotated[bool, typer.Option("--scrub", help="Replace personal data.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Write a run to one file that another installation can import, show and replay.

    --scrub replaces addresses of mail and machines, telephone, card and account numbers, queries and
    credentials of web addresses, and whose run it is, each by something of the same form. Names of people
    are not recognised.
    """
    from agent.tracing.exporting import exported

    one = asyncio.run(_one(config, run))
    content = exported(one.recording, scrub=scrub)
    if output == Path(STANDARD):
        sys.stdout.write(content.decode() + "\n")
        return 0
    file = output or Path(f"trace-{one.summary.run_id[:SHORT]}.json")
    _write_new(file, content)
    if json:
        emit({"run_id": one.summary.run_id, "file": str(file), "bytes": len(content), "scrubbed": scrub})
    else:
        console().print(f"run {one.summary.run_id} is in {file} ({len(content):,} bytes)", markup=False)
    return 0


def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An exported run; - reads standard input.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Take in a run that was exported, here or elsewhere; it can then be shown, replayed and forked."""
    content = sys.stdin.buffer.read() if file == Path(STANDARD) else read_file(file)
    taken = asyncio.run(_take_in(config, content))
    if json:
        emit(taken.model_dump(mode="json"))
    else:
        console().print(f"run {taken.run_id} is taken in", markup=False)
    return 0


async def _one(config: Path | None, name: str) -> Run:
    async with open_runs(config) as runs:
        return await runs.get(name)


async def _take_in(config: Path | None, content: bytes) -> "TraceSummary":
    from agent.tracing.views import TraceSummary

    async with open_runs(config) as runs:
        return TraceSummary.of(await (await runs.desk()).take_in(content, owner=LOCAL))


def _write_new(file: Path, content: bytes) -> None:
    """Write a file for our account alone; it holds what people asked."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(f"the file {str(file)[:200]!r} exists; name another with --output") from error
    except OSError as error:
        raise InvalidInput(f"the file {str(file)[:200]!r} cannot be written ({error.strerror})") from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
