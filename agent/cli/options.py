"""Options that several commands share, and how they read and write."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from agent.settings import CONFIGURATION_FILE, Settings, load
from tools.errors import InvalidInput, PlumblineError

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; default ./plumbline.toml, else the built-in sample."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Reply = TypeVar("Reply")
LONGEST_LINE = 1_000_000
"""Characters of one input line."""


def settings_for(config: Path | None) -> Settings:
    """Read the configuration a command works with; the sample is prepared when it is meant."""
    here = Path(CONFIGURATION_FILE)
    if config is not None or here.exists():
        return load(config or here)
    from agent.demo.workspace import configuration, prepare

    settings = load(configuration())
    prepare(settings)
    return settings


def console() -> Console:
    """Return the console for people's eyes, on standard output."""
    return Console(highlight=False, soft_wrap=False)


def progress_console() -> Console:
    """Return the console for progress and remarks, on standard error."""
    return Console(stderr=True, highlight=False)


def emit(value: object) -> None:
    """Print one JSON object on one line; what the output cannot encode is written as escapes."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def json_lines(field: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of standard input, one a line; a bare line of text counts as `field`.

    A line that cannot be used is yielded as `{"error": ...}`, so that every line gets its answer.
    """
    stream = getattr(sys.stdin, "buffer", sys.stdin)
    for number, raw in enumerate(stream, start=1):
        line = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
        if line.strip():
            yield _parsed(line, number, field)


def answer_lines(field: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer each input line with one output line that repeats its `id`; return the exit code."""
    code = 0
    for request in json_lines(field):
        try:
            reply = _checked(answer, request)
        except PlumblineError as error:
            reply, code = {"error": str(error)}, 2
        emit({"id": request["id"], **reply} if "id" in request else reply)
    return code


async def answer_lines_async(
    field: str, answer: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
) -> int:
    """Do what `answer_lines` does, for answers that take a while."""
    code = 0
    for request in json_lines(field):
        try:
            reply = await _checked(answer, request)
        except PlumblineError as error:
            reply, code = {"error": str(error)}, 2
        emit({"id": request["id"], **reply} if "id" in request else reply)
    return code


def _checked(answer: Callable[[dict[str, Any]], Reply], request: dict[str, Any]) -> Reply:
    if "error" in request and len(request) == 1:
        raise InvalidInput(request["error"])
    return answer(request)


def _parsed(line: str, number: int, field: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        return {"error": f"line {number} is longer than {LONGEST_LINE} characters"}
    try:
        value = json.loads(line, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return {"error": f'line {number} is not a JSON object; write {{"{field}": "..."}}'}
    if isinstance(value, str):
        return {field: value}
    if not isinstance(value, dict) or not isinstance(value.get(field), str):
        return {"error": f"line {number} has no text under {field!r}"}
    return value


def _no_json(constant: str) -> object:
    """Refuse NaN and Infinity, which Python reads and other programs do not."""
    raise ValueError(constant)
