"""plumbline keys: who may use the API, and what for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.bootstrap import make_data_folder
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.cli.sql_ask import principal_of
from agent.settings import Settings
from tools.errors import InvalidInput
from tools.types import Principal

if TYPE_CHECKING:
    from agent.access.keys import Issued
    from agent.storage.opening import Storage
    from agent.storage.records import Key

LONGEST_NAME = 100

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)


@keys.callback()
def group() -> None:
    """Make, list and revoke the keys with which programs use the API of a server."""


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="chat, search, data, traces, metrics or admin; may be repeated; chat by default.",
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", help="Keys of one owner see the same conversations; the name by default."),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="A group whose documents and rows it may see.")
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="NAME=VALUE", help="What row filters know of its holder."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Make a key and show its secret, once: only a digest of it is kept."""
    _check_name(name)
    rights = principal_of(groups=group or (), attributes=attribute or (), option="--attribute")
    issued, others = asyncio.run(
        _create(
            settings_for(config),
            name=name.strip(),
            owner=owner or f"key:{name.strip()}",
            scopes=scope or ["chat"],
            rights=rights,
        )
    )
    if json:
        emit({**as_json(issued.key), "secret": issued.secret})
    else:
        _show(issued, others)
    return 0


def _show(issued: "Issued", others: int) -> None:
    screen = console()
    if others:
        owner = issued.key.owner
        screen.print(f"its conversations are those of {owner}, who has {others} more", markup=False)
    scopes = ", ".join(issued.key.scopes)
    screen.print(f"key {issued.key.id} for {scopes}; its secret is shown this once:")
    typer.echo(issued.secret)


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"name {name[:80]!r} is not usable; take 1 to {LONGEST_NAME} printable characters")


@keys.command("list")
def listed(config: ConfigOption = None, json: JsonOption = False) -> int:
    """List all keys; secrets are nowhere to be had."""
    found = asyncio.run(_all(settings_for(config)))
    if json:
        emit({"keys": [as_json(key) for key in found]})
        return 0
    screen = console()
    for key in found:
        state = "revoked" if key.revoked else "in use"
        facts = f"{', '.join(key.scopes)}; owner {key.owner}; made {key.created:%Y-%m-%d}; {state}"
        screen.print(f"{key.id}  {key.name}: {facts}", markup=False)
    if not found:
        screen.print("There are no keys.")
    return 0


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="That of the list, not the secret.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Make a key useless, at once and for good."""
    revoked = asyncio.run(_revoke(settings_for(config), key_id))
    if json:
        emit({"revoked": revoked})
    else:
        console().print(f"key {revoked} is revoked", markup=False)
    return 0


def as_json(key: "Key") -> dict[str, Any]:
    """Return a key without anything secret."""
    return {
        "id": key.id,
        "name": key.name,
        "owner": key.owner,
        "scopes": list(key.scopes),
        "groups": list(key.groups),
        "attributes": dict(key.attributes),
        "created_at": key.created.isoformat(),
        "revoked_at": key.revoked.isoformat() if key.revoked else None,
    }


async def _create(
    settings: Settings, *, name: str, owner: str, scopes: list[str], rights: Principal
) -> "tuple[Issued, int]":
    """Make a key; return it, and how many others its owner has."""
    from agent.access.keys import issue

    issued = issue(name, owner=owner, scopes=scopes, groups=rights.groups, attributes=rights.attributes)
    async with _storage(settings) as storage:
        others = sum(key.owner == owner for key in await storage.keys.all())
        await storage.keys.add(issued.key)
    return issued, others


async def _all(settings: Settings) -> "list[Key]":
    async with _storage(settings) as storage:
        return list(await storage.keys.all())


async def _revoke(settings: Settings, key_id: str) -> str:
    from agent.access.keys import id_of

    key_id = id_of(key_id) or key_id  # a secret that is to be revoked is best not repeated
    async with _storage(settings) as storage:
        await storage.keys.revoke(key_id)
    return key_id


@asynccontextmanager
async def _storage(settings: Settings) -> "AsyncIterator[Storage]":
    """Open where keys are kept; a server that runs is not disturbed, and heeds them at once."""
    from agent.storage.opening import open_storage

    make_data_folder(settings.folder)
    async with open_storage(settings.storage_url) as storage:
        yield storage
