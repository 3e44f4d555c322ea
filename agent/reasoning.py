"""Chooses the judgments of the graph: the local ones, or a language model in front of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.endpoints import chat_for
from agent.settings import Settings
from graph.plan import Families
from graph.reasoning.local.judge import LocalJudge
from graph.reasoning.local.passages import complete, nearest
from graph.reasoning.local.planner import LocalPlanner
from graph.reasoning.local.router import Classifier, Everywhere
from graph.reasoning.local.sql.writer import LocalSqlWriter
from graph.reasoning.local.supports import SpanFinder
from graph.reasoning.local.writer import LocalWriter
from graph.reasoning.ports import Judgments, SqlWriter
from graph.reasoning.trusting import Trusting
from tools.database.schema import ReflectedDatabase
from tools.ports import Catalog, Chat, Clock, Embedder, Reranker, Similarity, Store
from tools.types import ANYONE, Principal

if TYPE_CHECKING:
    from graph.reasoning.llm.examples import Examples
    from graph.reasoning.llm.planner import LlmPlanner
    from graph.reasoning.llm.sql_examples import SqlExamples
    from tools.models.endpoint import Endpoint

TABLES, COLUMNS = 40, 200
"""Most tables that a planner is told of, and most characters of each one's columns."""
CALLS_BEHIND = 2
"""Model calls that an answer may need once its rows are there: to write it, and to judge it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModels:
    """The language models of an installation, and what they are shown."""

    chat: "Callable[[str], Chat]"
    """Returns a model by name."""
    examples: "Examples"
    sql_examples: "SqlExamples | None"
    """None when no SQL is written."""
    tables: Sequence[tuple[str, str]] = ()
    """Names of tables that SQL may be written over, with what is known of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that is outside of the graph: live and on tape, or played from a recording."""

    store: Store
    embedder: Embedder
    similarity: Similarity
    catalog: Catalog | None
    database: ReflectedDatabase | None
    reranker: Reranker | None
    clock: Clock
    classifier: Callable[[Principal], Classifier]
    """Returns the router as an asker may know it."""
    models: LanguageModels | None
    """None in local mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """One implementation of every reasoning port."""

    judgments: Callable[[Classifier], Judgments]
    """Makes those that know what a router knows."""
    sql_writer: SqlWriter | None
    """None when only named queries may be run, or there is no database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalReasoning:
    """The judgments that need no model; the others fall back on them."""

    planner: LocalPlanner
    judge: LocalJudge
    writer: LocalWriter
    sql_writer: LocalSqlWriter | None

    def knowing(self, router: Classifier) -> "LocalReasoning":
        """Return the judgments that know what a router knows."""
        judge = replace(self.judge, lexicon=router.lexicon, finder=self.judge.finder.reading(router.lexicon))
        return replace(self, planner=replace(self.planner, router=router), judge=judge)

    def judgments(self, router: Classifier) -> Judgments:
        """Return them for the graph."""
        own = self.knowing(router)
        return Judgments(planner=own.planner, judge=own.judge, writer=own.writer, knowledge=router.lexicon)


def local_reasoning(settings: Settings, outside: Outside, *, about: str) -> LocalReasoning:
    """Return the judgments of the local mode."""
    router = outside.classifier(ANYONE)
    finder = SpanFinder(router.lexicon, outside.similarity)
    sql_writer = local_sql_writer(settings, outside.database) if outside.database is not None else None
    return LocalReasoning(
        planner=LocalPlanner(
            router=router,
            embedder=outside.embedder,
            catalog=outside.catalog,
            about=about,
            composer=sql_writer,
            families=Families(**settings.expansion.model_dump(exclude={"hypothetical_by_rules"})),
            hypothetical=settings.expansion.hypothetical_by_rules,
        ),
        judge=LocalJudge(
            lexicon=router.lexicon,
            finder=finder,
            abstain=settings.assistant.abstain if settings.assistant.verify else 0.0,
            asks_back=settings.assistant.verify,
            quotes=complete if settings.assistant.instructions == "full" else nearest,
        ),
        writer=LocalWriter(),
        sql_writer=sql_writer,
    )


def unclassified(outside: Outside) -> Outside:
    """Return the same, but for a router that does not classify."""
    return replace(outside, classifier=lambda principal: Everywhere(router=outside.classifier(principal)))


def local_sql_writer(settings: Settings, database: ReflectedDatabase) -> LocalSqlWriter | None:
    """Return what writes SQL by rules; None when only named queries may be run."""
    asked = settings.database is not None and settings.database.asking.enabled
    return LocalSqlWriter(database) if asked else None


def reasoning_for(settings: Settings, local: LocalReasoning, outside: Outside) -> Reasoning:
    """Return the judgments of the installation's mode; without language models the local ones."""
    if outside.models is not None:
        reasoning = _with_model(settings, local, outside.models, outside.similarity)
    else:
        reasoning = Reasoning(judgments=local.judgments, sql_writer=local.sql_writer)
    return reasoning if settings.assistant.verify else _trusting(reasoning)


def _trusting(reasoning: Reasoning) -> Reasoning:
    def judgments(router: Classifier) -> Judgments:
        known = reasoning.judgments(router)
        return replace(known, judge=Trusting(judge=known.judge))

    return replace(reasoning, judgments=judgments)


def live_models(
    settings: Settings,
    endpoint: "Endpoint | None",
    embedder: Embedder,
    database: ReflectedDatabase | None,
) -> LanguageModels | None:
    """Return the models of an endpoint with their examples, on tape; None without an endpoint."""
    if endpoint is None:
        return None
    from agent.kept_examples import example_store
    from agent.recording.chat import TapedChat
    from agent.recording.judging import TapedExamples, TapedSqlExamples
    from graph.reasoning.llm.examples import ExampleStore, read_examples

    own = settings.assistant.examples
    examples = [*(read_examples(settings.resolve(own)) if own else ()), *read_examples()]
    written = database if settings.database is not None and settings.database.asking.enabled else None
    return LanguageModels(
        chat=lambda name: TapedChat(chat_for(settings, endpoint, name)),
        examples=TapedExamples(ExampleStore(examples, embedder)),
        sql_examples=None
        if written is None
        else TapedSqlExamples(example_store(settings, embedder, dialect=written.dialect)),
        tables=() if written is None else _tables(written),
    )


def _with_model(
    settings: Settings, local: LocalReasoning, models: LanguageModels, similarity: Similarity
) -> Reasoning:
    from graph.reasoning.llm.judge import LlmJudge
    from graph.reasoning.llm.writer import LlmWriter

    rules, marked = local.sql_writer, settings.models.datamarking
    planner = _model_planner(settings, local, models)
    judging = models.chat(settings.models.judge or settings.models.chat)
    judge = LlmJudge(chat=judging, local=local.judge, marked=marked)
    writer = LlmWriter(
        chat=models.chat(settings.models.chat),
        local=local.writer,
        local_judge=local.judge,
        examples=models.examples,
        faithfulness=settings.assistant.faithfulness,
        name=settings.assistant.name,
        marked=marked,
        plain=settings.assistant.instructions == "plain",
    )

    def judgments(router: Classifier) -> Judgments:
        known = local.knowing(router)
        return Judgments(
            planner=replace(planner, local=known.planner),
            judge=replace(judge, local=known.judge),
            writer=replace(writer, local_judge=known.judge),
            knowledge=router.lexicon,
        )

    sql_writer = None
    if rules is not None and models.sql_examples is not None:
        chat = models.chat(settings.models.chat)
        sql_writer = llm_sql_writer(
            settings, rules, chat, examples=models.sql_examples, similarity=similarity
        )
    return Reasoning(judgments=judgments, sql_writer=sql_writer)


def _model_planner(settings: Settings, local: LocalReasoning, models: LanguageModels) -> "LlmPlanner":
    from graph.reasoning.llm.planner import LlmPlanner

    queries = settings.database.queries if settings.database else ()
    return LlmPlanner(
        chat=models.chat(settings.models.planner or settings.models.chat),
        local=local.planner,
        bases={name: base.description for name, base in settings.knowledge_bases.items()},
        queries=[(query.name, query.description) for query in queries],
        tables=models.tables,
        marked=settings.models.datamarking,
    )


def _tables(database: ReflectedDatabase) -> list[tuple[str, str]]:
    """Return the tables that everybody may see, with what is known of them, for a planner to count on."""
    return [
        (table.name, table.description or ", ".join(column.name for column in table.columns)[:COLUMNS])
        for table in database.schema().tables[:TABLES]
    ]


def llm_sql_writer(
    settings: Settings,
    local: LocalSqlWriter,
    chat: Chat,
    *,
    examples: "SqlExamples",
    similarity: Similarity,
    calls_behind: int = CALLS_BEHIND,
) -> SqlWriter:
    """Return a model that writes SQL for the database of the rules, which fall in for it.

    Args:
        settings: Its switches.
        local: The rules.
        chat: The model.
        examples: What it is shown.
        similarity: Chooses tables of large schemas.
        calls_behind: Model calls that the answer needs once its rows are there.
    """
    from graph.reasoning.llm.sql_view import SchemaLinker
    from graph.reasoning.llm.sql_writer import LlmSqlWriter

    if settings.database is None:
        raise AssertionError("rules are made for a database")
    asking = settings.database.asking
    return LlmSqlWriter(
        chat=chat,
        local=local,
        linker=SchemaLinker(local.database, similarity),
        store=examples,
        examples=asking.examples,
        difficulty=asking.difficulty,
        votes=asking.votes,
        calls_behind=calls_behind,
        marked=settings.models.datamarking,
    )
