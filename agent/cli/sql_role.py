"""plumbline sql role: the statements that make a PostgreSQL role which can only read."""

from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from agent.cli.options import ConfigOption, JsonOption, emit, settings_for
from agent.settings import Settings
from tools.errors import ConfigurationError


def role(
    name: Annotated[str, typer.Option("--name", help="Name of the role.")] = "plumbline_reader",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    r"""Print the statements with which a superuser makes a role that can read the database and nothing else.

    Nothing is run and no connection opened: read them, then pipe them into psql. Set the role's password with
    psql's \password, and put role and password into the url of [database].
    """
    from tools.database.postgres.posture import reader_role

    settings = settings_for(config)
    tables = settings.database.tables if settings.database else ()
    statements = reader_role(name, database=_database_name(settings), tables=tables)
    if json:
        emit({"statements": list(statements)})
    else:
        typer.echo("\n".join(f"{statement};" for statement in statements))
    return 0


def _database_name(settings: Settings) -> str:
    if settings.database is None:
        raise ConfigurationError(f"{settings.file}: there is no [database]; add one with a url")
    url = urlsplit(settings.database.url.get_secret_value())
    if not url.scheme.startswith("postgres"):
        raise ConfigurationError(
            f"{settings.file}: [database] is no PostgreSQL database; "
            "SQLite has no roles, its file is opened for reading alone"
        )
    name = unquote(url.path.lstrip("/"))
    if not name:
        raise ConfigurationError(
            f"{settings.file}: the url of [database] names no database; write postgresql://ROLE@HOST/NAME"
        )
    return name
