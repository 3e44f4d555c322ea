"""Configuration: plumbline.toml and the environment become one frozen tree.

This module alone reads the environment. Every key has a default that works; `PLUMBLINE_SECTION__KEY`
overrides a key of the file. The table in README.md documents all keys; a test holds the two together.
"""

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from agent.settings_problems import described, unknown_keys, unknown_variables
from tools.errors import ConfigurationError
from tools.ranking.rules import RuleKind
from tools.types import ParameterKind

CONFIGURATION_FILE = "plumbline.toml"
PREFIX = "PLUMBLINE_"


class Section(BaseModel):
    """Base of all sections: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Budget(Section):
    """What one question may spend."""

    seconds: float = Field(default=30.0, gt=0)
    """Wall time of one question."""


class Assistant(Section):
    """The assistant as a whole."""

    name: str = "Plumbline"
    """How the assistant calls itself."""
    description: str = ""
    """One sentence on what it can be asked; shown when it declines."""
    mode: Literal["auto", "local", "llm"] = "auto"
    """auto picks llm when a key or base URL is set."""
    abstain: float = Field(default=0.2, ge=0, le=1)
    """Evidence below this confidence is no answer."""
    faithfulness: float = Field(default=0.8, ge=0, le=1)
    """Answers of which a smaller share holds are withheld; from the others what does not hold is cut."""
    in_scope: float = Field(default=0.34, ge=0, le=1)
    """Unanswered questions less likely than this to belong here are declined."""
    today: date | None = None
    """Pins "today", for samples and tests; default the real day."""
    budget: Budget = Budget()
    """What one question may spend."""


class Chunking(Section):
    """How documents are cut."""

    tokens: int = Field(default=220, ge=32, le=2000)
    """Most tokens of one chunk."""


class KnowledgeBase(Section):
    """One knowledge base."""

    description: str = ""
    """What the documents are about; the router learns from it."""
    paths: tuple[Path, ...] = ()
    """Files and folders, relative to the configuration file."""
    examples: tuple[str, ...] = Field(
        default=(), validation_alias=AliasChoices("examples", "example_questions")
    )
    """Questions that belong here; the router learns from them."""
    language: str = "english"
    """Language of the documents, for stemming and for choosing the search branches."""
    chunking: Chunking = Chunking()
    """How documents are cut."""

    @field_validator("paths", mode="before")
    @classmethod
    def _one_path_is_a_list(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class QueryParameter(Section):
    """One variable of a named query."""

    kind: ParameterKind = "text"
    """text, integer, number, date, period, choice or value."""
    pattern: str | None = None
    """text: regular expression that recognises the value."""
    choices: dict[str, tuple[str, ...]] | tuple[str, ...] = ()
    """choice: the values, each with words that mean it."""
    column: str | None = None
    """value: `table.column` whose distinct values are linked to."""
    required: bool = True
    """Whether to ask back when the question does not give it."""
    default: str | int | float | bool | None = None
    """Used when an optional parameter is not given."""
    ask: str = ""
    """What to ask back."""


class Query(Section):
    """One named, parameterised query."""

    name: str
    """Identifies the query."""
    description: str
    """What it answers, in words."""
    statement: str
    """One SELECT with :name parameters."""
    examples: tuple[str, ...] = ()
    """Questions it answers."""
    parameters: dict[str, QueryParameter] = {}
    """The variables by name."""
    answer: str | None = None
    """Sentence for a single row, with {column} and {parameter} fields."""
    empty: str | None = None
    """Sentence for no rows, with {parameter} fields."""


class Database(Section):
    """The SQL database."""

    url: SecretStr
    """SQLAlchemy URL; a relative SQLite path is relative to the configuration file."""
    description: str = ""
    """What the data are about; the router learns from it."""
    tables: tuple[str, ...] = ()
    """Tables that may be read; empty means all."""
    descriptions: dict[str, str] = {}
    """Words for `table` or `table.column`."""
    queries: tuple[Query, ...] = ()
    """The catalogue of named queries."""
    max_rows: int = Field(default=200, ge=1, le=10_000)
    """Most rows of one result."""
    seconds: float = Field(default=5.0, gt=0)
    """Longest run of one statement."""


class Models(Section):
    """Models by name."""

    embedding: str = "bundled"
    """`bundled`, a fastembed model name, or a folder."""
    reranker: str | None = None
    """A fastembed cross-encoder by name, or a folder; none by default."""


class RankingRule(Section):
    """One declarative ranking rule."""

    kind: RuleKind
    """superseded, recency, authority or product."""
    factor: float = Field(default=1.0, ge=0)
    """superseded: factor for documents not in force; product: for a match."""
    mismatch: float = Field(default=1.0, ge=0)
    """product: factor for documents only about other products."""
    half_life_days: float = Field(default=365.0, gt=0)
    """recency: age at which half of the weight above the floor is left."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """recency: factor no age falls below."""
    factors: dict[str, float] = {}
    """authority: factor by the document's authority."""
    knowledge_bases: tuple[str, ...] = ()
    """Bases the rule applies to; empty means all."""


class Ranking(Section):
    """From hits to evidence."""

    rules: tuple[RankingRule, ...] = (RankingRule(kind="superseded", factor=0.3),)
    """Applied in order; each multiplies the score."""
    hits: int = Field(default=20, ge=1, le=200)
    """Hits of one search."""
    passages: int = Field(default=8, ge=1, le=50)
    """Passages that reach the writer for one sub-question."""
    evidence_tokens: int = Field(default=3000, ge=100)
    """Token budget of those passages."""


class Storage(Section):
    """Where an installation keeps its data."""

    folder: Path = Path(".plumbline")
    """Folder for everything, relative to the configuration file."""
    qdrant_url: str | None = None
    """A Qdrant server to use instead of the embedded engine."""
    qdrant_api_key: SecretStr | None = None
    """Its API key."""
    qdrant_collection: str = "plumbline"
    """Its collection."""


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    assistant: Assistant = Assistant()
    knowledge_bases: dict[str, KnowledgeBase] = {}
    database: Database | None = None
    models: Models = Models()
    ranking: Ranking = Ranking()
    storage: Storage = Storage()
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
    def folder(self) -> Path:
        """Return the installation's data folder."""
        return self.resolve(self.storage.folder)


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
    settings = settings.model_copy(update={"file": path.resolve()})
    if not settings.knowledge_bases and settings.database is None:
        raise ConfigurationError(
            f"{path}: there is nothing to answer from; "
            "add a [knowledge_bases.NAME] with paths, or a [database]"
        )
    return settings
