"""plumbline sql: the database side on its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent.cli.options import ConfigOption, JsonOption, answer_lines, console, emit
from agent.cli.sql_ask import ask
from agent.cli.sql_keep import keep
from agent.cli.sql_role import role
from agent.cli.sql_tables import tables
from agent.settings import CONFIGURATION_FILE, load
from tools.errors import InvalidInput

if TYPE_CHECKING:
    from tools.database.schema import Schema

sql = typer.Typer(help="Ask the database alone.", no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a statement may read, as far as the configuration says."""

    schema: "Schema | None" = None
    max_rows: int = 200


@sql.callback()
def group() -> None:
    """Ask the database in words, see what may be asked, and check statements against the guard."""


sql.command("ask")(ask)
sql.command("tables")(tables)
sql.command("keep")(keep)
sql.command("role")(role)


@sql.command("check")
def check(
    statement: Annotated[str, typer.Argument(help="One statement; - reads JSON lines from standard input.")],
    dialect: Annotated[
        Literal["sqlite", "postgres"], typer.Option("--dialect", help="SQL dialect.")
    ] = "sqlite",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Tell whether the guard would let a statement run; opens no connection.

    Prints the statement as it would be executed, or the reason why it is refused (exit code 1). With "-"
    each input line is an object with "statement" and optionally "dialect" and "id".
    """
    bounds = _bounds(config)
    if statement == "-":
        return answer_lines(
            "statement",
            lambda request: _verdict(request["statement"], request.get("dialect", dialect), bounds),
        )
    verdict = _verdict(statement, dialect, bounds)
    if json:
        emit(verdict)
    else:
        console().print(
            verdict["normalized"] if verdict["allowed"] else f"refused: {verdict['reason']}", markup=False
        )
    return 0 if verdict["allowed"] else 1


def _verdict(statement: str, dialect: object, bounds: Bounds) -> dict[str, Any]:
    if dialect not in ("sqlite", "postgres"):
        raise InvalidInput(f"dialect {dialect!r} is not known; use sqlite or postgres")
    from tools.database.guard import check as check_statement

    verdict = check_statement(statement, dialect=dialect, schema=bounds.schema, max_rows=bounds.max_rows)
    return {"allowed": verdict.allowed, "reason": verdict.reason, "normalized": verdict.normalized}


def _bounds(config: Path | None) -> Bounds:
    """Return what the configuration allows; without a list of tables only system tables are refused."""
    here = Path(CONFIGURATION_FILE)
    if config is None and not here.exists():
        return Bounds()
    database = load(config or here).database
    if database is None:
        return Bounds()
    from tools.database.schema import Schema, TableSchema

    tables = tuple(TableSchema(name=name) for name in database.tables)
    return Bounds(schema=Schema(tables=tables) if tables else None, max_rows=database.max_rows)
