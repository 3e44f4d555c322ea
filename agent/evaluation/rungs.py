"""The rungs of the ladder: each a technique that settings take away or put in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.settings import Settings
from tools.errors import ConfigurationError
from tools.types import Cell

EVERY = "*"
"""Stands in a dotted key for every name, such as that of a knowledge base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One technique."""

    name: str
    description: str
    off: Mapping[str, Cell]
    """Dotted keys with their values while it is left out."""
    on: Mapping[str, Cell]
    """The same while it is in; what the configuration says by default."""


BASELINE = "baseline"
FULL = "full"
BUILT_IN: tuple[Rung, ...] = (
    Rung(
        name="hyde",
        description="search with a hypothetical answer, too",
        off={"expansion.hypothetical": False, "expansion.hypothetical_by_rules": False},
        on={"expansion.hypothetical": True, "expansion.hypothetical_by_rules": True},
    ),
    Rung(
        name="chunking",
        description="cut documents by their headings instead of every so many tokens",
        off={"knowledge_bases.*.chunking.method": "fixed"},
        on={},
    ),
    Rung(
        name="embeddings",
        description="search by words (BM25 vectors) beside the dense vectors",
        off={"ranking.search": "dense"},
        on={},
    ),
    Rung(
        name="rerank",
        description="drop duplicates, score by the cross-encoder if there is one, apply the rules",
        off={"ranking.rerank": False},
        on={},
    ),
    Rung(
        name="classify",
        description="route each question, and note the products it names",
        off={"assistant.classify": False},
        on={},
    ),
    Rung(
        name="prompt",
        description="full instructions and worked examples; in local mode, whole answers, not just sentences",
        off={"assistant.instructions": "plain"},
        on={},
    ),
    Rung(name="tools", description="ask the SQL database", off={"database": None}, on={}),
    Rung(
        name="expand",
        description="split compound questions, and search for each in several wordings",
        off={"expansion.sub_questions": False, "expansion.rewrites": False},
        on={},
    ),
    Rung(
        name="verify",
        description="weigh the evidence before answering, ask back, and check every claim after",
        off={"assistant.verify": False},
        on={},
    ),
)


def rungs_of(settings: Settings) -> tuple[Rung, ...]:
    """Return the rungs in order: the built-in ones that mean anything here, then the user's own.

    Raises:
        ConfigurationError: Two rungs share a name, or a rung of one's own says nothing.
    """
    own = tuple(
        Rung(name=one.name, description=one.description, off=one.off, on=one.on)
        for one in settings.evaluation.rungs
    )
    for rung in own:
        if not rung.off and not rung.on:
            raise ConfigurationError(f"evaluation.rungs: {rung.name!r} changes nothing; give off or on")
    known = (*(one for one in BUILT_IN if one.name != "tools" or settings.database is not None), *own)
    names = [one.name for one in (*BUILT_IN, *own)]
    twice = sorted({name for name in names if names.count(name) > 1 or name in (BASELINE, FULL)})
    if twice:
        raise ConfigurationError(f"evaluation.rungs: the name {twice[0]!r} is taken; choose another")
    return known


def switches(rungs: Sequence[Rung], kept: Sequence[str]) -> dict[str, Cell]:
    """Return the settings with which the named rungs are in and all others are out."""
    changed: dict[str, Cell] = {}
    for rung in rungs:
        changed.update(rung.on if rung.name in kept else rung.off)
    return changed


def switched(settings: Settings, changed: Mapping[str, Cell]) -> Settings:
    """Return settings of which some keys are others.

    Args:
        settings: The configuration.
        changed: Dotted key, such as `ranking.search`, with its value; `*` stands for every name.

    Raises:
        ConfigurationError: There is no such key, or it cannot have that value.
    """
    for key, value in changed.items():
        section, *path = key.split(".")
        if section not in Settings.model_fields or section == "storage":
            raise ConfigurationError(f"a rung cannot change {key[:80]!r}; name a key of another section")
        before = getattr(settings, section)
        after = _with(before, path, value, key) if path else value
        settings = settings.model_copy(update={section: after})
    return settings


def _with(holder: Any, path: Sequence[str], value: Cell, key: str) -> Any:  # noqa: ANN401 - sections and tables
    name, *rest = path
    if isinstance(holder, Mapping):
        names = list(holder) if name == EVERY else [name]
        if not set(names) <= set(holder):
            raise ConfigurationError(f"a rung changes {key[:80]!r}, but there is no {name[:40]!r}")
        return {**holder, **{one: _with(holder[one], rest, value, key) if rest else value for one in names}}
    if not isinstance(holder, BaseModel) or name not in type(holder).model_fields:
        raise ConfigurationError(f"a rung changes {key[:80]!r}, but the configuration has no such key")
    fields = {one: getattr(holder, one) for one in type(holder).model_fields}
    fields[name] = _with(fields[name], rest, value, key) if rest else value
    try:
        return type(holder).model_validate(fields)
    except ValidationError as error:
        raise ConfigurationError(f"a rung changes {key[:80]!r}: {error.errors()[0]['msg']}") from error
