"""What the nodes are given: ports and limits, nothing global."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graph.reasoning.ports import Judge, Judgments, Planner, SqlWriter, Writer
from tools.metering import Meter
from tools.ports import Catalog, Clock, Database, Embedder, Reranker, Store
from tools.ranking.rules import Rule
from tools.types import ANYONE, Mode, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one question."""

    hits_per_query: int = 20
    by_words: bool = True
    """Whether BM25 searches beside the vectors; without vectors it does so alone."""
    reranks: bool = True
    """Whether what was found is deduplicated, scored and ruled; else it stays as fused."""
    passages_per_part: int = 8
    """Passages that reach the writer for each part."""
    evidence_tokens: int = 3000
    """Budget of all passages of one part."""
    faithfulness: float = 0.8
    """Answers of which a smaller share holds are withheld; from the others what does not hold is cut."""
    in_scope: float = 0.34
    """Questions below this probability that no source answers are declined."""
    surely_outside: float = 0.05
    """Questions below this probability are declined without a look into the sources."""
    rows: int = 200
    """Most rows of SQL written for a question."""
    repairs: int = 2
    """How often SQL that failed is written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Everything a node may use, handed over as LangGraph's `Runtime[Deps]`."""

    knowledge_bases: Mapping[str, str]
    """Names of the bases with their descriptions."""
    store: Store
    embedder: Embedder
    catalog: Catalog | None
    """None when there are no named queries."""
    clock: Clock
    planner: Planner
    judge: Judge
    writer: Writer
    database: Database | None = None
    """None when none is configured."""
    sql_writer: SqlWriter | None = None
    """None when only named queries may be run."""
    rules: Sequence[Rule] = ()
    reranker: Reranker | None = None
    limits: Limits = Limits()
    mode: Mode = "local"
    """Which mode the installation is in."""
    meter: Meter = field(default_factory=Meter)
    """Admits the model calls of one question; every run gets one of its own."""
    principal: Principal = ANYONE
    """Whose question it is."""
    judgments: Callable[[Principal], Judgments] | None = None
    """Makes planner, judge and writer by what an asker may know of the documents; None when all know all."""
    knowledge: object = None
    """What the judgments know of the words of the documents; a recording of the question keeps it."""
    setup: object = None
    """The configuration that all this was made of, without secrets; a recording keeps it."""
    about: str = ""
    """One sentence on what the assistant can be asked, for polite refusals."""

    def for_one_run(self, principal: Principal = ANYONE) -> "Deps":
        """Return the same for somebody's question, with a meter that starts now."""
        own = replace(self, principal=principal, meter=Meter(budget=self.meter.budget))
        if self.judgments is None:
            return own
        known = self.judgments(principal)
        return replace(
            own,
            planner=known.planner,
            judge=known.judge,
            writer=known.writer,
            knowledge=known.knowledge,
        )
