"""The configuration as a recording keeps it: what answers depend on, without secrets and places."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.recording.recording import Json
from agent.sections import Assistant, Database, Expansion, KnowledgeBase, Models, Ranking
from agent.settings import Settings
from tools.errors import ConfigurationError

_LEFT_OUT: Mapping[str, Any] = {  # Any: what pydantic takes for it
    "assistant": {"examples"},
    "knowledge_bases": {"__all__": {"paths"}},
    "database": {"url"},
    "models": {"api_key", "base_url"},
}
SECTIONS = ("assistant", "knowledge_bases", "database", "models", "expansion", "ranking")


def setup_of(settings: Settings) -> dict[str, Json]:
    """Return the configuration that answers depend on; the mode is the one that was in force."""
    setup: dict[str, Json] = settings.model_dump(mode="json", include=set(SECTIONS), exclude=dict(_LEFT_OUT))
    setup["assistant"]["mode"] = settings.mode
    return setup


def settings_from(setup: Mapping[str, Json]) -> Settings:
    """Return the configuration of a recording; it has no places, and no environment changes it.

    Raises:
        ConfigurationError: A key or value is wrong; the message names it.
    """
    database = setup.get("database")
    try:
        return Settings.model_construct(
            assistant=_read(Assistant, setup, "assistant"),
            knowledge_bases={
                name: KnowledgeBase.model_validate(base)
                for name, base in dict(setup.get("knowledge_bases") or {}).items()
            },
            database=None if database is None else Database.model_validate({**database, "url": "sqlite://"}),
            models=_read(Models, setup, "models"),
            expansion=_read(Expansion, setup, "expansion"),
            ranking=_read(Ranking, setup, "ranking"),
        )
    except (ValidationError, TypeError, ValueError) as error:
        raise ConfigurationError(f"the configuration of the recording: {_told(error)}") from error


def changed(setup: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """Return a configuration with some of its keys changed.

    Args:
        setup: The configuration.
        changes: Dotted key, such as `assistant.abstain`, with its new value.

    Raises:
        ConfigurationError: There is no such key.
    """
    after: dict[str, Json] = dict(setup)
    for key, value in changes.items():
        *path, last = key.split(".")
        if not path or path[0] not in SECTIONS:
            raise ConfigurationError(
                f"a fork cannot change {key[:80]!r}; change a key of {', '.join(SECTIONS)}"
            )
        place: Json = after
        for name in path:
            found = place.get(name) if isinstance(place, dict) else None
            if not isinstance(found, dict):
                raise ConfigurationError(f"the configuration of the recording has no key {key[:80]!r}")
            place[name] = place = dict(found)
        place[last] = value
    return after


def _read(section: type[BaseModel], setup: Mapping[str, Json], name: str) -> Any:  # noqa: ANN401 - the section
    return section.model_validate(setup.get(name) or {})


def _told(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "a section is no table; correct it"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
