"""Fakes of the reasoning ports, a clock that stands still, and short ways to write the graph's values."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from graph.deps import Deps
from graph.plan import Family, Part, Plan, Query, Route, Turn
from graph.reasoning.checks import check_claims
from graph.reasoning.local.lexicon import Lexicon, read_lexicon
from graph.reasoning.local.supports import SpanFinder
from graph.reasoning.local.writer import LocalWriter
from graph.reasoning.ports import Attempt, Emit, Judge, Planner, SqlWriter, Statement, Writer, Written
from graph.state import (
    Assessment,
    Claim,
    Draft,
    Evidence,
    PassageCitation,
    RowsCitation,
    Support,
    Token,
    Verification,
)
from tests.fakes import FakeEmbedder, FakeStore
from tools.errors import PlumblineError
from tools.knowledge.similarity import EmbeddedSimilarity
from tools.metering import Meter
from tools.ports import Catalog, Clock, Database, Embedder, Store
from tools.text.sentences import units
from tools.types import ANYONE, Chunk, Hit, Match, Metadata, Principal, Rows

TODAY = date(2026, 3, 16)
FAMILIES: tuple[Family, ...] = ("question", *("rewrite",) * 9)
"""Families of a part's queries in order: the question, then rewrites."""
BASES = {"guides": "How to use the kettle.", "rules": "Returns and guarantees."}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedClock:
    """Tells one day for ever; the port `Clock`."""

    day: date = TODAY

    def today(self) -> date:
        """Return the day."""
        return self.day


@dataclass(slots=True, kw_only=True)
class FakePlanner:
    """Returns prepared plans; else one part that searches every base. The port `Planner`."""

    plans: dict[str, Plan] = field(default_factory=dict)
    """By question."""
    seconds: float = 0.0
    """How long each plan takes."""
    asked: list[tuple[str, tuple[Turn, ...], date]] = field(default_factory=list)
    """What was asked, in order."""
    carried_on: list[tuple[Plan, tuple[Evidence, ...]]] = field(default_factory=list)
    """Plans that were carried on, with what had been found by then."""
    meters: list[Meter] = field(default_factory=list)
    """The meter of every call."""

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Return the prepared plan, or the default one."""
        self.asked.append((question, tuple(history), today))
        self.meters.append(meter)
        await asyncio.sleep(self.seconds)
        return self.plans.get(question) or plan_of(part_of(question))

    async def carry_on(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Return the plan prepared for the going on of this one, or the plan itself."""
        self.carried_on.append((plan, tuple(evidence)))
        self.meters.append(meter)
        return self.plans.get(f"{plan.question} (carried on)", plan)


@dataclass(slots=True, kw_only=True)
class FakeJudge:
    """Takes the first sentence of the best passage for the answer; prepared verdicts come first."""

    assessments: list[list[Assessment]] = field(default_factory=list)
    """Verdicts of the next assessments, each used once."""
    verifications: list[Verification] = field(default_factory=list)
    """Results of the next verifications, each used once."""
    assessed: list[tuple[Evidence, ...]] = field(default_factory=list)
    """Evidence that was judged, in order."""
    verified: list[tuple[Draft, Verification]] = field(default_factory=list)
    """Drafts that were checked, each with the verification before it."""
    meters: list[Meter] = field(default_factory=list)
    """The meter of every verification."""

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Return the next prepared verdicts, or call every part with evidence answered."""
        self.assessed.append(tuple(evidence))
        if self.assessments:
            return self.assessments.pop(0)
        return [_verdict(found) for found in evidence]

    async def verify(
        self, draft: Draft, evidence: Sequence[Evidence], *, question: str, before: Verification, meter: Meter
    ) -> Verification:
        """Return the next prepared verification, or check the claims in earnest."""
        self.verified.append((draft, before))
        self.meters.append(meter)
        return self.verifications.pop(0) if self.verifications else check_claims(draft, evidence)


@dataclass(slots=True, kw_only=True)
class FakeWriter:
    """Returns one prepared draft and renders a claim a line; the port `Writer`."""

    draft: Draft = field(default_factory=Draft)
    revised: Draft | None = None
    """What it writes when a draft is to be written anew; None leaves the draft as it is."""
    objections: list[Verification] = field(default_factory=list)
    """What was wrong with the drafts that were to be written anew."""
    meters: list[Meter] = field(default_factory=list)
    """The meter of every call."""

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Return the draft."""
        self.meters.append(meter)
        emit(Token(text=self.render(self.draft.claims)))
        return self.draft

    async def revise(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        draft: Draft,
        verification: Verification,
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Return the prepared second draft, or the first."""
        self.objections.append(verification)
        self.meters.append(meter)
        if self.revised is None:
            return draft
        emit(Token(restart=True))
        emit(Token(text=self.render(self.revised.claims)))
        return self.revised

    def render(self, claims: Sequence[Claim]) -> str:
        """Return the texts, a line each."""
        return "\n".join(claim.text for claim in claims)


@dataclass(slots=True, kw_only=True)
class FakeSqlWriter:
    """Writes prepared SQL; the port `SqlWriter`."""

    written: dict[str, list[Written]] = field(default_factory=dict)
    """By question: what it says the first time, the second and so on; nothing where nothing is left."""
    failure: PlumblineError | None = None
    """Raised by every call when set."""
    asked: list[tuple[str, date, Principal, tuple[Attempt, ...]]] = field(default_factory=list)
    """What was asked, in order."""
    meters: list[Meter] = field(default_factory=list)
    """The meter of every call."""

    async def write(
        self,
        question: str,
        *,
        today: date,
        principal: Principal,
        failed: Sequence[Attempt],
        meter: Meter,
    ) -> Written:
        """Return what is prepared next for the question."""
        self.asked.append((question, today, principal, tuple(failed)))
        self.meters.append(meter)
        if self.failure is not None:
            raise self.failure
        rest = self.written.get(question, [])
        return rest.pop(0) if rest else Written()


def _verdict(evidence: Evidence) -> Assessment:
    if not evidence.hits:
        verdict: Assessment = Assessment(verdict="gap", confidence=0.0)
        return Assessment(verdict="sufficient", confidence=1.0) if evidence.rows else verdict
    return Assessment(verdict="sufficient", confidence=1.0, supports=(support_of(evidence.hits[0].chunk),))


def chunk_of(
    text: str,
    *,
    identifier: str = "chunk-1",
    base: str = "guides",
    source: str = "kettle.md",
    start: int = 0,
    metadata: Metadata | None = None,
    section: tuple[str, ...] = ("Use",),
    title: str = "Kettle",
) -> Chunk:
    """Return a passage."""
    return Chunk(
        id=identifier,
        knowledge_base=base,
        source=source,
        title=title,
        section=section,
        text=text,
        start=start,
        end=start + len(text),
        metadata=metadata or Metadata(),
    )


def hit_of(chunk: Chunk | str, score: float = 1.0) -> Hit:
    """Return a hit on a passage; a text becomes a passage of its own."""
    chunk = chunk if isinstance(chunk, Chunk) else chunk_of(chunk, identifier=chunk)
    return Hit(chunk=chunk, score=score)


def support_of(chunk: Chunk, number: int = 0) -> Support:
    """Return one unit of a passage as a support."""
    unit = units(chunk.text)[number]
    return Support(
        chunk_id=chunk.id,
        text=unit.text,
        start=chunk.start + unit.start,
        end=chunk.start + unit.end,
        score=1.0,
        kind="sentence" if unit.kind == "heading" else unit.kind,
    )


def route_of(*, in_scope: float = 1.0, database: float = 0.0, **bases: float) -> Route:
    """Return a route; every base of the tests is likely unless said otherwise."""
    return Route(knowledge_bases={**dict.fromkeys(BASES, 0.9), **bases}, database=database, in_scope=in_scope)


def part_of(
    question: str,
    *,
    queries: tuple[str, ...] | None = None,
    needs: tuple[int, ...] = (),
    bases: tuple[str, ...] = tuple(BASES),
    matches: tuple[Match, ...] = (),
    products: tuple[str, ...] = (),
    route: Route | None = None,
    writes_sql: bool = False,
) -> Part:
    """Return a part that searches for its own question."""
    texts = zip(queries or (question,), FAMILIES, strict=False)
    return Part(
        question=question,
        route=route or route_of(),
        queries=tuple(Query(text=text, family=family) for text, family in texts),
        knowledge_bases=bases,
        matches=matches,
        products=products,
        needs=needs,
        writes_sql=writes_sql,
    )


def plan_of(*parts: Part, small_talk: str | None = None, route: Route | None = None) -> Plan:
    """Return a plan of these parts."""
    return Plan(
        question=" ".join(part.question for part in parts),
        route=route or parts[0].route,
        parts=parts,
        as_of=TODAY,
        small_talk=small_talk,
    )


def rows_of(
    *rows: tuple[str | int | float | bool | None, ...],
    columns: tuple[str, ...] = ("name", "stock"),
    answer: str | None = None,
    empty: str | None = None,
    parameters: tuple[tuple[str, str], ...] = (),
    truncated: bool = False,
) -> Rows:
    """Return the result of a query named `stock`."""
    return Rows(
        name="stock",
        statement="SELECT name, stock FROM products",
        parameters=parameters,
        columns=columns,
        rows=rows,
        truncated=truncated,
        description="Stock of products",
        answer=answer,
        empty=empty,
    )


def written_of(*texts: str) -> Written:
    """Return candidates of these texts."""
    return Written(statements=tuple(Statement(text=text, description="What was asked") for text in texts))


def passage_citation(chunk: Chunk, quote: str, *, number: int = 1) -> PassageCitation:
    """Return a true quotation."""
    start = chunk.start + chunk.text.index(quote)
    return PassageCitation(
        id=number,
        chunk_id=chunk.id,
        knowledge_base=chunk.knowledge_base,
        source=chunk.source,
        title=chunk.title,
        section=" › ".join(chunk.section),
        quote=quote,
        start=start,
        end=start + len(quote),
    )


def rows_citation(rows: Rows, *, number: int = 1) -> RowsCitation:
    """Return a true citation of all rows."""
    return RowsCitation(
        id=number,
        statement=rows.statement,
        parameters=rows.parameters,
        columns=rows.columns,
        rows=rows.rows,
    )


def lexicon_of(*chunks: Chunk) -> Lexicon:
    """Read a small corpus of one base."""
    return read_lexicon({"guides": list(chunks)})


def finder_of(*chunks: Chunk, embedder: Embedder | None = None) -> SpanFinder:
    """Return a finder of spans over a small corpus."""
    return SpanFinder(lexicon_of(*chunks), EmbeddedSimilarity(embedder or FakeEmbedder()))


def store_with(*chunks: Chunk, embedder: FakeEmbedder | None = None) -> FakeStore:
    """Return a store that holds the passages."""
    embedder = embedder or FakeEmbedder()
    store = FakeStore(dimension=embedder.dimension, languages=dict.fromkeys(BASES, "english"))
    store.upsert(chunks, embedder.embed([chunk.embedding_text for chunk in chunks]))
    return store


def deps_of(
    *,
    store: Store | None = None,
    catalog: Catalog | None = None,
    planner: Planner | None = None,
    judge: Judge | None = None,
    writer: Writer | None = None,
    embedder: Embedder | None = None,
    clock: Clock | None = None,
    bases: Mapping[str, str] | None = None,
    database: Database | None = None,
    sql_writer: SqlWriter | None = None,
) -> Deps:
    """Return what nodes are given, of fakes wherever nothing else is said."""
    return Deps(
        knowledge_bases=BASES if bases is None else bases,
        store=store or FakeStore(languages=dict.fromkeys(BASES, "english")),
        embedder=embedder or FakeEmbedder(),
        catalog=catalog,
        clock=clock or FixedClock(),
        planner=planner or FakePlanner(),
        judge=judge or FakeJudge(),
        writer=writer or LocalWriter(),
        database=database,
        sql_writer=sql_writer,
        about="You can ask me about the kettle.",
    )
