"""Configuration: plumbline.toml and the environment become one frozen tree.

This module alone reads the environment. Every key has a default that works; `PLUMBLINE_SECTION__KEY`
overrides a key of the file. The table in README.md documents all keys; a test holds the two together.
"""

import os
import tomllib
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from agent.sections import Assistant, Database, Expansion, KnowledgeBase, Models, Ranking
from agent.sections_evaluation import Evaluation
from agent.sections_server import Server, Storage
from agent.sections_tracing import Tracing
from agent.settings_problems import described, unknown_keys, unknown_variables
from tools.errors import ConfigurationError
from tools.types import Mode

CONFIGURATION_FILE = "plumbline.toml"
CONVERSATIONS_FILE = "conversations.db"
PREFIX = "PLUMBLINE_"


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    assistant: Assistant = Assistant()
    knowledge_bases: dict[str, KnowledgeBase] = {}
    database: Database | None = None
    models: Models = Models()
    expansion: Expansion = Expansion()
    ranking: Ranking = Ranking()
    storage: Storage = Storage()
    server: Server = Server()
    evaluation: Evaluation = Evaluation()
    tracing: Tracing = Tracing()
    file: Path = Field(default=Path(CONFIGURATION_FILE), exclude=True)
    """Where the configuration was read from; set by `load`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def resolve(self, path: Path) -> Path:
        """Return a path of the configuration as an absolute one."""
        return (self.file.parent / path.expanduser()).resolve()

    @property
    def mode(self) -> Mode:
        """Return the mode this installation runs in."""
        if self.assistant.mode != "auto":
            return self.assistant.mode
        return "llm" if self.models.reachable else "local"

    @property
    def folder(self) -> Path:
        """Return the installation's data folder."""
        return self.resolve(self.storage.folder)

    @property
    def storage_url(self) -> str:
        """Return where threads, runs, feedback and keys are kept, as a SQLAlchemy URL.

        A relative SQLite path is relative to the configuration file.
        """
        if self.storage.url is None:
            return f"sqlite:///{self.folder / CONVERSATIONS_FILE}"
        url = self.storage.url.get_secret_value()
        prefix, separator, path = url.partition(":///")
        if prefix.startswith("sqlite") and separator and path not in ("", ":memory:"):
            return f"{prefix}:///{self.resolve(Path(path))}"
        return url


def load(path: Path) -> Settings:
    """Read one configuration file.

    Raises:
        ConfigurationError: The file is missing, no TOML, or has keys or values that are wrong; the message
            names all of them.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path}: there is no such file; name an existing one with --config"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error}); check the file and its permissions"
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML ({error}); correct that line") from error
    if unknown := [*unknown_keys(values, Settings), *unknown_variables(os.environ, PREFIX, Settings)]:  # noqa: TID251
        raise ConfigurationError(f"{path}: {'; '.join(unknown)}")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {'; '.join(described(error, Settings))}") from error
    except SettingsError as error:
        raise ConfigurationError(
            f"{path}: the environment has a variable of {PREFIX} that cannot be read ({error}); correct it"
        ) from error
    settings = settings.model_copy(update={"file": path.resolve(), "models": _with_openai(settings.models)})
    if not settings.knowledge_bases and settings.database is None:
        raise ConfigurationError(
            f"{path}: there is nothing to answer from; "
            "add a [knowledge_bases.NAME] with paths, or a [database]"
        )
    return settings


def _with_openai(models: Models) -> Models:
    """Take key and endpoint from the variables that OpenAI's own clients read, unless they are configured."""
    key, url = (os.environ.get(name) for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"))  # noqa: TID251
    update = {
        "api_key": models.api_key or (SecretStr(key) if key else None),
        "base_url": models.base_url or url or None,
    }
    return models.model_copy(update=update)
