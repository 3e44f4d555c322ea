"""The sections of the configuration: every key with its default, documented in README.md."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator

from tools.ranking.rules import RuleKind
from tools.types import ChunkingMethod, ParameterKind


class Section(BaseModel):
    """Base of all sections: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Budget(Section):
    """What one question may spend."""

    seconds: float = Field(default=30.0, gt=0)
    """Wall time of one question."""
    model_calls: int = Field(default=4, ge=0)
    """Most calls of a language model."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens of all model calls together, input and output."""
    usd: float | None = Field(default=None, ge=0)
    """Most money; needs prices."""


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
    classify: bool = True
    """Off: every question may belong anywhere; a rung of the ladder."""
    instructions: Literal["full", "plain"] = "full"
    """plain: the shortest prompt and no worked examples, or the nearest sentences; a rung of the ladder."""
    verify: bool = True
    """Off: evidence is always thought enough, and answers are let out unchecked; a rung of the ladder."""
    budget: Budget = Budget()
    """What one question may spend."""
    examples: Path | None = None
    """JSON lines with model answers, shown to the language model by similarity, beside the built-in ones."""


class Chunking(Section):
    """How documents are cut."""

    tokens: int = Field(default=220, ge=32, le=2000)
    """Most tokens of one chunk."""
    method: ChunkingMethod = "structure"
    """structure (by headings first) or fixed (by tokens alone)."""


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


class Access(Section):
    """What some group may see of one table; a table without rules is seen whole."""

    table: str
    """The table or view."""
    groups: tuple[str, ...] = ()
    """Who the rule is for; empty means everybody, also who belongs to no group."""
    hidden: tuple[str, ...] = ()
    """Columns that do not exist for them."""
    masked: tuple[str, ...] = ()
    """Columns that read as unknown (NULL) for them."""
    rows: str | None = None
    """Condition on rows, such as `customer_id = :customer_id`; `:names` are the asker's attributes."""


ExampleChoice = Literal["none", "question", "hypothetical"]
"""How worked examples are chosen: not at all, by likeness of the question, or of a first draft's SQL."""


class Asking(Section):
    """How SQL is written for questions that no named query answers; each rung is a switch."""

    enabled: bool = True
    """Off: only named queries are run."""
    examples: ExampleChoice = "hypothetical"
    """none, question or hypothetical (by the SQL of a first draft); for a language model."""
    difficulty: bool = True
    """Whether examples must be as difficult as the first draft."""
    repairs: int = Field(default=2, ge=0, le=2)
    """How often a statement that failed is written anew, with the error at hand."""
    votes: int = Field(default=1, ge=1, le=5)
    """Candidates of a language model, of which the result that most agree on is taken."""


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
    workers: int = Field(default=2, ge=1, le=16)
    """Processes that run statements; one that overruns its time is ended and replaced."""
    memory_mb: int = Field(default=48, ge=32)
    """Memory that a statement may take in its process."""
    most_cost: float = Field(default=50_000_000, gt=0)
    """Estimated work of a statement, in rows it reads or PostgreSQL's units of cost; more is refused."""
    allow_writable_role: bool = False
    """Whether PostgreSQL may be read through a role that could write."""
    access: tuple[Access, ...] = ()
    """What groups of askers may see."""
    asking: Asking = Asking()
    """Questions that no named query answers."""


class Price(Section):
    """What a model costs, in US dollars for a million tokens."""

    input: float = Field(default=0.0, ge=0)
    """Tokens of prompts."""
    output: float = Field(default=0.0, ge=0)
    """Tokens of replies."""
    cached_input: float | None = Field(default=None, ge=0)
    """Tokens of prompts that the provider had cached; as much as `input` by default."""


class Models(Section):
    """Models by name, and the endpoint that serves them."""

    chat: str = "gpt-4.1-mini"
    """The language model that writes."""
    planner: str | None = None
    """The one that plans; the same by default."""
    judge: str | None = None
    """The one that judges; the same by default."""
    base_url: str | None = None
    """An OpenAI-compatible endpoint; also OPENAI_BASE_URL."""
    api_key: SecretStr | None = None
    """Its key; also OPENAI_API_KEY."""
    seconds: float = Field(default=20.0, gt=0)
    """Longest wait for one request."""
    attempts: int = Field(default=3, ge=1, le=10)
    """Requests of one call, retries included."""
    concurrency: int = Field(default=8, ge=1)
    """Requests at the same time."""
    output_tokens: int = Field(default=1500, ge=64)
    """Longest reply."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Sampling temperature; the model's own by default."""
    datamarking: bool = True
    """Interleave untrusted text with a marker, so that the model cannot take it for instructions."""
    prices: dict[str, Price] = {}
    """Prices by model name."""
    embedding: str = "bundled"
    """`bundled`, a fastembed model name, a folder, or `openai:NAME` for one of the endpoint."""
    embedding_dimension: int | None = Field(default=None, ge=1)
    """Length of an endpoint's vectors; asked for once by default."""
    reranker: str | None = None
    """A fastembed cross-encoder by name, or a folder; none by default."""

    @property
    def reachable(self) -> bool:
        """Tell whether a language model was configured."""
        return self.api_key is not None or self.base_url is not None


class Expansion(Section):
    """Families of queries that are searched for; each can be switched off."""

    question: bool = True
    """The question itself."""
    sub_questions: bool = True
    """Each part of a compound question."""
    rewrites: bool = True
    """The same in other words, or with more of the conversation."""
    hypothetical: bool = True
    """A made-up answer (HyDE) of a language model."""
    hypothetical_by_rules: bool = False
    """In local mode, the question turned into the beginning of its answer."""


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
    search: Literal["hybrid", "dense"] = "hybrid"
    """hybrid: by vectors and by words (BM25); dense: by vectors alone."""
    rerank: bool = True
    """Off: passages stay in the order of the searches, without cross-encoder and rules."""
    hits: int = Field(default=20, ge=1, le=200)
    """Hits of one search."""
    passages: int = Field(default=8, ge=1, le=50)
    """Passages that reach the writer for one sub-question."""
    evidence_tokens: int = Field(default=3000, ge=100)
    """Token budget of those passages."""
