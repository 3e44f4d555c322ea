"""The command line's table of contents."""

from collections.abc import Sequence

import typer

from agent.cli.ask import ask
from agent.cli.demo import demo
from agent.cli.doctor import doctor
from agent.cli.evaluate import evaluate
from agent.cli.ingest import ingest
from agent.cli.keys import keys
from agent.cli.mcp import mcp
from agent.cli.search import search
from agent.cli.serve import serve
from agent.cli.sql import sql
from agent.cli.trace import trace
from tools.errors import InvalidInput

INTERRUPTED = 130

app = typer.Typer(
    name="plumbline",
    help="Answers from documents and data, every one hanging true to its sources.\n\n"
    "Start with: plumbline demo. Then write a plumbline.toml for your own documents and database, "
    "run plumbline ingest, and ask, or plumbline serve.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.command()(ask)
app.command()(search)
app.command()(ingest)
app.command()(serve)
app.command()(mcp)
app.add_typer(keys, name="keys")
app.add_typer(sql, name="sql")
app.add_typer(evaluate, name="eval")
app.add_typer(trace, name="trace")
app.command()(doctor)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; a usage error is raised as one line."""
    try:
        code = app(args=list(arguments), standalone_mode=False)
    except typer.Abort as error:
        # Typer turns an interruption into this; its cause is what happened.
        raise error.__cause__ or error from None
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            return 0
        raise InvalidInput(f"{error.format_message()} (plumbline --help shows what can be done)") from error
    if code == INTERRUPTED:
        raise KeyboardInterrupt  # Typer has turned it into a number
    return code if isinstance(code, int) else 0
