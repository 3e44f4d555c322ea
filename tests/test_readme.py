"""The README is held to the code: settings, defaults, graph, commands and snippets."""

import asyncio
import json
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.bootstrap import open_library
from agent.cli.app import app
from agent.hosting import Listening, open_host
from agent.settings import PREFIX, Settings, load
from graph.build import build
from tests.agent.api.serving import served
from tests.agent.cli.command import plumbline

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SET_BY_THE_LOADER = "file"
LIST_OF_RULES = "ranking.rules"


def section(title: str) -> str:
    """Return one section of the README."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert match, title
    return match[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def documented() -> dict[str, str]:
    """Return the documented default of each key."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| .+ \|$", section("Configuration"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a key is documented twice"
    return dict(rows)


def known(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting of the tree by its path."""
    for name, field in model.model_fields.items():
        path = f"{place}{name}"
        inner, step = _inner(field.annotation)
        if path == SET_BY_THE_LOADER:
            continue
        if inner is None:
            yield path, field
        else:
            yield from known(inner, f"{path}{step}.")


def _inner(annotation: object) -> tuple[type[BaseModel] | None, str]:
    """Return the section inside an annotation, and how a path writes the step into it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, arguments = get_origin(annotation), get_args(annotation)
    step = ".NAME" if origin is dict else "[]" if origin is tuple else ""
    if origin in (dict, tuple, Union, UnionType):
        for argument in arguments:
            found, further = _inner(argument)
            if found is not None:
                return found, f"{step}{further}"
    return None, ""


def _written(field: FieldInfo) -> str:
    """Return how the table writes a default."""
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if value == () or value == {}:
        return "`[]`" if value == () else "`{}`"
    return f"`{json.dumps(str(value) if isinstance(value, Path) else value)}`"


def test_every_setting_is_documented_and_nothing_else() -> None:
    """A key that is added, renamed or removed must be so in the README too."""
    assert sorted(documented()) == sorted(path for path, _ in known(Settings))


def test_every_documented_default_is_the_real_one() -> None:
    """Tuning a default changes the README."""
    table = documented()
    wrong = {
        path: (table[path], _written(field))
        for path, field in known(Settings)
        if table[path] not in (_written(field), "the real day")
    }
    assert wrong == {}


def test_the_documented_environment_variables_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `PLUMBLINE_...` the README shows names a setting."""
    paths = {path for path, _ in known(Settings)}
    shown = re.findall(rf"`{PREFIX}([A-Z_]+)=", section("Configuration"))
    assert len(shown) >= 3
    assert {name.lower().replace("__", ".") for name in shown} <= paths
    monkeypatch.setenv("PLUMBLINE_ASSISTANT__ABSTAIN", "0.4")
    monkeypatch.setenv("PLUMBLINE_KNOWLEDGE_BASES__NOTES__PATHS", '["a", "b"]')
    (tmp_path / "plumbline.toml").write_text('[knowledge_bases.notes]\ndescription = "x"\n')
    settings = load(tmp_path / "plumbline.toml")
    assert settings.assistant.abstain == 0.4
    assert settings.knowledge_bases["notes"].paths == (Path("a"), Path("b"))
    assert settings.knowledge_bases["notes"].description == "x"


def test_the_diagram_is_the_graph() -> None:
    """Nodes and edges of the README are those that are compiled; dotted edges are decisions."""
    (diagram,) = blocks("mermaid")
    shown = {
        (source, target, arrow == "-.->")
        for source, arrow, target in re.findall(r"^\s*(\w+) (-->|-\.->) (\w+)$", diagram, re.MULTILINE)
    }
    compiled = {(edge.source, edge.target, edge.conditional) for edge in build().get_graph().edges}
    assert shown == compiled


def test_the_shown_configuration_loads(tmp_path: Path) -> None:
    """It is complete with what is added to it later, and the database's query stands up to the guard."""
    snippets = blocks("toml")
    assert len(snippets) == 3
    (tmp_path / "plumbline.toml").write_text("\n".join(snippets), encoding="utf-8")
    settings = load(tmp_path / "plumbline.toml")
    assert list(settings.knowledge_bases) == ["handbook"]
    assert settings.server.sites["shop"].origins == ("https://shop.example",)
    assert settings.database is not None
    assert [rule.rows for rule in settings.database.access] == ["department = :department"]
    (query,) = settings.database.queries
    assert plumbline("sql", "check", query.statement, "--config", tmp_path / "plumbline.toml").code == 0


def test_the_shown_commands_exist() -> None:
    """Every command and option of the shell blocks and the table is known to the program."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    shown = [shlex.split(line, comments=True) for line in lines if "plumbline " in line]
    assert len(shown) >= 5
    for _, *arguments in shown:
        _exists(arguments)
    table = re.findall(r"^\| `plumbline ([^`]+)` \| (.+) \|$", section("Command line"), re.MULTILINE)
    for usage, meaning in table:
        words = [word for word in usage.split() if word.islower() and not word.startswith("[")]
        options = re.findall(r"`(--[a-z-]+)", meaning)
        _exists([*words, *options])
    commands = {usage.split()[0] for usage, _ in table}
    assert commands == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group


def test_the_make_targets_exist() -> None:
    """`make demo` and `make test` are in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert set(targets) == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


async def test_the_shown_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library's example over the shown configuration, and OpenAI's client against a server of it."""
    openai, library = blocks("python")
    settings = _handbook(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    names = _run(library)
    await names["main"]()
    told = capsys.readouterr().out
    assert "28 days of holiday" in told
    assert "looking for" in told
    assert "14 days" in told
    here = Listening(host="127.0.0.1", port=8000)
    async with open_host(settings, listening=here) as host, served(host) as client:
        key, address = host.operator, str(client.base_url)
        shown = openai.replace("http://localhost:8000", address.rstrip("/")).replace("pl_...", key)
        reply = (await asyncio.to_thread(_run, shown))["reply"]
    assert "28 days of holiday" in reply.choices[0].message.content
    assert reply.plumbline["citations"][0]["source"] == "holidays.md"


def _handbook(folder: Path) -> Settings:
    """Make the installation that the README writes about, and ingest it."""
    (folder / "plumbline.toml").write_text(blocks("toml")[0], encoding="utf-8")
    (folder / "handbook").mkdir()
    (folder / "handbook" / "holidays.md").write_text(
        "# Holidays\n\n## Full time\nEveryone has 28 days of holiday a year.\n\n"
        "## Part time\nPart-time staff have 14 days of holiday a year.\n",
        encoding="utf-8",
    )
    with closing(sqlite3.connect(folder / "office.db")) as connection:
        connection.execute("CREATE TABLE bookings (room TEXT, booked_by TEXT, day TEXT)")
    settings = load(folder / "plumbline.toml")
    with open_library(settings) as library:
        library.ingest("handbook")
    return settings


def _run(code: str) -> dict[str, Any]:
    """Run a snippet and return its names."""
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own README
    return names


def _exists(arguments: list[str]) -> None:
    """Ask for help on a command; check its options by name."""
    command: object = typer.main.get_command(app)
    for word in arguments:
        command = getattr(command, "commands", {}).get(word, command)
    names = {name for parameter in command.params for name in parameter.opts}  # type: ignore[attr-defined]  # a command
    assert command is not typer.main.get_command(app), arguments
    assert {word for word in arguments if word.startswith("--")} <= names, arguments
