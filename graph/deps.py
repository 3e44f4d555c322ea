"""What the nodes are given: ports and limits, nothing global."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from graph.reasoning.ports import Judge, Planner, Writer
from tools.metering import Meter
from tools.ports import Catalog, Clock, Embedder, Reranker, Store
from tools.ranking.rules import Rule
from tools.types import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one question."""

    hits_per_query: int = 20
    passages_per_part: int = 8
    """Passages that reach the writer for each part."""
    evidence_tokens: int = 3000
    """Budget of all passages of one part."""
    faithfulness: float = 0.8
    """Answers of which a smaller share holds are withheld; from the others what does not hold is cut."""
    abstain: float = 0.2
    """Evidence below this confidence is no answer."""
    in_scope: float = 0.34
    """Questions below this probability that no source answers are declined."""
    surely_outside: float = 0.05
    """Questions below this probability are declined without a look into the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Everything a node may use, handed over as LangGraph's `Runtime[Deps]`."""

    knowledge_bases: Mapping[str, str]
    """Names of the bases with their descriptions."""
    store: Store
    embedder: Embedder
    catalog: Catalog | None
    """None when no database is configured."""
    clock: Clock
    planner: Planner
    judge: Judge
    writer: Writer
    rules: Sequence[Rule] = ()
    reranker: Reranker | None = None
    limits: Limits = Limits()
    mode: Mode = "local"
    """Which mode the installation is in."""
    meter: Meter = field(default_factory=Meter)
    """Admits the model calls of one question; every run gets one of its own."""
    about: str = ""
    """One sentence on what the assistant can be asked, for polite refusals."""

    def for_one_run(self) -> "Deps":
        """Return the same with a meter that starts now."""
        return replace(self, meter=Meter(budget=self.meter.budget))
