"""The README is held to the code: settings, defaults, graph, commands and snippets."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.cli.app import app
from agent.settings import PREFIX, Settings, load
from graph.build import build
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
    assert len(snippets) == 2
    (tmp_path / "plumbline.toml").write_text("\n".join(snippets), encoding="utf-8")
    settings = load(tmp_path / "plumbline.toml")
    assert list(settings.knowledge_bases) == ["handbook"]
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
        options = re.findall(r"`(--[a-z]+)", meaning)
        _exists([*words, *options])
    commands = {usage.split()[0] for usage, _ in table}
    assert commands == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group


def test_the_make_targets_exist() -> None:
    """`make demo` and `make test` are in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert set(targets) == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_shown_python_uses_what_the_package_offers() -> None:
    """The snippet parses, and its names exist."""
    (snippet,) = blocks("python")
    ast.parse(snippet)
    import agent

    assert hasattr(agent.Assistant, "open")
    assert hasattr(agent.Assistant, "ask")


def _exists(arguments: list[str]) -> None:
    """Ask for help on a command; check its options by name."""
    command: object = typer.main.get_command(app)
    for word in arguments:
        command = getattr(command, "commands", {}).get(word, command)
    names = {name for parameter in command.params for name in parameter.opts}  # type: ignore[attr-defined]  # a command
    assert command is not typer.main.get_command(app), arguments
    assert {word for word in arguments if word.startswith("--")} <= names, arguments
